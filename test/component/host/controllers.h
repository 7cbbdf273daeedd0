// Passenger's controllers, for tests: each answers on a thread that belongs to all of them.
#pragma once

#include <gangway/agent_abi.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace gangway::test {

// A visitor's request that is under way.
struct VisitorsRequest {
    std::string group;
    std::int64_t pid = 0; // 0: it waits
    std::string path = "/";
    gangway_request_state state = GANGWAY_REQUEST_WAITING;
    std::uint64_t began_at_usec = 1'000'000;
    std::string method = "GET";
    std::string host = "shop.test";
    std::string client = "203.0.113.9";
    std::string id{};
    std::uint32_t cut = 0;
};

class Controllers {
  public:
    // tell: what an answer is given to, on the controllers' thread. They are two.
    explicit Controllers(std::function<void(const gangway_requests*)> tell);
    ~Controllers();
    Controllers(Controllers&&) = delete;
    Controllers& operator=(Controllers&&) = delete;
    Controllers(const Controllers&) = delete;
    Controllers& operator=(const Controllers&) = delete;

    void serve(std::uint32_t controller, std::vector<VisitorsRequest> requests);
    // What a controller leaves out of each answer.
    void leave_out(std::uint32_t controller, std::uint32_t requests);
    // Is stuck: answers when it is no longer.
    void hold(std::uint32_t controller, bool held);
    // Answers from now on.
    void start();
    // Nothing is told any more.
    void stop();

    [[nodiscard]] std::uint32_t count() const { return 2; }
    void ask(std::uint32_t controller);
    void release(const gangway_requests* requests);
    // Answers that were not given back.
    [[nodiscard]] std::size_t lent() const;
    [[nodiscard]] std::size_t asked() const;

  private:
    struct Answer;

    void run();
    [[nodiscard]] Answer* make(std::uint32_t controller) const;

    const std::function<void(const gangway_requests*)> tell_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint32_t, std::vector<VisitorsRequest>> requests_;
    std::map<std::uint32_t, std::uint32_t> left_out_;
    std::set<std::uint32_t> held_;
    std::deque<std::uint32_t> waiting_;
    std::set<const gangway_requests*> lent_;
    std::size_t asked_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace gangway::test
