#include "requests/sampler.hpp"

#include <deque>
#include <memory>

#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "support/run_coroutine.hpp"

namespace gangway::requests {
namespace {

using SamplePtr = std::shared_ptr<const Sample>;

// Controllers that answer when they are told to.
class FakeControllers : public pool::Controllers {
  public:
    std::uint32_t number = 2;
    std::deque<std::uint32_t> asked;
    std::size_t lent = 0;

    std::uint32_t count() override { return number; }
    std::optional<std::uint32_t> deaf;
    bool ask(std::uint32_t controller, const gangway_requests_wanted& /*wanted*/) override {
        if (controller == deaf) {
            return false;
        }
        asked.push_back(controller);
        return true;
    }

    struct Answer {
        gangway_requests data{};
        gangway_request row{};
        FakeControllers* owner = nullptr;
    };

    // The one that was asked first, with a request that began then.
    pool::Requests answer(std::uint64_t began_usec, std::uint32_t took_usec = 0) {
        auto* const answer = new Answer();
        answer->owner = this;
        answer->row.began_at_usec = began_usec;
        answer->data.controller = asked.front();
        answer->data.took_usec = took_usec;
        answer->data.requests = &answer->row;
        answer->data.request_count = 1;
        answer->data.at_processes_count = 1;
        answer->data.client_count = 3;
        asked.pop_front();
        lent++;
        const auto release = [](void* context, const gangway_requests* /*data*/) {
            auto* const self = static_cast<Answer*>(context);
            self->owner->lent--;
            delete self;
        };
        return {&answer->data, release, answer};
    }
};

class SamplerTest : public testing::Test {
  protected:
    // Asks, and does what comes in between.
    template <typename Meanwhile>
    SamplePtr take(Meanwhile meanwhile) {
        SamplePtr result;
        net::post(io_, meanwhile);
        run_coroutine(io_, [&]() -> awaitable<void> { result = co_await sampler_.take(); });
        return result;
    }
    // Begins to ask.
    void begin(SamplePtr& result) {
        net::co_spawn(
            io_, [this, &result]() -> awaitable<void> { result = co_await sampler_.take(); },
            net::detached);
        io_.restart();
        io_.poll();
    }
    void run() {
        io_.restart();
        io_.run();
    }
    void wait_until_asked() {
        while (controllers_.asked.empty()) {
            io_.run_one();
        }
    }
    void answer_all(std::uint32_t took_usec = 0) {
        while (!controllers_.asked.empty()) {
            sampler_.put(controllers_.answer(1'000'000 + controllers_.asked.front(), took_usec));
        }
        sampler_.read();
    }

    FakeControllers controllers_;
    net::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    Sampler sampler_{io_.get_executor(), controllers_};
};

TEST_F(SamplerTest, PutsTheAnswersOfAllControllersTogether) {
    SamplePtr sample;
    begin(sample);
    EXPECT_EQ(controllers_.asked, (std::deque<std::uint32_t>{0, 1}));
    sampler_.put(controllers_.answer(2'000'000));
    sampler_.read();
    io_.poll();
    EXPECT_EQ(sample, nullptr) << "One has not answered.";
    sampler_.put(controllers_.answer(1'000'000));
    sampler_.read();
    run();
    ASSERT_NE(sample, nullptr);
    ASSERT_EQ(sample->rows.size(), 2U);
    EXPECT_EQ(sample->rows[0]->began_at_usec, 1'000'000U);
    EXPECT_EQ(sample->client_count, 6U);
    EXPECT_TRUE(sample->stuck.empty());
    sample.reset();
    EXPECT_EQ(controllers_.lent, 0U);
}

TEST_F(SamplerTest, AsksOnceForAllWhoWaitForTheNextOne) {
    SamplePtr first;
    SamplePtr second;
    SamplePtr third;
    begin(first);
    begin(second); // It has begun: this one wants what comes after it.
    begin(third);
    EXPECT_EQ(controllers_.asked.size(), 2U);
    answer_all();
    wait_until_asked();
    EXPECT_NE(first, nullptr);
    EXPECT_EQ(second, nullptr);
    EXPECT_EQ(controllers_.asked.size(), 2U);
    answer_all();
    run();
    EXPECT_NE(second, nullptr);
    EXPECT_EQ(second, third);
    EXPECT_NE(second, first);
}

TEST_F(SamplerTest, DoesNotWaitForAControllerThatIsStuckNorAskItAgain) {
    SamplePtr sample;
    begin(sample);
    sampler_.put(controllers_.answer(1'000'000));
    sampler_.read();
    run(); // until the time is over
    ASSERT_NE(sample, nullptr);
    EXPECT_EQ(sample->rows.size(), 1U);
    ASSERT_EQ(sample->stuck.size(), 1U);
    EXPECT_EQ(sample->stuck[0].controller, 1U);
    const auto since = sample->stuck[0].since_usec;

    begin(sample);
    EXPECT_EQ(controllers_.asked, (std::deque<std::uint32_t>{1, 0}));
    controllers_.asked.pop_front();
    sampler_.put(controllers_.answer(1'000'000));
    sampler_.read();
    run();
    ASSERT_EQ(sample->stuck.size(), 1U);
    EXPECT_EQ(sample->stuck[0].since_usec, since);

    begin(sample);
    controllers_.asked.push_back(1); // At last it answers what it was asked first.
    answer_all();
    run();
    EXPECT_TRUE(sample->stuck.empty());
    EXPECT_EQ(sample->rows.size(), 2U);
}

TEST_F(SamplerTest, CostsAControllerAHundredthOfItsTime) {
    SamplePtr sample;
    begin(sample);
    answer_all(500);
    run();
    const auto before = Sampler::Clock::now();
    begin(sample);
    EXPECT_TRUE(controllers_.asked.empty()) << "It has cost 0.5 ms just now.";
    wait_until_asked();
    EXPECT_GE(Sampler::Clock::now() - before, std::chrono::milliseconds(40));
    answer_all();
    run();
    EXPECT_NE(sample, nullptr);
}

TEST_F(SamplerTest, HasNothingForWhoComesWhenItHasStopped) {
    SamplePtr running;
    SamplePtr next;
    begin(running);
    begin(next);
    sampler_.stop();
    run();
    EXPECT_EQ(running, nullptr);
    EXPECT_EQ(next, nullptr);
    EXPECT_EQ(take([] {}), nullptr);
    answer_all(); // which comes too late
}

TEST_F(SamplerTest, HasAnEmptySampleWhereThereIsNoController) {
    controllers_.number = 0;
    const SamplePtr sample = take([] {});
    ASSERT_NE(sample, nullptr);
    EXPECT_TRUE(sample->rows.empty());
    EXPECT_FALSE(sample->is_complete()) << "An agent has some.";
}

TEST_F(SamplerTest, TellsWhichControllerCouldNotBeAsked) {
    controllers_.deaf = 1;
    SamplePtr sample;
    begin(sample);
    answer_all();
    run();
    ASSERT_NE(sample, nullptr);
    EXPECT_EQ(sample->rows.size(), 1U);
    EXPECT_EQ(sample->failed, std::vector<std::uint32_t>{1});
    EXPECT_FALSE(sample->is_complete());
}

TEST_F(SamplerTest, TakesNoAnswerThatIsOlderThanTheQuestion) {
    SamplePtr sample;
    begin(sample);
    sampler_.put(controllers_.answer(1'000'000));
    sampler_.read();
    run();                                        // Controller 1 is late,
    sampler_.put(controllers_.answer(1'000'000)); // and what it says is not read at once.
    begin(sample);
    wait_until_asked();
    EXPECT_EQ(controllers_.asked.size(), 2U) << "It is asked again.";
    answer_all();
    run();
    EXPECT_EQ(sample->rows.size(), 2U);
}

TEST_F(SamplerTest, CountsWhatAControllerLeftOutOrHadNoMemoryFor) {
    std::vector<pool::Requests> answers;
    controllers_.asked = {0, 1};
    auto* const first = new FakeControllers::Answer();
    first->data.at_processes_count = 1500;
    first->data.others_count = 300;
    first->data.request_count = 0;
    auto* const second = new FakeControllers::Answer();
    second->data.controller = 1;
    second->data.failed = 1;
    second->data.at_processes_count = 7;
    const auto release = [](void* context, const gangway_requests* /*data*/) {
        delete static_cast<FakeControllers::Answer*>(context);
    };
    answers.emplace_back(&first->data, release, first);
    answers.emplace_back(&second->data, release, second);
    const Sample sample = put_together(std::move(answers), 5);
    EXPECT_EQ(sample.left_out, 1800U);
    EXPECT_EQ(sample.failed, std::vector<std::uint32_t>{1});
    EXPECT_EQ(sample.taken_at_usec, 5U);
}

} // namespace
} // namespace gangway::requests
