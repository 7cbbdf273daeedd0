// The pool, and the controllers, of the agent that loaded this module.
#pragma once

#include <atomic>

#include "pool/controllers.hpp"
#include "pool/pool.hpp"
#include "pool/visits.hpp"

namespace gangway::pool {

class AbiPool final : public Pool, public Controllers, public VisitLog {
  public:
    // host outlives the pool and everything that came from it.
    explicit AbiPool(const gangway_host& host) : host_(host) {}

    std::optional<Snapshot> snapshot() override;
    std::unique_ptr<ProcessRef> find(const gangway_process_id& id) override;
    std::uint32_t count() override;
    bool ask(std::uint32_t controller, const gangway_requests_wanted& wanted) override;
    void watch_visits(bool on) override;
    std::optional<Visits> take_visits(std::uint32_t most_open) override;
    // Of gangway_module::requests_taken(), whose thread it may be called on.
    Requests own(const gangway_requests* requests) const {
        return {requests, host_.requests_release, host_.context};
    }

  private:
    const gangway_host& host_;
    std::atomic<std::size_t> last_size_{16 * 1024}; // of a snapshot, in bytes
};

} // namespace gangway::pool
