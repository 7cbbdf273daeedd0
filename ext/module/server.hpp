// The module at work: its thread, its admin socket, its connections.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "admin/connection.hpp"
#include "admin/listener.hpp"
#include "admin/socket_file.hpp"
#include "config/config.hpp"
#include "module/asio.hpp"
#include "module/clock_steps.hpp"
#include "module/doorbell.hpp"
#include "module/log.hpp"
#include "module/step_alarm.hpp"
#include "pool/abi_pool.hpp"

namespace gangway {

// Life: create(), begin_drain() or not, stop() or the destructor, all on the agent's main thread.
// Everything else happens on one thread of its own, which has all signals blocked, since they are
// Passenger's to handle.
class Server {
  public:
    // host outlives the server. On failure: one line that says what to do.
    static std::variant<std::unique_ptr<Server>, std::string> create(const gangway_host& host);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    void begin_drain();
    // Waits for running requests at most drain_timeout, then cuts them short.
    void stop();

  private:
    Server(const gangway_host& host, config::Config config, std::vector<admin::Account> accounts,
           admin::SocketFile socket);
    void start_thread();
    void accept(ClientSocket socket);
    void refuse(ClientSocket& socket) const;
    // A connection while it is served, and counted.
    class Served;
    awaitable<void> serve(std::unique_ptr<Served> served);
    // On the thread.
    void ensure_running();
    void on_ring();
    void note_clock();
    void drain();
    void end();
    void abort_all();

    const Log log_;
    const config::Config config_;
    const std::vector<admin::Account> accounts_;
    pool::AbiPool pool_;
    admin::SocketFile socket_;
    // Belongs to one thread, and so locks nothing; others ring the bell.
    net::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    std::atomic<bool> drain_wanted_ = false;
    std::atomic<bool> stop_wanted_ = false;
    Doorbell bell_;
    ClockSteps clock_steps_;
    StepAlarm step_alarm_;
    health::Events events_;
    health::Monitor monitor_;
    admin::Context context_;
    admin::Listener listener_;
    Timer drain_deadline_;
    std::list<std::shared_ptr<admin::Connection>> connections_;
    // Of root and the agent's user, and of all others: so that these cannot lock those out.
    unsigned trusted_connections_ = 0;
    unsigned other_connections_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace gangway
