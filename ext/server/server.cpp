#include "server/server.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/accounts.hpp"
#include "base/wall_clock.hpp"

namespace gangway::server {

namespace {

using pool::view;

constexpr std::chrono::milliseconds after_exception{10};

// Of the bodies that one user sends to Gangway itself, over all his connections. The largest has 64
// KiB, and is let go once it is understood.
constexpr std::uint64_t most_body_bytes = 1024ULL * 1024;

OrFault<config::Config> load_config(const gangway_host& host) {
    auto parsed = config::parse(view(host.config_text));
    if (!parsed) {
        return Fault{std::string(view(host.config_path)) + ": " +
                     config::in_one_line(parsed.error())};
    }
    config::Config config = *std::move(parsed);
    if (config.socket_path.empty()) {
        if (host.instance_dir.size == 0) {
            return Fault{"\"socket_path\" must be set: the core runs without a watchdog and has "
                         "no instance directory"};
        }
        config.socket_path = std::string(view(host.instance_dir)) + "/agents.s/gangway";
    }
    return config;
}

// Whether nothing was asked, nor will be: who only connects and closes costs two system calls.
bool has_gone(ClientSocket& socket) {
    char byte = 0;
    return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

// What was closed to make room leaves its number free; the socket's own may be one near the limit.
void take_lowest_descriptor(ClientSocket& socket) {
    const int lowest = ::fcntl(socket.native_handle(), F_DUPFD_CLOEXEC, 0);
    if (lowest >= 0) {
        error_code ec;
        socket.close(ec);
        socket.assign(net::local::stream_protocol(), lowest, ec);
        if (ec) { // The event loop can take no more.
            ::close(lowest);
        }
    }
}

} // namespace

OrFault<std::unique_ptr<Server>> Server::create(const gangway_host& host) {
    auto config = load_config(host);
    if (!config) {
        return config.error();
    }
    auto accounts = admin::load_accounts(view(host.agent_config));
    if (!accounts) {
        return accounts.error();
    }
    auto socket = SocketFile::create(
        {config->socket_path, config->socket_mode, config->socket_owner, config->socket_group});
    if (!socket) {
        return socket.error();
    }
    std::unique_ptr<Server> server(
        new Server(host, *std::move(config), *std::move(accounts), *std::move(socket)));
    server->start_thread();
    server->log_.notice("version " GANGWAY_VERSION ", admin socket at " +
                        server->config_.socket_path);
    return server;
}

Server::Server(const gangway_host& host, config::Config config,
               std::vector<admin::Account> accounts, SocketFile socket)
    : log_(host),
      config_(std::move(config)),
      accounts_(std::move(accounts)),
      pool_(host),
      socket_(std::move(socket)),
      bell_(io_.get_executor(), [this] { on_ring(); }),
      step_alarm_(io_.get_executor(), [this] { note_clock(); }),
      descriptors_(socket_.fd(), config_.reserved_descriptors),
      sampler_(io_.get_executor(), pool_),
      visits_(io_.get_executor(), pool_, log_),
      spawning_(pool_, events_, log_),
      slow_requests_(io_.get_executor(), config_.slow_request, sampler_, pool_, events_, log_),
      monitor_(io_.get_executor(), pool_, clock_steps_, config_.health, config_.max_header_bytes,
               events_, log_, &descriptors_, &turns_, &requests_),
      connection_shares_(config_.max_connections_per_user),
      spooled_(config_.max_spool_bytes_per_user),
      bodies_(most_body_bytes),
      context_{pool_,
               config_,
               accounts_,
               log_,
               view(host.passenger_version),
               ::geteuid(),
               process_passwords_,
               descriptors_,
               turns_,
               spooled_,
               bodies_,
               admin::Admission(pool_),
               forward::InFlight(own_requests_, config_.max_requests,
                                 config_.max_requests_per_process, &descriptors_),
               {},
               clock_steps_,
               events_,
               monitor_,
               spawning_,
               requests_,
               visits_,
               nullptr},
      listener_(io_, socket_.fd(), log_,
                [this](ClientSocket client) { accept(std::move(client)); }),
      drain_deadline_(io_) {
    context_.statistics.started_usec = usec_since_epoch();
    if (config_.accounting) {
        tally_.emplace(visits::Tally::ForEver(), visits::RouteRule(config_.routes),
                       usec_since_epoch());
        context_.tally = &*tally_;
    }
    note_clock();
    if (!step_alarm_.works()) {
        log_.notice("the system does not tell when its clock is set; that is noticed at the next "
                    "health check of a busy process instead");
    }
}

Server::~Server() {
    stop();
}

void Server::start_thread() {
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "gangway");
        // Nothing throws on the data path but for want of memory; neither the agent nor the others
        // end for it, and what it ended begins anew.
        for (bool done = false; !done;) {
            try {
                // Not at once: what the exception ended is about to be unwound.
                net::post(io_, [this] { ensure_running(); });
                io_.run();
                done = true;
            } catch (const std::exception& e) {
                log_.exception("internal error", e);
                std::this_thread::sleep_for(after_exception); // So as not to spin.
            }
        }
    });
}

class Server::Served {
  public:
    // count: of those of its kind.
    Served(Server& server, std::shared_ptr<Connection> connection, unsigned& count,
           std::unique_ptr<Shares::Share> share)
        : server_(server),
          count_(count),
          share_(std::move(share)),
          position_(server.connections_.insert(server.connections_.end(), std::move(connection))) {
        count_++;
        server_.context_.statistics.connections_open++;
    }
    ~Served() {
        server_.connections_.erase(position_);
        count_--;
        server_.context_.statistics.connections_open--;
        if (server_.stopping_ && server_.connections_.empty()) {
            server_.drain_deadline_.cancel();
        }
    }
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;

    Connection& connection() { return **position_; }

  private:
    Server& server_;
    unsigned& count_;
    std::unique_ptr<Shares::Share> share_; // of its user; null: he is trusted
    std::list<std::shared_ptr<Connection>>::iterator position_;
};

void Server::ensure_running() {
    bell_.ensure_waiting();
    read_inbox(); // The ring may have been lost with the exception.
    listener_.ensure_running();
    monitor_.wake();
    slow_requests_.wake();
    if (tally_ && !counting_ && !stopping_) {
        counting_.emplace(visits_, *tally_);
    }
    visits_.wake();
}

std::optional<std::string> Server::no_room(int fd, bool trusted, unsigned ending) const {
    const unsigned count = trusted ? trusted_connections_ : other_connections_;
    if (count >= config_.max_connections + ending) {
        return "There are " + std::to_string(config_.max_connections) +
               " connections already (max_connections).";
    }
    const auto whom = trusted ? Descriptors::For::trusted : Descriptors::For::others;
    if (descriptors_.is_reserved(fd, whom)) {
        return "The agent has too few file descriptors left (reserved_descriptors).";
    }
    return std::nullopt;
}

bool Server::make_room() {
    const auto stranger =
        std::find_if(connections_.begin(), connections_.end(),
                     [](const auto& connection) { return connection->is_stranger(); });
    if (stranger == connections_.end()) {
        return false;
    }
    (*stranger)->abort();
    context_.statistics.connections_refused++;
    return true;
}

void Server::accept(ClientSocket socket) {
    if (has_gone(socket)) {
        return;
    }
    const auto uid = wire::peer_uid(socket);
    const bool trusted = uid && (*uid == 0 || *uid == context_.agent_uid);
    const Owner owner = uid ? Owner(subordinate_ids_.owner_of(*uid)) : std::nullopt;
    std::unique_ptr<Shares::Share> share;
    if (!trusted) {
        share = std::make_unique<Shares::Share>(connection_shares_, owner);
        if (!share->grow(1)) {
            refuse(socket, "This user has " + std::to_string(connection_shares_.most()) +
                               " connections already (max_connections_per_user).");
            return;
        }
    }
    auto why = no_room(socket.native_handle(), trusted);
    // However many users conspire: who has shown nothing makes room for who may.
    if (why && !trusted && make_room()) {
        take_lowest_descriptor(socket);
        why = no_room(socket.native_handle(), trusted, 1);
    }
    if (why) {
        refuse(socket, std::move(*why));
        return;
    }
    auto connection =
        std::make_shared<Connection>(context_, std::move(socket), Peer{uid, owner, trusted});
    unsigned& count = trusted ? trusted_connections_ : other_connections_;
    auto served = std::make_unique<Served>(*this, std::move(connection), count, std::move(share));
    context_.statistics.connections_accepted++;
    net::co_spawn(io_, serve(std::move(served)), net::detached);
}

// Costs one system call and holds nothing, however many come.
void Server::refuse(ClientSocket& socket, std::string detail) {
    context_.statistics.connections_refused++;
    context_.statistics.count_error(Code::too_many_connections);
    const std::string body = to_json({Code::too_many_connections, std::move(detail)});
    const std::string text = "HTTP/1.1 503 Service Unavailable\r\n"
                             "Content-Type: application/problem+json\r\n"
                             "X-Gangway-Error: too_many_connections\r\n"
                             "Connection: close\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n" + body;
    ::send(socket.native_handle(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

awaitable<void> Server::serve(std::unique_ptr<Served> served) {
    Connection& connection = served->connection();
    try {
        co_await connection.run();
    } catch (const std::exception& e) { // Out of memory, say.
        log_.exception("a connection is closed after an internal error", e);
        connection.abort();
    }
}

void Server::drain() {
    context_.draining = true;
    monitor_.stop();
    for (const auto& connection : connections_) {
        connection->drain();
    }
}

void Server::begin_drain() {
    drain_wanted_ = true;
    bell_.ring();
}

// A visitor waits for its return: it allocates nothing.
void Server::requests_taken(const gangway_requests* requests) {
    sampler_.put(pool_.own(requests));
    bell_.ring();
}

void Server::spawn_ended(health::Spawn spawn) {
    inbox_.put(std::move(spawn));
    bell_.ring();
}

void Server::abort_long_running_connections(std::string gupid) {
    inbox_.put(std::move(gupid));
    bell_.ring();
}

void Server::read_inbox() {
    try {
        sampler_.read();
    } catch (const std::exception& e) { // Out of memory, say.
        log_.exception("internal error", e);
    }
    try {
        std::vector<health::Spawn> spawns;
        for (auto& message : inbox_.take_all()) {
            if (const auto* gupid = std::get_if<std::string>(&message)) {
                context_.in_flight.abort_long_running(*gupid);
            } else {
                spawns.push_back(std::move(std::get<health::Spawn>(message)));
            }
        }
        spawning_.note(spawns);
    } catch (const std::exception& e) { // Out of memory, say.
        log_.exception("internal error", e);
    }
}

void Server::on_ring() {
    read_inbox();
    if (drain_wanted_.exchange(false)) {
        socket_.remove(); // Another agent may be about to start at the same path.
        drain();
    }
    if (stop_wanted_) {
        bell_.close();
        step_alarm_.close();
        end();
    }
}

void Server::note_clock() {
    clock_steps_.note(std::chrono::steady_clock::now(), usec_since_epoch());
}

void Server::end() {
    stopping_ = true;
    sampler_.stop();
    slow_requests_.stop();
    counting_.reset();
    visits_.stop();
    listener_.close();
    drain();
    if (connections_.empty()) {
        return;
    }
    try {
        drain_deadline_.expires_after(config_.drain_timeout);
        drain_deadline_.async_wait([this](error_code ec) {
            if (!ec) {
                abort_all();
            }
        });
    } catch (...) { // Out of memory: nothing would end what still runs.
        abort_all();
        throw;
    }
}

void Server::abort_all() {
    for (const auto& connection : connections_) {
        connection->abort();
    }
}

void Server::stop() {
    if (!thread_.joinable()) {
        return;
    }
    stop_wanted_ = true;
    bell_.ring();
    // run() returns when nothing is left to do: no bell, no listener, no connection, no timer.
    thread_.join();
}

} // namespace gangway::server
