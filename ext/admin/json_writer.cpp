#include "admin/json_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <iterator>

#include <json/value.h>
#include <json/writer.h>

namespace gangway::admin {

namespace {

bool needs_quoting(std::string_view value) {
    return std::any_of(value.begin(), value.end(), [](char c) {
        return c < 0x20 || c == '"' || c == '\\' || c == 0x7f; // negative: not ASCII
    });
}

const Json::StreamWriterBuilder& compact_writer() {
    static const Json::StreamWriterBuilder builder = [] {
        Json::StreamWriterBuilder compact;
        compact["indentation"] = "";
        return compact;
    }();
    return builder;
}

} // namespace

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
    if (needs_quoting(value)) {
        // Also quotes NUL, unlike valueToQuotedString().
        text_ += Json::writeString(compact_writer(),
                                   Json::Value(value.data(), value.data() + value.size()));
    } else {
        text_ += '"';
        text_ += value;
        text_ += '"';
    }
}

void JsonWriter::number(std::int64_t value) {
    std::array<char, 24> buffer{};
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    plain({buffer.data(), result.ptr});
}

void JsonWriter::time(std::uint64_t usec_since_epoch) {
    const auto seconds = static_cast<std::time_t>(usec_since_epoch / 1'000'000);
    const auto micros = static_cast<unsigned>(usec_since_epoch % 1'000'000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 64> buffer{};
    const std::size_t size = std::strftime(buffer.data(), buffer.size(), "\"%FT%T", &utc);
    const int fraction =
        std::snprintf(buffer.data() + size, buffer.size() - size, ".%06uZ\"", micros);
    plain({buffer.data(), size + static_cast<std::size_t>(fraction)});
}

} // namespace gangway::admin
