#include "gangway/commands/requests.hpp"

#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/base/bounded_option.hpp"
#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/percent_encoding.hpp"
#include "gangway/base/request_arguments.hpp"
#include "gangway/commands/document.hpp"
#include "gangway/commands/watch.hpp"
#include "gangway/view/output.hpp"
#include "gangway/view/profile_table.hpp"
#include "gangway/view/request_table.hpp"
#include "gangway/view/transfer_progress.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gangway::command {

namespace {

struct RequestsOptions {
    std::string process;
    std::string group;
    std::optional<double> min_seconds;
    std::uint64_t limit = 0;
    bool query = false;
    std::optional<double> watch_seconds;
    std::optional<double> profile_seconds;
    bool folded = false;
    const CLI::Option* routes = nullptr;
};

constexpr double longest_age = 1e9;
constexpr double longest_profile = 600;

std::string target_of(const RequestsOptions& options) {
    std::string target = "/v1/requests";
    char separator = '?';
    const auto add = [&](const std::string& parameter) {
        target += separator + parameter;
        separator = '&';
    };
    if (!options.process.empty()) {
        add("process=" + options.process);
    }
    if (!options.group.empty()) {
        add("group=" + percent_encode(options.group));
    }
    if (options.min_seconds) {
        add("min_age=" + fixed_decimal(*options.min_seconds, 3));
    }
    if (options.limit > 0) {
        add("limit=" + std::to_string(options.limit));
    }
    if (options.query) {
        add("query=true");
    }
    return target;
}

std::string profile_target_of(const RequestsOptions& options) {
    std::string target = "/v1/requests/profile?seconds=" +
                         fixed_decimal(std::max(*options.profile_seconds, 0.001), 3);
    if (!options.process.empty()) {
        target += "&process=" + options.process;
    }
    if (!options.group.empty()) {
        target += "&group=" + percent_encode(options.group);
    }
    if (options.limit > 0) {
        target += "&limit=" + std::to_string(options.limit);
    }
    std::string routes;
    for (const std::string& route : options.routes->results()) {
        if (route.find(',') != std::string::npos) {
            throw Failure(ExitCode::usage, "a route has no ','; --route may be given again");
        }
        routes += (routes.empty() ? "" : ",") + route;
    }
    return routes.empty() ? target : target + "&routes=" + percent_encode(routes);
}

// For a person who waits.
class ProfileProgress : public TransferProgress {
  public:
    ProfileProgress(Progress& progress, double seconds)
        : TransferProgress(progress), text_("counting requests for " + column_duration(seconds)) {}

  protected:
    std::string waiting(const Transfer& /*transfer*/) override { return text_; }

  private:
    std::string text_;
};

ExitCode profile(const GlobalOptions& global, const RequestsOptions& options) {
    std::string text;
    {
        const Endpoint endpoint = find_endpoint(global.agent);
        const Credentials credentials =
            choose_credentials(global.agent.password, endpoint, Purpose::list, ::geteuid());
        Progress progress;
        ProfileProgress observer(progress, *options.profile_seconds);
        const std::chrono::milliseconds time(std::llround(*options.profile_seconds * 1000));
        const AdminDocument document =
            get_admin_document(endpoint, credentials, profile_target_of(options),
                               {.process = options.process}, observer, time + document_longest);
        if (!json_member(document.value, "routes").isArray()) {
            throw Failure(ExitCode::bad_answer, "the answer has no list of routes");
        }
        if (global.json) {
            print_document(document);
            return ExitCode::ok;
        }
        text = options.folded ? folded_profile(document.value)
                              : profile_table(document.value, standard_output_terminal());
    }
    Output::standard().write(text);
    return ExitCode::ok;
}

std::string screen(const Json::Value& document, const Terminal& terminal) {
    // The line with the time, an empty one, and the cursor's.
    constexpr std::size_t fixed_lines = 3;
    const std::size_t lines = terminal.rows > fixed_lines ? terminal.rows - fixed_lines : 1;
    return clear_screen + local_time() + "\n\n" + request_table(document, terminal, lines);
}

std::string shown_in_watch(const AdminDocument& document, bool json, bool is_first) {
    if (json) {
        return json_document(document.value);
    }
    const Terminal terminal = standard_output_terminal();
    return terminal.can_redraw
               ? screen(document.value, terminal)
               : below_the_time(request_table(document.value, terminal, SIZE_MAX), is_first);
}

AdminDocument fetch(const GlobalOptions& global, const Endpoint& endpoint,
                    const RequestsOptions& options, ExchangeObserver& observer) {
    const Purpose purpose = options.query ? Purpose::forward : Purpose::list;
    const Credentials credentials =
        choose_credentials(global.agent.password, endpoint, purpose, ::geteuid());
    AdminDocument document = get_admin_document(endpoint, credentials, target_of(options),
                                                {.process = options.process}, observer);
    if (!json_member(document.value, "requests").isArray()) {
        throw Failure(ExitCode::bad_answer, "the answer has no list of requests");
    }
    return document;
}

ExitCode show_once(const GlobalOptions& global, const RequestsOptions& options) {
    Progress progress;
    TransferProgress observer(progress);
    const AdminDocument document = fetch(global, find_endpoint(global.agent), options, observer);
    if (global.json) {
        print_document(document);
    } else {
        Output::standard().write(
            request_table(document.value, standard_output_terminal(), SIZE_MAX));
    }
    return ExitCode::ok;
}

ExitCode run(const GlobalOptions& global, const RequestsOptions& options) {
    if (!options.process.empty()) {
        if (const auto fault = fault_of_process_id(options.process)) {
            throw Failure(ExitCode::usage, *fault);
        }
    }
    if (options.profile_seconds) {
        return profile(global, options);
    }
    if (options.watch_seconds) {
        watch(global, *options.watch_seconds, [&](const Endpoint& endpoint, bool is_first) {
            ExchangeObserver nobody;
            return shown_in_watch(fetch(global, endpoint, options, nobody), global.json, is_first);
        });
    }
    return show_once(global, options);
}

} // namespace

void add_requests_command(CLI::App& app, const GlobalOptions& options, Action& action) {
    auto* command =
        app.add_subcommand("requests", "Shows what every worker is doing, for whom, since when");
    const auto chosen = std::make_shared<RequestsOptions>();
    command->add_option("--pid", chosen->process, "Only those that this process has (or its gupid)")
        ->type_name("ID");
    command->add_option("--group", chosen->group, "Only this application group (its whole name)")
        ->type_name("NAME");
    add_seconds_option(*command, "--min", chosen->min_seconds,
                       {.zero_allowed = true, .longest = longest_age},
                       "Only those that are older than so many seconds");
    add_count_option(*command, "--limit", chosen->limit, UINT32_MAX,
                     "So many at most, the oldest; 1000 unless given");
    command->add_flag("--query", chosen->query, "The queries of their URLs, too");
    add_watch_option(*command, chosen->watch_seconds, "1");
    add_seconds_option(*command, "--profile", chosen->profile_seconds,
                       {.zero_allowed = false, .longest = longest_profile},
                       "Which routes hold the workers: counts requests for so long");
    command
        ->add_flag("--folded", chosen->folded,
                   "With --profile: as programs that draw flame graphs read it")
        ->needs("--profile");
    chosen->routes = add_repeatable_option(
                         *command, "--route",
                         "With --profile: these are one route, such as /shop/:name or /assets/*; "
                         "may be given again",
                         "PATTERN")
                         ->needs("--profile");
    for (const char* other : {"--min", "--query", "--watch"}) {
        command->get_option("--profile")->excludes(other);
    }
    command->footer(
        std::string("Examples:\n"
                    "  gangway requests                what hangs, oldest first\n"
                    "  gangway requests --min 5 --query\n"
                    "  gangway requests --pid 20387 --watch\n"
                    "  gangway requests --profile 30s   which URLs hold the workers\n"
                    "  gangway requests --profile 1m --folded | flamegraph.pl > busy.svg\n"
                    "  gangway requests --json | jq -r '.requests[] | select(.state == "
                    "\"queued\") | .path'\n\n") +
        exit_codes_help);
    command->callback([&options, &action, chosen] {
        action = [&options, chosen] { return run(options, *chosen); };
    });
}

} // namespace gangway::command
