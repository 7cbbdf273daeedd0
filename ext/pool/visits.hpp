// What Passenger's controllers note of each visit, as everything else in ext/ sees it: a port over
// the agent's ABI. AbiPool (abi_pool.hpp) is the real one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "gangway/agent_abi.h"

namespace gangway::pool {

// Visits that have ended, and some that are under way. Owns what it points to; can be moved, not
// copied.
class Visits {
  public:
    // release: gives data back, once. context: its first argument.
    Visits(const gangway_visits* data, void (*release)(void* context, const gangway_visits* data),
           void* context)
        : data_(data, {release, context}) {}

    std::span<const gangway_visit> ended() const { return {data_->ended, data_->ended_count}; }
    std::span<const gangway_visit> open() const { return {data_->open, data_->open_count}; }
    std::uint64_t lost() const { return data_->lost; }

  private:
    struct Release {
        void (*release)(void*, const gangway_visits*);
        void* context;
        void operator()(const gangway_visits* data) const { release(context, data); }
    };
    std::unique_ptr<const gangway_visits, Release> data_;
};

// May be used from any thread.
class VisitLog {
  public:
    virtual ~VisitLog() = default;
    // See gangway_host::visits_watch.
    virtual void watch_visits(bool on) = 0;
    // See gangway_host::visits_take. Nothing: the agent could not.
    virtual std::optional<Visits> take_visits(std::uint32_t most_open) = 0;
};

} // namespace gangway::pool
