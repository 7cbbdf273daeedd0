#include "visits/collector.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "pool/pool.hpp"
#include "support/health_fakes.hpp"
#include "support/run_coroutine.hpp"

namespace gangway::visits {
namespace {

gangway_visit visit(const char* path, gangway_visit_state state) {
    gangway_visit result{};
    result.group_name = pool::abi("shop");
    result.method = pool::abi("GET");
    result.path = pool::abi(path);
    result.gupid = pool::abi("a");
    result.asked_at_usec = 10;
    result.served_usec = 5;
    result.state = state;
    return result;
}

class FakeVisitLog : public pool::VisitLog {
  public:
    bool watched = false;
    bool fails = false;
    std::vector<gangway_visit> ended;
    std::vector<gangway_visit> open;
    std::uint64_t lost = 0;
    std::size_t lent = 0;
    std::vector<std::uint32_t> wanted;

    void watch_visits(bool on) override { watched = on; }
    std::optional<pool::Visits> take_visits(std::uint32_t most_open) override {
        wanted.push_back(most_open);
        if (fails) {
            return std::nullopt;
        }
        auto* const taken = new Taken{{}, std::exchange(ended, {}), open, this};
        taken->data.ended = taken->ended.data();
        taken->data.ended_count = static_cast<std::uint32_t>(taken->ended.size());
        taken->data.open = taken->open.data();
        taken->data.open_count =
            most_open == 0 ? 0 : static_cast<std::uint32_t>(taken->open.size());
        taken->data.lost = std::exchange(lost, 0);
        lent++;
        return pool::Visits(
            &taken->data,
            [](void* context, const gangway_visits* /*data*/) {
                auto* const self = static_cast<Taken*>(context);
                self->owner->lent--;
                delete self;
            },
            taken);
    }

  private:
    struct Taken {
        gangway_visits data;
        std::vector<gangway_visit> ended;
        std::vector<gangway_visit> open;
        FakeVisitLog* owner;
    };
};

class CollectorTest : public testing::Test {
  protected:
    ~CollectorTest() override {
        EXPECT_EQ(visits_.lent, 0U);
        EXPECT_FALSE(visits_.watched);
    }
    // Until the tally has all that there is.
    void finish(Collector::Counting& counting) {
        run_coroutine(io_, [&]() -> awaitable<void> { co_await counting.finish(); });
    }
    void run() {
        io_.restart();
        io_.run();
    }
    static std::size_t count(const Tally& tally) {
        std::size_t sum = 0;
        for (const auto& [key, route] : tally.routes()) {
            sum += route.figures.requests();
        }
        return sum;
    }

    net::io_context io_;
    FakeVisitLog visits_;
    health::KeptLog log_;
    Collector collector_{io_.get_executor(), visits_, log_.log()};
    Tally tally_{RouteRule(), 1, {}};
};

TEST_F(CollectorTest, GivesATallyWhatEndsAndInTheEndWhatIsUnderWay) {
    {
        Collector::Counting counting(collector_, tally_);
        EXPECT_TRUE(visits_.watched);
        EXPECT_GT(collector_.since_usec(), 0U);
        visits_.ended = {visit("/a", GANGWAY_VISIT_SERVED), visit("/b", GANGWAY_VISIT_SERVED)};
        visits_.open = {visit("/c", GANGWAY_VISIT_AT_PROCESS)};
        visits_.lost = 3;
        finish(counting);
        EXPECT_EQ(count(tally_), 3U);
        EXPECT_EQ(tally_.lost(), 3U);
        visits_.ended = {visit("/a", GANGWAY_VISIT_SERVED)};
    }
    run();
    EXPECT_FALSE(visits_.watched);
    EXPECT_EQ(count(tally_), 3U) << "nothing afterwards";
}

TEST_F(CollectorTest, GivesEachTallyTheSame) {
    Tally other(RouteRule(), 1, {});
    {
        Collector::Counting first(collector_, tally_);
        Collector::Counting second(collector_, other);
        visits_.ended.assign(1000, visit("/a", GANGWAY_VISIT_SERVED));
        finish(first);
        EXPECT_EQ(count(tally_), 1000U);
        EXPECT_EQ(count(other), 1000U);
        visits_.ended.assign(10, visit("/a", GANGWAY_VISIT_SERVED));
        finish(second);
        EXPECT_EQ(count(tally_), 1000U);
        EXPECT_EQ(count(other), 1010U);
    }
    run();
}

TEST_F(CollectorTest, AsksForThoseUnderWayOnlyInTheEnd) {
    {
        Collector::Counting counting(collector_, tally_);
        io_.run_for(std::chrono::milliseconds(250));
        finish(counting);
    }
    run();
    EXPECT_EQ(visits_.wanted.front(), 0U);
    EXPECT_EQ(std::count(visits_.wanted.begin(), visits_.wanted.end(), Collector::most_open), 1);
}

TEST_F(CollectorTest, BeginsAnewForWhoComesLater) {
    for (int round = 0; round < 2; round++) {
        {
            Collector::Counting counting(collector_, tally_);
            visits_.ended = {visit("/a", GANGWAY_VISIT_SERVED)};
            finish(counting);
        }
        run();
        EXPECT_FALSE(visits_.watched);
    }
    EXPECT_EQ(count(tally_), 2U);
}

TEST_F(CollectorTest, EndsWithTheServer) {
    {
        Collector::Counting counting(collector_, tally_);
        net::post(io_, [&] { collector_.stop(); });
        finish(counting);
        Collector::Counting late(collector_, tally_);
        finish(late);
    }
    run();
}

TEST_F(CollectorTest, TriesAgainWhereTheAgentCouldNot) {
    {
        Collector::Counting counting(collector_, tally_);
        visits_.fails = true;
        io_.run_for(std::chrono::milliseconds(250));
        visits_.fails = false;
        visits_.ended = {visit("/a", GANGWAY_VISIT_SERVED)};
        finish(counting);
    }
    run();
    EXPECT_EQ(count(tally_), 1U);
}

} // namespace
} // namespace gangway::visits
