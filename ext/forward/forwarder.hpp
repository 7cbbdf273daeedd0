// Sends one request to one process, and its answer back.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "admin/problem.hpp"
#include "forward/exchange.hpp"
#include "forward/route.hpp"
#include "module/asio.hpp"
#include "module/client_stream.hpp"
#include "pool/pool.hpp"

namespace gangway::forward {

// The client's side of the exchange: where its request's body comes from and its answer goes.
struct Client {
    ClientStream& stream;
    beast::flat_buffer& buffer; // what was read beyond the request's header
    RequestParser& parser;      // has the header
    std::chrono::milliseconds timeout;
};

struct Order {
    std::unique_ptr<pool::ProcessRef> process;
    std::string target; // what the process is asked for
    Route route = Route::automatic;
    std::chrono::milliseconds wait;         // for a busy process
    std::chrono::milliseconds connect_time; // for a connection
    std::chrono::milliseconds silence;      // of the process
    bool drop_authorization = false;        // it was meant for Gangway
    std::uint32_t max_header_bytes = 0;     // of the answer
};

// What became of it.
struct Done {
    bool keep_alive; // the client's connection can take another request
};
// A Problem: no byte was sent to the client, and part of its body may be unread.
using Outcome = std::variant<Done, admin::Problem>;

// Runs on the server's thread. Every session it opens is closed when it completes.
net::awaitable<Outcome> forward(Client client, Order order, Exchange& exchange);

} // namespace gangway::forward
