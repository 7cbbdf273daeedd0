#include "support/run_coroutine.hpp"
#include "wire/client_stream.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <gtest/gtest.h>

namespace gangway::wire {
namespace {

using Clock = LazyTimer::Clock;
using std::chrono::milliseconds;

constexpr milliseconds never = std::chrono::hours(1); // Longer than any test may take.

class ClientStreamTest : public testing::Test {
  protected:
    ClientStreamTest() {
        ClientSocket ours(context_);
        net::local::connect_pair(ours, theirs_);
        stream_ = std::make_unique<ClientStream>(std::move(ours));
        stream_->on_hangup([this] { hangups_++; });
    }

    Received receive() {
        Received received{{}, 0};
        const auto work = [&]() -> awaitable<void> {
            received = co_await stream_->receive(net::buffer(space_));
        };
        run_coroutine(context_, work);
        return received;
    }

    // Lets the context work for that long.
    void pass(milliseconds duration) {
        const auto work = [&]() -> awaitable<void> {
            Timer timer(context_.get_executor(), duration);
            co_await timer.async_wait(as_result);
        };
        run_coroutine(context_, work);
    }

    void run_until_hangup() {
        context_.restart();
        while (hangups_ == 0 && context_.run_one() > 0) {
        }
    }

    net::io_context context_;
    ClientSocket theirs_{context_};
    std::unique_ptr<ClientStream> stream_;
    std::array<char, 16> space_{};
    unsigned hangups_ = 0;
};

TEST_F(ClientStreamTest, ReceivesWhatIsThereAndWhatComesLater) {
    theirs_.send(net::buffer("one", 3));
    EXPECT_EQ(std::string(space_.data(), receive().bytes), "one");
    auto timer = std::make_shared<Timer>(context_, milliseconds(2));
    timer->async_wait([this, timer](error_code) { theirs_.send(net::buffer("two", 3)); });
    EXPECT_EQ(std::string(space_.data(), receive().bytes), "two");
    theirs_.close();
    EXPECT_EQ(receive().error, net::error::eof);
}

// A cancel() must not be lost between the moment that a read is begun and that it waits.
TEST_F(ClientStreamTest, IsInterruptedWhileOthersGoFirst) {
    Received received{{}, 0};
    bool ended = false;
    const auto work = [&]() -> awaitable<void> {
        received = co_await stream_->receive(net::buffer(space_));
        ended = true;
    };
    net::co_spawn(context_, work, [](const std::exception_ptr&) {});
    context_.run_one(); // It has begun, and has not looked at the socket yet.
    stream_->cancel();
    while (!ended && context_.run_one() > 0) {
    }
    EXPECT_EQ(received.error, net::error::operation_aborted);
    theirs_.send(net::buffer("x", 1));
    EXPECT_EQ(receive().bytes, 1U) << "The next read is not interrupted by the same cancel().";
}

TEST_F(ClientStreamTest, IsInterruptedWhileItWaits) {
    auto timer = std::make_shared<Timer>(context_, milliseconds(2));
    timer->async_wait([this, timer](error_code) { stream_->cancel(); });
    EXPECT_EQ(receive().error, net::error::operation_aborted);
}

// A client may send its body in chunks of one byte each, thousands of which are read at once.
TEST_F(ClientStreamTest, LetsOthersGoBeforeAPieceThatIsThereAlreadyOnceItsTurnIsOver) {
    const std::string bytes = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "1\r\nx\r\n1\r\nx\r\n0\r\n\r\n";
    ASSERT_EQ(theirs_.send(net::buffer(bytes)), bytes.size());
    Turns turns;
    Turns::Caller caller(turns, Owner(1000U));
    stream_->take_turns(caller);
    const auto work = [&]() -> awaitable<void> {
        message::Head head;
        message::RequestParser parser(head);
        error_code ec = co_await stream_->read_head(parser, 65536, never);
        std::string_view piece = "x";
        while (!ec && !piece.empty()) {
            caller.step_back(); // Its turn of this pass began long ago:
            caller.come_back();
            EXPECT_TRUE(caller.has_turn(Clock::now() - std::chrono::seconds(1)));
            bool others_went = false;
            net::post(context_, [&] { others_went = true; });
            ec = co_await stream_->read_piece(parser, 65536, never, piece);
            EXPECT_TRUE(others_went);
        }
        EXPECT_FALSE(ec) << ec.message();
    };
    run_coroutine(context_, work);
}

// One coroutine reads and one writes: with the first of them that comes back a pass begins, and
// with the other none, since who stands between them has not gone again.
TEST_F(ClientStreamTest, BeginsOnePassThoughTwoThatWorkForItLetOthersGo) {
    constexpr int rounds = 5;
    Turns turns;
    Turns::Caller caller(turns, Owner(1000U));
    Turns::Caller observer(turns, Owner(1001U));
    stream_->take_turns(caller);
    int ended = 0;
    const auto work = [&]() -> awaitable<void> {
        for (int i = 0; i < rounds; i++) {
            co_await stream_->let_others_go();
        }
        ended++;
    };
    // For it a second goes by between two looks: it has a turn only in a pass it has not seen yet.
    Clock::time_point now = Clock::now();
    const auto sees_a_new_pass = [&] { return observer.has_turn(now += std::chrono::seconds(1)); };
    std::string seen;
    const auto watch = [&]() -> awaitable<void> {
        for (int i = 0; i < rounds; i++) {
            co_await others_first(context_.get_executor());
            seen += sees_a_new_pass() ? '1' : '0';
        }
        ended++;
    };
    for (int both = 0; both < 2; both++) {
        net::co_spawn(context_, work, [](const std::exception_ptr&) {});
        net::co_spawn(context_, watch, [](const std::exception_ptr&) {});
    }
    while (ended < 4 && context_.run_one() > 0) {
    }
    EXPECT_EQ(seen, "1010101010");
}

TEST_F(ClientStreamTest, TellsOfAHangupWhileItIsAttended) {
    stream_->attend(true, Clock::now());
    theirs_.close();
    run_until_hangup();
    EXPECT_EQ(hangups_, 1U);
}

TEST_F(ClientStreamTest, TellsOfAHangupThatComesLongAfterItsWatchHasBegun) {
    stream_->attend(true, Clock::now());
    pass(milliseconds(20));
    EXPECT_EQ(hangups_, 0U);
    theirs_.close();
    run_until_hangup();
    EXPECT_EQ(hangups_, 1U);
}

TEST_F(ClientStreamTest, TellsOfAHangupAfterSomethingElseWasCancelled) {
    stream_->attend(true, Clock::now());
    pass(milliseconds(20));
    stream_->cancel();
    pass(milliseconds(1));
    theirs_.close();
    run_until_hangup();
    EXPECT_EQ(hangups_, 1U);
}

TEST_F(ClientStreamTest, TakesAClientThatShutsDownItsWritingForOneThatStays) {
    stream_->attend(true, Clock::now());
    theirs_.shutdown(ClientSocket::shutdown_send);
    pass(milliseconds(20));
    EXPECT_EQ(hangups_, 0U);
}

TEST_F(ClientStreamTest, TellsNothingOnceItIsNotAttended) {
    stream_->attend(true, Clock::now());
    stream_->attend(false, {});
    theirs_.close();
    pass(milliseconds(20));
    EXPECT_EQ(hangups_, 0U);
}

// Fills the socket's buffer: the rest waits for the reader, and for no longer than it may.
TEST_F(ClientStreamTest, WritesTheRestOnceTheReaderHasTakenSome) {
    const std::string much(8 * 1024 * 1024, 'x');
    const std::array<net::const_buffer, 1> buffers{net::buffer(much)};
    std::size_t taken = 0;
    error_code written;
    const auto reader = [&]() -> awaitable<void> {
        std::string space(64 * 1024, '\0');
        while (taken < much.size()) {
            const auto [ec, size] = co_await theirs_.async_read_some(net::buffer(space), as_result);
            taken += size;
            if (ec) {
                break;
            }
        }
    };
    net::co_spawn(context_, reader, [](const std::exception_ptr&) {});
    const auto writer = [&]() -> awaitable<void> {
        Pieces pieces(buffers);
        EXPECT_EQ(stream_->write_now(pieces), net::error::would_block);
        written = co_await stream_->write(pieces, never);
    };
    run_coroutine(context_, writer);
    EXPECT_FALSE(written) << written.message();
    context_.restart();
    while (taken < much.size() && context_.run_one() > 0) {
    }
    EXPECT_EQ(taken, much.size());
}

TEST_F(ClientStreamTest, GivesUpAReaderThatTakesNothing) {
    const std::string much(8 * 1024 * 1024, 'x');
    const std::array<net::const_buffer, 1> buffers{net::buffer(much)};
    error_code written;
    const auto writer = [&]() -> awaitable<void> {
        Pieces pieces(buffers);
        written = co_await stream_->write(pieces, milliseconds(2));
    };
    run_coroutine(context_, writer);
    EXPECT_EQ(written, net::error::timed_out);
}

} // namespace
} // namespace gangway::wire
