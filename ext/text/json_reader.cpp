#include "text/json_reader.hpp"

namespace gangway {

std::unique_ptr<Json::CharReader> make_json_reader(JsonRules rules) {
    Json::CharReaderBuilder builder;
    if (rules != JsonRules::lenient) {
        Json::CharReaderBuilder::strictMode(&builder.settings_);
    }
    if (rules == JsonRules::any_document) {
        builder["strictRoot"] = false;
        builder["rejectDupKeys"] = false;
    }
    return std::unique_ptr<Json::CharReader>(builder.newCharReader());
}

std::optional<Json::Value> read_json(Json::CharReader& reader, std::string_view text,
                                     std::string* faults) {
    Json::Value document;
    try {
        if (reader.parse(text.data(), text.data() + text.size(), &document, faults)) {
            return document;
        }
    } catch (const Json::Exception& e) { // Nested too deeply.
        if (faults != nullptr) {
            *faults = e.what();
        }
    }
    return std::nullopt;
}

} // namespace gangway
