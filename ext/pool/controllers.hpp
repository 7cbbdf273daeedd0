// Passenger's controllers, which serve its visitors, as everything else in ext/ sees them: a port
// over the agent's ABI. AbiPool (abi_pool.hpp) is the real one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "gangway/agent_abi.h"

namespace gangway::pool {

// The requests of visitors that one of Passenger's controllers had at one moment. Owns what it
// points to; can be moved, not copied, and let go on any thread.
class Requests {
  public:
    // release: gives data back, once. context: its first argument.
    Requests(const gangway_requests* data,
             void (*release)(void* context, const gangway_requests* data), void* context)
        : data_(data, {release, context}) {}

    const gangway_requests& totals() const { return *data_; }
    std::span<const gangway_request> rows() const {
        return {data_->requests, data_->request_count};
    }

  private:
    struct Release {
        void (*release)(void*, const gangway_requests*);
        void* context;
        void operator()(const gangway_requests* data) const { release(context, data); }
    };
    std::unique_ptr<const gangway_requests, Release> data_;
};

// May be used from any thread.
class Controllers {
  public:
    virtual ~Controllers() = default;
    // How many there are. The first is 0.
    virtual std::uint32_t count() = 0;
    // See gangway_host::requests_ask. False: it will not answer.
    virtual bool ask(std::uint32_t controller, const gangway_requests_wanted& wanted) = 0;
};

} // namespace gangway::pool
