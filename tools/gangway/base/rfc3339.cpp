#include "gangway/base/rfc3339.hpp"

#include "text/number.hpp"

#include <array>
#include <cmath>
#include <ctime>
#include <string_view>

namespace gangway::command {

namespace {

// Takes so many digits, and what must follow them, off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits, char after) {
    const std::string_view number = text.substr(0, digits);
    if (number.size() < digits ||
        number.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::nullopt;
    }
    const auto value = parse_number<int>(number);
    text.remove_prefix(digits);
    if (after != '\0') {
        if (!text.starts_with(after)) {
            return std::nullopt;
        }
        text.remove_prefix(1);
    }
    return value;
}

// ".123456Z" or "Z".
std::optional<double> take_fraction(std::string_view text) {
    if (text == "Z") {
        return 0;
    }
    if (!text.ends_with('Z') || text.size() < 3) {
        return std::nullopt;
    }
    text.remove_suffix(1);
    const auto fraction = parse_decimal(text);
    return fraction && *fraction >= 0 && *fraction < 1 ? fraction : std::nullopt;
}

} // namespace

std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text) {
    struct Part {
        std::size_t digits;
        char after;
        int lowest;
        int highest;
    };
    constexpr std::array<Part, 6> parts{{{4, '-', 1970, 2261},
                                         {2, '-', 1, 12},
                                         {2, 'T', 1, 31},
                                         {2, ':', 0, 23},
                                         {2, ':', 0, 59},
                                         {2, '\0', 0, 60}}};
    std::array<int, parts.size()> values{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto value = take_number(text, parts.at(i).digits, parts.at(i).after);
        if (!value || *value < parts.at(i).lowest || *value > parts.at(i).highest) {
            return std::nullopt;
        }
        values.at(i) = *value;
    }
    const auto fraction = take_fraction(text);
    if (!fraction) {
        return std::nullopt;
    }
    std::tm time{};
    time.tm_year = values[0] - 1900;
    time.tm_mon = values[1] - 1;
    time.tm_mday = values[2];
    time.tm_hour = values[3];
    time.tm_min = values[4];
    time.tm_sec = values[5];
    return std::chrono::system_clock::from_time_t(::timegm(&time)) +
           std::chrono::microseconds(std::llround(*fraction * 1e6));
}

} // namespace gangway::command
