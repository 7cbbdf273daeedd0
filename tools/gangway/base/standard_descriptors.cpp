#include "gangway/base/standard_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace gangway::command {

bool open_standard_descriptors() {
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
        // Of the free numbers the lowest is given, so it is this one. To read of what was closed
        // fails, as it would have.
        const int mode = number == STDIN_FILENO ? O_WRONLY : O_RDWR;
        if (::fcntl(number, F_GETFD) == -1 && ::open("/dev/null", mode) != number) {
            return false;
        }
    }
    return true;
}

} // namespace gangway::command
