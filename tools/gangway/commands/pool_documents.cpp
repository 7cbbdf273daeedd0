#include "gangway/commands/pool_documents.hpp"

#include "gangway/base/json_text.hpp"
#include "gangway/base/rfc3339.hpp"

#include <algorithm>
#include <utility>

namespace gangway::command {

namespace {

Json::Value fetch_beside(const Asking& asking, const std::string& target) {
    try {
        return get_admin_document(asking.endpoint, asking.credentials, target, {}, asking.observer,
                                  asking.longest)
            .value;
    } catch (const ProblemFailure&) {
        return {};
    }
}

bool has_queue(const Json::Value& groups) {
    const Json::Value& rows = json_member(groups, "groups");
    return std::any_of(rows.begin(), rows.end(), [](const Json::Value& group) {
        const Json::Value& queue = json_member(group, "get_wait_list_size");
        return queue.isUInt64() && queue.asUInt64() > 0;
    });
}

} // namespace

AdminDocument fetch_processes(const Asking& asking, const std::string& target) {
    AdminDocument document = get_admin_document(asking.endpoint, asking.credentials, target, {},
                                                asking.observer, asking.longest);
    if (!json_member(document.value, "processes").isArray()) {
        throw Failure(ExitCode::bad_answer, "the answer has no list of processes");
    }
    return document;
}

PoolDocuments fetch_pool(const Asking& asking, Json::Value processes, bool with_headings) {
    PoolDocuments documents{std::move(processes), {}, {}, {}};
    documents.groups = fetch_beside(asking, "/v1/groups");
    if (with_headings) {
        documents.pool = fetch_beside(asking, "/v1/pool");
        if (has_queue(documents.groups)) {
            documents.queued = fetch_beside(asking, "/v1/requests?state=queued");
        }
    }
    return documents;
}

Around Rates::look(const Json::Value& document) {
    constexpr std::chrono::seconds least_for_growth{10}; // Passenger measures every few seconds.
    Around around;
    around.taken_at = parse_rfc3339(json_text(json_member(document, "taken_at")));
    if (!around.taken_at) {
        return around;
    }
    std::map<std::string, std::uint64_t, std::less<>> counts;
    std::map<std::string, Memory, std::less<>> first;
    for (const Json::Value& row : json_member(document, "processes")) {
        const std::string gupid = json_text(json_member(row, "gupid"));
        const Json::Value& processed = json_member(row, "processed");
        const Json::Value& memory = json_member(row, "real_memory_bytes");
        if (processed.isUInt64()) {
            const std::uint64_t count = processed.asUInt64();
            counts.emplace(gupid, count);
            const auto before = counts_.find(gupid);
            if (before != counts_.end() && around.taken_at > taken_at_) {
                const std::chrono::duration<double> past = *around.taken_at - *taken_at_;
                const std::uint64_t more = count - std::min(count, before->second);
                around.rates.emplace(gupid, static_cast<double>(more) / past.count());
            }
        }
        if (memory.isNumeric()) {
            const auto known = first_.find(gupid);
            const Memory begin =
                known != first_.end() ? known->second : Memory{*around.taken_at, memory.asDouble()};
            first.emplace(gupid, begin);
            const std::chrono::duration<double> past = *around.taken_at - begin.since;
            if (past >= least_for_growth) {
                around.growths.emplace(gupid,
                                       (memory.asDouble() - begin.bytes) / past.count() * 3600);
            }
        }
    }
    counts_ = std::move(counts);
    first_ = std::move(first);
    taken_at_ = around.taken_at;
    return around;
}

} // namespace gangway::command
