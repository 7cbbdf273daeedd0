// One client of the admin socket: reads its requests, answers them one after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "admin/access_log.hpp"
#include "admin/answering.hpp"
#include "admin/authorization.hpp"
#include "admin/context.hpp"
#include "admin/running.hpp"
#include "base/asio.hpp"
#include "base/log.hpp"
#include "forward/forwarder.hpp"
#include "message/parser.hpp"
#include "pool/last_process.hpp"
#include "problem/result.hpp"
#include "wire/client_stream.hpp"
#include "worker/exchange.hpp"

namespace gangway::server {

// Who is at the other end.
struct Peer {
    std::optional<uid_t> uid; // nothing: the system does not tell
    Owner owner;              // whose share he takes (base/subordinate_ids.hpp)
    bool trusted;             // root, or the agent's user
};

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(admin::Context& context, ClientSocket socket, const Peer& peer);

    // Serves until the client goes, an error, or the drain. Keeps the connection alive meanwhile.
    awaitable<void> run();
    // Whether it has not shown yet that it may do anything, and goes on.
    bool is_stranger() const { return !known_ && stream_.is_open(); }
    // The agent exits: ends a connection that waits for a request, lets a request finish.
    void drain();
    // Ends it whatever it does.
    void abort();

  private:
    struct Request; // what was understood of the head

    void prepare(); // for the next request
    awaitable<void> refuse_head(error_code ec);
    // For a request's head: little for who has not shown yet who he is.
    std::chrono::milliseconds head_timeout() const;
    awaitable<bool> send(const Problem& problem);
    std::optional<Problem> understand(Request& request);
    std::optional<Problem> check_head() const;
    // Which endpoint it is for.
    std::optional<Problem> look_up(Request& request) const;
    admin::Credentials credentials(bool forwarded) const;
    std::optional<std::string_view> header(std::string_view name) const;
    // What these return: false when the connection cannot take another request.
    awaitable<bool> answer(Request& request);
    awaitable<bool> answer_asterisk();
    awaitable<bool> forward(const Request& request);
    Result<forward::Order> make_order(const Request& request);

    void interrupt(worker::Cut reason);
    // The request is over: counts it, and writes its line.
    void record();
    void write_access_lines();

    admin::Context& context_;
    wire::ClientStream stream_;
    admin::Answering answering_;
    admin::Running running_; // of an endpoint
    const Peer peer_;
    Turns::Caller caller_;
    Shares::Share spooled_;
    const forward::Report::Clock::time_point accepted_;
    bool known_;            // he is trusted, or a request of his was authorized
    unsigned refusals_ = 0; // for want of authorization, one after the other
    message::Head head_;
    std::optional<message::RequestParser> parser_;
    forward::Kept kept_;
    worker::Exchange exchange_;
    pool::LastProcess last_process_; // not while the client is waited for
    admin::AccessRecord record_;     // of the request at hand
    bool waiting_ = false;           // for a request
};

} // namespace gangway::server
