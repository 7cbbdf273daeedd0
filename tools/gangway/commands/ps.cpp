#include "gangway/commands/ps.hpp"

#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/agent/pool_listing.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/percent_encoding.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/rfc3339.hpp"
#include "gangway/commands/document.hpp"
#include "gangway/commands/pool_documents.hpp"
#include "gangway/commands/report.hpp"
#include "gangway/commands/watch.hpp"
#include "gangway/view/output.hpp"
#include "gangway/view/pool_table.hpp"
#include "gangway/view/process_values.hpp"
#include "gangway/view/terminal.hpp"
#include "gangway/view/transfer_progress.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangway::command {

namespace {

struct PsOptions {
    std::string group;
    std::string states;
    bool secrets = false;
    std::string columns{usual_columns};
    std::string sort;
    bool no_headers = false;
    bool quiet = false;
    std::optional<double> watch_seconds;
};

constexpr std::array<std::string_view, 6> known_states{"enabled",  "disabling",     "disabled",
                                                       "detached", "shutting_down", "dead"};

// What is wrong with a list of them; "" for nothing.
std::string fault_of_states(const std::string& list) {
    std::string_view rest = list;
    for (;;) {
        const std::size_t comma = rest.find(',');
        const std::string_view state = rest.substr(0, comma);
        if (std::find(known_states.begin(), known_states.end(), state) == known_states.end()) {
            return "'" + printable(state) +
                   "' is no state; there are enabled, disabling, disabled, detached, "
                   "shutting_down and dead";
        }
        if (comma == std::string_view::npos) {
            return {};
        }
        rest.remove_prefix(comma + 1);
    }
}

std::string target_of(const PsOptions& options) {
    std::vector<std::string> parameters;
    if (!options.group.empty()) {
        parameters.push_back("group=" + percent_encode(options.group));
    }
    if (!options.states.empty()) {
        parameters.push_back("state=" + percent_encode(options.states));
    }
    if (options.secrets) {
        parameters.emplace_back("secrets=true");
    }
    std::string target = "/v1/processes";
    char separator = '?';
    for (const std::string& parameter : parameters) {
        target += separator + parameter;
        separator = '&';
    }
    return target;
}

// "a,b" parted at its commas.
std::vector<std::string_view> parted(std::string_view list) {
    std::vector<std::string_view> names;
    for (;;) {
        const std::size_t comma = list.find(',');
        names.push_back(list.substr(0, comma));
        if (comma == std::string_view::npos) {
            return names;
        }
        list.remove_prefix(comma + 1);
    }
}

std::string no_such_column(std::string_view name) {
    return "'" + printable(name) + "' is no column; there are " + process_column_names();
}

std::string fault_of_columns(const std::string& list) {
    for (const std::string_view name : parted(list)) {
        if (!find_process_column(name)) {
            return no_such_column(name);
        }
    }
    return {};
}

std::string fault_of_sort(const std::string& text) {
    const std::string_view name = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
    return find_process_column(name) ? std::string() : no_such_column(name);
}

PoolTableOptions table_options(const PsOptions& options) {
    PoolTableOptions result;
    for (const std::string_view name : parted(options.columns)) {
        result.columns.push_back(*find_process_column(name));
    }
    if (options.secrets) {
        for (const char* field : {"password", "process_password"}) {
            result.columns.push_back(*find_process_column(field));
        }
    }
    if (!options.sort.empty()) {
        result.descending = options.sort.starts_with('-');
        result.sorted_by =
            find_process_column(std::string_view(options.sort).substr(result.descending ? 1 : 0));
    }
    result.with_headings = !options.no_headers;
    result.with_spawning = options.states.empty();
    result.group = options.group;
    return result;
}

// An empty list does not tell a group without processes from a name that no group has.
void require_group(const std::vector<ListedGroup>& groups, const std::string& name) {
    if (std::none_of(groups.begin(), groups.end(),
                     [&name](const ListedGroup& group) { return group.name == name; })) {
        throw no_such_group(name, groups);
    }
}

std::vector<ListedGroup> groups_now(const GlobalOptions& global) {
    const Endpoint endpoint = find_endpoint(global.agent);
    const Credentials credentials =
        choose_credentials(global.agent.password, endpoint, Purpose::list, ::geteuid());
    ExchangeObserver nobody;
    return list_groups({endpoint, credentials, nobody, document_longest});
}

void note_why_empty(const std::vector<ListedGroup>& groups, const PsOptions& options, bool json) {
    for (const ListedGroup& group : groups) {
        if (!group.cannot_start.empty() && (options.group.empty() || group.name == options.group)) {
            report_note(printable(group.cannot_start), json);
        }
    }
}

// Whether there is such a group, and whether the processes that there should be cannot be started.
void explain_empty(const GlobalOptions& global, const PsOptions& options) {
    if (!options.group.empty()) {
        const auto groups = groups_now(global);
        require_group(groups, options.group);
        note_why_empty(groups, options, global.json);
        return;
    }
    try {
        note_why_empty(groups_now(global), options, global.json);
    } catch (const Failure& failure) { // The list is there, and empty.
        if (failure.code() == ExitCode::interrupted) {
            throw;
        }
    }
}

std::string table(const Asking& asking, const PsOptions& options, Json::Value processes,
                  Rates& rates, const Terminal& terminal) {
    const Around around = rates.look(processes);
    const PoolDocuments documents = fetch_pool(asking, std::move(processes), !options.no_headers);
    return pool_table(documents, table_options(options), around, terminal);
}

std::string pids(const Json::Value& document) {
    std::string text;
    for (const Json::Value& row : json_member(document, "processes")) {
        text += process_value(row, "pid") + "\n";
    }
    return text;
}

// As many lines as there is room for.
std::string clipped(const std::string& text, std::size_t lines) {
    std::size_t end = 0;
    for (std::size_t line = 0; line < lines; ++line) {
        end = text.find('\n', end);
        if (end == std::string::npos) {
            return text;
        }
        ++end;
    }
    const auto more = std::count(text.begin() + static_cast<std::ptrdiff_t>(end), text.end(), '\n');
    return more == 0 ? text : text.substr(0, end) + "and " + std::to_string(more) + " more lines\n";
}

std::string shown_in_watch(const Asking& asking, const GlobalOptions& global,
                           const PsOptions& options, Rates& rates, bool is_first) {
    AdminDocument document = fetch_processes(asking, target_of(options));
    if (global.json) {
        return json_document(document.value);
    }
    if (options.quiet) {
        return pids(document.value);
    }
    const Terminal terminal = standard_output_terminal();
    const std::string text = table(asking, options, std::move(document.value), rates, terminal);
    if (!terminal.can_redraw) {
        return below_the_time(text, is_first);
    }
    // The line with the time, an empty one, what is more, and the cursor's.
    constexpr std::size_t fixed_lines = 4;
    const std::size_t lines = terminal.rows > fixed_lines ? terminal.rows - fixed_lines : 1;
    return clear_screen + local_time() + "\n\n" + clipped(text, lines);
}

ExitCode show_once(const GlobalOptions& global, const PsOptions& options) {
    std::string text;
    bool is_empty = false;
    {
        Progress progress;
        TransferProgress observer(progress);
        const Endpoint endpoint = find_endpoint(global.agent);
        const Credentials credentials =
            choose_credentials(global.agent.password, endpoint, Purpose::list, ::geteuid());
        const Asking asking{endpoint, credentials, observer, document_longest};
        AdminDocument document = fetch_processes(asking, target_of(options));
        is_empty = json_member(document.value, "processes").empty();
        if (is_empty) {
            explain_empty(global, options);
        }
        if (global.json) {
            print_document(document);
            return ExitCode::ok;
        }
        Rates rates;
        text = options.quiet ? pids(document.value)
                             : table(asking, options, std::move(document.value), rates,
                                     standard_output_terminal());
    }
    Output::standard().write(text);
    if (is_empty) {
        const bool filtered = !options.group.empty() || !options.states.empty();
        std::cerr << (filtered ? "gangway: no process matches\n" : "gangway: no process runs\n");
    }
    return ExitCode::ok;
}

ExitCode run(const GlobalOptions& global, const PsOptions& options) {
    if (options.watch_seconds) {
        Rates rates;
        watch(global, *options.watch_seconds, [&](const Endpoint& endpoint, bool is_first) {
            ExchangeObserver nobody;
            const Credentials credentials =
                choose_credentials(global.agent.password, endpoint, Purpose::list, ::geteuid());
            return shown_in_watch({endpoint, credentials, nobody, document_longest}, global,
                                  options, rates, is_first);
        });
    }
    return show_once(global, options);
}

} // namespace

void add_ps_command(CLI::App& app, const GlobalOptions& options, Action& action) {
    auto* command = app.add_subcommand("ps", "Lists the processes");
    const auto chosen = std::make_shared<PsOptions>();
    command->add_option("--group", chosen->group, "Only this application group (its whole name)")
        ->type_name("NAME");
    command
        ->add_option("--state", chosen->states,
                     "Only processes in these states: enabled, disabling, disabled, detached, "
                     "shutting_down, dead")
        ->type_name("STATE[,STATE...]")
        ->check(fault_of_states);
    command->add_flag("--secrets", chosen->secrets,
                      "The processes' passwords too: their group's, and each one's own");
    command->add_option("-o,--columns", chosen->columns, "These columns: " + process_column_names())
        ->type_name("COLUMN[,COLUMN...]")
        ->check(fault_of_columns)
        ->capture_default_str();
    command
        ->add_option("--sort", chosen->sort,
                     "Within each group by this column; --sort=-COLUMN: backwards")
        ->type_name("[-]COLUMN")
        ->check(fault_of_sort);
    command->add_flag("--no-headers", chosen->no_headers, "Rows only, as for awk");
    command->add_flag("-q,--quiet", chosen->quiet, "Their PIDs only");
    add_watch_option(*command, chosen->watch_seconds, "2", "-w,--watch");
    command->footer(std::string("Examples:\n"
                                "  gangway ps --sort=-mem\n"
                                "  gangway ps -w\n"
                                "  gangway ps -o pid,group,rss_bytes,command --no-headers\n"
                                "  gangway ps --group '/var/www/shop (production)'\n"
                                "  gangway ps --state disabling,disabled,detached\n"
                                "  gangway ps --json | jq '.processes[].pid'\n\n") +
                    exit_codes_help);
    command->callback([&options, &action, chosen] {
        action = [&options, chosen] { return run(options, *chosen); };
    });
}

} // namespace gangway::command
