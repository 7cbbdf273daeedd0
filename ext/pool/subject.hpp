// What is kept of processes and groups of the pool longer than a snapshot of it.
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

#include "pool/pool.hpp"

namespace gangway::pool {

// Which process something is said of.
struct Subject {
    std::int64_t pid;
    std::string gupid;
    std::string group;
};

// A group as far as others need to know it.
struct GroupFacts {
    std::string uuid;     // new at every restart
    std::string password; // a secret: who may be told of the group
    bool has_user = false;
    uid_t uid = 0;
};

inline GroupFacts facts_of(const gangway_group& group) {
    return {std::string(view(group.uuid)), std::string(view(group.password)), group.has_user != 0,
            group.uid};
}

} // namespace gangway::pool
