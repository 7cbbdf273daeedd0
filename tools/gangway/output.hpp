// Bytes to a file or to standard output. A reader who left (`gangway ps | head -1`) ends the
// command by SIGPIPE as it ends cat; every other fault is a Failure.
#pragma once

#include "file_descriptor.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace gangway::command {

class Output {
  public:
    [[nodiscard]] static Output standard();
    // Creates the file or empties it; "-" is standard output.
    [[nodiscard]] static Output to_file(const std::filesystem::path& path);

    void write(std::string_view bytes);

  private:
    Output(FileDescriptor owned, int descriptor, std::string name);

    FileDescriptor owned_; // empty for standard output
    int descriptor_;
    std::string name_;
};

} // namespace gangway::command
