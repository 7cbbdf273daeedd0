// Bytes to a file, to standard output or to standard error. A reader who left (`gangway ps | head
// -1`) ends the command by SIGPIPE as it ends cat; every other fault is a Failure.
#pragma once

#include "gangway/base/file_descriptor.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace gangway::command {

class Output {
  public:
    [[nodiscard]] static Output standard();
    [[nodiscard]] static Output standard_error();
    // Creates the file where there is none, and leaves alone what it holds. Throws Failure(usage)
    // where it cannot be written.
    [[nodiscard]] static Output to_file(const std::filesystem::path& path);

    [[nodiscard]] bool has_created_file() const { return has_created_file_; }
    // What was in the file goes.
    void empty_file();

    // Ctrl-C ends it while it waits for a slow reader, where an InterruptWatch exists.
    void write(std::string_view bytes);

  private:
    Output(FileDescriptor owned, int descriptor, std::string name);

    FileDescriptor owned_; // empty for the standard ones
    int descriptor_;
    bool has_created_file_ = false;
    std::string name_;
};

} // namespace gangway::command
