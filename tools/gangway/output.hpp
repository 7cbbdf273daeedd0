// Bytes to a file, to standard output or to standard error. A reader who left (`gangway ps | head
// -1`) ends the command by SIGPIPE as it ends cat; every other fault is a Failure.
#pragma once

#include "file_descriptor.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace gangway::command {

class Output {
  public:
    [[nodiscard]] static Output standard();
    [[nodiscard]] static Output standard_error();
    // Creates the file or empties it; "-" is standard output.
    [[nodiscard]] static Output to_file(const std::filesystem::path& path);

    // Ctrl-C ends it while it waits for a slow reader, where an InterruptWatch exists.
    void write(std::string_view bytes);

  private:
    Output(FileDescriptor owned, int descriptor, std::string name);

    FileDescriptor owned_; // empty for the standard ones
    int descriptor_;
    std::string name_;
};

} // namespace gangway::command
