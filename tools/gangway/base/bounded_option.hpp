// Options that several subcommands spell alike: bounded numbers, and options that may be repeated.
#pragma once

#include "gangway/base/request_arguments.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace gangway::command {

// A duration in seconds; a value outside the range is a usage error. `seconds` must outlive the
// parsing.
void add_seconds_option(CLI::App& command, const std::string& name, std::optional<double>& seconds,
                        const SecondsRange& range, const std::string& text);

// A whole number from 1 to `largest`. `count` must outlive the parsing.
void add_count_option(CLI::App& command, const std::string& names, std::uint64_t& count,
                      std::uint64_t largest, const std::string& text);

// Each occurrence takes exactly one argument, whatever it looks like. CLI11 gives "{}" and "[…]",
// as JSON bodies often are, meanings of its own in vectors: only results() leaves them alone.
CLI::Option* add_repeatable_option(CLI::App& command, const std::string& names,
                                   const std::string& text, const char* type);

} // namespace gangway::command
