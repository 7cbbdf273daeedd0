#include "text/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace gangway {

namespace {

using std::chrono::nanoseconds;

template <typename Unit>
std::int64_t count(nanoseconds duration) {
    return std::max<std::int64_t>(std::chrono::duration_cast<Unit>(duration).count(), 0);
}

// parts: of which so many make one. 1000: three digits after the point.
void append_decimal(std::string& to, std::int64_t number, std::int64_t parts) {
    std::array<char, 24> digits{};
    char* const end = digits.data() + digits.size();
    to.append(digits.data(), std::to_chars(digits.data(), end, number / parts).ptr);
    // The digit ahead keeps the zeros, and makes room for the point.
    char* const rest_end = std::to_chars(digits.data(), end, parts + number % parts).ptr;
    digits.front() = '.';
    to.append(digits.data(), rest_end);
}

} // namespace

void append_milliseconds(std::string& to, nanoseconds duration) {
    append_decimal(to, count<std::chrono::microseconds>(duration), 1000);
}

std::string print_milliseconds(nanoseconds duration) {
    std::string text;
    append_milliseconds(text, duration);
    return text;
}

std::string print_seconds(nanoseconds duration) {
    std::string text;
    append_decimal(text, count<std::chrono::microseconds>(duration), 1'000'000);
    return text;
}

std::string short_seconds(nanoseconds duration) {
    std::string text;
    append_decimal(text, count<std::chrono::milliseconds>(duration), 1000);
    text.erase(text.find_last_not_of('0') + 1);
    text.erase(text.find_last_not_of('.') + 1);
    return text + " s";
}

std::string print_age(nanoseconds duration) {
    const std::int64_t seconds = count<std::chrono::seconds>(duration);
    const auto pair = [](std::int64_t large, const char* unit, std::int64_t small,
                         const char* small_unit) {
        return std::to_string(large) + unit + std::to_string(small) + small_unit;
    };
    if (seconds < 10) {
        std::string text;
        append_decimal(text, count<std::chrono::milliseconds>(duration) / 100, 10);
        return text + "s";
    }
    if (seconds < 60) {
        return std::to_string(seconds) + "s";
    }
    if (seconds < 3600) {
        return pair(seconds / 60, "m", seconds % 60, "s");
    }
    if (seconds < 86400) {
        return pair(seconds / 3600, "h", seconds / 60 % 60, "m");
    }
    return pair(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

std::string whole_seconds(nanoseconds duration) {
    const auto whole =
        std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(duration).count(), 0);
    return std::to_string(whole) + (whole == 1 ? " second" : " seconds");
}

} // namespace gangway
