// What tests of continuous checks share: coroutines run to their end, a log that is kept, and a
// pool whose processes answer checks.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "base/asio.hpp"
#include "base/log.hpp"
#include "pool/pool.hpp"
#include "support/pool_fake.hpp"

namespace gangway::health {

// What it throws, the io_context's run() throws.
inline void spawn(net::io_context& io, awaitable<void> work) {
    net::co_spawn(io, std::move(work), [](const std::exception_ptr& failure) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    });
}

// Until nothing is left to do.
inline void run_all(net::io_context& io, awaitable<void> work) {
    spawn(io, std::move(work));
    io.restart();
    io.run();
}

// Lets things happen until the condition holds; false when it did not soon enough.
inline bool run_until(net::io_context& io, const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    io.restart();
    while (!condition()) {
        if (io.run_one_until(end) == 0) {
            return condition();
        }
    }
    return true;
}

// Keeps what is logged.
class KeptLog {
  public:
    KeptLog() {
        host_.context = this;
        host_.log = [](void* context, gangway_log_level, gangway_str line) {
            static_cast<KeptLog*>(context)->lines_.emplace_back(pool::view(line));
        };
    }
    KeptLog(const KeptLog&) = delete;
    KeptLog& operator=(const KeptLog&) = delete;

    const Log& log() const { return log_; }
    const std::vector<std::string>& lines() const { return lines_; }
    // How many lines have this text.
    std::size_t count(std::string_view text) const {
        std::size_t result = 0;
        for (const std::string& line : lines_) {
            result += line.find(text) != std::string::npos ? 1U : 0U;
        }
        return result;
    }

  private:
    gangway_host host_{};
    std::vector<std::string> lines_;
    Log log_{host_};
};

// How a process of LivePool takes a check.
enum class Manner { well, errs, hangs };

// FakePool's rows, whose processes can be found, asked and detached. On one thread.
class LivePool : public pool::Pool {
  public:
    pool::FakePool rows;
    std::map<std::string, Manner, std::less<>> manners; // by gupid; well, if it is not there
    std::vector<std::string> detached;                  // gupids, in their order
    std::string body = "ok";                            // of those that are well
    bool all_have_left = false;                         // when they are to be detached
    unsigned snapshots = 0;
    unsigned sessions = 0;                              // open now
    unsigned most_sessions = 0;                         // at a time
    std::map<std::string, unsigned, std::less<>> asked; // by gupid
    bool snapshot_fails = false;

    std::optional<pool::Snapshot> snapshot() override {
        snapshots++;
        if (snapshot_fails) {
            return std::nullopt;
        }
        return rows.snapshot();
    }

    std::unique_ptr<pool::ProcessRef> find(const gangway_process_id& id) override {
        for (std::size_t i = 0; i < rows.processes.size(); i++) {
            if (pool::view(rows.processes[i].gupid) == pool::view(id.gupid)) {
                return std::make_unique<Ref>(*this, i);
            }
        }
        return nullptr;
    }

  private:
    // One end of a pair of sockets, at whose other end the answer waits already.
    class LiveSession : public pool::Session {
      public:
        LiveSession(LivePool& pool, Manner manner) : pool_(pool) {
            pool_.sessions++;
            pool_.most_sessions = std::max(pool_.most_sessions, pool_.sessions);
            if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_) != 0) {
                throw std::runtime_error("socketpair failed");
            }
            const std::string answer =
                manner == Manner::well
                    ? "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(pool.body.size()) +
                          "\r\n\r\n" + pool.body
                : manner == Manner::errs ? "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
                                         : "";
            if (::write(ends_[1], answer.data(), answer.size()) < 0) {
                throw std::runtime_error("write failed");
            }
        }
        ~LiveSession() override { close(false, false); }
        LiveSession(const LiveSession&) = delete;
        LiveSession& operator=(const LiveSession&) = delete;

        gangway_status connect(gangway_connection& out) override {
            out.fd = ends_[0];
            out.reused = 0;
            out.protocol = GANGWAY_PROTOCOL_HTTP;
            return GANGWAY_OK;
        }
        void request_oobw() override {}
        void close(bool, bool) override {
            if (ends_[0] != -1) {
                ::close(ends_[0]);
                ::close(ends_[1]);
                ends_[0] = -1;
                pool_.sessions--;
            }
        }

      private:
        LivePool& pool_;
        int ends_[2] = {-1, -1};
    };

    class Ref : public pool::ProcessRef {
      public:
        Ref(LivePool& pool, std::size_t index) : pool_(pool), index_(index) {
            const gangway_process& process = row();
            gupid_ = pool::view(process.gupid);
            const gangway_group& group = pool_.rows.groups[process.group_index];
            identity_.pid = process.pid;
            identity_.gupid = process.gupid;
            identity_.group_name = group.name;
            identity_.password = group.password;
            identity_.base_uri = pool::abi("/");
            identity_.protocol = GANGWAY_PROTOCOL_HTTP;
        }

        const gangway_process_identity& identity() const override { return identity_; }
        gangway_status state(gangway_process_state& out) const override {
            out.life = row().life;
            out.enabled = row().enabled;
            out.concurrency = 1;
            return GANGWAY_OK;
        }
        gangway_status open_session(std::uint32_t, std::unique_ptr<pool::Session>& out) override {
            if (row().enabled == GANGWAY_PROCESS_DETACHED) {
                return GANGWAY_NOT_ROUTABLE;
            }
            pool_.asked[gupid_]++;
            const auto manner = pool_.manners.find(gupid_);
            out = std::make_unique<LiveSession>(
                pool_, manner == pool_.manners.end() ? Manner::well : manner->second);
            return GANGWAY_OK;
        }
        gangway_status detach() override {
            if (pool_.all_have_left || row().enabled == GANGWAY_PROCESS_DETACHED) {
                return GANGWAY_NOT_FOUND;
            }
            row().enabled = GANGWAY_PROCESS_DETACHED;
            pool_.detached.push_back(gupid_);
            return GANGWAY_OK;
        }

      private:
        // Rows may be added meanwhile.
        gangway_process& row() const { return pool_.rows.processes[index_]; }

        LivePool& pool_;
        std::size_t index_;
        std::string gupid_;
        gangway_process_identity identity_{};
    };
};

} // namespace gangway::health
