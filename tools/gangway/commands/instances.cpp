#include "instances.hpp"

#include "../instance_registry.hpp"
#include "../json_text.hpp"
#include "../output.hpp"
#include "../printable.hpp"
#include "../table.hpp"
#include "../terminal.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

namespace gangway::command {

namespace {

bool has_gangway(const Instance& instance) {
    std::error_code ignored;
    return std::filesystem::is_socket(instance.socket(), ignored);
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : printable(text);
}

std::string as_table(const std::vector<Instance>& instances) {
    Table table({{"NAME"}, {"PASSENGER"}, {"CORE", Align::right}, {"GANGWAY"}, {"SOCKET"}});
    for (const Instance& instance : instances) {
        const bool present = has_gangway(instance);
        table.add_row({printable(instance.name),
                       or_dash(instance.passenger_version),
                       instance.core_pid ? std::to_string(*instance.core_pid) : "-",
                       {present ? "yes" : "no", present ? Colour::green : Colour::yellow},
                       printable(instance.socket().string())});
    }
    Terminal terminal = standard_output_terminal();
    terminal.columns = 0; // a path that is cut helps nobody
    return table.render(terminal);
}

std::string as_json(const std::vector<Instance>& instances) {
    Json::Value document;
    document["instances"] = Json::Value(Json::arrayValue);
    for (const Instance& instance : instances) {
        Json::Value row;
        row["name"] = instance.name;
        row["passenger_version"] = instance.passenger_version;
        row["server_software"] = instance.server_software;
        row["core_pid"] =
            instance.core_pid ? Json::Value(Json::Int64{*instance.core_pid}) : Json::Value();
        row["directory"] = instance.directory.string();
        row["socket"] = instance.socket().string();
        row["gangway"] = has_gangway(instance);
        document["instances"].append(row);
    }
    return json_document(document);
}

ExitCode run(const GlobalOptions& global) {
    const auto searched = registry_directories();
    RegistryContents contents = find_instances(searched);
    std::vector<Instance>& instances = contents.instances;
    instances.erase(std::remove_if(instances.begin(), instances.end(),
                                   [&global](const Instance& instance) {
                                       return !instance.name.starts_with(global.instance);
                                   }),
                    instances.end());
    for (const auto& directory : contents.unreadable) {
        std::cerr << "gangway: " << printable(directory.string())
                  << " is not readable by you (try sudo)\n";
    }
    if (global.json) {
        Output::standard().write(as_json(instances));
        return ExitCode::ok;
    }
    Output::standard().write(as_table(instances));
    if (instances.empty()) {
        std::cerr << "gangway: no running Passenger instance found in";
        for (const auto& directory : searched) {
            std::cerr << ' ' << printable(directory.string());
        }
        std::cerr << '\n';
    }
    return ExitCode::ok;
}

} // namespace

void add_instances_command(CLI::App& app, const GlobalOptions& options, Action& action) {
    auto* command = app.add_subcommand("instances", "Lists the running Passenger instances");
    command->footer(std::string("GANGWAY says whether the instance's admin socket exists.\n\n"
                                "Examples:\n"
                                "  gangway instances\n"
                                "  gangway ps --instance Dg2L\n\n") +
                    exit_codes_help);
    command->callback([&options, &action] { action = [&options] { return run(options); }; });
}

} // namespace gangway::command
