#include "gangway/commands/check_config.hpp"

#include "gangway/agent/config_file.hpp"
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
#include <variant>

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

ExitCode run(const std::string& argument) {
    ConfigFileChoice choice = choose_config_file();
    if (!argument.empty()) {
        choice = {argument, true};
    }
    const std::string name = printable(choice.path.string());
    Output output = Output::standard();
    const auto content = read_small_file(choice.path);
    if (const int* error = std::get_if<int>(&content)) {
        if (*error == ENOENT && !choice.named) {
            output.write(name + ": does not exist, the defaults hold\n");
            return ExitCode::ok;
        }
        throw Failure(ExitCode::bad_answer, name + ": " + system_error_text(*error));
    }
    const auto& text = std::get<std::string>(content);
    // parse() takes the empty text for "no file"; here there is one.
    const auto result = config::parse(text.empty() ? " " : text);
    if (const auto* error = std::get_if<config::Error>(&result)) {
        output.write(name + ": " + printable(error->message) + "\n");
        return ExitCode::bad_answer;
    }
    if (others_may_write(choice.path)) {
        output.write(name + ": is writable by others than its owner; chmod go-w it\n");
        return ExitCode::bad_answer;
    }
    output.write(name + ": ok\n");
    return ExitCode::ok;
}

} // namespace

void add_check_config_command(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("check-config", "Checks the agent's configuration file");
    const auto file = std::make_shared<std::string>();
    command->add_option(
        "FILE", *file, "File to check; default: $GANGWAY_CONFIG, else /etc/passenger-gangway.json");
    command->footer(std::string("Examples:\n"
                                "  gangway check-config\n"
                                "  gangway check-config new.json && sudo mv new.json "
                                "/etc/passenger-gangway.json\n\n") +
                    exit_codes_help);
    command->callback([&action, file] { action = [file] { return run(*file); }; });
}

} // namespace gangway::command
