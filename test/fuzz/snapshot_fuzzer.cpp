// The pool as the agent copies it into our memory: whatever size it says it needs, however often it
// changes its mind, and of any names.
//
// Input: two bytes, how many groups and processes in each; a byte for each time that the agent is
// asked, what it answers; then a line for each name.
#include <cstring>
#include <new>

#include "fuzz_target.hpp"
#include "pool/abi_pool.hpp"

namespace gangway::pool {
namespace {

using fuzz::require;

struct FakeAgent {
    fuzz::Input input;
    std::size_t groups = 0;
    std::size_t processes_each = 0;
    unsigned asked = 0;
};

// Cuts rows out of the caller's buffer as the agent does, and counts what it would take.
class Arena {
  public:
    Arena(void* buffer, std::size_t size) : buffer_(static_cast<std::byte*>(buffer)), size_(size) {}

    template <typename T>
    T* rows(std::size_t count) {
        used_ = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
        auto* place = reinterpret_cast<T*>(buffer_ + used_);
        used_ += count * sizeof(T);
        if (used_ > size_) {
            return nullptr;
        }
        for (std::size_t i = 0; i < count; i++) {
            new (place + i) T{};
        }
        return place;
    }
    gangway_str text(std::string_view text) {
        char* place = rows<char>(text.size());
        if (place != nullptr && !text.empty()) {
            std::memcpy(place, text.data(), text.size());
        }
        return {place, text.size()};
    }
    bool fits() const { return used_ <= size_; }
    std::size_t used() const { return used_; }

  private:
    std::byte* buffer_;
    std::size_t size_;
    std::size_t used_ = 0;
};

void fill(Arena& arena, FakeAgent& agent, gangway_snapshot& out) {
    fuzz::Input names = agent.input; // the same at each try
    const std::size_t process_count = agent.groups * agent.processes_each;
    auto* groups = arena.rows<gangway_group>(agent.groups);
    auto* processes = arena.rows<gangway_process>(process_count);
    auto* sockets = arena.rows<gangway_socket>(process_count);
    for (std::size_t i = 0; i < agent.groups; i++) {
        const gangway_str name = arena.text(names.line());
        if (groups != nullptr) {
            groups[i].name = name;
            groups[i].first_process = static_cast<std::uint32_t>(i * agent.processes_each);
            groups[i].process_count = static_cast<std::uint32_t>(agent.processes_each);
        }
    }
    for (std::size_t i = 0; i < process_count; i++) {
        const gangway_str gupid = arena.text(names.line());
        const gangway_str address = arena.text(names.line());
        if (processes != nullptr && sockets != nullptr) {
            processes[i].gupid = gupid;
            processes[i].group_index = static_cast<std::uint32_t>(i / agent.processes_each);
            processes[i].first_socket = static_cast<std::uint32_t>(i);
            processes[i].socket_count = 1;
            sockets[i].address = address;
        }
    }
    out.group_count = static_cast<std::uint32_t>(agent.groups);
    out.process_count = static_cast<std::uint32_t>(process_count);
    out.socket_count = static_cast<std::uint32_t>(process_count);
    out.groups = groups;
    out.processes = processes;
    out.sockets = sockets;
}

gangway_status snapshot(void* context, void* buffer, std::size_t* size, gangway_snapshot* out) {
    auto& agent = *static_cast<FakeAgent*>(context);
    require(reinterpret_cast<std::uintptr_t>(buffer) % alignof(std::max_align_t) == 0,
            "the agent is given memory as malloc() gives it");
    std::memset(buffer, 0xa5, *size); // all of it is the agent's
    const std::uint8_t answer = agent.asked++ < 8 ? agent.input.byte() : std::uint8_t{0};
    if (answer % 8 == 7) {
        return GANGWAY_FAILED;
    }
    if (answer % 8 == 6) { // It has grown since, by much or by nothing.
        *size = static_cast<std::size_t>(answer) * 4096;
        return GANGWAY_NO_SPACE;
    }
    Arena arena(buffer, *size);
    fill(arena, agent, *out);
    *size = arena.used();
    return arena.fits() ? GANGWAY_OK : GANGWAY_NO_SPACE;
}

void look(const Snapshot& snapshot, const FakeAgent& agent) {
    require(snapshot.groups().size() == agent.groups, "every group is there");
    std::size_t seen = 0;
    std::size_t bytes = 0;
    for (const gangway_group& group : snapshot.groups()) {
        for (const gangway_process& process : snapshot.processes(group)) {
            require(&snapshot.group(process) == &group, "a process knows its group");
            bytes += view(process.gupid).size() + view(snapshot.group(process).name).size();
            for (const gangway_socket& socket : snapshot.sockets(process)) {
                for (const char c : view(socket.address)) {
                    bytes += c == 'x' ? 1U : 0U;
                }
            }
            seen++;
        }
    }
    require(seen == snapshot.processes().size() && bytes < SIZE_MAX, "every process is in a group");
}

} // namespace
} // namespace gangway::pool

GANGWAY_FUZZ_TARGET(snapshot) {
    using namespace gangway;
    using namespace gangway::pool;
    fuzz::Input input(bytes);
    const std::size_t groups = input.byte() % 8U;
    const std::size_t processes_each = input.byte() % 32U;
    FakeAgent agent{input, groups, processes_each};
    gangway_host host{};
    host.context = &agent;
    host.snapshot = &snapshot;
    AbiPool pool(host);
    for (int i = 0; i < 3; i++) { // A later one begins with what an earlier one needed.
        agent.asked = 0;
        const auto taken = pool.snapshot();
        if (taken) {
            look(*taken, agent);
        }
    }
}
