// A streaming JSON writer: appends to one string, keeps no document.
//
// Jsoncpp's document model costs an allocation or more a value, too much for thousands of rows, and
// its quoting eats the bytes behind one that is not UTF-8: two groups would get one name. Here each
// such byte becomes U+FFFD (append_json_string()), so what is written is always valid JSON.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace gangway {

class JsonWriter {
  public:
    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }

    // name must need no quoting: field names are ours.
    void key(std::string_view name);

    void string(std::string_view value);
    void null() { plain("null"); }
    void boolean(bool value) { plain(value ? "true" : "false"); }
    void number(std::int64_t value);
    // A number that is printed already: "12.500".
    void raw_number(std::string_view text) { plain(text); }
    // RFC 3339, UTC, microseconds: "2026-11-23T06:07:14.626224Z".
    void time(std::uint64_t usec_since_epoch);

    void member(std::string_view name, std::string_view value) {
        key(name);
        string(value);
    }
    template <std::integral T>
    void member(std::string_view name, T value) {
        key(name);
        if constexpr (std::same_as<T, bool>) {
            boolean(value);
        } else {
            number(static_cast<std::int64_t>(value));
        }
    }
    template <typename T>
    void member(std::string_view name, T* value) = delete;

    std::string take() { return std::move(text_); }

  private:
    void separate();
    void open(char bracket);
    void close(char bracket);
    void plain(std::string_view text);

    std::string text_;
    bool first_ = true; // nothing stands before the next value in this object or array
};

// What is empty is not there: null.
void string_or_null(JsonWriter& json, std::string_view value);
void string_or_null(JsonWriter& json, std::string_view name, std::string_view value);

} // namespace gangway
