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
#include "admin/own_endpoints.hpp"
#include "admin/problem.hpp"
#include "admin/target.hpp"
#include "forward/exchange.hpp"
#include "forward/forwarder.hpp"
#include "message/parser.hpp"
#include "module/asio.hpp"
#include "module/client_stream.hpp"
#include "module/log.hpp"
#include "pool/last_process.hpp"

namespace gangway::admin {

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Context& context, ClientSocket socket, std::optional<uid_t> peer_uid);

    // Serves until the client goes, an error, or the drain. Keeps the connection alive meanwhile.
    awaitable<void> run();
    // The agent exits: ends a connection that waits for a request, lets a request finish.
    void drain();
    // Ends it whatever it does.
    void abort();

  private:
    struct Request; // what was understood of the head

    void prepare(); // for the next request
    awaitable<void> refuse_head(error_code ec);
    std::optional<Problem> understand(Request& request);
    std::optional<Problem> check_head() const;
    Asked asked(const Request& request);
    Credentials credentials(bool forwarded) const;
    std::optional<std::string_view> header(std::string_view name) const;
    // False when the connection cannot take another request.
    awaitable<bool> forward(const Request& request);
    std::variant<forward::Order, Problem> make_order(const Request& request);

    void interrupt(forward::Cut reason);
    // The request is over: counts it, and writes its line.
    void record();

    Context& context_;
    ClientStream stream_;
    Answering answering_;
    OwnEndpoints own_endpoints_;
    std::optional<uid_t> peer_uid_;
    message::Head head_;
    std::optional<message::RequestParser> parser_;
    forward::Kept kept_;
    forward::Exchange exchange_;
    pool::LastProcess last_process_; // not while the client is waited for
    AccessRecord record_;            // of the request at hand
    bool waiting_ = false;           // for a request
};

} // namespace gangway::admin
