#include "gangway/client/header_argument.hpp"

#include "gangway/base/printable.hpp"

#include <algorithm>

namespace gangway::command {

std::string_view trimmed(std::string_view text) {
    const std::size_t start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos) {
        return {};
    }
    return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

bool is_token(std::string_view text) {
    constexpr std::string_view token = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "abcdefghijklmnopqrstuvwxyz"
                                       "0123456789!#$%&'*+-.^_`|~";
    return !text.empty() && text.find_first_not_of(token) == std::string_view::npos;
}

bool is_header_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char byte) {
        const auto value = static_cast<unsigned char>(byte);
        return byte == '\t' || (value >= 0x20U && value != 0x7FU);
    });
}

OrFault<HeaderArgument> parse_header_argument(std::string_view argument) {
    const std::string quoted = "'" + printable(argument) + "'";
    const std::size_t colon = argument.find(':');
    HeaderArgument header;
    if (colon == std::string_view::npos) {
        if (!argument.ends_with(';')) {
            return Fault{"header " + quoted + " is not of the form 'Name: value'"};
        }
        header.name = argument.substr(0, argument.size() - 1);
    } else {
        header.name = argument.substr(0, colon);
        header.value = trimmed(argument.substr(colon + 1));
        if (header.value.empty()) {
            header.action = HeaderArgument::Action::remove;
        }
    }
    if (!is_token(header.name)) {
        return Fault{"header " + quoted + " has a name that HTTP does not allow"};
    }
    if (!is_header_value(header.value)) {
        return Fault{"header " + quoted + " has a control character in its value"};
    }
    return header;
}

} // namespace gangway::command
