// Field names in an order, so that one is found among many, or its like beside it, without
// comparing each with each: what a peer sends may be compared only so often as there are bytes of
// it.
//
// Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <vector>

namespace gangway::message {

// Negative, 0 or positive: names of the same letters in any case (ASCII) are equal. Shorter ones
// come first, so most pairs are told apart by their size.
int compare_names(std::string_view a, std::string_view b);

// The indexes of count names, which name_at(index) gives, sorted: those of one name in a row, in
// the order in which they came.
template <typename NameAt>
std::vector<std::size_t> order_by_name(std::size_t count, NameAt name_at) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const int names = compare_names(name_at(a), name_at(b));
        return names != 0 ? names < 0 : a < b;
    });
    return order;
}

// A set of names. Views: what they point into outlives it.
class NameSet {
  public:
    void add(std::string_view name) { names_.push_back(name); }
    // After the last add(), before the first contains().
    void close();
    bool contains(std::string_view name) const;
    std::size_t size() const { return names_.size(); }

  private:
    std::vector<std::string_view> names_;
};

} // namespace gangway::message
