// Jsoncpp's reader, set up in one place. JSON is written by JsonWriter.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <json/reader.h>
#include <json/value.h>

namespace gangway {

enum class JsonRules : std::uint8_t {
    strict,       // an object or an array, and no name twice: what somebody wrote for us
    any_document, // all of RFC 8259: a mere number, too; of two members with one name the last
                  // counts
    lenient,      // comments and the like, too: what jsoncpp itself takes
};

// To make one takes longer than to read a line with it.
std::unique_ptr<Json::CharReader> make_json_reader(JsonRules rules);

// Nothing where the text is no such document, be it only that it is nested too deeply. faults: of
// several lines; to gather them takes long with a text that a stranger chose, so null: none.
std::optional<Json::Value> read_json(Json::CharReader& reader, std::string_view text,
                                     std::string* faults = nullptr);

inline std::optional<Json::Value> read_json(std::string_view text, JsonRules rules,
                                            std::string* faults = nullptr) {
    return read_json(*make_json_reader(rules), text, faults);
}

} // namespace gangway
