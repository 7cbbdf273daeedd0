#include "check/json.hpp"

#include "text/json_reader.hpp"
#include "text/number.hpp"

namespace gangway::check {

namespace {

bool equal_numbers(const Json::Value& a, const Json::Value& b) {
    // Whole numbers are compared as such: a double holds not all of them.
    if (a.isInt64() && b.isInt64()) {
        return a.asInt64() == b.asInt64();
    }
    if (a.isUInt64() && b.isUInt64()) {
        return a.asUInt64() == b.asUInt64();
    }
    return a.asDouble() == b.asDouble();
}

bool equal_arrays(const Json::Value& a, const Json::Value& b) {
    for (Json::ArrayIndex index = 0; index != a.size(); ++index) {
        if (!equal(a[index], b[index])) {
            return false;
        }
    }
    return true;
}

const Json::Value* find_member(const Json::Value& object, const std::string& name) {
    return object.find(name.data(), name.data() + name.size());
}

bool equal_objects(const Json::Value& a, const Json::Value& b) {
    for (auto member = a.begin(); member != a.end(); ++member) {
        const Json::Value* other = find_member(b, member.name());
        if (other == nullptr || !equal(*member, *other)) {
            return false;
        }
    }
    return true;
}

const Json::Value* find_element(const Json::Value& array, const std::string& token) {
    const auto index = parse_number<Json::ArrayIndex>(token);
    const bool has_zeros = token.size() > 1 && token.front() == '0';
    return index && !has_zeros && array.isValidIndex(*index) ? &array[*index] : nullptr;
}

// Whether a JSON text stays within the bounds; of any other text, whether it looks so.
bool is_within_bounds(std::string_view text) {
    std::size_t values = 1;
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t at = 0; at != text.size(); ++at) {
        const char c = text[at];
        if (in_string && c == '\\' && at + 1 != text.size()) {
            ++at;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == '[' || c == '{')) {
            values++; // What follows; an empty one has none, so that is counted too high.
            depth++;
        } else if (!in_string && (c == ']' || c == '}')) {
            depth -= depth == 0 ? 0U : 1U;
        } else if (!in_string && c == ',') {
            values++;
        }
        if (values > max_json_values || depth > max_json_depth) {
            return false;
        }
    }
    return true;
}

// Nothing when a tilde is not followed by 0 or 1.
std::optional<std::string> unescape(std::string_view token) {
    std::string result;
    for (std::size_t at = 0; at != token.size(); ++at) {
        if (token[at] != '~') {
            result += token[at];
            continue;
        }
        if (++at == token.size() || (token[at] != '0' && token[at] != '1')) {
            return std::nullopt;
        }
        result += token[at] == '0' ? '~' : '/';
    }
    return result;
}

} // namespace

std::optional<Json::Value> parse_json(std::string_view text) {
    if (!is_within_bounds(text)) {
        return std::nullopt;
    }
    return read_json(text, JsonRules::any_document);
}

Parsed<JsonPointer> parse_json_pointer(std::string_view text) {
    JsonPointer pointer{std::string(text), {}};
    if (!text.empty() && text.front() != '/') {
        return Complaint{"must be a JSON pointer: empty, or beginning with \"/\""};
    }
    while (!text.empty()) {
        if (pointer.tokens.size() == max_json_depth) {
            return Complaint{"must be a JSON pointer of at most " + std::to_string(max_json_depth) +
                             " steps"};
        }
        text.remove_prefix(1);
        const std::string_view token = text.substr(0, text.find('/'));
        text.remove_prefix(token.size());
        auto unescaped = unescape(token);
        if (!unescaped) {
            return Complaint{
                "must be a JSON pointer, in which \"~\" is written \"~0\" and the \"/\" of a name "
                "\"~1\""};
        }
        pointer.tokens.push_back(std::move(*unescaped));
    }
    return pointer;
}

const Json::Value* find(const Json::Value& document, const JsonPointer& pointer) {
    const Json::Value* value = &document;
    for (const std::string& token : pointer.tokens) {
        if (value->isObject()) {
            value = find_member(*value, token);
        } else {
            value = value->isArray() ? find_element(*value, token) : nullptr;
        }
        if (value == nullptr) {
            return nullptr;
        }
    }
    return value;
}

bool equal(const Json::Value& a, const Json::Value& b) {
    if (a.isNumeric() && b.isNumeric()) {
        return equal_numbers(a, b);
    }
    if (a.type() != b.type()) {
        return false;
    }
    if (a.isArray()) {
        return a.size() == b.size() && equal_arrays(a, b);
    }
    if (a.isObject()) {
        return a.size() == b.size() && equal_objects(a, b);
    }
    return a == b;
}

std::string print(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["precision"] = 15; // 0.1, not 0.10000000000000001
    return Json::writeString(builder, value);
}

} // namespace gangway::check
