#include "forward/report.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace gangway::forward {

void append_milliseconds(std::string& text, Report::Clock::duration duration) {
    constexpr std::int64_t thousandth = 1000;
    const auto micros = std::max<std::int64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count(), 0);
    std::array<char, 24> digits{};
    char* const end = digits.data() + digits.size();
    text.append(digits.data(), std::to_chars(digits.data(), end, micros / thousandth).ptr);
    // The digit ahead keeps the zeros, and makes room for the point.
    char* const rest_end = std::to_chars(digits.data(), end, thousandth + micros % thousandth).ptr;
    digits.front() = '.';
    text.append(digits.data(), rest_end);
}

std::string print_milliseconds(Report::Clock::duration duration) {
    std::string text;
    append_milliseconds(text, duration);
    return text;
}

} // namespace gangway::forward
