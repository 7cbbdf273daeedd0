// One client of the admin socket: reads its requests, answers them one after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "admin/admission.hpp"
#include "admin/authorization.hpp"
#include "admin/problem.hpp"
#include "admin/target.hpp"
#include "config/config.hpp"
#include "forward/exchange.hpp"
#include "forward/forwarder.hpp"
#include "module/asio.hpp"
#include "module/client_stream.hpp"
#include "pool/pool.hpp"

namespace gangway::admin {

// What every connection works with. Lives as long as the server; used on its thread only.
struct Context {
    pool::Pool& pool;
    const config::Config& config;
    const std::vector<Account>& accounts;
    std::string_view passenger_version;
    uid_t agent_uid;
    Admission admission;
    bool draining = false;
};

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Context& context, net::local::stream_protocol::socket socket,
               std::optional<uid_t> peer_uid);

    // Serves until the client goes, an error, or the drain. Keeps the connection alive meanwhile.
    net::awaitable<void> run();
    // The agent exits: ends a connection that waits for a request, lets a request finish.
    void drain();
    // Ends it whatever it does.
    void abort();

  private:
    struct Request; // what was understood of the header

    net::awaitable<bool> read_header();
    net::awaitable<bool> answer();
    std::optional<Problem> understand(Request& request);
    std::optional<Problem> check_request() const;
    Credentials credentials(bool forwarded) const;
    std::optional<std::string_view> header(std::string_view name) const;
    net::awaitable<bool> answer_listing(const Request& request);
    net::awaitable<bool> answer_forward(const Request& request);
    std::variant<forward::Order, Problem> make_order(const Request& request);

    net::awaitable<bool> send(unsigned status, std::string_view content_type,
                              const std::string& body, std::string_view more_headers,
                              bool may_keep_alive);
    net::awaitable<bool> send(const Problem& problem);

    Context& context_;
    ClientStream stream_;
    std::optional<uid_t> peer_uid_;
    beast::flat_buffer buffer_;
    std::optional<RequestParser> parser_;
    std::optional<forward::Exchange> exchange_;
    bool waiting_ = false; // for a request
};

} // namespace gangway::admin
