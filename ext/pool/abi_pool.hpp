// The pool of the agent that loaded this module.
#pragma once

#include <atomic>

#include "pool/pool.hpp"

namespace gangway::pool {

class AbiPool final : public Pool {
  public:
    // host outlives the pool and everything that came from it.
    explicit AbiPool(const gangway_host& host) : host_(host) {}

    std::optional<Snapshot> snapshot() override;
    std::unique_ptr<ProcessRef> find(const gangway_process_id& id) override;

  private:
    const gangway_host& host_;
    std::atomic<std::size_t> last_size_{16 * 1024}; // of a snapshot, in bytes
};

} // namespace gangway::pool
