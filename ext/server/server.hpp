// The module at work: its thread, its admin socket, its connections.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/asio.hpp"
#include "base/clock_steps.hpp"
#include "base/descriptors.hpp"
#include "base/doorbell.hpp"
#include "base/inbox.hpp"
#include "base/log.hpp"
#include "base/shares.hpp"
#include "base/step_alarm.hpp"
#include "base/subordinate_ids.hpp"
#include "base/turns.hpp"
#include "config/config.hpp"
#include "health/slow_requests.hpp"
#include "health/spawning.hpp"
#include "pool/abi_pool.hpp"
#include "requests/known.hpp"
#include "server/connection.hpp"
#include "server/listener.hpp"
#include "server/socket_file.hpp"
#include "text/fault.hpp"
#include "visits/collector.hpp"
#include "visits/tally.hpp"

namespace gangway::server {

// Life: create(), begin_drain() or not, stop() or the destructor, all on the agent's main thread.
// Everything else happens on one thread of its own, which has the signals blocked that the agent
// has blocked in create(): they are Passenger's to handle.
class Server {
  public:
    // host outlives the server.
    static OrFault<std::unique_ptr<Server>> create(const gangway_host& host);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void begin_drain();
    // These: from any thread, between create() and stop().
    void requests_taken(const gangway_requests* requests);
    void spawn_ended(health::Spawn spawn);
    void abort_long_running_connections(std::string gupid);
    // Waits for running requests at most drain_timeout, then cuts them short.
    void stop();

  private:
    Server(const gangway_host& host, config::Config config, std::vector<admin::Account> accounts,
           SocketFile socket);
    void start_thread();
    void accept(ClientSocket socket);
    // Why there is no room for it. Nothing: there is. ending: so many connections are counted that
    // are closed already.
    std::optional<std::string> no_room(int fd, bool trusted, unsigned ending = 0) const;
    // Closes the oldest connection that has shown nothing yet. False: there is none.
    bool make_room();
    void refuse(ClientSocket& socket, std::string detail);
    // A connection while it is served, and counted.
    class Served;
    awaitable<void> serve(std::unique_ptr<Served> served);
    // On the thread.
    void ensure_running();
    void on_ring();
    void note_clock();
    void read_inbox();
    void drain();
    void end();
    void abort_all();

    const Log log_;
    const config::Config config_;
    const std::vector<admin::Account> accounts_;
    const admin::ProcessPasswords process_passwords_;
    pool::AbiPool pool_;
    SocketFile socket_;
    // Belongs to one thread, and so locks nothing; others ring the bell.
    net::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    std::atomic<bool> drain_wanted_ = false;
    std::atomic<bool> stop_wanted_ = false;
    Doorbell bell_;
    // How an attempt to start a process ended; or the gupid of a process that must not be kept.
    Inbox<std::variant<health::Spawn, std::string>> inbox_;
    ClockSteps clock_steps_;
    StepAlarm step_alarm_;
    const Descriptors descriptors_;
    requests::Sampler sampler_;
    requests::Own own_requests_;
    const requests::Known requests_{sampler_, own_requests_};
    visits::Collector visits_;
    // With "accounting" in the configuration.
    std::optional<visits::Tally> tally_;
    std::optional<visits::Collector::Counting> counting_;
    Turns turns_;
    health::Events events_;
    health::Spawning spawning_;
    health::SlowRequests slow_requests_;
    health::Monitor monitor_;
    SubordinateIds subordinate_ids_;
    Shares connection_shares_; // of those who are not trusted
    Shares spooled_;
    Shares bodies_;
    admin::Context context_;
    Listener listener_;
    Timer drain_deadline_;
    std::list<std::shared_ptr<Connection>> connections_;
    // Of root and the agent's user, and of all others: so that these cannot lock those out.
    unsigned trusted_connections_ = 0;
    unsigned other_connections_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace gangway::server
