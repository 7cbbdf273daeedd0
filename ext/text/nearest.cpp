#include "text/nearest.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace gangway {

namespace {

constexpr std::size_t most_bytes = 64;

// How many bytes must be put in, taken out or changed (Levenshtein's distance).
std::size_t distance(std::string_view from, std::string_view to) {
    std::array<std::size_t, most_bytes + 1> row{}; // of the table that has a row a byte of `to`
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < to.size(); i++) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < from.size(); j++) {
            const std::size_t changed = diagonal + (from[j] == to[i] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
        }
    }
    return row[from.size()];
}

} // namespace

std::string_view nearest(std::string_view written, std::span<const std::string_view> words) {
    std::string_view found;
    if (written.size() > most_bytes) {
        return found;
    }
    std::size_t least =
        written.size() / 3 + 1; // more than a third that is different is another word
    for (const std::string_view word : words) {
        const std::size_t steps = word.size() <= most_bytes ? distance(written, word) : least + 1;
        if (steps < least || (steps == least && found.empty())) {
            found = word;
            least = steps;
        }
    }
    return found;
}

} // namespace gangway
