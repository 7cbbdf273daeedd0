// What a caller asks of the health endpoints: a query, and a body of JSON.
#include <array>

#include "check/json.hpp"
#include "checked_check.hpp"
#include "endpoints/health_request.hpp"
#include "utf8.hpp"

namespace gangway::endpoints {
namespace {

using fuzz::require;

// Two groups of two processes each; a caller reaches the first only.
struct SmallPool {
    std::array<gangway_group, 2> groups{};
    std::array<gangway_process, 4> processes{};

    SmallPool() {
        constexpr std::array<std::string_view, 2> names{"shop", "blog (production)"};
        constexpr std::array<std::string_view, 2> passwords{"ours", "theirs"};
        constexpr std::array<std::string_view, 4> gupids{"a-1", "a-2", "b-1", "b-2"};
        for (std::size_t i = 0; i < groups.size(); i++) {
            groups[i].name = pool::abi(names[i]);
            groups[i].password = pool::abi(passwords[i]);
            groups[i].first_process = static_cast<std::uint32_t>(2 * i);
            groups[i].process_count = 2;
        }
        for (std::size_t i = 0; i < processes.size(); i++) {
            processes[i].pid = static_cast<std::int64_t>(101 + i);
            processes[i].gupid = pool::abi(gupids[i]);
            processes[i].group_index = static_cast<std::uint32_t>(i / 2);
        }
    }
    pool::Snapshot snapshot() const {
        gangway_snapshot data{};
        data.group_count = static_cast<std::uint32_t>(groups.size());
        data.process_count = static_cast<std::uint32_t>(processes.size());
        data.groups = groups.data();
        data.processes = processes.data();
        return {nullptr, data};
    }
};

void require_told(const Problem& problem) {
    require(!problem.detail.empty(), "who is refused is told why");
    require(fuzz::is_utf8(to_json(problem)), "what is answered is UTF-8");
}

void fuzz_round(std::string_view body) {
    auto request = parse_round(body);
    if (!request) {
        require_told(request.error());
        return;
    }
    require(request->scope.ids.size() <= check::max_json_values, "ids are bounded");
    const SmallPool pool;
    const auto chosen = choose(std::move(*request), admin::Access::holder("ours"), pool.snapshot());
    if (!chosen) {
        require_told(chosen.error());
        return;
    }
    const RoundOrder& order = *chosen;
    fuzz::require_in_order(order.check);
    require(order.concurrency >= 1 && order.concurrency <= most_checks_at_once,
            "a round's checks at once are bounded");
    require(order.deadline.count() > 0, "a round ends");
    require(order.subjects.size() <= 2, "each process is checked once");
    for (const pool::Subject& subject : order.subjects) {
        require(subject.group == "shop", "nobody checks what is out of his reach");
    }
}

void fuzz_check(std::string_view query) {
    const auto arguments = admin::parse_arguments(query, check_parameters, true);
    const auto check = arguments ? parse_check(*arguments) : arguments.error();
    if (check) {
        fuzz::require_in_order(*check);
    } else {
        require_told(check.error());
    }
}

} // namespace
} // namespace gangway::endpoints

GANGWAY_FUZZ_TARGET(health_request) {
    gangway::endpoints::fuzz_round(bytes);
    gangway::endpoints::fuzz_check(bytes);
}
