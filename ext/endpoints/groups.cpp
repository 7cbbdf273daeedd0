#include "endpoints/groups.hpp"

#include <algorithm>

namespace gangway::endpoints {

namespace {

constexpr admin::Parameter group_parameters[] = {fields_parameter, secrets_parameter};

} // namespace

constinit const admin::Endpoint list_groups{.method = admin::Method::get,
                                            .path = "/v1/groups",
                                            .help = "One row an application group",
                                            .answer = answer_with<begin_groups>};

constinit const admin::Endpoint show_group{.method = admin::Method::get,
                                           .path = "/v1/groups/{name}",
                                           .help = "One group with its processes",
                                           .parameters = group_parameters,
                                           .answer = answer_with<begin_group>};

Result<Listing> begin_groups(const Question& question) {
    Listing listing(question.snapshot, question.self, {});
    listing.begin();
    listing.begin_rows("groups");
    for (const gangway_group& group : question.snapshot.groups()) {
        if (question.access.sees(group)) {
            listing.add(group);
        }
    }
    return listing;
}

Result<Listing> begin_group(const Question& question) {
    const auto name = admin::percent_decode(question.subject, false);
    const auto groups = question.snapshot.groups();
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const gangway_group& g) {
        return name && pool::view(g.name) == *name && question.access.sees(g);
    });
    if (group == groups.end()) {
        return Problem{Code::group_not_found,
                       "There is no such group; GET /v1/groups lists those that you may see. Its "
                       "name must be percent-encoded, '/' as %2F."};
    }
    Listing listing(question.snapshot, question.self, fields_of(question));
    listing.begin();
    listing.json().key("group");
    write_group(listing.json(), question.snapshot, *group, question.self);
    listing.begin_rows("processes");
    for (const gangway_process& process : question.snapshot.processes(*group)) {
        listing.add(process);
    }
    return listing;
}

} // namespace gangway::endpoints
