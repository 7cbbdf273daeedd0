#include "json_text.hpp"

#include <json/reader.h>
#include <json/writer.h>

#include <exception>
#include <memory>

namespace gangway::command {

std::optional<Json::Value> parse_json(std::string_view text) {
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    Json::Value value;
    std::string errors;
    try {
        if (reader->parse(text.data(), text.data() + text.size(), &value, &errors)) {
            return value;
        }
    } catch (const std::exception&) {
        // jsoncpp throws, instead of reporting, where a document is nested too deeply.
        return std::nullopt;
    }
    return std::nullopt;
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

std::string json_document(const Json::Value& value, unsigned fraction_digits) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "  ";
    builder["emitUTF8"] = true;
    builder["precision"] = fraction_digits;
    builder["precisionType"] = "decimal";
    return Json::writeString(builder, value) + "\n";
}

std::string json_line(const Json::Value& value, std::optional<unsigned> fraction_digits) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["emitUTF8"] = true;
    if (fraction_digits) {
        builder["precision"] = *fraction_digits;
        builder["precisionType"] = "decimal";
    }
    return Json::writeString(builder, value);
}

} // namespace gangway::command
