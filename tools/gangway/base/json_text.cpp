#include "gangway/base/json_text.hpp"

#include <json/writer.h>

#include "text/json_reader.hpp"
#include "text/json_text.hpp"

namespace gangway::command {

std::optional<Json::Value> parse_json(std::string_view text) {
    static thread_local const auto reader = make_json_reader(JsonRules::strict);
    return read_json(*reader, text);
}

std::string_view json_source(std::string_view text, const Json::Value& value) {
    const auto start = static_cast<std::size_t>(value.getOffsetStart());
    return text.substr(start, static_cast<std::size_t>(value.getOffsetLimit()) - start);
}

std::string json_text(const Json::Value& value) {
    if (value.isNull() || value.isObject() || value.isArray()) {
        return {};
    }
    return value.asString();
}

const Json::Value& json_member(const Json::Value& value, const char* name) {
    if (!value.isObject()) {
        return Json::Value::nullSingleton();
    }
    return value[name];
}

Json::Value json_string(std::string_view text) {
    std::string quoted("[");
    append_json_string(quoted, text);
    return parse_json(quoted + "]").value_or(Json::Value(Json::arrayValue))[0];
}

std::string json_line(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["emitUTF8"] = true;
    return Json::writeString(builder, value);
}

std::string json_document(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["emitUTF8"] = true;
    builder["precision"] = 6; // microseconds
    builder["precisionType"] = "decimal";
    return Json::writeString(builder, value) + "\n";
}

} // namespace gangway::command
