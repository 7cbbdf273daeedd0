#include "visits/tally.hpp"

#include <deque>
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "pool/pool.hpp"
#include "requests/sample.hpp"
#include "visits/early_requests.hpp"

namespace gangway::visits {
namespace {

constexpr std::uint64_t began = 1'000'000'000;
constexpr std::uint64_t second = 1'000'000;

struct Row {
    const char* path = "/";
    const char* gupid = "a";
    gangway_visit_state state = GANGWAY_VISIT_SERVED;
    std::uint64_t asked = began;
    std::uint64_t queued = 0;
    std::uint64_t served = second;
    const char* group = "shop";
};

gangway_visit visit(const Row& row) {
    gangway_visit result{};
    result.group_name = pool::abi(row.group);
    result.method = pool::abi("GET");
    result.path = pool::abi(row.path);
    result.gupid = pool::abi(row.gupid);
    result.pid = result.gupid.size > 0 ? 100 : 0;
    result.asked_at_usec = row.asked;
    result.queued_usec = row.queued;
    result.served_usec = row.served;
    result.state = row.state;
    return result;
}

Tally tally(Tally::Only only = {}) {
    return {RouteRule(), began, std::move(only)};
}

const RouteFigures& of(const Tally& tally, const std::string& route,
                       const std::string& method = "GET") {
    return tally.routes().at({"shop", method, route});
}

TEST(Tally, CountsByGroupMethodAndRoute) {
    Tally some = tally();
    some.add(visit({.path = "/orders/1"}));
    some.add(visit({.path = "/orders/2", .gupid = "b", .queued = second, .served = 3 * second}));
    some.add(visit({.path = "/other"}));
    some.add(visit({.path = "/other", .group = "blog"}));
    EXPECT_EQ(some.routes().size(), 3U);
    const Figures& figures = of(some, "/orders/:n").figures;
    EXPECT_EQ(figures.served, 2U);
    EXPECT_EQ(figures.requests(), 2U);
    EXPECT_EQ(figures.worker_usec, 4 * second);
    EXPECT_EQ(figures.whole_usec, 4 * second);
    EXPECT_EQ(figures.longest_usec, 3 * second);
    EXPECT_EQ(figures.queued_usec, second);
    EXPECT_EQ(figures.longest_queued_usec, second);
    const auto& workers = of(some, "/orders/:n").workers;
    ASSERT_EQ(workers.size(), 2U);
    EXPECT_EQ(workers.at("b").worker_usec, 3 * second);
    EXPECT_EQ(workers.at("b").pid, 100);
    EXPECT_EQ(workers.at("b").requests, 1U);
}

TEST(Tally, TellsWhatBecameOfThem) {
    Tally some = tally();
    for (const auto state : {GANGWAY_VISIT_REFUSED, GANGWAY_VISIT_FAILED, GANGWAY_VISIT_QUEUED}) {
        some.add(visit({.gupid = "", .state = state, .queued = second, .served = 0}));
    }
    some.add(visit({.state = GANGWAY_VISIT_LEFT, .served = 5}));
    some.add(visit({.state = GANGWAY_VISIT_AT_PROCESS}));
    const Figures& figures = of(some, "/").figures;
    EXPECT_EQ(figures.refused, 1U);
    EXPECT_EQ(figures.failed, 1U);
    EXPECT_EQ(figures.left, 1U);
    EXPECT_EQ(figures.under_way, 2U);
    EXPECT_EQ(figures.served, 0U);
    EXPECT_EQ(figures.requests(), 5U);
    EXPECT_EQ(figures.queued_usec, 3 * second);
    EXPECT_EQ(figures.worker_usec, second) << "no worker was at the one that had been given up";
    EXPECT_EQ(figures.at_workers, 1U);
}

TEST(Tally, CountsOnlyTheTimeSinceItBegan) {
    Tally some = tally();
    // It waited for three seconds, of which one is left, and was served for two.
    some.add(visit({.asked = began - 2 * second, .queued = 3 * second, .served = 2 * second}));
    EXPECT_EQ(of(some, "/").figures.queued_usec, second);
    EXPECT_EQ(of(some, "/").figures.worker_usec, 2 * second);
    // It had its process before.
    some.add(visit({.path = "/b", .asked = began - 9 * second, .served = 10 * second}));
    EXPECT_EQ(of(some, "/b").figures.queued_usec, 0U);
    EXPECT_EQ(of(some, "/b").figures.worker_usec, second);
    EXPECT_EQ(of(some, "/b").figures.whole_usec, 10 * second);
    // It had ended before.
    some.add(visit({.path = "/c", .asked = began - 9 * second}));
    EXPECT_EQ(some.routes().size(), 2U);
}

TEST(Tally, CanBeOfOneGroupOrProcess) {
    Tally group = tally({.groups = std::set<std::string, std::less<>>{"shop"}});
    group.add(visit({.group = "blog"}));
    group.add(visit({}));
    EXPECT_EQ(group.routes().size(), 1U);
    Tally process = tally({.gupid = "a"});
    process.add(visit({.gupid = "b"}));
    process.add(visit({.gupid = "", .state = GANGWAY_VISIT_REFUSED}));
    process.add(visit({.path = "/a"}));
    EXPECT_EQ(process.routes().size(), 1U);
}

TEST(Tally, GoesOnForEverWithoutWorkersWhateverBecomesOfTheClock) {
    Tally some(Tally::ForEver(), RouteRule(), began);
    some.add(visit({.asked = 1}));
    some.add(visit({.asked = 2}));
    EXPECT_EQ(of(some, "/").figures.worker_usec, 2 * second);
    EXPECT_TRUE(of(some, "/").workers.empty());
    EXPECT_EQ(some.began_usec(), began);
}

TEST(Tally, KnowsTheRouteOfWhatComesAgain) {
    Tally some = tally();
    for (int i = 0; i < 3; i++) {
        some.add(visit({.path = "/orders/1"}));
        some.add(visit({.path = "/orders/1", .group = "blog"}));
        some.add(visit({.path = "/orders/2"}));
    }
    EXPECT_EQ(of(some, "/orders/:n").figures.served, 6U);
    EXPECT_EQ(some.routes().size(), 2U);
}

// What visitors choose.
TEST(Tally, KeepsSoManyRoutesOfAGroup) {
    Tally some = tally();
    std::deque<std::string> paths;
    const std::size_t more = 50;
    for (std::size_t i = 0; i < Tally::most_routes_of_group + more; i++) {
        paths.push_back("/path-" + std::string(i + 1, 'x').substr(0, 1) + std::to_string(i) + "-x");
        some.add(visit({.path = paths.back().c_str()}));
    }
    EXPECT_EQ(some.routes().size(), Tally::most_routes_of_group + 1);
    EXPECT_EQ(of(some, "other", "").figures.served, more);
    some.add(visit({.path = paths.front().c_str()}));
    EXPECT_EQ(of(some, paths.front()).figures.served, 2U) << "one that is known stays";
    some.add(visit({.group = "blog"}));
    EXPECT_EQ(some.routes().size(), Tally::most_routes_of_group + 2);
}

TEST(Tally, KeepsSoManyRoutesAndWorkersInAll) {
    Tally some = tally();
    std::deque<std::string> names;
    const auto keep = [&](const std::string& text) {
        names.push_back(text);
        return names.back().c_str();
    };
    for (std::size_t group = 0; group < 60; group++) {
        const char* name = keep("group-" + std::to_string(group));
        for (std::size_t path = 0; path < 100; path++) {
            some.add(visit({.path = keep("/p" + std::to_string(path) + "x"), .group = name}));
        }
    }
    EXPECT_LE(some.routes().size(), Tally::most_routes + 60);
    for (std::size_t worker = 0; worker < Tally::most_workers + 100; worker++) {
        some.add(visit({
            .gupid = keep("w" + std::to_string(worker)),
            .group = "group-0",
        }));
    }
    std::size_t workers = 0;
    for (const auto& [key, route] : some.routes()) {
        workers += route.workers.size();
    }
    EXPECT_EQ(workers, Tally::most_workers);
}

TEST(Histogram, HasEachTimeAtTheFirstBoundThatItIsNotAbove) {
    Histogram histogram;
    for (const std::uint64_t usec : {0ULL, 1'000ULL, 1'001ULL, 120'000'000ULL, 120'000'001ULL}) {
        histogram.add(usec);
    }
    EXPECT_EQ(histogram.counts().front(), 2U);
    EXPECT_EQ(histogram.counts()[1], 1U);
    EXPECT_EQ(histogram.counts()[Histogram::bounds.size() - 1], 1U);
    EXPECT_EQ(histogram.counts().back(), 1U);
}

// ---------------------------------------------------------------- requests that began earlier

class EarlyRequestsTest : public testing::Test {
  protected:
    gangway_request& add(const char* path, std::uint64_t began_at, const char* gupid) {
        gangway_request& request = requests_.emplace_back();
        request.group_name = pool::abi("shop");
        request.method = pool::abi("GET");
        request.path = pool::abi(path);
        request.gupid = pool::abi(gupid);
        request.pid = 100;
        request.client = pool::abi("::1");
        request.state = request.gupid.size > 0 ? GANGWAY_REQUEST_WAITING : GANGWAY_REQUEST_QUEUED;
        request.began_at_usec = began_at;
        return request;
    }
    void look(std::uint64_t at) {
        requests::Sample sample;
        sample.taken_at_usec = at;
        for (const gangway_request& request : requests_) {
            sample.rows.push_back(&request);
        }
        early_.look(sample, tally_);
    }

    std::deque<gangway_request> requests_;
    Tally tally_{RouteRule(), began, {}};
    EarlyRequests early_{began, began};
};

TEST_F(EarlyRequestsTest, AreCountedForAsLongAsTheyAreSeen) {
    add("/hang/1?q", began - 100 * second, "a");
    look(began + second / 10);
    EXPECT_FALSE(early_.are_gone());
    look(began + second);
    look(began + 2 * second);
    const RouteFigures& route = of(tally_, "/hang/:n");
    EXPECT_EQ(route.figures.worker_usec, 2 * second);
    EXPECT_EQ(route.figures.longest_usec, 102 * second);
    EXPECT_EQ(route.figures.began_early, 1U);
    EXPECT_EQ(route.figures.requests(), 1U);
    EXPECT_EQ(route.workers.at("a").requests, 1U);
    requests_.clear();
    look(began + 3 * second);
    EXPECT_TRUE(early_.are_gone());
    EXPECT_EQ(of(tally_, "/hang/:n").figures.worker_usec, 2 * second);
}

TEST_F(EarlyRequestsTest, AreNotThoseThatHaveVisitsOfTheirOwn) {
    add("/later", began + 1, "a");
    add("/body", began - 1, "").state = GANGWAY_REQUEST_READING;
    look(began + second);
    add("/came-back", began - 1, "a");
    look(began + 2 * second);
    EXPECT_TRUE(tally_.routes().empty());
    EXPECT_TRUE(early_.are_gone());
}

TEST_F(EarlyRequestsTest, MayHaveWaitedForTheirProcess) {
    gangway_request& request = add("/", began - second, "");
    look(began + second);
    EXPECT_TRUE(tally_.routes().empty());
    request.gupid = pool::abi("a");
    request.state = GANGWAY_REQUEST_WAITING;
    look(began + 2 * second);
    EXPECT_EQ(of(tally_, "/").figures.worker_usec, second);
}

} // namespace
} // namespace gangway::visits
