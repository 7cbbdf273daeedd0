#include "admin/parameters.hpp"

#include <algorithm>
#include <array>

#include "text/nearest.hpp"
#include "text/number.hpp"

namespace gangway::admin {

namespace {

Problem bad_parameter(std::string detail) {
    return {Code::bad_parameter, std::move(detail)};
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::vector<std::string_view> split(std::string_view list) {
    std::vector<std::string_view> words;
    for (;;) {
        const std::size_t comma = list.find(',');
        words.push_back(list.substr(0, comma));
        if (comma == std::string_view::npos) {
            return words;
        }
        list.remove_prefix(comma + 1);
    }
}

std::string join(std::span<const std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) {
        text += text.empty() ? "" : ", ";
        text += word;
    }
    return text;
}

// "; did you mean 'state'?", or nothing.
std::string suggestion(std::string_view written, std::span<const std::string_view> words) {
    const std::string_view meant = nearest(written, words);
    return meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?";
}

Problem unknown(const std::string& name, std::span<const Parameter> parameters) {
    std::vector<std::string_view> names;
    for (const Parameter& parameter : parameters) {
        names.push_back(parameter.name);
    }
    std::string detail = "'" + name + "' is not a parameter of this endpoint";
    const std::string meant = suggestion(name, names);
    detail += meant.empty() ? "." : meant;
    detail += names.empty() ? " It has none." : " There are " + join(names) + ".";
    return bad_parameter(std::move(detail));
}

std::optional<unsigned> parse_count(std::string_view text) {
    const auto value = parse_number<unsigned>(text);
    return value == 0U ? std::nullopt : value;
}

std::optional<std::string> wrong_word(const Parameter& parameter, std::string_view value) {
    const auto known = parameter.words();
    for (const std::string_view word : split(value)) {
        if (std::find(known.begin(), known.end(), word) == known.end()) {
            const std::string meant = suggestion(word, known);
            return "has '" + std::string(word) + "', which is none of " + join(known) +
                   (meant.empty() ? "." : meant);
        }
    }
    return std::nullopt;
}

// "must be true or false.", behind the name.
std::optional<std::string> wrong(const Parameter& parameter, std::string_view value) {
    switch (parameter.type) {
    case ParameterType::text:
    case ParameterType::json:
        return std::nullopt;
    case ParameterType::words:
        return wrong_word(parameter, value);
    case ParameterType::flag:
        return value == "true" || value == "false"
                   ? std::nullopt
                   : std::optional<std::string>("must be true or false.");
    case ParameterType::count:
        return parse_count(value) ? std::nullopt
                                  : std::optional<std::string>("must be a whole number above 0.");
    case ParameterType::seconds:
        return parse_decimal(value) ? std::nullopt
                                    : std::optional<std::string>("must be a number of seconds.");
    }
    return std::nullopt;
}

std::optional<Problem> problem_of(const Parameter& parameter, std::string_view value,
                                  bool may_act) {
    if (const auto text = wrong(parameter, value)) {
        return bad_parameter("'" + std::string(parameter.name) + "' " + *text);
    }
    if (parameter.need == Need::acts && value == "true" && !may_act) {
        return Problem{Code::forbidden, "This account is read-only and may not set '" +
                                            std::string(parameter.name) +
                                            "'; use a full administrator's account."};
    }
    return std::nullopt;
}

} // namespace

std::string_view word(ParameterType type) {
    constexpr std::array<std::string_view, 6> words{"text",  "words",   "flag",
                                                    "count", "seconds", "json"};
    return words.at(static_cast<std::size_t>(type));
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '+' && plus_is_space) {
            result += ' ';
        } else if (text[i] != '%') {
            result += text[i];
        } else {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            result += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return result;
}

std::optional<Pairs> parse_query(std::string_view query, std::size_t most) {
    Pairs result;
    while (!query.empty() && result.size() < most) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
        if (!name || !value) {
            return std::nullopt;
        }
        result.emplace_back(std::move(*name), std::move(*value));
    }
    return result;
}

std::optional<std::string_view> Arguments::find(std::string_view name) const {
    const auto found = std::find_if(pairs_.begin(), pairs_.end(),
                                    [&](const auto& pair) { return pair.first == name; });
    return found == pairs_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

unsigned Arguments::count(std::string_view name, unsigned otherwise) const {
    const auto value = find(name);
    return value ? parse_count(*value).value_or(otherwise) : otherwise;
}

std::vector<std::string_view> Arguments::words(std::string_view name) const {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(find(name).value_or(""))) {
        if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) {
            words.push_back(word);
        }
    }
    return words;
}

Result<Arguments> parse_arguments(std::string_view query, std::span<const Parameter> parameters,
                                  bool may_act) {
    // One of so many is unknown, or given twice.
    auto pairs = parse_query(query, parameters.size() + 1);
    if (!pairs) {
        return bad_parameter("The query is not percent-encoded correctly.");
    }
    for (auto pair = pairs->begin(); pair != pairs->end(); ++pair) {
        const std::string& name = pair->first;
        const auto known = std::find_if(parameters.begin(), parameters.end(),
                                        [&](const Parameter& one) { return one.name == name; });
        if (known == parameters.end()) {
            return unknown(name, parameters);
        }
        if (std::any_of(pairs->begin(), pair, [&](const auto& one) { return one.first == name; })) {
            return bad_parameter("'" + name + "' is given twice.");
        }
        if (auto problem = problem_of(*known, pair->second, may_act)) {
            return std::move(*problem);
        }
    }
    Arguments arguments(std::move(*pairs));
    for (const Parameter& parameter : parameters) {
        if (parameter.is_required && !arguments.find(parameter.name)) {
            return bad_parameter("'" + std::string(parameter.name) +
                                 "' must be given: " + std::string(parameter.help) + ".");
        }
    }
    return arguments;
}

} // namespace gangway::admin
