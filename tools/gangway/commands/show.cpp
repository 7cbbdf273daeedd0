#include "gangway/commands/show.hpp"

#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/request_arguments.hpp"
#include "gangway/commands/document.hpp"
#include "gangway/view/output.hpp"
#include "gangway/view/process_values.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace gangway::command {

namespace {

struct ShowOptions {
    std::string id;
    bool secrets = false;
};

std::string line(const std::string& key, std::size_t key_columns, const std::string& value) {
    const std::string shown = printable(key);
    const std::size_t columns = display_columns(shown);
    const std::string padding(key_columns > columns ? key_columns - columns : 0, ' ');
    return shown + padding + "  " + value + "\n";
}

// "unix:/… (session, concurrency 1, 0 sessions, takes requests)"
std::string socket_text(const Json::Value& socket) {
    const std::string description = printable(json_text(json_member(socket, "description")));
    const Json::Value& accepts = json_member(socket, "accept_http_requests");
    return process_value(socket, "address") + " (" + process_value(socket, "protocol") +
           ", concurrency " + process_value(socket, "concurrency") + ", sessions " +
           process_value(socket, "sessions") +
           (accepts.isBool() && accepts.asBool() ? ", takes visitors' requests" : "") +
           (description.empty() ? "" : ", " + description) + ")";
}

std::string render(const Json::Value& process) {
    const std::vector<std::string> fields = process_fields(process);
    std::size_t key_columns = 0;
    for (const std::string& field : fields) {
        key_columns = std::max(key_columns, display_columns(printable(field)));
    }
    std::string text;
    for (const std::string& field : fields) {
        const Json::Value& value = json_member(process, field.c_str());
        if (field == "sockets" && value.isArray() && !value.empty()) {
            for (const Json::Value& socket : value) {
                text += line("socket", key_columns, socket_text(socket));
            }
            continue;
        }
        std::string shown = process_value(process, field);
        if (field.ends_with("_bytes") && value.isUInt64() && value.asUInt64() >= 1024) {
            shown += " (" + json_text(value) + ")";
        }
        text += line(field, key_columns, shown);
    }
    return text;
}

ExitCode run(const GlobalOptions& global, const ShowOptions& options) {
    if (const auto fault = fault_of_process_id(options.id)) {
        throw Failure(ExitCode::usage, *fault);
    }
    const AdminDocument document = wait_for_document(
        global.agent, "/v1/processes/" + options.id + (options.secrets ? "?secrets=true" : ""),
        {.process = options.id});
    if (global.json) {
        print_document(document);
        return ExitCode::ok;
    }
    const Json::Value& process = json_member(document.value, "process");
    if (!process.isObject()) {
        throw Failure(ExitCode::bad_answer, "the answer has no process");
    }
    Output::standard().write(render(process));
    return ExitCode::ok;
}

} // namespace

void add_show_command(CLI::App& app, const GlobalOptions& options, Action& action) {
    auto* command = app.add_subcommand("show", "Shows one process");
    const auto chosen = std::make_shared<ShowOptions>();
    command->add_option("ID", chosen->id, "Process, by pid or gupid")->required();
    command->add_flag("--secrets", chosen->secrets, "Its passwords too");
    command->footer(std::string("Examples:\n"
                                "  gangway show 20387\n"
                                "  gangway show 1a2b3c4-XyZ0123456 --secrets\n"
                                "  gangway show 20387 --json | jq .process.rss_bytes\n\n") +
                    exit_codes_help);
    command->callback([&options, &action, chosen] {
        action = [&options, chosen] { return run(options, *chosen); };
    });
}

} // namespace gangway::command
