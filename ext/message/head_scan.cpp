#include "message/head_scan.hpp"

namespace gangway::message {

ScanResult HeadScan::look(std::string_view bytes) {
    for (;;) {
        const std::size_t lf = bytes.find('\n', looked_at_);
        if (lf == std::string_view::npos) {
            looked_at_ = bytes.size();
            return ScanResult::more;
        }
        if (lf == seen_ || bytes[lf - 1] != '\r') {
            return ScanResult::bare_lf;
        }
        const bool empty_line = lf == seen_ + 1;
        const bool folded = bytes[seen_] == ' ' || bytes[seen_] == '\t';
        // What a fold continues must be a field: there is none before the first line's end.
        if (folded && refuse_folding_) {
            return ScanResult::folded_line;
        }
        seen_ = lf + 1;
        looked_at_ = seen_;
        if (empty_line) {
            return ScanResult::complete;
        }
    }
}

} // namespace gangway::message
