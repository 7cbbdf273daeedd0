// Headers as curl's -H spells them.
#pragma once

#include <string>
#include <string_view>

#include "text/fault.hpp"

namespace gangway::command {

struct HeaderArgument {
    enum class Action {
        send,   // "Name: value", or "Name;" for an empty value
        remove, // "Name:" takes out a header that would be sent otherwise
    };

    std::string name;
    std::string value;
    Action action = Action::send;
};

// The header, or what is wrong with it.
[[nodiscard]] OrFault<HeaderArgument> parse_header_argument(std::string_view argument);

// A token of RFC 9110, section 5.6.2: a header's name, a method.
[[nodiscard]] bool is_token(std::string_view text);

// Visible characters, spaces, tabs and bytes above 127: nothing that could end the line.
[[nodiscard]] bool is_header_value(std::string_view text);

// Without the spaces and tabs around it, which are no part of a header's value.
[[nodiscard]] std::string_view trimmed(std::string_view text);

} // namespace gangway::command
