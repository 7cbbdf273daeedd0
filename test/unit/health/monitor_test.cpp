#include "health/monitor.hpp"

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/child_process.hpp"
#include "support/health_fakes.hpp"

namespace gangway::health {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

// Beyond what Linux gives (proc(5), pid_max): an ejection signals nobody.
constexpr std::int64_t nobodys_pid = 5'000'000;

// Hears everything from its beginning to its end.
class Hearer {
  public:
    Hearer(net::io_context& io, Events& events) {
        spawn(io, listen(io, events));
        io.restart();
        io.poll();
    }
    ~Hearer() { close(); }
    Hearer(const Hearer&) = delete;
    Hearer& operator=(const Hearer&) = delete;

    void close() {
        if (shared_->listener != nullptr) {
            shared_->listener->close();
        }
    }
    // "ejected", and those of one name.
    std::vector<std::string> names() const {
        std::vector<std::string> result;
        for (const auto& event : shared_->heard) {
            result.emplace_back(event->name);
        }
        return result;
    }
    std::vector<std::string> data(std::string_view name) const {
        std::vector<std::string> result;
        for (const auto& event : shared_->heard) {
            if (event->name == name) {
                result.push_back(event->data);
            }
        }
        return result;
    }

  private:
    struct Shared {
        Events::Listener* listener = nullptr;
        std::vector<std::shared_ptr<const Event>> heard;
    };

    awaitable<void> listen(net::io_context& io, Events& events) {
        const std::shared_ptr<Shared> shared = shared_;
        Events::Listener listener(events, io.get_executor(),
                                  [](const Event& /*event*/) { return true; });
        shared->listener = &listener;
        while (!listener.is_closed()) {
            if (const auto event = co_await listener.next(1min)) {
                shared->heard.push_back(event);
            }
        }
        shared->listener = nullptr;
    }

    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

class MonitorTest : public testing::Test {
  protected:
    MonitorTest() { pool_.rows.add_group("shop", "shop-password"); }

    // Every 20 ms; up or down at once.
    watch::Plan& add_plan() {
        watch::Plan plan;
        plan.group = "shop";
        plan.interval = 20ms;
        plan.thresholds = {1, 1};
        plan.check.timeout = 10s;
        plan.ejection.cool_down = 1h;
        plans_.push_back(plan);
        return plans_.back();
    }
    void add_process(const std::string& gupid, Manner manner = Manner::well) {
        pool_.rows.add_process(nobodys_pid + static_cast<std::int64_t>(pool_.rows.processes.size()),
                               gupid);
        pool_.manners[gupid] = manner;
    }
    void start() {
        monitor_ = std::make_unique<Monitor>(io_.get_executor(), pool_, clock_steps_, plans_,
                                             65536U, events_, log_.log());
        monitor_->wake();
    }
    bool until(const std::function<bool()>& condition) { return run_until(io_, condition); }
    watch::Standing standing(const std::string& gupid) const {
        const watch::WatchedProcess* process = monitor_->watch().find("shop", gupid);
        return process == nullptr ? watch::Standing::unknown : process->track.standing();
    }
    std::uint64_t checks(const std::string& gupid) const {
        const watch::WatchedProcess* process = monitor_->watch().find("shop", gupid);
        return process == nullptr ? 0 : process->track.checks();
    }

    // stop() ends all that runs, soon, whatever the test did.
    void TearDown() override {
        if (monitor_ != nullptr) {
            monitor_->stop();
        }
        io_.restart();
        io_.run_for(10s);
        EXPECT_TRUE(io_.stopped()) << "something still runs";
        EXPECT_EQ(pool_.sessions, 0U);
        EXPECT_EQ(log_.count("internal error"), 0U);
    }

    net::io_context io_;
    LivePool pool_;
    std::vector<watch::Plan> plans_;
    ClockSteps clock_steps_;
    Events events_;
    KeptLog log_;
    std::unique_ptr<Monitor> monitor_;
};

TEST_F(MonitorTest, DoesNothingWithoutAPlanAndWithoutAListener) {
    add_process("a");
    start();
    EXPECT_EQ(io_.run(), 0U) << "there was work";
    EXPECT_EQ(pool_.snapshots, 0U);
    EXPECT_FALSE(monitor_->has_plans());
    EXPECT_TRUE(monitor_->census().members().empty());
}

TEST_F(MonitorTest, ChecksProcessesAsPlannedAndTakesTheResults) {
    add_plan();
    add_process("well");
    add_process("ill", Manner::errs);
    start();
    EXPECT_TRUE(monitor_->has_plans());
    ASSERT_TRUE(until([&] { return checks("well") >= 3 && checks("ill") >= 3; }));
    EXPECT_EQ(standing("well"), watch::Standing::healthy);
    EXPECT_EQ(standing("ill"), watch::Standing::unhealthy);
    EXPECT_EQ(monitor_->watch().find("shop", "ill")->track.reason(), check::Reason::bad_status);
    EXPECT_THAT(pool_.detached, IsEmpty());
}

TEST_F(MonitorTest, LooksOnceASecondHoweverOftenItChecks) {
    add_plan();
    add_process("a");
    const auto begin = std::chrono::steady_clock::now();
    start();
    ASSERT_TRUE(until([&] { return checks("a") >= 30; }));
    const auto passed = std::chrono::steady_clock::now() - begin;
    EXPECT_LE(pool_.snapshots, static_cast<unsigned>(passed / 1s) + 1U);
    EXPECT_LT(pool_.snapshots, 10U) << "each check waits for a look";
}

TEST_F(MonitorTest, ChecksNoGroupWithoutAPlan) {
    add_plan().group = "blog";
    add_process("a");
    pool_.rows.add_group("blog", "blog-password");
    add_process("b");
    start();
    ASSERT_TRUE(until([&] { return pool_.asked["b"] >= 3; }));
    EXPECT_EQ(pool_.asked["a"], 0U);
}

TEST_F(MonitorTest, ChecksAProcessThatComesAndForgetsOneThatGoes) {
    add_plan();
    add_process("first");
    start();
    ASSERT_TRUE(until([&] { return checks("first") > 0; }));
    pool_.rows.processes.front().enabled = GANGWAY_PROCESS_DETACHED;
    add_process("second");
    ASSERT_TRUE(until([&] { return checks("second") > 0; }));
    EXPECT_EQ(monitor_->watch().find("shop", "first"), nullptr);
}

TEST_F(MonitorTest, OnlyProcessesThatComeLaterHaveASlowStart) {
    add_plan().slow_start = 1h;
    add_process("first", Manner::errs);
    start();
    ASSERT_TRUE(until([&] { return checks("first") > 0; }));
    add_process("second", Manner::errs);
    ASSERT_TRUE(until([&] { return checks("second") > 1; }));
    EXPECT_EQ(standing("first"), watch::Standing::unhealthy);
    EXPECT_EQ(standing("second"), watch::Standing::unknown);
}

TEST_F(MonitorTest, SaysInLogAndEventsWhatHasChanged) {
    add_plan();
    add_process("a");
    start();
    Hearer hearer(io_, events_);
    ASSERT_TRUE(until([&] { return hearer.names().size() == 1; }));
    EXPECT_EQ(log_.count("health"), 0U) << "that a process is healthy is worth no line";
    pool_.manners["a"] = Manner::errs;
    ASSERT_TRUE(until([&] { return hearer.names().size() == 2; }));
    EXPECT_EQ(log_.count("5000000 (a) of shop is unhealthy: bad_status: "), 1U);
    pool_.manners["a"] = Manner::well;
    ASSERT_TRUE(until([&] { return hearer.names().size() == 3; }));
    EXPECT_EQ(log_.count("5000000 (a) of shop is healthy again"), 1U);
    const std::vector<std::string> changes = hearer.data("health_changed");
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_THAT(changes[0], HasSubstr(R"("from":"unknown","to":"healthy","reason":null)"));
    EXPECT_THAT(changes[1],
                HasSubstr(R"("from":"healthy","to":"unhealthy","reason":"bad_status")"));
    EXPECT_THAT(changes[1], HasSubstr(R"("pid":5000000,"gupid":"a","group":"shop")"));
    EXPECT_THAT(changes[2], HasSubstr(R"("from":"unhealthy","to":"healthy")"));
}

TEST_F(MonitorTest, KeepsControlCharactersOfAGroupsNameOutOfTheLog) {
    pool_.rows.groups.clear();
    pool_.rows.add_group("sh\nop", "shop-password");
    add_plan().group = "*";
    add_process("a", Manner::errs);
    start();
    ASSERT_TRUE(until([&] { return !log_.lines().empty(); }));
    EXPECT_THAT(log_.lines().front(), HasSubstr("sh\\x0Aop"));
    EXPECT_THAT(log_.lines().front(), Not(HasSubstr("\n")));
}

TEST_F(MonitorTest, LooksForAListenerAloneAndStopsWhenItGoes) {
    add_process("a");
    start();
    auto hearer = std::make_unique<Hearer>(io_, events_);
    monitor_->wake();
    ASSERT_TRUE(until([&] { return pool_.snapshots >= 2; }));
    hearer->close();
    io_.restart();
    io_.run_for(10s);
    EXPECT_TRUE(io_.stopped()) << "it goes on looking though nobody listens";
    EXPECT_EQ(pool_.snapshots, 2U);
    EXPECT_EQ(pool_.asked["a"], 0U) << "it checks without a plan";
}

TEST_F(MonitorTest, TellsAListenerOfWhoComesAndGoesNotOfWhoIsThere) {
    add_process("first");
    start();
    Hearer hearer(io_, events_);
    monitor_->wake();
    ASSERT_TRUE(until([&] { return pool_.snapshots == 1; }));
    add_process("second");
    pool_.rows.processes.front().enabled = GANGWAY_PROCESS_DETACHED;
    pool_.rows.groups.front().uuid = pool_.rows.keep("another");
    ASSERT_TRUE(until([&] { return hearer.names().size() >= 3; }));
    EXPECT_THAT(hearer.names(),
                UnorderedElementsAre("process_attached", "process_detached", "group_restarted"));
    EXPECT_THAT(hearer.data("process_attached").at(0), HasSubstr(R"("gupid":"second")"));
    EXPECT_THAT(hearer.data("process_detached").at(0), HasSubstr(R"("gupid":"first")"));
    EXPECT_THAT(hearer.data("group_restarted").at(0), HasSubstr(R"("group":"shop")"));
}

TEST_F(MonitorTest, TellsOfAProcessThatGoesTogetherWithItsGroup) {
    add_process("a");
    start();
    Hearer hearer(io_, events_);
    monitor_->wake();
    ASSERT_TRUE(until([&] { return pool_.snapshots == 1; }));
    pool_.rows.groups.clear();
    pool_.rows.processes.clear();
    ASSERT_TRUE(until([&] { return pool_.snapshots == 2; }));
    io_.poll();
    EXPECT_THAT(hearer.names(), ElementsAre("process_detached"));
}

TEST_F(MonitorTest, DoesNotTellALaterListenerOfWhatHappenedWhileNobodyListened) {
    add_process("first");
    start();
    {
        Hearer hearer(io_, events_);
        monitor_->wake();
        ASSERT_TRUE(until([&] { return pool_.snapshots == 1; }));
    }
    io_.restart();
    io_.run_for(10s);
    ASSERT_TRUE(io_.stopped());
    add_process("meanwhile");
    Hearer hearer(io_, events_);
    monitor_->wake();
    ASSERT_TRUE(until([&] { return pool_.snapshots == 2; }));
    add_process("now");
    ASSERT_TRUE(until([&] { return !hearer.names().empty(); }));
    EXPECT_THAT(hearer.names(), ElementsAre("process_attached"));
    EXPECT_THAT(hearer.data("process_attached").at(0), HasSubstr(R"("gupid":"now")"));
}

TEST_F(MonitorTest, WakingItWhileItRunsStartsNothingMore) {
    add_process("a");
    start();
    const Hearer hearer(io_, events_);
    for (int i = 0; i < 5; i++) {
        monitor_->wake();
    }
    io_.restart();
    io_.poll();
    EXPECT_EQ(pool_.snapshots, 1U);
}

TEST_F(MonitorTest, GoesOnWhenASnapshotFails) {
    add_plan();
    add_process("a");
    pool_.snapshot_fails = true;
    start();
    ASSERT_TRUE(until([&] { return pool_.snapshots == 1; }));
    pool_.snapshot_fails = false;
    EXPECT_TRUE(until([&] { return checks("a") > 0; }));
}

TEST_F(MonitorTest, StopEndsChecksThatHangAndTakesNoResultOfThem) {
    add_plan().check.timeout = 1h;
    add_process("a", Manner::hangs);
    add_process("b", Manner::hangs);
    start();
    ASSERT_TRUE(until([&] { return pool_.sessions == 2; }));
    monitor_->stop();
    io_.restart();
    io_.run_for(10s);
    EXPECT_TRUE(io_.stopped());
    EXPECT_EQ(pool_.sessions, 0U);
    EXPECT_EQ(checks("a"), 0U);
}

TEST_F(MonitorTest, DoesNotBeginAgainOnceItWasStopped) {
    add_plan();
    add_process("a");
    start();
    ASSERT_TRUE(until([&] { return checks("a") > 0; }));
    monitor_->stop();
    io_.restart();
    io_.run_for(10s);
    const unsigned asked = pool_.asked["a"];
    const unsigned snapshots = pool_.snapshots;
    monitor_->wake();
    io_.restart();
    EXPECT_EQ(io_.run_for(10s), 0U);
    EXPECT_EQ(pool_.asked["a"], asked);
    EXPECT_EQ(pool_.snapshots, snapshots);
}

TEST_F(MonitorTest, HasNoMoreChecksUnderWayThanItHasLanesAndDelaysNoneForGood) {
    add_plan().check.timeout = 50ms;
    const std::size_t count = Monitor::most_lanes + 40;
    for (std::size_t i = 0; i < count; i++) {
        add_process("p-" + std::to_string(i), Manner::hangs);
    }
    start();
    EXPECT_TRUE(until([&] { return pool_.asked.size() == count; }));
    EXPECT_EQ(pool_.most_sessions, Monitor::most_lanes);
}

class EjectingMonitor : public MonitorTest {
  protected:
    EjectingMonitor() {
        plan_ = &add_plan();
        plan_->ejection.enabled = true;
    }
    // Everybody's first standing is known before "sick" errs.
    void start_and_fall_ill() {
        add_process("sick");
        add_process("well");
        start();
        ASSERT_TRUE(until([&] {
            return standing("sick") == watch::Standing::healthy &&
                   standing("well") == watch::Standing::healthy;
        }));
        pool_.manners["sick"] = Manner::errs;
    }

    watch::Plan* plan_;
};

TEST_F(EjectingMonitor, EjectsWhatIsUnhealthy) {
    start_and_fall_ill();
    Hearer hearer(io_, events_);
    ASSERT_TRUE(until([&] { return !hearer.data("ejected").empty(); }));
    EXPECT_THAT(pool_.detached, ElementsAre("sick"));
    EXPECT_THAT(
        hearer.data("ejected").at(0),
        HasSubstr(R"("gupid":"sick","group":"shop","reason":"bad_status","dry_run":false)"));
    EXPECT_EQ(log_.count("(sick) of shop is ejected: bad_status"), 1U);
    ASSERT_TRUE(until([&] { return !hearer.data("process_detached").empty(); }));
    EXPECT_EQ(monitor_->watch().find("shop", "sick"), nullptr);
    EXPECT_EQ(monitor_->watch().find("shop")->ejected, 1U);
}

TEST_F(EjectingMonitor, OneThatHasLeftBeforeIsNoneThatWasEjected) {
    pool_.all_have_left = true;
    start_and_fall_ill();
    Hearer hearer(io_, events_);
    ASSERT_TRUE(until([&] { return standing("sick") == watch::Standing::unhealthy; }));
    const std::uint64_t before = checks("sick");
    ASSERT_TRUE(until([&] { return checks("sick") > before + 3; }));
    EXPECT_THAT(hearer.data("ejected"), IsEmpty());
    EXPECT_THAT(hearer.data("ejection_refused"), IsEmpty()) << "the share is used up";
    EXPECT_EQ(log_.count("ejected"), 0U);
    EXPECT_EQ(monitor_->watch().find("shop")->ejected, 0U);
}

TEST_F(EjectingMonitor, EjectsNobodyInADryRunAndSaysWhomItWould) {
    plan_->ejection.dry_run = true;
    start_and_fall_ill();
    Hearer hearer(io_, events_);
    ASSERT_TRUE(until([&] { return !hearer.data("ejected").empty(); }));
    EXPECT_THAT(hearer.data("ejected").at(0), HasSubstr(R"("dry_run":true)"));
    EXPECT_EQ(log_.count("(sick) of shop would be ejected"), 1U);
    const std::uint64_t before = checks("sick");
    ASSERT_TRUE(until([&] { return checks("sick") > before + 3; }));
    EXPECT_THAT(pool_.detached, IsEmpty());
}

TEST_F(EjectingMonitor, EjectsNobodyWhenAllFailAndSaysSoOnceOfEach) {
    add_process("a", Manner::errs);
    add_process("b", Manner::errs);
    start();
    Hearer hearer(io_, events_);
    ASSERT_TRUE(until([&] { return checks("a") > 4 && checks("b") > 4; }));
    EXPECT_THAT(pool_.detached, IsEmpty());
    const auto refusals = hearer.data("ejection_refused");
    ASSERT_EQ(refusals.size(), 2U);
    EXPECT_THAT(refusals,
                Contains(HasSubstr(R"("gupid":"a","group":"shop","reason":"whole_group")")));
    EXPECT_THAT(refusals, Contains(HasSubstr(R"("gupid":"b")")));
    EXPECT_EQ(log_.count("is not ejected: whole_group: "), 2U);
}

TEST_F(EjectingMonitor, EjectsNoMoreThanTheShare) {
    add_process("well");
    for (const char* gupid : {"x", "y", "z"}) {
        add_process(gupid);
    }
    start();
    ASSERT_TRUE(until([&] {
        return monitor_->watch().find("shop") != nullptr &&
               monitor_->watch().find("shop")->health().healthy == 4;
    }));
    for (const char* gupid : {"x", "y", "z"}) {
        pool_.manners[gupid] = Manner::errs;
    }
    ASSERT_TRUE(until([&] { return monitor_->watch().find("shop")->refused >= 10; }));
    EXPECT_EQ(pool_.detached.size(), 1U);
}

TEST_F(EjectingMonitor, KillsAnEjectedProcessThatDoesNotLeaveInTime) {
    plan_->kill_after = 1ms;
    ChildProcess child;
    pool_.rows.add_process(child.pid(), "sick");
    add_process("well");
    pool_.manners["sick"] = Manner::errs;
    start();
    Hearer hearer(io_, events_);
    ASSERT_TRUE(until([&] { return log_.count("did not leave in time: killed") == 1; }));
    ASSERT_TRUE(until([&] { return !hearer.data("killed").empty(); }));
    EXPECT_THAT(hearer.data("killed").at(0), HasSubstr(R"("gupid":"sick","group":"shop")"));
    EXPECT_EQ(child.wait_for_signal(), SIGKILL);
}

TEST_F(EjectingMonitor, KillsNobodyWhereThePlanSaysNever) {
    plan_->kill_after = 0ms;
    const ChildProcess child;
    pool_.rows.add_process(child.pid(), "sick");
    add_process("well");
    pool_.manners["sick"] = Manner::errs;
    start();
    ASSERT_TRUE(until([&] { return !pool_.detached.empty(); }));
    const unsigned looks = pool_.snapshots;
    ASSERT_TRUE(until([&] { return pool_.snapshots > looks + 1; }));
    EXPECT_TRUE(child.is_running());
}

} // namespace
} // namespace gangway::health
