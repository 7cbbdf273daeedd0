#include "health/slow_requests.hpp"

#include <deque>
#include <string>

#include <gtest/gtest.h>

#include "support/health_fakes.hpp"
#include "support/pool_fake.hpp"

namespace gangway::health {
namespace {

constexpr std::uint64_t now = 100'000'000;
constexpr std::uint64_t second = 1'000'000;

class SlowRequestsTest : public testing::Test {
  protected:
    gangway_request& add(const char* path, std::uint64_t age) {
        gangway_request& request = requests_.emplace_back();
        request.path = pool::abi(path);
        request.client = pool::abi("::1");
        request.state = GANGWAY_REQUEST_WAITING;
        request.began_at_usec = now - age;
        return request;
    }
    // Their paths. later: after a while.
    std::string take_new(std::uint64_t later = 0) {
        requests::Sample sample;
        sample.taken_at_usec = now + later;
        for (const gangway_request& request : requests_) {
            sample.rows.push_back(&request);
        }
        std::string paths;
        for (const gangway_request* request : slow_.take_new(sample)) {
            paths += pool::view(request->path);
        }
        return paths;
    }

    net::io_context io_;
    pool::NoControllers no_controllers_;
    requests::Sampler sampler_{io_.get_executor(), no_controllers_};
    pool::ScriptedPool pool_;
    Events events_;
    KeptLog log_;
    SlowRequests slow_{io_.get_executor(), std::chrono::seconds(2), sampler_, pool_, events_,
                       log_.log()};
    std::deque<gangway_request> requests_; // oldest first
};

TEST_F(SlowRequestsTest, AreToldOnceEach) {
    add("/oldest", 9 * second);
    add("/just", 2 * second);
    add("/young", 2 * second - 1);
    EXPECT_EQ(take_new(), "/oldest/just");
    EXPECT_EQ(take_new(), "");
    EXPECT_EQ(take_new(1), "/young");
    EXPECT_EQ(take_new(1), "");
}

TEST_F(SlowRequestsTest, AreToldAgainWhenAnotherIsLikeIt) {
    add("/a", 9 * second);
    EXPECT_EQ(take_new(), "/a");
    requests_.clear();
    EXPECT_EQ(take_new(), "");
    add("/a", 5 * second);
    EXPECT_EQ(take_new(), "/a");
}

TEST_F(SlowRequestsTest, AreNotConnectionsThatHaveLeftHttp) {
    add("/socket", 9 * second).state = GANGWAY_REQUEST_UPGRADED;
    add("/a", 5 * second);
    EXPECT_EQ(take_new(), "/a");
}

TEST_F(SlowRequestsTest, AreNotLookedForWithoutALimit) {
    SlowRequests none(io_.get_executor(), std::chrono::seconds(0), sampler_, pool_, events_,
                      log_.log());
    none.wake();
    EXPECT_EQ(io_.poll(), 0U);
}

} // namespace
} // namespace gangway::health
