// Sends one request to one process, and its answer back.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "base/descriptors.hpp"
#include "base/shares.hpp"
#include "config/config.hpp"
#include "forward/client.hpp"
#include "forward/download.hpp"
#include "forward/in_flight.hpp"
#include "forward/report.hpp"
#include "pool/pool.hpp"
#include "problem/result.hpp"
#include "requests/known.hpp"
#include "worker/exchange.hpp"
#include "worker/steering.hpp"

namespace gangway::forward {

struct Order {
    std::unique_ptr<pool::ProcessRef> process;
    std::string target; // what the process is asked for
    std::string host;   // of a target in absolute-form; else empty
    worker::Steering steering;
    bool drop_authorization = false;                  // it was meant for Gangway
    Descriptors::For whom = Descriptors::For::others; // trusted: who reaches all groups
};

// What every forwarded request works with. Used on the server's thread only.
struct Surroundings {
    InFlight& in_flight;
    const requests::Known& requests;
    const config::Config& config;
    worker::Exchange& exchange; // of the client's connection; begun
    Kept& kept;                 // of the client's connection
    Report& report;
    const Descriptors& descriptors;
    Shares::Share& spooled; // of the client's user: what is kept for him; empty
};

// What became of it.
struct Done {
    bool keep_alive; // the client's connection can take another request
};
// A Problem: no byte of a final answer was sent to the client, and part of its body may be unread.
using Outcome = Result<Done>;

// Runs on the server's thread. Every session it opens is closed when it completes. What it is given
// must outlive it.
awaitable<Outcome> forward(const Client& client, const Order& order,
                           const Surroundings& surroundings);

} // namespace gangway::forward
