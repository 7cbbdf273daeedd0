// --watch: the same again and again, until Ctrl-C.
#pragma once

#include "gangway/client/endpoint.hpp"
#include "gangway/commands/global_options.hpp"

#include <functional>
#include <optional>
#include <string>

namespace CLI {
class App;
} // namespace CLI

namespace gangway::command {

// `--watch [SECONDS]`, with `otherwise` where there are none. `seconds` outlives the parsing.
void add_watch_option(CLI::App& command, std::optional<double>& seconds,
                      const std::string& otherwise, const std::string& name = "--watch");

// What is to be shown of one round, which is asked of `endpoint`.
using WatchRound = std::function<std::string(const Endpoint& endpoint, bool is_first)>;

// Ends by Ctrl-C, where the first round fails, and where the named instance has gone. Later on an
// agent may be gone for a while: that is said once, not each time. So it is said where another
// instance takes its place.
[[noreturn]] void watch(const GlobalOptions& global, double pause_seconds, const WatchRound& round);

// Where the screen can be redrawn, ahead of what is shown.
inline const std::string clear_screen = "\033[H\033[J";

// Where it cannot: with the time, and parted from what came before.
[[nodiscard]] std::string below_the_time(const std::string& text, bool is_first);

// "2026-11-27 17:40:12 +0100", as people read it on a clock at the wall.
[[nodiscard]] std::string local_time();

} // namespace gangway::command
