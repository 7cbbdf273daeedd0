// Looks for the end of a message's head as its bytes arrive, and refuses at once what no further
// byte can mend.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gangway::message {

enum class ScanResult : std::uint8_t {
    more,        // no end yet
    complete,    // the head, with the empty line behind it, is there
    bare_lf,     // a line that ends with LF alone (RFC 9112, 2.2)
    folded_line, // a line that begins with white space (RFC 9112, 5.2)
};

class HeadScan {
  public:
    // folding: whether a folded line is to be refused.
    explicit HeadScan(bool refuse_folding) : refuse_folding_(refuse_folding) {}

    // bytes: everything since the head's first byte; only what was not seen before is looked at.
    ScanResult look(std::string_view bytes);
    // After complete: the head's size.
    std::size_t size() const { return seen_; }

  private:
    bool refuse_folding_;
    std::size_t seen_ = 0;      // up to here lines are complete and in order
    std::size_t looked_at_ = 0; // up to here no further line ends
};

} // namespace gangway::message
