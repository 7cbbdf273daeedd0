#include "gangway/commands/request/data_body.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/file_descriptor.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/system_error_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace gangway::command {

namespace {

// One piece of text, or one open file.
struct Part {
    std::string literal;
    FileDescriptor owned;  // empty for literals and standard input
    int descriptor = -1;   // -1 for literals
    bool may_wait = false; // a pipe or terminal rather than a regular file
    bool strip = false;    // leave out CR, LF and NUL
    std::string name;      // for messages
    std::optional<std::uint64_t> size;
};

bool is_stripped(char byte) {
    return byte == '\r' || byte == '\n' || byte == '\0';
}

std::size_t read_some(const Part& part, std::span<char> space) {
    while (true) {
        const ssize_t count = ::read(part.descriptor, space.data(), space.size());
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (errno != EINTR) {
            throw Failure(ExitCode::bad_answer,
                          "cannot read " + part.name + ": " + system_error_text(errno));
        }
    }
}

void seek_start(const Part& part) {
    if (::lseek(part.descriptor, 0, SEEK_SET) != 0) {
        throw Failure(ExitCode::bad_answer,
                      "cannot read " + part.name + ": " + system_error_text(errno));
    }
}

// Counts what will be sent, and leaves the file at its start.
std::uint64_t count_unstripped(const Part& part) {
    std::array<char, 65536> piece{};
    std::uint64_t total = 0;
    while (const std::size_t count = read_some(part, piece)) {
        char* const end = piece.data() + count;
        total += count - static_cast<std::size_t>(std::count_if(piece.data(), end, is_stripped));
    }
    seek_start(part);
    return total;
}

Part literal_part(std::string text) {
    Part part;
    part.size = text.size();
    part.literal = std::move(text);
    return part;
}

Part input_part(bool strip) {
    // The shell has closed it (<&-), see open_standard_descriptors(), or made it an output.
    const int flags = ::fcntl(STDIN_FILENO, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY) {
        throw Failure(ExitCode::usage, "cannot read standard input: it is closed");
    }
    Part part;
    part.descriptor = STDIN_FILENO;
    part.may_wait = true;
    part.strip = strip;
    part.name = "standard input";
    return part;
}

Part file_part(const std::string& path, bool strip) {
    Part part;
    part.name = printable(path);
    part.strip = strip;
    part.owned = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    part.descriptor = part.owned.get();
    struct stat status {};
    if (!part.owned || ::fstat(part.descriptor, &status) != 0) {
        throw Failure(ExitCode::usage,
                      "cannot read " + part.name + ": " + system_error_text(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        throw Failure(ExitCode::usage, "cannot read " + part.name + ": it is a directory");
    }
    part.may_wait = !S_ISREG(status.st_mode);
    char first = '\0';
    // Files that the kernel makes up (/proc) say 0 and are not empty.
    const bool size_holds = status.st_size > 0 || ::pread(part.descriptor, &first, 1, 0) == 0;
    if (!part.may_wait && size_holds) {
        part.size = strip ? count_unstripped(part) : static_cast<std::uint64_t>(status.st_size);
    }
    return part;
}

class PartsBody final : public RequestBody {
  public:
    explicit PartsBody(std::vector<Part> parts) : parts_(std::move(parts)) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const override {
        std::uint64_t total = 0;
        for (const Part& part : parts_) {
            if (!part.size) {
                return std::nullopt;
            }
            total += *part.size;
        }
        return total;
    }

    [[nodiscard]] int wait_descriptor() const override {
        const bool waits = current_ < parts_.size() && parts_[current_].may_wait;
        return waits ? parts_[current_].descriptor : -1;
    }

    [[nodiscard]] Piece read(std::span<char> space) override {
        if (current_ == parts_.size()) {
            return {.bytes = 0, .end = true};
        }
        Part& part = parts_[current_];
        const std::size_t bytes =
            part.descriptor < 0 ? read_literal(part, space) : read_file(part, space);
        return {.bytes = bytes, .end = current_ == parts_.size()};
    }

    [[nodiscard]] bool can_rewind() const override {
        return std::none_of(parts_.begin(), parts_.end(),
                            [](const Part& part) { return part.may_wait; });
    }

    void rewind() override {
        for (const Part& part : parts_) {
            if (part.descriptor >= 0) {
                seek_start(part);
            }
        }
        current_ = 0;
        literal_sent_ = 0;
    }

  private:
    std::size_t read_literal(const Part& part, std::span<char> space) {
        const std::size_t bytes = part.literal.copy(space.data(), space.size(), literal_sent_);
        literal_sent_ += bytes;
        if (literal_sent_ == part.literal.size()) {
            literal_sent_ = 0;
            ++current_;
        }
        return bytes;
    }

    std::size_t read_file(const Part& part, std::span<char> space) {
        const std::size_t count = read_some(part, space);
        if (count == 0) {
            ++current_;
            return 0;
        }
        if (!part.strip) {
            return count;
        }
        char* const kept = std::remove_if(space.data(), space.data() + count, is_stripped);
        return static_cast<std::size_t>(kept - space.data());
    }

    std::vector<Part> parts_;
    std::size_t current_ = 0;
    std::size_t literal_sent_ = 0;
};

} // namespace

std::unique_ptr<RequestBody> data_body(const std::vector<DataArgument>& arguments) {
    std::vector<Part> parts;
    for (const DataArgument& argument : arguments) {
        if (!parts.empty()) {
            parts.push_back(literal_part("&"));
        }
        if (!argument.text.starts_with('@')) {
            parts.push_back(literal_part(argument.text));
        } else if (argument.text == "@") {
            throw Failure(ExitCode::usage,
                          std::string(argument.binary ? "--data-binary" : "--data") +
                              ": '@' names no file; @- is standard input");
        } else if (argument.text == "@-") {
            parts.push_back(input_part(!argument.binary));
        } else {
            parts.push_back(file_part(argument.text.substr(1), !argument.binary));
        }
    }
    return std::make_unique<PartsBody>(std::move(parts));
}

std::unique_ptr<RequestBody> upload_body(const std::string& file) {
    std::vector<Part> parts;
    parts.push_back(file == "-" ? input_part(false) : file_part(file, false));
    return std::make_unique<PartsBody>(std::move(parts));
}

} // namespace gangway::command
