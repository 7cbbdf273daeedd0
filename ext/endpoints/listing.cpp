#include "endpoints/listing.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "text/json_writer.hpp"

namespace gangway::endpoints {

namespace {

using pool::view;

using Options = ListingOptions;

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
        if (!field || secret_fields().test(*field)) {
            return bad_parameter("fields has '" + std::string(word) +
                                 "', which is no field of a process; there are " +
                                 public_field_names() + ".");
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
bool takes(admin::Endpoint endpoint, std::string_view name) {
    switch (endpoint) {
    case admin::Endpoint::processes:
        return name == "group" || name == "state" || name == "fields" || name == "secrets";
    case admin::Endpoint::process:
    case admin::Endpoint::group:
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

std::variant<Options, Problem> parse_options(const admin::Target& target) {
    const auto parameters = admin::parse_query(target.query);
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
        options.fields |= secret_fields();
    }
    return options;
}

bool wants(const Options& options, const gangway_group& group) {
    return !options.group || view(group.name) == *options.group;
}

bool wants(const Options& options, const gangway_process& process) {
    return options.states.empty() || options.states.contains(state_word(process));
}

// A detached process only if no other has that id, as gangway_host::process_find.
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

Problem no_such_group() {
    return {Code::group_not_found,
            "There is no such group; GET /v1/groups lists those that you may see. Its name must be "
            "percent-encoded, '/' as %2F."};
}

} // namespace

std::variant<ListingOptions, Problem> parse_listing(const admin::Target& target,
                                                    const admin::Access& access) {
    auto parsed = parse_options(target);
    auto* options = std::get_if<Options>(&parsed);
    if (options != nullptr && access.only_process()) {
        options->fields &= ~group_password_field();
    }
    if (options != nullptr && options->secrets && !access.may_act()) {
        return Problem{Code::forbidden, "This account is read-only and sees no secrets; use a full "
                                        "administrator's account."};
    }
    return parsed;
}

void Listing::begin() {
    json_.begin_object();
    json_.key("taken_at");
    json_.time(snapshot_->totals().taken_at_usec);
}

void Listing::begin_rows(std::string_view key) {
    json_.key(key);
    json_.begin_array();
    has_rows_ = true;
}

bool Listing::write(std::size_t rows) {
    for (; rows > 0 && written_ < groups_.size(); rows--) {
        write_group(json_, *snapshot_, *groups_[written_++]);
    }
    for (; rows > 0 && written_ < rows_.size(); rows--) {
        write_process(json_, *snapshot_, *rows_[written_++], fields_, *self_);
    }
    if (written_ < std::max(groups_.size(), rows_.size())) {
        return true;
    }
    if (std::exchange(has_rows_, false)) {
        json_.end_array();
        json_.end_object();
    }
    return false;
}

std::variant<Listing, Problem> begin_listing(const admin::Target& target,
                                             const admin::Access& access,
                                             const pool::Snapshot& snapshot, const Self& self,
                                             const ListingOptions& options) {
    Listing listing(snapshot, self, options.fields);
    if (target.endpoint == admin::Endpoint::pool) {
        write_pool(listing.json_, snapshot, access, self);
        return listing;
    }
    listing.begin();
    if (target.endpoint == admin::Endpoint::processes) {
        for (const gangway_group& group : snapshot.groups()) {
            if (!wants(options, group)) {
                continue;
            }
            for (const gangway_process& process : snapshot.processes(group)) {
                if (access.sees(group, process) && wants(options, process)) {
                    listing.rows_.push_back(&process);
                }
            }
        }
        listing.begin_rows("processes");
        return listing;
    }
    if (target.endpoint == admin::Endpoint::group) {
        const auto name = admin::percent_decode(target.subject, false);
        const auto groups = snapshot.groups();
        const auto group = std::find_if(groups.begin(), groups.end(), [&](const gangway_group& g) {
            return name && view(g.name) == *name && access.sees(g);
        });
        if (group == groups.end()) {
            return no_such_group();
        }
        listing.json_.key("group");
        write_group(listing.json_, snapshot, *group);
        for (const gangway_process& process : snapshot.processes(*group)) {
            listing.rows_.push_back(&process);
        }
        listing.begin_rows("processes");
        return listing;
    }
    if (target.endpoint == admin::Endpoint::groups) {
        for (const gangway_group& group : snapshot.groups()) {
            if (access.sees(group)) {
                listing.groups_.push_back(&group);
            }
        }
        listing.begin_rows("groups");
        return listing;
    }
    const gangway_process* process = find_process(target.subject, snapshot);
    if (process == nullptr || !access.sees(snapshot.group(*process), *process)) {
        return process_not_found();
    }
    listing.json_.key("process");
    write_process(listing.json_, snapshot, *process, options.fields, self);
    listing.json_.end_object();
    return listing;
}

} // namespace gangway::endpoints
