// Keeps a request's body until its length is known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/asio.hpp"
#include "base/descriptors.hpp"

namespace gangway::forward {

// The first bytes in memory, the rest in a file without a name, which goes with it. The file is
// written and read by plain system calls: they meet the page cache, and wait for the disk only when
// memory is short or more is written than the disk can take. Used on the server's thread only.
class Spool {
  public:
    // directory: where the file is made, when it is needed. descriptors: outlives it; null: all
    // that the system gives.
    explicit Spool(std::string directory, const Descriptors* descriptors = nullptr,
                   Descriptors::For whom = Descriptors::For::others)
        : directory_(std::move(directory)), descriptors_(descriptors), whom_(whom) {}
    ~Spool();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    // False when the file cannot be made or written: error() says why.
    bool append(std::string_view bytes);
    std::uint64_t size() const { return size_; }
    // The next bytes, from the first on; none at the end, or after an error. Valid until the next
    // call.
    std::string_view next();
    error_code error() const { return error_; }
    // Gives back a part of the file; false when nothing is left to be given back so. When a large
    // one goes at once, that takes long: some 0.1 ms for each MiB. Nothing but this may be called
    // afterwards.
    bool shrink();

    static constexpr std::size_t bytes_in_memory = 64 * 1024;
    static constexpr std::uint64_t bytes_given_back = 1024 * 1024; // at a time

  private:
    bool open_file();
    bool write_file(std::string_view bytes);

    std::string directory_;
    const Descriptors* descriptors_;
    Descriptors::For whom_;
    std::string memory_; // what came first; afterwards what was read from the file
    int fd_ = -1;
    std::uint64_t size_ = 0;
    std::uint64_t given_ = 0;
    std::uint64_t in_file_ = 0; // bytes written to the file
    bool memory_given_ = false;
    error_code error_;
};

} // namespace gangway::forward
