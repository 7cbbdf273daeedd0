#include "admin/listing.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "admin/json_writer.hpp"

namespace gangway::admin {

namespace {

using pool::view;

struct Options {
    std::optional<std::string> group;
    std::set<std::string, std::less<>> states; // empty: all
    FieldSet fields = all_public_fields();
    bool secrets = false;
    const health::Watch* watch = nullptr; // for the field "health"
};

Problem bad_parameter(std::string detail) {
    return {Code::bad_parameter, std::move(detail)};
}

std::vector<std::string_view> split(std::string_view list) {
    std::vector<std::string_view> words;
    for (;;) {
        const std::size_t comma = list.find(',');
        words.push_back(list.substr(0, comma));
        if (comma == std::string_view::npos) {
            return words;
        }
        list.remove_prefix(comma + 1);
    }
}

std::optional<Problem> set_states(Options& options, std::string_view value) {
    for (const std::string_view word : split(value)) {
        if (!is_state_word(word)) {
            return bad_parameter("state has '" + std::string(word) +
                                 "', which is none of enabled, disabling, disabled, detached, "
                                 "shutting_down, dead.");
        }
        options.states.emplace(word);
    }
    return std::nullopt;
}

std::optional<Problem> set_fields(Options& options, std::string_view value) {
    options.fields.reset();
    for (const std::string_view word : split(value)) {
        const auto field = find_process_field(word);
        if (!field || password_field().test(*field)) {
            return bad_parameter("fields has '" + std::string(word) +
                                 "', which is no field of a process.");
        }
        options.fields.set(*field);
    }
    return std::nullopt;
}

std::optional<Problem> set_secrets(Options& options, std::string_view value) {
    if (value != "true" && value != "false") {
        return bad_parameter("secrets must be true or false.");
    }
    options.secrets = value == "true";
    return std::nullopt;
}

// Which parameters an endpoint takes.
bool takes(Endpoint endpoint, std::string_view name) {
    switch (endpoint) {
    case Endpoint::processes:
        return name == "group" || name == "state" || name == "fields" || name == "secrets";
    case Endpoint::process:
    case Endpoint::group:
        return name == "fields" || name == "secrets";
    default:
        return false;
    }
}

std::optional<Problem> set_parameter(Options& options, std::string_view name,
                                     const std::string& value) {
    if (name == "group") {
        options.group = value;
        return std::nullopt;
    }
    if (name == "state") {
        return set_states(options, value);
    }
    return name == "fields" ? set_fields(options, value) : set_secrets(options, value);
}

std::variant<Options, Problem> parse_options(const Target& target) {
    const auto parameters = parse_query(target.query);
    if (!parameters) {
        return bad_parameter("The query is not percent-encoded correctly.");
    }
    Options options;
    std::set<std::string_view> seen;
    for (const auto& [name, value] : *parameters) {
        if (!takes(target.endpoint, name)) {
            return bad_parameter("'" + name + "' is not a parameter of this endpoint.");
        }
        if (!seen.insert(name).second) {
            return bad_parameter("'" + name + "' is given twice.");
        }
        if (auto problem = set_parameter(options, name, value)) {
            return std::move(*problem);
        }
    }
    if (options.secrets) {
        options.fields |= password_field();
    }
    return options;
}

void begin_document(JsonWriter& json, const pool::Snapshot& snapshot) {
    json.begin_object();
    json.key("taken_at");
    json.time(snapshot.totals().taken_at_usec);
}

std::string list_groups(const Access& access, const pool::Snapshot& snapshot) {
    JsonWriter json;
    begin_document(json, snapshot);
    json.key("groups");
    json.begin_array();
    for (const gangway_group& group : snapshot.groups()) {
        if (access.sees(group)) {
            write_group(json, snapshot, group);
        }
    }
    json.end_array();
    json.end_object();
    return json.take();
}

Document show_group(const Target& target, const Access& access, const pool::Snapshot& snapshot,
                    const Options& options) {
    const auto name = percent_decode(target.subject, false);
    const auto groups = snapshot.groups();
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const gangway_group& g) {
        return name && view(g.name) == *name && access.sees(g);
    });
    if (group == groups.end()) {
        return Problem{Code::group_not_found,
                       "There is no such group; GET /v1/groups lists those that you may see. Its "
                       "name must be percent-encoded, '/' as %2F."};
    }
    JsonWriter json;
    begin_document(json, snapshot);
    json.key("group");
    write_group(json, snapshot, *group);
    json.key("processes");
    json.begin_array();
    for (const gangway_process& process : snapshot.processes(*group)) {
        write_process(json, snapshot, process, options.fields, options.watch);
    }
    json.end_array();
    json.end_object();
    return json.take();
}

bool wants(const Options& options, const gangway_group& group) {
    return !options.group || view(group.name) == *options.group;
}

bool wants(const Options& options, const gangway_process& process) {
    return options.states.empty() || options.states.contains(state_word(process));
}

std::string list_processes(const Access& access, const pool::Snapshot& snapshot,
                           const Options& options) {
    JsonWriter json;
    begin_document(json, snapshot);
    json.key("processes");
    json.begin_array();
    for (const gangway_group& group : snapshot.groups()) {
        if (!wants(options, group) || !access.sees(group)) {
            continue;
        }
        for (const gangway_process& process : snapshot.processes(group)) {
            if (wants(options, process)) {
                write_process(json, snapshot, process, options.fields, options.watch);
            }
        }
    }
    json.end_array();
    json.end_object();
    return json.take();
}

// A detached process only if no other has that id, as gangway_host::process_find.
const gangway_process* find_process(std::string_view text, const pool::Snapshot& snapshot) {
    const auto id = parse_process_id(text);
    const gangway_process* found = nullptr;
    for (const gangway_process& process : snapshot.processes()) {
        const bool same = id && (id->gupid.size == 0 ? process.pid == id->pid
                                                     : view(process.gupid) == view(id->gupid));
        if (same && (found == nullptr || found->enabled == GANGWAY_PROCESS_DETACHED)) {
            found = &process;
        }
    }
    return found;
}

Document show_process(const Target& target, const Access& access, const pool::Snapshot& snapshot,
                      const Options& options) {
    const gangway_process* process = find_process(target.subject, snapshot);
    if (process == nullptr || !access.sees(snapshot.group(*process))) {
        return process_not_found();
    }
    JsonWriter json;
    begin_document(json, snapshot);
    json.key("process");
    write_process(json, snapshot, *process, options.fields, options.watch);
    json.end_object();
    return json.take();
}

} // namespace

Document list(const Target& target, const Access& access, const pool::Snapshot& snapshot,
              const Self& self) {
    auto parsed = parse_options(target);
    if (auto* problem = std::get_if<Problem>(&parsed)) {
        return std::move(*problem);
    }
    auto& options = std::get<Options>(parsed);
    options.watch = self.watch;
    if (options.secrets && !access.may_act()) {
        return Problem{Code::forbidden, "This account is read-only and sees no secrets; use a full "
                                        "administrator's account."};
    }
    switch (target.endpoint) {
    case Endpoint::pool: {
        JsonWriter json;
        write_pool(json, snapshot, access, self);
        return json.take();
    }
    case Endpoint::groups:
        return list_groups(access, snapshot);
    case Endpoint::group:
        return show_group(target, access, snapshot, options);
    case Endpoint::processes:
        return list_processes(access, snapshot, options);
    default:
        return show_process(target, access, snapshot, options);
    }
}

} // namespace gangway::admin
