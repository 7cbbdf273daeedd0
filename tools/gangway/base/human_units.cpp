#include "gangway/base/human_units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace gangway::command {

namespace {

// By 1024: the figure, one digit after the point below 100; and of which unit, 0 for bytes.
struct Scaled {
    std::string figure;
    std::size_t unit;
};

constexpr std::string_view letters = "KMGTPE";

Scaled scale(std::uint64_t bytes) {
    if (bytes < 1024) {
        return {std::to_string(bytes), 0};
    }
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 1;
    while (value >= 1023.95 && unit < letters.size()) {
        value /= 1024;
        ++unit;
    }
    if (value < 99.95) {
        const auto tenths = static_cast<std::uint64_t>(std::llround(value * 10));
        return {std::to_string(tenths / 10) + "." + std::to_string(tenths % 10), unit};
    }
    return {std::to_string(std::llround(value)), unit};
}

} // namespace

std::string human_bytes(std::uint64_t bytes) {
    const auto [figure, unit] = scale(bytes);
    return figure + (unit == 0 ? " B" : std::string(" ") + letters[unit - 1] + "iB");
}

std::string column_bytes(std::uint64_t bytes) {
    const auto [figure, unit] = scale(bytes);
    return unit == 0 ? figure : figure + letters[unit - 1];
}

std::string column_duration(double seconds) {
    if (seconds >= 0 && seconds < 9.95) {
        return fixed_decimal(seconds, 1) + "s";
    }
    std::string text = human_duration(seconds);
    std::erase(text, ' ');
    return text;
}

std::string human_duration(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e12) {
        return "-";
    }
    const auto whole = static_cast<std::uint64_t>(seconds);
    const auto minutes = whole / 60;
    const auto hours = minutes / 60;
    const auto days = hours / 24;
    const auto pair = [](std::uint64_t large, const char* unit, std::uint64_t small,
                         const char* small_unit) {
        return std::to_string(large) + unit + " " + std::to_string(small) + small_unit;
    };
    if (days > 0) {
        return pair(days, "d", hours % 24, "h");
    }
    if (hours > 0) {
        return pair(hours, "h", minutes % 60, "m");
    }
    if (minutes > 0) {
        return pair(minutes, "m", whole % 60, "s");
    }
    return std::to_string(whole) + "s";
}

std::string human_latency(double seconds) {
    const bool is_short = seconds < 0.9999; // "1000.00 ms" is a second
    return is_short ? fixed_decimal(seconds * 1000, 2) + " ms" : fixed_decimal(seconds, 2) + " s";
}

std::string fixed_decimal(double value, int digits) {
    if (!std::isfinite(value) || std::abs(value) > 1e15) {
        return "-";
    }
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                   std::chars_format::fixed, digits);
    return {text.data(), end.ptr};
}

} // namespace gangway::command
