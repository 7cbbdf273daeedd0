#include "text/json_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "text/json_text.hpp"

namespace gangway {

void JsonWriter::separate() {
    if (!first_) {
        text_ += ',';
    }
    first_ = false;
}

void JsonWriter::open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
}

void JsonWriter::close(char bracket) {
    text_ += bracket;
    first_ = false;
}

void JsonWriter::plain(std::string_view text) {
    separate();
    text_ += text;
}

void JsonWriter::key(std::string_view name) {
    separate();
    text_ += '"';
    text_ += name;
    text_ += "\":";
    first_ = true;
}

void JsonWriter::string(std::string_view value) {
    separate();
    append_json_string(text_, value);
}

void JsonWriter::number(std::int64_t value) {
    std::array<char, 24> buffer{};
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    plain({buffer.data(), result.ptr});
}

void JsonWriter::time(std::uint64_t usec_since_epoch) {
    // By hand, and not by strftime(): a listing has thousands of them.
    using namespace std::chrono;
    constexpr std::uint64_t last = 253'402'300'799'999'999; // of the year 9999
    const sys_time<microseconds> moment{microseconds(std::min(usec_since_epoch, last))};
    const auto day = floor<days>(moment);
    const year_month_day date(day);
    const hh_mm_ss time(moment - day);
    std::array<char, 40> text{"\"0000-00-00T00:00:00.000000Z\""};
    const auto put = [&](std::size_t end, std::uint64_t value) { // digits from there to the left
        for (; value > 0; value /= 10) {
            text.at(--end) = static_cast<char>('0' + value % 10);
        }
    };
    put(5, static_cast<std::uint64_t>(static_cast<int>(date.year())));
    put(8, static_cast<unsigned>(date.month()));
    put(11, static_cast<unsigned>(date.day()));
    put(14, static_cast<std::uint64_t>(time.hours().count()));
    put(17, static_cast<std::uint64_t>(time.minutes().count()));
    put(20, static_cast<std::uint64_t>(time.seconds().count()));
    put(27, static_cast<std::uint64_t>(time.subseconds().count()));
    plain(text.data());
}

void string_or_null(JsonWriter& json, std::string_view value) {
    if (value.empty()) {
        json.null();
    } else {
        json.string(value);
    }
}

void string_or_null(JsonWriter& json, std::string_view name, std::string_view value) {
    json.key(name);
    string_or_null(json, value);
}

} // namespace gangway
