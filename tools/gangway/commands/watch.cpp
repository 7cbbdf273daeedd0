#include "gangway/commands/watch.hpp"

#include "gangway/agent/find_endpoint.hpp"
#include "gangway/base/interrupt.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/request_arguments.hpp"
#include "gangway/commands/report.hpp"
#include "gangway/view/output.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>

namespace gangway::command {

namespace {

constexpr SecondsRange hour{.zero_allowed = false, .longest = 3600};

class WatchEnds : public Failure {
  public:
    explicit WatchEnds(const std::string& message) : Failure(ExitCode::unreachable, message) {}
};

// The socket by which a round goes. The instance is looked for each time: a watch outlives an
// agent. It does not outlive the instance that was named.
Endpoint endpoint_of_round(const GlobalOptions& global, bool is_first) {
    try {
        return find_endpoint(global.agent);
    } catch (const NoSuchInstance& gone) {
        if (is_first || global.agent.instance.empty()) {
            throw;
        }
        throw WatchEnds(
            std::string(gone.what()) +
            "\nThe watch ends: Passenger names its instance anew at each start, so this one does "
            "not come back. Without --instance, or with a configured socket_path, a watch outlives "
            "a restart.");
    }
}

} // namespace

void add_watch_option(CLI::App& command, std::optional<double>& seconds,
                      const std::string& otherwise, const std::string& name) {
    command
        .add_option_function<std::string>(
            name,
            [&seconds](const std::string& text) {
                // CLI11 lets it pass unchecked where an option may stand without a value.
                if (text.empty()) {
                    throw CLI::ValidationError("--watch", "it is empty");
                }
                seconds = std::stod(plain_seconds(text));
            },
            "Again and again until Ctrl-C, with so much time in between; " + otherwise +
                " unless given")
        ->type_name("[SECONDS]")
        ->expected(0, 1)
        ->default_str(otherwise)
        ->check([](const std::string& value) {
            const auto fault = fault_of_seconds(plain_seconds(value), hour);
            return fault ? *fault + "; without seconds, write --watch last" : std::string();
        });
}

void watch(const GlobalOptions& global, double pause_seconds, const WatchRound& round) {
    const std::chrono::milliseconds pause(std::llround(std::ceil(pause_seconds * 1000)));
    const InterruptWatch between_rounds;
    std::string said;
    std::filesystem::path socket;
    for (bool is_first = true;; pause_for(pause)) {
        std::string text;
        try {
            const Endpoint endpoint = endpoint_of_round(global, is_first);
            if (!is_first && endpoint.socket != socket) {
                report_note("from now on it is another instance that is asked, at " +
                                printable(endpoint.socket.string()),
                            global.json);
            }
            socket = endpoint.socket;
            text = round(endpoint, is_first);
        } catch (const WatchEnds&) {
            throw;
        } catch (const Failure& failure) {
            if (is_first || failure.code() == ExitCode::interrupted ||
                failure.code() == ExitCode::no_output) {
                throw;
            }
            if (said != failure.what()) {
                said = failure.what();
                report_failure(failure, global.json);
            }
            continue;
        }
        Output::standard().write(text);
        is_first = false;
        said.clear();
    }
}

std::string below_the_time(const std::string& text, bool is_first) {
    return (is_first ? "" : "\n") + local_time() + "\n" + text;
}

std::string local_time() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::localtime_r(&now, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %z", &parts)};
}

} // namespace gangway::command
