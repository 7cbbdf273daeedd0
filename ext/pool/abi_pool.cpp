#include "pool/abi_pool.hpp"

#include <utility>

namespace gangway::pool {

namespace {

// Both are made before what they hold, which for want of memory would be lost else.

class AbiSession final : public Session {
  public:
    explicit AbiSession(const gangway_host& host) : host_(host) {}
    AbiSession(const AbiSession&) = delete;
    AbiSession& operator=(const AbiSession&) = delete;
    ~AbiSession() override {
        if (session_ != nullptr) {
            host_.session_close(host_.context, session_, 0, 0);
        }
    }

    gangway_status open(gangway_process_ref* ref, std::uint32_t flags) {
        return host_.session_open(host_.context, ref, flags, &session_);
    }
    gangway_status connect(gangway_connection& out) override {
        return host_.session_connect(host_.context, session_, &out);
    }
    void request_oobw() override { host_.session_request_oobw(host_.context, session_); }
    void close(bool success, bool keep_alive) override {
        host_.session_close(host_.context, std::exchange(session_, nullptr), success ? 1 : 0,
                            keep_alive ? 1 : 0);
    }

  private:
    const gangway_host& host_;
    gangway_session* session_ = nullptr;
};

class AbiProcessRef final : public ProcessRef {
  public:
    explicit AbiProcessRef(const gangway_host& host) : host_(host) {}
    AbiProcessRef(const AbiProcessRef&) = delete;
    AbiProcessRef& operator=(const AbiProcessRef&) = delete;
    ~AbiProcessRef() override {
        if (ref_ != nullptr) {
            host_.process_release(host_.context, ref_);
        }
    }

    bool find(const gangway_process_id& id) {
        return host_.process_find(host_.context, &id, &ref_) == GANGWAY_OK;
    }

    const gangway_process_identity& identity() const override {
        return *host_.process_identity(host_.context, ref_);
    }
    gangway_status state(gangway_process_state& out) const override {
        return host_.process_state(host_.context, ref_, &out);
    }
    gangway_status open_session(std::uint32_t flags, std::unique_ptr<Session>& out) override {
        auto session = std::make_unique<AbiSession>(host_);
        const gangway_status status = session->open(ref_, flags);
        if (status == GANGWAY_OK) {
            out = std::move(session);
        }
        return status;
    }
    gangway_status detach() override { return host_.process_detach(host_.context, ref_); }

  private:
    const gangway_host& host_;
    gangway_process_ref* ref_ = nullptr;
};

} // namespace

std::optional<Snapshot> AbiPool::snapshot() {
    std::size_t size = last_size_.load(std::memory_order_relaxed);
    for (;;) {
        // The pool may have grown again by the next try, hence the head room.
        const std::size_t capacity = size + size / 8;
        auto buffer = std::make_unique_for_overwrite<std::byte[]>(capacity);
        gangway_snapshot data{};
        size = capacity;
        const gangway_status status = host_.snapshot(host_.context, buffer.get(), &size, &data);
        if (status == GANGWAY_OK) {
            last_size_.store(size, std::memory_order_relaxed);
            return Snapshot(std::move(buffer), data);
        }
        if (status != GANGWAY_NO_SPACE) {
            return std::nullopt;
        }
    }
}

std::unique_ptr<ProcessRef> AbiPool::find(const gangway_process_id& id) {
    auto ref = std::make_unique<AbiProcessRef>(host_);
    if (!ref->find(id)) {
        return nullptr;
    }
    return ref;
}

std::uint32_t AbiPool::count() {
    return host_.controller_count(host_.context);
}

bool AbiPool::ask(std::uint32_t controller, const gangway_requests_wanted& wanted) {
    return host_.requests_ask(host_.context, controller, &wanted) == GANGWAY_OK;
}

void AbiPool::watch_visits(bool on) {
    host_.visits_watch(host_.context, on ? 1 : 0);
}

std::optional<Visits> AbiPool::take_visits(std::uint32_t most_open) {
    const gangway_visits* visits = nullptr;
    if (host_.visits_take(host_.context, most_open, &visits) != GANGWAY_OK) {
        return std::nullopt;
    }
    return Visits(visits, host_.visits_release, host_.context);
}

} // namespace gangway::pool
