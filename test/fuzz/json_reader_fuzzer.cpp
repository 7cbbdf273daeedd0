// Each reader of JSON that others wrote: of answers, of the agent's configuration, of the command.
//
// Input: a line, a JSON pointer; the rest is the document.
#include <algorithm>

#include "admin/accounts.hpp"
#include "check/json.hpp"
#include "fuzz_target.hpp"
#include "gangway/base/json_text.hpp"
#include "utf8.hpp"

namespace gangway {
namespace {

using fuzz::require;

// Fractions, and numbers beyond 64 bits, are rounded when they are printed, and jsoncpp repairs
// what is no UTF-8.
bool can_be_printed_whole(std::string_view text) {
    constexpr std::ptrdiff_t most_digits = 18;
    const bool long_number =
        std::search_n(text.begin(), text.end(), most_digits + 1, true,
                      [](char c, bool) { return c >= '0' && c <= '9'; }) != text.end();
    return !long_number && text.find_first_of(".eE") == std::string_view::npos &&
           fuzz::is_utf8(text) && text.find("\\u") == std::string_view::npos;
}

void fuzz_health(std::string_view pointer_text, std::string_view text) {
    const auto document = check::parse_json(text);
    const auto pointer = check::parse_json_pointer(pointer_text);
    if (!document) {
        return;
    }
    require(check::equal(*document, *document), "a document equals itself");
    if (pointer) {
        require(pointer->text == pointer_text, "a pointer keeps its text");
        const Json::Value* found = check::find(*document, *pointer);
        require(!pointer->tokens.empty() || found == &*document, "no tokens: the whole document");
    }
    if (can_be_printed_whole(text)) {
        const auto again = check::parse_json(check::print(*document));
        require(again && check::equal(*document, *again), "what was printed is read the same");
    }
}

void fuzz_command(std::string_view text) {
    const auto document = command::parse_json(text);
    if (!document) {
        return;
    }
    const std::string_view source = command::json_source(text, *document);
    require(source.empty() || (source.data() >= text.data() &&
                               source.data() + source.size() <= text.data() + text.size()),
            "a source is a part of its document");
    const std::string line = command::json_line(*document);
    require(line.find('\n') == std::string::npos, "a line is one");
    require(command::parse_json(line).has_value(), "what was written is JSON");
    require(command::parse_json(command::json_document(*document)).has_value(),
            "what was written for people is JSON");
    static_cast<void>(command::json_text(*document));
    static_cast<void>(command::json_text(command::json_member(*document, "name")));
}

// Not what leads to devices, which may not end.
bool names_a_device(std::string_view text) {
    return text.find("dev") != std::string_view::npos ||
           text.find("proc") != std::string_view::npos || text.find('\\') != std::string_view::npos;
}

void fuzz_accounts(std::string_view text) {
    if (names_a_device(text)) {
        return;
    }
    const auto loaded = admin::load_accounts(text);
    if (!loaded) {
        require(!loaded.error().text.empty(), "a failure is told");
        return;
    }
    for (const admin::Account& account : *loaded) {
        require(!account.username.empty(), "an account has a name");
    }
}

} // namespace
} // namespace gangway

GANGWAY_FUZZ_TARGET(json_reader) {
    gangway::fuzz::Input input(bytes);
    const std::string_view pointer = input.line();
    gangway::fuzz_health(pointer, input.rest());
    gangway::fuzz_command(input.rest());
    gangway::fuzz_accounts(input.rest());
}
