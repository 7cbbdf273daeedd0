#include "output.hpp"

#include "exit_code.hpp"
#include "interrupt.hpp"
#include "system_error_text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace gangway::command {

Output::Output(FileDescriptor owned, int descriptor, std::string name)
    : owned_(std::move(owned)), descriptor_(descriptor), name_(std::move(name)) {}

Output Output::standard() {
    return {FileDescriptor(), STDOUT_FILENO, "standard output"};
}

Output Output::standard_error() {
    return {FileDescriptor(), STDERR_FILENO, "standard error"};
}

Output Output::to_file(const std::filesystem::path& path) {
    if (path == "-") {
        return standard();
    }
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file) {
        throw Failure(ExitCode::bad_answer,
                      "cannot write " + path.string() + ": " + system_error_text(errno));
    }
    const int descriptor = file.get();
    return {std::move(file), descriptor, path.string()};
}

void Output::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
            if (!bytes.empty()) { // A signal makes a write short that has begun.
                check_interrupt();
            }
        } else if (errno == EAGAIN) {
            // Somebody else made the shared descriptor non-blocking.
            pollfd writable{.fd = descriptor_, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (errno == EINTR) {
            check_interrupt();
        } else {
            throw Failure(ExitCode::bad_answer,
                          "cannot write " + name_ + ": " + system_error_text(errno));
        }
    }
}

} // namespace gangway::command
