#include "gangway/commands/ps.hpp"

#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/agent/pool_listing.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/percent_encoding.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/commands/document.hpp"
#include "gangway/commands/report.hpp"
#include "gangway/view/group_names.hpp"
#include "gangway/view/output.hpp"
#include "gangway/view/process_values.hpp"
#include "gangway/view/table.hpp"
#include "gangway/view/terminal.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::command {

namespace {

struct PsOptions {
    std::string group;
    std::string states;
    bool secrets = false;
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

Colour state_colour(const std::string& state) {
    if (state == "enabled") {
        return Colour::green;
    }
    return state == "disabling" || state == "disabled" ? Colour::yellow : Colour::red;
}

// Whole names for programs, short ones where a person's terminal is narrow.
std::map<std::string, std::string> shown_group_names(const Json::Value& rows, bool shorten) {
    std::vector<std::string> names;
    for (const Json::Value& row : rows) {
        names.push_back(process_value(row, "group"));
    }
    if (shorten) {
        return abbreviate_group_names(names);
    }
    std::map<std::string, std::string> shown;
    for (const std::string& name : names) {
        shown.emplace(name, name);
    }
    return shown;
}

std::string render(const Json::Value& rows, const PsOptions& options) {
    const Terminal terminal = standard_output_terminal();
    std::vector<Column> columns{{"PID", Align::right},
                                {"GROUP"},
                                {"STATE"},
                                {"SESSIONS", Align::right},
                                {"PROCESSED", Align::right},
                                {"CPU", Align::right},
                                {"MEMORY", Align::right},
                                {"UPTIME", Align::right},
                                {"IDLE", Align::right}};
    if (options.secrets) {
        columns.push_back({"PASSWORD"});
        columns.push_back({"OWN PASSWORD"});
    }
    columns.push_back({"COMMAND"});
    Table table(std::move(columns));
    const auto group_names = shown_group_names(rows, terminal.is_terminal);
    for (const Json::Value& row : rows) {
        const std::string state = process_value(row, "state");
        std::vector<Cell> cells{process_value(row, "pid"),
                                group_names.at(process_value(row, "group")),
                                {state, state_colour(state)},
                                process_value(row, "sessions"),
                                process_value(row, "processed"),
                                process_value(row, "cpu_percent"),
                                process_value(row, "real_memory_bytes"),
                                process_value(row, "uptime_seconds"),
                                process_value(row, "idle_seconds")};
        if (options.secrets) {
            cells.emplace_back(process_value(row, "password"));
            cells.emplace_back(process_value(row, "process_password"));
        }
        cells.emplace_back(process_value(row, "command"));
        table.add_row(std::move(cells));
    }
    return table.render(terminal);
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

ExitCode run(const GlobalOptions& global, const PsOptions& options) {
    const AdminDocument document = wait_for_document(global.agent, target_of(options));
    const Json::Value& rows = json_member(document.value, "processes");
    if (!rows.isArray()) {
        throw Failure(ExitCode::bad_answer, "the answer has no list of processes");
    }
    if (rows.empty()) {
        explain_empty(global, options);
    }
    if (global.json) {
        print_document(document);
        return ExitCode::ok;
    }
    Output::standard().write(render(rows, options));
    if (rows.empty()) {
        const bool filtered = !options.group.empty() || !options.states.empty();
        std::cerr << (filtered ? "gangway: no process matches\n" : "gangway: no process runs\n");
    }
    return ExitCode::ok;
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
    command->footer(std::string("Examples:\n"
                                "  gangway ps --group '/var/www/shop (production)'\n"
                                "  gangway ps --state disabling,disabled,detached\n"
                                "  gangway ps --json | jq '.processes[].pid'\n\n") +
                    exit_codes_help);
    command->callback([&options, &action, chosen] {
        action = [&options, chosen] { return run(options, *chosen); };
    });
}

} // namespace gangway::command
