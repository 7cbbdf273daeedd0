#include "host/test_host.h"

#include "agent_hooks/ModuleCheck.h"
#include "agent_hooks/SignalMask.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <iostream>
#include <thread>

namespace gangway::test {

void contract_violation(const std::string& what) {
    std::cerr << "\nThe module broke the agent ABI: " << what << std::endl;
    std::abort();
}

TestHost::TestHost(std::string instance_dir, std::string agent_config, const gangway_module& module)
    : module_(module),
      instance_dir_(std::move(instance_dir)),
      agent_config_(std::move(agent_config)) {}

TestHost::~TestHost() {
    stop();
    for (const auto& group : pool_.groups) {
        for (const auto& process : group->processes) {
            process->sockets.clear();
        }
    }
}

Group& TestHost::add_group(const std::string& name) {
    auto& group = *pool_.groups.emplace_back(std::make_unique<Group>());
    group.name = name;
    return group;
}

std::shared_ptr<Process> TestHost::add_process(Group& group, std::int64_t pid) {
    auto process = std::make_shared<Process>();
    process->pid = pid;
    process->gupid = "gupid-" + std::to_string(pid);
    process->group = &group;
    process->spawner_creation_time_usec = now_usec() - 90'000'000;
    process->spawn_start_time_usec = now_usec() - 61'000'000;
    process->spawn_end_time_usec = now_usec() - 60'000'000;
    process->last_used_usec = now_usec() - 30'000'000;
    group.processes.push_back(process);
    return process;
}

Socket& TestHost::add_socket(Process& process, const WorkerOptions& options, Behaviour behaviour) {
    Socket socket;
    socket.worker =
        std::make_shared<Worker>(process.pid, instance_dir_, options, std::move(behaviour));
    socket.address = socket.worker->address();
    socket.protocol = options.protocol == GANGWAY_PROTOCOL_SESSION ? "session" : "http";
    socket.concurrency = static_cast<std::int32_t>(std::max(options.threads, 1U));
    process.sockets.push_back(std::move(socket));
    return process.sockets.back();
}

std::shared_ptr<Process> TestHost::add_worker(Group& group, std::int64_t pid,
                                              const WorkerOptions& options, Behaviour behaviour) {
    auto process = add_process(group, pid);
    add_socket(*process, options, std::move(behaviour));
    return process;
}

std::shared_ptr<Process> TestHost::add_process_behind(Group& group, std::int64_t pid,
                                                      const std::shared_ptr<Worker>& worker) {
    auto process = add_process(group, pid);
    Socket socket;
    socket.worker = worker;
    socket.address = worker->address();
    socket.protocol = worker->protocol() == GANGWAY_PROTOCOL_SESSION ? "session" : "http";
    process->sockets.push_back(std::move(socket));
    return process;
}

void TestHost::locked(const std::function<void(Pool&)>& change) {
    const std::lock_guard lock(mutex_);
    change(pool_);
}

void TestHost::remove(const std::shared_ptr<Process>& process) {
    const std::lock_guard lock(mutex_);
    process->in_pool = false;
    std::erase(process->group->processes, process);
}

void TestHost::visitor_enters(Process& process) {
    const std::lock_guard lock(mutex_);
    ++process.request_socket()->sessions;
    process.last_used_usec = now_usec();
}

void TestHost::visitor_leaves(Process& process) {
    const std::lock_guard lock(mutex_);
    --process.request_socket()->sessions;
    ++process.processed;
}

void TestHost::inject(const InjectedFaults& faults) {
    const std::lock_guard lock(mutex_);
    faults_ = faults;
}

const gangway_module& TestHost::load(const std::string& path) {
    void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    void* const symbol = library == nullptr ? nullptr : ::dlsym(library, GANGWAY_MODULE_ENTRY);
    if (symbol == nullptr) {
        std::cerr << ::dlerror() << std::endl; // NOLINT(concurrency-mt-unsafe): one thread
        std::abort();
    }
    const auto* const module = reinterpret_cast<gangway_module_entry_fn>(symbol)();
    const std::string complaint = Gangway::ModuleCheck::complaint(module, sizeof(gangway_host));
    if (!complaint.empty()) {
        contract_violation("the module " + path + " " + complaint);
    }
    return *module;
}

const gangway_module& TestHost::gangway() {
    static const gangway_module& module = load(GANGWAY_MODULE_PATH);
    return module;
}

std::string TestHost::start(const std::string& config_text) {
    fill_table(config_text);
    std::thread([] {}).join(); // With the first thread of all, ThreadSanitizer starts its own.
    controllers_->start();
    before_ = take_census();
    running_ = true;
    gangway_module_str error{};
    gangway_status status = GANGWAY_FAILED;
    {
        const Gangway::SignalsBlocked blocked;
        const InModule in_module;
        status = module_.start(&table_.known, &instance_, &error);
    }
    if (status == GANGWAY_OK) {
        return {};
    }
    running_ = false;
    if (error.size == 0) {
        contract_violation("start() failed and gave no reason");
    }
    check_nothing_is_left();
    return {error.data, error.size};
}

void TestHost::begin_drain() {
    if (module_.begin_drain != nullptr) {
        module_.begin_drain(instance_);
    }
}

void TestHost::spawn_ended(const std::string& group, const std::string& error) {
    const std::string uuid = Group().uuid;
    const gangway_spawn spawn{{group.data(), group.size()},
                              {uuid.data(), uuid.size()},
                              {error.data(), error.size()},
                              1'000'000,
                              2'000'000};
    module_.spawn_ended(instance_, &spawn);
}

void TestHost::abort_long_running_connections(const std::string& gupid) {
    const std::lock_guard lock(mutex_); // As Passenger does, under the pool's.
    module_.abort_long_running_connections(instance_, {gupid.data(), gupid.size()});
}

std::unique_ptr<Controllers> TestHost::make_controllers() {
    return std::make_unique<Controllers>([this](const gangway_requests* requests) {
        if (module_.requests_taken == nullptr) {
            controllers_->release(requests);
        } else {
            module_.requests_taken(instance_, requests);
        }
    });
}

gangway_status TestHost::requests_ask(std::uint32_t controller) {
    if (controller >= controllers_->count()) {
        return GANGWAY_NOT_FOUND;
    }
    controllers_->ask(controller);
    return GANGWAY_OK;
}

void TestHost::stop() {
    if (!running_) {
        return;
    }
    controllers_->stop();
    module_.stop(instance_);
    running_ = false;
    check_nothing_is_left();
}

void TestHost::check_nothing_is_left() {
    if (running_calls_ != 0) {
        contract_violation("a call of the host was running when the module had ended");
    }
    {
        const std::lock_guard lock(mutex_);
        if (open_sessions_ != 0) {
            contract_violation(std::to_string(open_sessions_) + " session(s) left open");
        }
        if (controllers_->lent() != 0) {
            contract_violation(std::to_string(controllers_->lent()) + " samples of requests left");
        }
        if (visits_.lent() != 0 || visits_.is_watched()) {
            contract_violation("visits left, or watched still");
        }
        if (open_refs_ != 0) {
            contract_violation(std::to_string(open_refs_) + " process reference(s) left");
        }
    }
    // A thread that was joined may be seen in /proc for a moment.
    if (!eventually([this] { return foreign_threads(before_).empty(); }, Milliseconds(2000))) {
        contract_violation("a thread of the module still runs");
    }
    if (!eventually([this] { return foreign_descriptors(before_).empty(); }, Milliseconds(2000))) {
        std::string names;
        for (const int fd : foreign_descriptors(before_)) {
            names += " " + std::to_string(fd) + "=" + describe_descriptor(fd);
        }
        contract_violation("descriptors left open:" + names);
    }
}

std::size_t TestHost::sessions() const {
    const std::lock_guard lock(mutex_);
    return open_sessions_;
}

bool TestHost::wait_for_sessions(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return open_sessions_ == count; });
}

std::uint32_t TestHost::processed(const Process& process) const {
    const std::lock_guard lock(mutex_);
    return process.processed;
}

unsigned TestHost::oobw_requests(const Process& process) const {
    const std::lock_guard lock(mutex_);
    return process.oobw_requests;
}

gangway_process_enabled TestHost::enabled(const Process& process) const {
    const std::lock_guard lock(mutex_);
    return process.enabled;
}

std::vector<LogLine> TestHost::log() const {
    const std::lock_guard lock(log_mutex_);
    return log_;
}

std::size_t TestHost::references() const {
    const std::lock_guard lock(mutex_);
    return open_refs_;
}

std::size_t TestHost::calls(const std::string& function) const {
    const std::lock_guard lock(log_mutex_);
    const auto found = calls_.find(function);
    return found == calls_.end() ? 0 : found->second;
}

} // namespace gangway::test
