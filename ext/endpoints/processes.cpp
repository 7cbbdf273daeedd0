#include "endpoints/processes.hpp"

#include <algorithm>

#include "admin/target.hpp"

namespace gangway::endpoints {

namespace {

using pool::view;

constexpr admin::Parameter all_parameters[] = {
    {"group", admin::ParameterType::text, "only the processes of that group"},
    {.name = "state",
     .type = admin::ParameterType::words,
     .help = "only processes in these states",
     .words = state_words},
    fields_parameter,
    secrets_parameter,
};
constexpr admin::Parameter one_parameters[] = {fields_parameter, secrets_parameter};

} // namespace

constinit const admin::Endpoint list_processes{.method = admin::Method::get,
                                               .path = "/v1/processes",
                                               .help = "One row a process",
                                               .parameters = all_parameters,
                                               .answer = answer_with<begin_processes>};

constinit const admin::Endpoint show_process{.method = admin::Method::get,
                                             .path = "/v1/processes/{id}",
                                             .help = "One process, by its pid or gupid",
                                             .parameters = one_parameters,
                                             .answer = answer_with<begin_process>};

constinit const admin::Endpoint forward_to_process{
    .method = admin::Method::any,
    .path = "/v1/processes/{id}/request/{path}",
    .help = "Forwards the request to that process, with the rest of the path and the query",
    .need = admin::Need::acts,
    .takes_body = true};

const gangway_process* find_process(std::string_view text, const pool::Snapshot& snapshot) {
    const auto id = admin::parse_process_id(text);
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

Result<Listing> begin_processes(const Question& question) {
    const auto name = question.arguments.find("group");
    const auto states = question.arguments.words("state");
    const auto is_wanted = [&](const gangway_process& process) {
        return states.empty() ||
               std::find(states.begin(), states.end(), state_word(process)) != states.end();
    };
    Listing listing(question.snapshot, question.self, fields_of(question));
    listing.begin();
    listing.begin_rows("processes");
    for (const gangway_group& group : question.snapshot.groups()) {
        if (name && view(group.name) != *name) {
            continue;
        }
        for (const gangway_process& process : question.snapshot.processes(group)) {
            if (question.access.sees(group, process) && is_wanted(process)) {
                listing.add(process);
            }
        }
    }
    return listing;
}

Result<Listing> begin_process(const Question& question) {
    const pool::Snapshot& snapshot = question.snapshot;
    const gangway_process* process = find_process(question.subject, snapshot);
    if (process == nullptr || !question.access.sees(snapshot.group(*process), *process)) {
        return process_not_found();
    }
    const FieldSet fields = fields_of(question);
    Listing listing(snapshot, question.self, fields);
    listing.begin();
    listing.begin_row("process");
    listing.add(*process);
    return listing;
}

} // namespace gangway::endpoints
