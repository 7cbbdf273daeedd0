#include "gangway/commands/show.hpp"

#include "gangway/base/json_text.hpp"
#include "gangway/base/request_arguments.hpp"
#include "gangway/commands/document.hpp"
#include "gangway/view/output.hpp"
#include "gangway/view/process_text.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace gangway::command {

namespace {

struct ShowOptions {
    std::string id;
    bool secrets = false;
};

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
    Output::standard().write(process_text(process));
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
