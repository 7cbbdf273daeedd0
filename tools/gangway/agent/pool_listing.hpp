// What the pool holds, as far as this caller sees it.
#pragma once

#include "gangway/agent/problem.hpp"
#include "gangway/client/credentials.hpp"
#include "gangway/client/endpoint.hpp"
#include "gangway/client/exchange_observer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gangway::command {

// Whom to ask, and for how long. The references must outlive it.
struct Asking {
    const Endpoint& endpoint;
    const Credentials& credentials;
    ExchangeObserver& observer;
    std::chrono::milliseconds longest;
};

struct ListedProcess {
    std::string pid;
    std::string gupid;
    std::string group;

    // By what the command line calls it.
    [[nodiscard]] bool is(const std::string& id) const { return id == pid || id == gupid; }
};

struct ListedGroup {
    std::string name;                   // as the agent writes it, not yet printable
    std::optional<std::uint64_t> queue; // visitors' requests that wait for a process
    // "no process of shop can be started since …: …", not yet printable; empty where some can.
    std::string cannot_start{};
    // When that was seen last.
    std::optional<std::chrono::system_clock::time_point> failed_at{};
};

// In the pool's order. Throw Failure as get_admin_document() does.
[[nodiscard]] std::vector<ListedProcess> list_processes(const Asking& asking);
[[nodiscard]] std::vector<ListedGroup> list_groups(const Asking& asking);

// That a group which was named is not among those that there are: says which are, and which of them
// may be meant.
[[nodiscard]] ProblemFailure no_such_group(const std::string& name,
                                           std::vector<ListedGroup> groups);

} // namespace gangway::command
