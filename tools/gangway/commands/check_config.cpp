#include "gangway/commands/check_config.hpp"

#include "gangway/agent/config_file.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/small_file.hpp"
#include "gangway/base/system_error_text.hpp"
#include "gangway/view/output.hpp"

#include <CLI/CLI.hpp>
#include <config/config.hpp>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace gangway::command {

namespace {

// The agent refuses such a file, since it names code to load. Whether it trusts the owner and the
// directories above depends on its own user, and only its log can say.
bool others_may_write(const std::filesystem::path& path) {
    using std::filesystem::perms;
    std::error_code error;
    const perms mode = std::filesystem::status(path, error).permissions();
    return !error && (mode & (perms::group_write | perms::others_write)) != perms::none;
}

// What is said of a file.
struct Verdict {
    bool exists = true;
    std::vector<config::Error> errors; // empty: it is good
};

Verdict check(const ConfigFileChoice& choice) {
    const auto content = read_small_file(choice.path);
    if (!content) {
        const int error = content.error().value();
        if (error == ENOENT && !choice.named) {
            return {.exists = false, .errors = {}};
        }
        throw Failure(error == EACCES ? ExitCode::unauthorized : ExitCode::bad_answer,
                      printable(choice.path.string()) + (error == EACCES
                                                             ? " may not be read by you (try sudo)"
                                                             : ": " + system_error_text(error)));
    }
    // parse() takes the empty text for "no file"; here there is one.
    const auto result = config::parse(content->empty() ? " " : *content);
    Verdict verdict;
    if (!result) {
        verdict.errors = result.error();
    }
    if (others_may_write(choice.path)) {
        verdict.errors.push_back({"", "is writable by others than its owner; chmod go-w it"});
    }
    return verdict;
}

std::string as_text(const std::string& name, const Verdict& verdict) {
    if (!verdict.exists) {
        return name + ": does not exist, the defaults hold\n";
    }
    std::string text;
    for (const config::Error& error : verdict.errors) {
        text += name + ": " + printable(error.message) + "\n";
    }
    return text.empty() ? name + ": ok\n" : text;
}

std::string as_json(const std::string& name, const Verdict& verdict) {
    Json::Value document;
    document["file"] = name;
    document["exists"] = verdict.exists;
    document["ok"] = verdict.errors.empty();
    document["errors"] = Json::Value(Json::arrayValue);
    for (const config::Error& error : verdict.errors) {
        Json::Value row;
        row["key"] = error.key.empty() ? Json::Value() : Json::Value(printable(error.key));
        row["message"] = printable(error.message);
        document["errors"].append(row);
    }
    return json_document(document);
}

ExitCode run(const GlobalOptions& global, const std::string& argument) {
    ConfigFileChoice choice = choose_config_file();
    if (!argument.empty()) {
        choice = {argument, true};
    }
    const Verdict verdict = check(choice);
    const std::string name = printable(choice.path.string());
    Output::standard().write(global.json ? as_json(name, verdict) : as_text(name, verdict));
    return verdict.errors.empty() ? ExitCode::ok : ExitCode::bad_answer;
}

} // namespace

void add_check_config_command(CLI::App& app, const GlobalOptions& options, Action& action) {
    auto* command = app.add_subcommand("check-config", "Checks the agent's configuration file");
    const auto file = std::make_shared<std::string>();
    command->add_option(
        "FILE", *file, "File to check; default: $GANGWAY_CONFIG, else /etc/passenger-gangway.json");
    command->footer(std::string("Examples:\n"
                                "  gangway check-config\n"
                                "  gangway check-config new.json && sudo mv new.json "
                                "/etc/passenger-gangway.json\n"
                                "  gangway check-config --json | jq -r '.errors[].key'\n\n") +
                    exit_codes_help);
    command->callback(
        [&options, &action, file] { action = [&options, file] { return run(options, *file); }; });
}

} // namespace gangway::command
