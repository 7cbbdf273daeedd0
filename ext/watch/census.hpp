// Who has joined the pool and who has left it, from one snapshot to the next.
//
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pool/pool.hpp"
#include "pool/subject.hpp"

namespace gangway::watch {

struct Member {
    pool::Subject subject;
    gangway_process_enabled enabled = GANGWAY_PROCESS_ENABLED;
};

// A process that is detached has left, though Passenger still lets it finish.
class Census {
  public:
    struct Changes {
        std::vector<Member> attached; // all of them, the first time
        std::vector<Member> detached;
        std::vector<std::string> restarted;                        // groups
        std::map<std::string, pool::GroupFacts, std::less<>> gone; // groups
    };

    // Nothing has changed where it throws for want of memory.
    Changes update(const pool::Snapshot& snapshot);
    // As if the process had never joined: it is attached once more.
    void forget(std::string_view gupid);

    using Members = std::map<std::string, Member, std::less<>>; // by gupid
    const Members& members() const { return members_; }
    // By name.
    const std::map<std::string, pool::GroupFacts, std::less<>>& groups() const { return groups_; }

  private:
    void compare(const pool::Snapshot& snapshot, Members& before, Changes& changes);

    Members members_;
    std::map<std::string, pool::GroupFacts, std::less<>> groups_;
};

} // namespace gangway::watch
