// What Passenger's controllers note of visits, for tests.
#pragma once

#include <gangway/agent_abi.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace gangway::test {

struct VisitRow {
    std::string group;
    std::string path = "/";
    std::string gupid{}; // empty: it had no process
    std::int64_t pid = 0;
    gangway_visit_state state = GANGWAY_VISIT_SERVED;
    std::uint64_t asked_at_usec = 0;
    std::uint64_t queued_usec = 0;
    std::uint64_t served_usec = 0;
    std::string method = "GET";
};

// May be used from any thread.
class VisitLog {
  public:
    // Ends, where visits are wanted; else nobody hears of it.
    void end(const VisitRow& visit);
    // These are under way.
    void set_open(std::vector<VisitRow> visits);
    void lose(std::uint64_t count);

    void watch(bool on);
    [[nodiscard]] bool is_watched() const;
    const gangway_visits* take(std::uint32_t most_open);
    void release(const gangway_visits* visits);
    // That were taken and not given back.
    [[nodiscard]] std::size_t lent() const;

  private:
    struct Taken;

    mutable std::mutex mutex_;
    bool watched_ = false;
    std::vector<VisitRow> ended_;
    std::vector<VisitRow> open_;
    std::uint64_t lost_ = 0;
    std::set<const gangway_visits*> lent_;
};

} // namespace gangway::test
