// The agent's side of the ABI, for tests: loads the module, gives it a pool of stand-in processes,
// and holds it to the contract. A breach of the contract ends the test process with a message that
// says which rule was broken.
#pragma once

#include "host/census.h"
#include "host/controllers.h"
#include "host/pool.h"
#include "host/visit_log.h"
#include "scarce_memory/scarce_memory.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

// The handles of the ABI. They are kept after their end, so that a later use of them is seen.
struct gangway_process_ref {
    std::shared_ptr<gangway::test::Process> process;
    std::string group_name;
    std::string password;
    std::string debug_address;
    std::string base_uri;
    gangway_process_identity identity;
    int open_sessions = 0;
    bool released = false;
};

struct gangway_session {
    enum class State { opened, connecting, connected, failed };

    gangway_process_ref* ref = nullptr;
    gangway::test::Socket* socket = nullptr;
    gangway::test::Descriptor connection;
    std::string connection_name; // to see that the descriptor is still the same file
    State state = State::opened;
    bool reused = false;
    bool closed = false;
};

namespace gangway::test {

[[noreturn]] void contract_violation(const std::string& what);

struct LogLine {
    gangway_log_level level;
    std::string text;
};

// What the host is told to answer, whatever the pool says.
struct InjectedFaults {
    int snapshots_without_space =
        0; // so many snapshots ask for a larger buffer than they were given
    bool snapshot_fails = false;
    bool session_open_fails = false;
};

class TestHost {
  public:
    // The module of that path; every module is loaded once and never unloaded.
    static const gangway_module& load(const std::string& path);
    static const gangway_module& gangway();

    TestHost(std::string instance_dir, std::string agent_config,
             const gangway_module& module = gangway());
    ~TestHost();
    TestHost(TestHost&&) = delete;
    TestHost& operator=(TestHost&&) = delete;
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    // Setting up the pool. While the module runs: inside locked().
    Group& add_group(const std::string& name);
    std::shared_ptr<Process> add_process(Group& group, std::int64_t pid);
    // A listening socket with somebody behind it.
    Socket& add_socket(Process& process, const WorkerOptions& options, Behaviour behaviour);
    std::shared_ptr<Process> add_worker(Group& group, std::int64_t pid,
                                        const WorkerOptions& options, Behaviour behaviour);
    // Without one of its own: many processes may share a stand-in, which then costs little.
    std::shared_ptr<Process> add_process_behind(Group& group, std::int64_t pid,
                                                const std::shared_ptr<Worker>& worker);
    void locked(const std::function<void(Pool&)>& change);
    void remove(const std::shared_ptr<Process>& process); // it leaves the pool
    // A visitor's request occupies the process, or ends.
    void visitor_enters(Process& process);
    void visitor_leaves(Process& process);
    void inject(const InjectedFaults& faults);
    // The agent is of a later minor version than the module: it has functions more.
    void be_younger() { is_younger_ = true; }

    // The module's life. start() returns the error, empty when it started.
    std::string start(const std::string& config_text);
    void begin_drain();
    void stop();
    // What it is told; an empty error: a process was started.
    void spawn_ended(const std::string& group, const std::string& error);
    void abort_long_running_connections(const std::string& gupid);
    [[nodiscard]] bool started() const { return running_; }
    [[nodiscard]] const Census& before_start() const { return before_; }

    // What the module did.
    [[nodiscard]] std::size_t sessions() const; // of the module, open now
    [[nodiscard]] bool wait_for_sessions(std::size_t count) const;
    [[nodiscard]] std::uint32_t processed(const Process& process) const;
    [[nodiscard]] unsigned oobw_requests(const Process& process) const;
    [[nodiscard]] gangway_process_enabled enabled(const Process& process) const;
    [[nodiscard]] std::vector<LogLine> log() const;
    [[nodiscard]] std::size_t references() const; // to processes, not released yet
    [[nodiscard]] std::size_t calls(const std::string& function) const; // of the ABI, so far

    // The functions of the ABI, see host_abi.cpp.
    gangway_status snapshot(void* buffer, std::size_t* size, gangway_snapshot* out);
    gangway_status process_find(const gangway_process_id& id, gangway_process_ref** out);
    gangway_status process_state(const gangway_process_ref& ref, gangway_process_state* out);
    void process_release(gangway_process_ref& ref);
    gangway_status session_open(gangway_process_ref& ref, std::uint32_t flags,
                                gangway_session** out);
    gangway_status session_connect(gangway_session& session, gangway_connection* out);
    void session_request_oobw(gangway_session& session);
    void session_close(gangway_session& session, bool success, bool keep_alive);
    gangway_status process_detach(gangway_process_ref& ref);
    void log_line(gangway_log_level level, std::string_view line);
    gangway_status requests_ask(std::uint32_t controller);
    Controllers& controllers() { return *controllers_; }
    VisitLog& visits() { return visits_; }

    // Held while a function of the ABI runs: it may do so between start() and stop() only.
    class Call {
      public:
        Call(void* context, const char* function);
        ~Call() { --host_.running_calls_; }
        Call(Call&&) = delete;
        Call& operator=(Call&&) = delete;
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        TestHost* operator->() { return &host_; }

      private:
        const InHost in_host_;
        TestHost& host_;
    };

  private:
    void fill_table(const std::string& config_text);
    std::unique_ptr<Controllers> make_controllers();
    void check_nothing_is_left();
    [[nodiscard]] std::shared_ptr<Process> find(const gangway_process_id& id) const;
    gangway_status connect_new(gangway_session& session);
    gangway_status continue_connect(gangway_session& session);
    gangway_status connect_failed(gangway_session& session, int error, gangway_connection* out);

    // What a minor version would append is null: who calls it is seen.
    struct Table {
        gangway_host known;
        std::array<void (*)(), 4> appended;
    };

    const gangway_module& module_;
    const std::string instance_dir_;
    const std::string agent_config_;
    const std::string passenger_version_ = "6.0.26";
    const std::string config_path_ = "/etc/passenger-gangway.json";
    std::string config_text_;
    Table table_{};
    bool is_younger_ = false;
    void* instance_ = nullptr;
    Census before_;
    VisitLog visits_;
    std::unique_ptr<Controllers> controllers_ = make_controllers();
    std::atomic<bool> running_{false};
    std::atomic<int> running_calls_{0};

    mutable std::mutex mutex_; // the pool's lock
    mutable std::condition_variable changed_;
    Pool pool_;
    InjectedFaults faults_;
    std::deque<gangway_process_ref> refs_;
    std::deque<gangway_session> sessions_;
    std::size_t open_sessions_ = 0;
    std::size_t open_refs_ = 0;

    mutable std::mutex log_mutex_; // for these two
    std::vector<LogLine> log_;
    std::map<std::string, std::size_t, std::less<>> calls_;
};

} // namespace gangway::test
