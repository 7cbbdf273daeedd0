// What the agent says, in the words of the command line: its answers name endpoints, headers and
// keys of the API, which somebody at a terminal has never typed. Pure.
#pragma once

#include <json/value.h>

#include <chrono>
#include <string>
#include <string_view>

namespace gangway::command {

// What was asked for, as the command line names it. An error is about it.
struct Asked {
    std::string process{};     // its ID; empty: no single one
    std::string group{};       // --group
    bool is_forwarded = false; // by `request`: the application's answer is wanted
    std::string refused{};     // what to add where the agent knows no right of the caller's
};

// The text with options in place of headers and keys, and commands in place of endpoints.
[[nodiscard]] std::string in_own_words(std::string_view text);

// What a problem document is about, in a sentence or two. Printable, in one line; "" where it says
// nothing. `now`: what a time in it is counted to.
[[nodiscard]] std::string
problem_text(const Json::Value& problem, const Asked& asked,
             std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

} // namespace gangway::command
