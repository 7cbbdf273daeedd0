// The parameters of a query: those that an endpoint has, and those that came.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "problem/result.hpp"

namespace gangway::admin {

// What a caller must be permitted to do. Which groups and processes he reaches is another matter.
enum class Need : std::uint8_t { reads, acts };

enum class ParameterType : std::uint8_t {
    text,
    words,   // separated by commas, each of those that there are
    flag,    // true, false
    count,   // a whole number above 0
    seconds, // a number, perhaps with a fraction
    json,    // a JSON value; what is none is a text
};

struct Parameter {
    std::string_view name;
    ParameterType type;
    std::string_view help; // for people: what it does
    bool is_required = false;
    Need need = Need::reads; // of a flag that is set
    std::vector<std::string_view> (*words)() = nullptr;
};

// "text", "words", …: as the index of endpoints has it.
std::string_view word(ParameterType type);

// Nothing when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

// Name and value of each pair, decoded, in their order. Nothing when the encoding is broken. What
// is behind so many is not looked at.
using Pairs = std::vector<std::pair<std::string, std::string>>;
std::optional<Pairs> parse_query(std::string_view query, std::size_t most);

// What came, each of its type.
class Arguments {
  public:
    Arguments() = default;
    explicit Arguments(Pairs pairs) : pairs_(std::move(pairs)) {}

    const Pairs& pairs() const { return pairs_; }
    // Nothing where it is not there.
    std::optional<std::string_view> find(std::string_view name) const;
    bool flag(std::string_view name) const { return find(name) == "true"; }
    unsigned count(std::string_view name, unsigned otherwise) const;
    // Each once, so there are no more than the parameter has words; none where it is not there.
    std::vector<std::string_view> words(std::string_view name) const;

  private:
    Pairs pairs_;
};

// Code::bad_parameter of the first that is unknown, given twice, missing or no such value;
// Code::forbidden of a flag that this caller may not set.
Result<Arguments> parse_arguments(std::string_view query, std::span<const Parameter> parameters,
                                  bool may_act);

} // namespace gangway::admin
