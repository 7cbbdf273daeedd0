// What the module writes is one JSON document of UTF-8, which says what was put in, whatever that
// is.
#include <memory>

#include <json/json.h>

#include "fuzz_target.hpp"
#include "problem/problem.hpp"
#include "text/json_writer.hpp"
#include "utf8.hpp"

namespace gangway::admin {
namespace {

using fuzz::require;

Json::Value read(const std::string& text) {
    require(fuzz::is_utf8(text), "JSON is UTF-8");
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    Json::Value value;
    require(reader->parse(text.data(), text.data() + text.size(), &value, nullptr),
            "what was written is JSON");
    return value;
}

// Each byte that is no UTF-8 may become one or several U+FFFD.
bool says_the_same(std::string_view written, std::string_view read_back) {
    if (fuzz::is_utf8(written)) {
        return written == read_back;
    }
    return fuzz::is_utf8(read_back);
}

} // namespace
} // namespace gangway::admin

GANGWAY_FUZZ_TARGET(json_writer) {
    using namespace gangway;
    using namespace gangway::admin;
    fuzz::Input input(bytes);
    const std::uint64_t number = input.number();
    JsonWriter json;
    json.begin_object();
    json.member("number", static_cast<std::int64_t>(number));
    json.member("yes", (number & 1U) != 0);
    json.key("time");
    json.time(number);
    json.key("nothing");
    json.null();
    json.key("texts");
    json.begin_array();
    std::vector<std::string_view> texts;
    while (!input.empty()) {
        texts.push_back(input.line());
        json.string(texts.back());
    }
    json.end_array();
    json.member("all", bytes);
    json.end_object();
    const Json::Value value = read(json.take());
    require(value["number"].asInt64() == static_cast<std::int64_t>(number), "numbers stay");
    require(value["yes"].asBool() == ((number & 1U) != 0), "booleans stay");
    require(value["time"].asString().ends_with('Z'), "times are UTC");
    require(value["texts"].size() == texts.size(), "no text makes two, or none");
    for (Json::ArrayIndex i = 0; i < value["texts"].size(); i++) {
        require(says_the_same(texts[i], value["texts"][i].asString()), "texts stay");
    }
    require(says_the_same(bytes, value["all"].asString()), "texts stay");
    const Json::Value problem = read(to_json({Code::bad_body, std::string(bytes)}));
    require(says_the_same(bytes, problem["detail"].asString()), "a problem's detail stays");
}
