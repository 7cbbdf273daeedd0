#include "gangway/commands/instances.hpp"

#include "gangway/agent/config_file.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/agent/instance_registry.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/client/unix_connection.hpp"
#include "gangway/view/output.hpp"
#include "gangway/view/table.hpp"
#include "gangway/view/terminal.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace gangway::command {

namespace {

// The socket by which an instance's core is reached.
struct Place {
    Presence presence;
    std::filesystem::path socket;
};

Place place_of(const Instance& instance, const std::optional<std::filesystem::path>& configured) {
    const Presence presence = socket_of(instance);
    // One configuration may be of several cores, of which one has the socket.
    if (presence == Presence::missing && configured && instance.core_pid &&
        serving_process(*configured) == instance.core_pid) {
        return {Presence::there, *configured};
    }
    return {presence, instance.socket()};
}

Cell presence_cell(Presence presence) {
    switch (presence) {
    case Presence::there:
        return {"yes", Colour::green};
    case Presence::missing:
        return {"no", Colour::yellow};
    case Presence::no_permission:
        break;
    }
    return {"no permission", Colour::yellow};
}

Json::Value presence_json(Presence presence) {
    return presence == Presence::no_permission ? Json::Value()
                                               : Json::Value(presence == Presence::there);
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : printable(text);
}

std::string as_table(const std::vector<Instance>& instances,
                     const std::optional<std::filesystem::path>& configured) {
    Table table({{"NAME"}, {"PASSENGER"}, {"CORE", Align::right}, {"GANGWAY"}, {"SOCKET"}});
    for (const Instance& instance : instances) {
        const Place place = place_of(instance, configured);
        table.add_row({printable(instance.name), or_dash(instance.passenger_version),
                       instance.core_pid ? std::to_string(*instance.core_pid) : "-",
                       presence_cell(place.presence), printable(place.socket.string())});
    }
    Terminal terminal = standard_output_terminal();
    terminal.columns = 0; // a path that is cut helps nobody
    return table.render(terminal);
}

std::string as_json(const std::vector<Instance>& instances,
                    const std::vector<RegistryContents::Refused>& refusals,
                    const ConfiguredSocket& configured) {
    Json::Value document;
    document["instances"] = Json::Value(Json::arrayValue);
    for (const Instance& instance : instances) {
        const Place place = place_of(instance, configured.path);
        Json::Value row;
        row["name"] = json_string(instance.name);
        row["passenger_version"] = json_string(instance.passenger_version);
        row["server_software"] = json_string(instance.server_software);
        row["core_pid"] =
            instance.core_pid ? Json::Value(Json::Int64{*instance.core_pid}) : Json::Value();
        row["directory"] = json_string(instance.directory.string());
        row["socket"] = json_string(place.socket.string());
        row["gangway"] = presence_json(place.presence);
        document["instances"].append(row);
    }
    document["refused"] = Json::Value(Json::arrayValue);
    for (const auto& refused : refusals) {
        Json::Value row;
        row["directory"] = printable(refused.directory.string());
        row["reason"] = refused.reason;
        document["refused"].append(row);
    }
    document["configuration_fault"] =
        configured.fault ? Json::Value(*configured.fault) : Json::Value();
    return json_document(document);
}

ExitCode run(const GlobalOptions& global) {
    const ConfiguredSocket configured = configured_socket();
    const auto searched = registry_directories();
    RegistryContents contents =
        find_instances(searched, TrustedUsers::of_command(global.agent.core_user));
    std::vector<Instance> instances;
    std::copy_if(contents.instances.begin(), contents.instances.end(),
                 std::back_inserter(instances), [&global](const Instance& instance) {
                     return instance.name.starts_with(global.agent.instance);
                 });
    if (instances.empty() && !global.agent.instance.empty()) {
        throw no_such_instance(contents, global.agent.instance);
    }
    if (global.json) {
        Output::standard().write(as_json(instances, contents.refused, configured));
        return ExitCode::ok;
    }
    Output::standard().write(as_table(instances, configured.path));
    for (const auto& refused : contents.refused) {
        std::cerr << "gangway: not looked into: " << refused.reason << '\n';
    }
    if (configured.fault) {
        std::cerr << "gangway: a socket_path that is configured is not known: " << *configured.fault
                  << '\n';
    }
    if (instances.empty()) {
        std::cerr << "gangway: no running Passenger instance found in" << first_few(searched, " ")
                  << '\n';
    }
    return ExitCode::ok;
}

} // namespace

void add_instances_command(CLI::App& app, const GlobalOptions& options, Action& action) {
    auto* command = app.add_subcommand("instances", "Lists the running Passenger instances");
    command->footer(
        std::string(
            "GANGWAY says whether the instance's admin socket exists. What looks like an instance\n"
            "and is not believed is told on standard error, with the reason.\n\n"
            "Examples:\n"
            "  gangway instances\n"
            "  gangway ps --instance Dg2L\n\n") +
        exit_codes_help);
    command->callback([&options, &action] { action = [&options] { return run(options); }; });
}

} // namespace gangway::command
