#include "gangway/view/output.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/interrupt.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/system_error_text.hpp"

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
    constexpr int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    FileDescriptor file(::open(path.c_str(), flags | O_EXCL, 0666));
    const bool is_new = static_cast<bool>(file);
    if (!is_new && errno == EEXIST) {
        file = FileDescriptor(::open(path.c_str(), flags, 0666));
    }
    if (!file) {
        throw Failure(ExitCode::usage,
                      "cannot write " + printable(path.string()) + ": " + system_error_text(errno));
    }
    const int descriptor = file.get();
    Output output(std::move(file), descriptor, printable(path.string()));
    output.has_created_file_ = is_new;
    return output;
}

void Output::empty_file() {
    // Pipes and devices hold nothing, and refuse.
    [[maybe_unused]] const int ignored = ::ftruncate(descriptor_, 0);
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
            throw Failure(ExitCode::no_output,
                          "cannot write " + name_ + ": " + system_error_text(errno));
        }
    }
}

} // namespace gangway::command
