// A pool for tests: snapshots made of plain C++ values, a session, processes whose sessions are
// scripted, and a mock of the port.
#pragma once

#include <cerrno>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "pool/controllers.hpp"
#include "pool/pool.hpp"
#include "pool/visits.hpp"

namespace gangway::pool {

// Rows that snapshots are made of. Lives as long as the snapshots.
struct FakePool {
    std::vector<gangway_group> groups;
    std::vector<gangway_process> processes;
    std::vector<gangway_socket> sockets;
    std::deque<std::string> strings;

    gangway_str keep(std::string text) {
        strings.push_back(std::move(text));
        return abi(strings.back());
    }

    gangway_group& add_group(const std::string& name, const std::string& password) {
        gangway_group group{};
        group.name = keep(name);
        group.app_root = keep("/srv/" + name);
        group.app_type = keep("ruby");
        group.environment = keep("production");
        group.uuid = keep("uuid-of-" + name);
        group.password = keep(password);
        group.first_process = static_cast<std::uint32_t>(processes.size());
        groups.push_back(group);
        return groups.back();
    }

    // Of the group that was added last.
    gangway_process& add_process(std::int64_t pid, const std::string& gupid) {
        gangway_process process{};
        process.pid = pid;
        process.gupid = keep(gupid);
        process.group_index = static_cast<std::uint32_t>(groups.size() - 1);
        process.concurrency = 1;
        process.first_socket = static_cast<std::uint32_t>(sockets.size());
        processes.push_back(process);
        groups.back().process_count++;
        return processes.back();
    }

    // Of the process that was added last.
    gangway_socket& add_socket(const std::string& address, const std::string& protocol,
                               bool accepts) {
        gangway_socket socket{};
        socket.address = keep(address);
        socket.protocol = keep(protocol);
        socket.concurrency = 1;
        socket.accept_http_requests = accepts ? 1 : 0;
        sockets.push_back(socket);
        processes.back().socket_count++;
        return sockets.back();
    }

    Snapshot snapshot() const {
        gangway_snapshot data{};
        data.taken_at_usec = 1'795'414'034'000'000;
        data.max = 6;
        data.group_count = static_cast<std::uint32_t>(groups.size());
        data.process_count = static_cast<std::uint32_t>(processes.size());
        data.socket_count = static_cast<std::uint32_t>(sockets.size());
        data.groups = groups.data();
        data.processes = processes.data();
        data.sockets = sockets.data();
        return {nullptr, data};
    }
};

// How a session ended.
struct SessionEnd {
    unsigned closed = 0; // how often; a session is closed once
    bool success = false;
    bool keep_alive = false;
    unsigned oobw_requests = 0;
};

// Of the connection of a session.
struct ConnectionKind {
    bool reused = true;
    gangway_protocol protocol = GANGWAY_PROTOCOL_SESSION;
};

// A session whose connection is one end of a socket pair. It lets each of the given answers be got
// before it is connected.
class FakeSession : public Session {
  public:
    // fd stays the caller's. end outlives the session.
    FakeSession(int fd, SessionEnd& end, std::deque<gangway_status> before = {},
                ConnectionKind kind = {})
        : fd_(fd), end_(end), before_(std::move(before)), kind_(kind) {}
    ~FakeSession() override {
        if (end_.closed == 0) {
            close(false, false);
        }
    }
    FakeSession(const FakeSession&) = delete;
    FakeSession& operator=(const FakeSession&) = delete;

    gangway_status connect(gangway_connection& out) override {
        out.fd = fd_;
        out.reused = kind_.reused ? 1 : 0;
        out.protocol = kind_.protocol;
        out.error = ECONNREFUSED;
        if (before_.empty()) {
            return GANGWAY_OK;
        }
        const gangway_status status = before_.front();
        before_.pop_front();
        return status;
    }
    void request_oobw() override { end_.oobw_requests++; }
    void close(bool success, bool keep_alive) override {
        end_.closed++;
        end_.success = success;
        end_.keep_alive = keep_alive;
    }

  private:
    int fd_;
    SessionEnd& end_;
    std::deque<gangway_status> before_;
    ConnectionKind kind_;
};

// One session that a scripted process will give.
struct ScriptedSession {
    int fd = -1; // stays the caller's
    ConnectionKind kind{};
    std::deque<gangway_status> before_connected{};
    SessionEnd end{};
};

// A process as a test wants it, and what was done with it. Outlives the references to it.
struct ScriptedProcess {
    gangway_process_identity identity{};
    gangway_process_state state{GANGWAY_PROCESS_ALIVE, GANGWAY_PROCESS_ENABLED, 1, 0, 0};
    gangway_status state_status = GANGWAY_OK;
    // What opening a session gives, one after the other; then always the last. GANGWAY_OK: the next
    // of the sessions.
    std::deque<gangway_status> openings{GANGWAY_OK};
    std::deque<ScriptedSession> sessions;
    std::function<void()> on_open; // before each

    std::size_t opened = 0; // sessions so far
    std::vector<std::uint32_t> flags;
    unsigned references = 0; // now
};

class ScriptedRef : public ProcessRef {
  public:
    explicit ScriptedRef(ScriptedProcess& process) : process_(process) { process_.references++; }
    ~ScriptedRef() override { process_.references--; }
    ScriptedRef(const ScriptedRef&) = delete;
    ScriptedRef& operator=(const ScriptedRef&) = delete;

    const gangway_process_identity& identity() const override { return process_.identity; }
    gangway_status state(gangway_process_state& out) const override {
        if (process_.state_status == GANGWAY_OK) {
            out = process_.state;
        }
        return process_.state_status;
    }
    gangway_status open_session(std::uint32_t flags, std::unique_ptr<Session>& out) override {
        process_.flags.push_back(flags);
        if (process_.on_open) {
            process_.on_open();
        }
        const gangway_status status = process_.openings.front();
        if (process_.openings.size() > 1) {
            process_.openings.pop_front();
        }
        if (status == GANGWAY_OK) {
            ScriptedSession& next = process_.sessions.at(process_.opened++);
            out =
                std::make_unique<FakeSession>(next.fd, next.end, next.before_connected, next.kind);
        }
        return status;
    }
    gangway_status detach() override { return GANGWAY_OK; }

  private:
    ScriptedProcess& process_;
};

// Finds processes by their gupid.
class ScriptedPool : public Pool {
  public:
    std::map<std::string, ScriptedProcess, std::less<>> processes;

    std::optional<Snapshot> snapshot() override { return std::nullopt; }
    std::unique_ptr<ProcessRef> find(const gangway_process_id& id) override {
        const auto found = processes.find(view(id.gupid));
        return found == processes.end() ? nullptr : std::make_unique<ScriptedRef>(found->second);
    }
};

class NoControllers : public Controllers {
  public:
    std::uint32_t count() override { return 0; }
    bool ask(std::uint32_t /*controller*/, const gangway_requests_wanted& /*wanted*/) override {
        return false;
    }
};

class NoVisits : public VisitLog {
  public:
    void watch_visits(bool /*on*/) override {}
    std::optional<Visits> take_visits(std::uint32_t /*most_open*/) override { return std::nullopt; }
};

class MockPool : public Pool {
  public:
    MOCK_METHOD(std::optional<Snapshot>, snapshot, (), (override));
    MOCK_METHOD(std::unique_ptr<ProcessRef>, find, (const gangway_process_id& id), (override));
};

} // namespace gangway::pool
