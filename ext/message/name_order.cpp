#include "message/name_order.hpp"

#include <algorithm>

namespace gangway::message {

namespace {

unsigned in_lower_case(char c) {
    return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool is_before(std::string_view a, std::string_view b) {
    return compare_names(a, b) < 0;
}

} // namespace

int compare_names(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return a.size() < b.size() ? -1 : 1;
    }
    for (std::size_t i = 0; i < a.size(); i++) {
        const unsigned left = in_lower_case(a[i]);
        const unsigned right = in_lower_case(b[i]);
        if (left != right) {
            return left < right ? -1 : 1;
        }
    }
    return 0;
}

void NameSet::close() {
    std::sort(names_.begin(), names_.end(), is_before);
}

bool NameSet::contains(std::string_view name) const {
    return std::binary_search(names_.begin(), names_.end(), name, is_before);
}

} // namespace gangway::message
