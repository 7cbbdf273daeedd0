#include "endpoints/events.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/call.hpp"
#include "support/health_fakes.hpp"
#include "wire/client_stream.hpp"
#include "wire/read.hpp"

namespace gangway::endpoints {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::milliseconds never = std::chrono::hours(1);

// For a listener at the other end of a socket pair.
class EventStreamTest : public testing::Test {
  protected:
    EventStreamTest() {
        ClientSocket ours(io_);
        net::local::connect_pair(ours, theirs_);
        theirs_.non_blocking(true);
        client_ = std::make_unique<wire::ClientStream>(std::move(ours));
        answering_.emplace(*client_, never, context_.statistics, context_.draining);
        parser_.emplace(head_);
        answering_->begin(*parser_, head_);
        const std::string request = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n";
        buffer_.commit(net::buffer_copy(buffer_.prepare(request.size()), net::buffer(request)));
        error_code ec;
        EXPECT_TRUE(wire::HeadReading<true>(65'536).take(buffer_, *parser_, ec));
    }

    void begin() { health::spawn(io_, listen()); }
    awaitable<void> listen() {
        admin::Call call{context_, *client_, *answering_, running_, access_, head_,
                         *parser_, 0,        true,        {},       {},      {}};
        again_ = co_await listen_to_events.answer(call);
        ended_ = true;
    }
    // Until there is nothing to do at once.
    void settle() {
        io_.restart();
        io_.poll();
    }
    std::string heard() {
        std::array<char, 4096> space{};
        error_code ec;
        const std::size_t size = theirs_.read_some(net::buffer(space), ec);
        return {space.data(), size};
    }

    net::io_context io_;
    ClientSocket theirs_{io_};
    pool::ScriptedPool pool_;
    config::Config config_;
    std::vector<admin::Account> accounts_;
    const admin::ProcessPasswords passwords_;
    std::vector<watch::Plan> plans_;
    health::KeptLog log_;
    ClockSteps clock_steps_;
    health::Events events_;
    health::Monitor monitor_{io_.get_executor(), pool_, clock_steps_, plans_, 65'536, events_,
                             log_.log()};
    const health::Spawning spawning_{pool_, events_, log_.log()};
    pool::NoControllers no_controllers_;
    requests::Sampler sampler_{io_.get_executor(), no_controllers_};
    requests::Own own_requests_;
    pool::NoVisits no_visits_;
    visits::Collector visits_{io_.get_executor(), no_visits_, log_.log()};
    Descriptors descriptors_{0, 0};
    Turns turns_;
    Shares shares_{0};
    admin::Context context_{pool_,
                            config_,
                            accounts_,
                            log_.log(),
                            "6.0.26",
                            0,
                            passwords_,
                            descriptors_,
                            turns_,
                            shares_,
                            shares_,
                            admin::Admission(pool_),
                            forward::InFlight(own_requests_, 1, 1),
                            {},
                            clock_steps_,
                            events_,
                            monitor_,
                            spawning_,
                            {sampler_, own_requests_},
                            visits_,
                            nullptr};
    const admin::Access access_ = admin::Access::full();
    std::unique_ptr<wire::ClientStream> client_;
    std::optional<admin::Answering> answering_;
    admin::Running running_;
    message::Head head_;
    std::optional<message::RequestParser> parser_;
    beast::flat_buffer buffer_;
    bool ended_ = false;
    bool again_ = true;
};

TEST_F(EventStreamTest, ListenUntilTheAgentExits) {
    begin();
    settle();
    EXPECT_TRUE(events_.has_listeners());
    EXPECT_FALSE(ended_);
    EXPECT_THAT(heard(), HasSubstr(": listening"));
    running_.drain();
    monitor_.stop();
    settle();
    EXPECT_TRUE(ended_);
    EXPECT_FALSE(again_);
    EXPECT_FALSE(events_.has_listeners());
}

// Nobody interrupts it then any more: the agent would wait for it.
TEST_F(EventStreamTest, EndAtOnceWhereTheDrainHasBegun) {
    context_.draining = true;
    begin();
    settle();
    EXPECT_TRUE(ended_);
    EXPECT_FALSE(again_);
    EXPECT_FALSE(events_.has_listeners());
    const std::string answer = heard();
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
    EXPECT_THAT(answer, Not(HasSubstr(": listening")));
}

} // namespace
} // namespace gangway::endpoints
