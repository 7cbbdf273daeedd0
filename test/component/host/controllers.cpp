#include "host/controllers.h"

#include "host/test_host.h"
#include "host/waiting.h"

#include <algorithm>

namespace gangway::test {

// First, so that it is found by its record.
struct Controllers::Answer {
    gangway_requests record{};
    std::deque<std::string> texts;
    std::vector<gangway_request> rows;

    gangway_str keep(const std::string& text) {
        const std::string& kept = texts.emplace_back(text);
        return {kept.data(), kept.size()};
    }
};

Controllers::Controllers(std::function<void(const gangway_requests*)> tell)
    : tell_(std::move(tell)) {}

Controllers::~Controllers() {
    stop();
}

void Controllers::start() {
    if (!thread_.joinable()) {
        stopping_ = false;
        waiting_.clear();
        thread_ = std::thread([this] { run(); });
    }
}

void Controllers::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Controllers::serve(std::uint32_t controller, std::vector<VisitorsRequest> requests) {
    const std::lock_guard lock(mutex_);
    requests_[controller] = std::move(requests);
}

void Controllers::leave_out(std::uint32_t controller, std::uint32_t requests) {
    const std::lock_guard lock(mutex_);
    left_out_[controller] = requests;
}

void Controllers::hold(std::uint32_t controller, bool held) {
    {
        const std::lock_guard lock(mutex_);
        held ? static_cast<void>(held_.insert(controller))
             : static_cast<void>(held_.erase(controller));
    }
    changed_.notify_all();
}

void Controllers::ask(std::uint32_t controller) {
    {
        const std::lock_guard lock(mutex_);
        if (std::find(waiting_.begin(), waiting_.end(), controller) != waiting_.end()) {
            contract_violation("a controller was asked again before it had answered");
        }
        asked_++;
        waiting_.push_back(controller);
    }
    changed_.notify_all();
}

void Controllers::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto ready = [this] {
            return std::find_if(waiting_.begin(), waiting_.end(), [this](std::uint32_t controller) {
                return !held_.contains(controller);
            });
        };
        changed_.wait(lock, [&] { return stopping_ || ready() != waiting_.end(); });
        if (stopping_) {
            return;
        }
        const auto next = ready();
        Answer* const answer = make(*next);
        waiting_.erase(next);
        lent_.insert(&answer->record);
        lock.unlock();
        tell_(&answer->record);
        lock.lock();
    }
}

Controllers::Answer* Controllers::make(std::uint32_t controller) const {
    auto* const answer = new Answer();
    const auto found = requests_.find(controller);
    if (found != requests_.end()) {
        for (const VisitorsRequest& request : found->second) {
            gangway_request row{};
            row.group_name = answer->keep(request.group);
            row.pid = request.pid;
            row.gupid =
                answer->keep(request.pid == 0 ? "" : "gupid-" + std::to_string(request.pid));
            row.method = answer->keep(request.method);
            row.host = answer->keep(request.host);
            row.path = answer->keep(request.path);
            row.client = answer->keep(request.client);
            row.id = answer->keep(request.id);
            row.state = request.state;
            row.cut = request.cut;
            row.began_at_usec = request.began_at_usec;
            row.received_bytes = 11;
            row.sent_bytes = 12;
            answer->rows.push_back(row);
        }
    }
    const auto left_out = left_out_.find(controller);
    const auto count = static_cast<std::uint32_t>(answer->rows.size());
    answer->record.controller = controller;
    answer->record.taken_at_usec = now_usec();
    answer->record.client_count = count + 5;
    answer->record.others_count = count + (left_out == left_out_.end() ? 0 : left_out->second);
    answer->record.request_count = count;
    answer->record.requests = answer->rows.data();
    return answer;
}

void Controllers::release(const gangway_requests* requests) {
    const std::lock_guard lock(mutex_);
    if (lent_.erase(requests) == 0) {
        contract_violation("requests_release of what was not lent");
    }
    delete reinterpret_cast<const Answer*>(requests);
}

std::size_t Controllers::lent() const {
    const std::lock_guard lock(mutex_);
    return lent_.size();
}

std::size_t Controllers::asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
}

} // namespace gangway::test
