// What is moved for a client waits for the client's turn, whichever way it goes.
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "forward/tunnel.hpp"
#include "forward/upload.hpp"
#include "support/pool_fake.hpp"
#include "support/temporary_directory.hpp"

namespace gangway::forward {
namespace {

using Clock = Turns::Clock;
using std::chrono::milliseconds;

constexpr milliseconds never = std::chrono::hours(1); // Longer than any test may take.
constexpr std::uint32_t max_header_bytes = 4096;

// A client and a process, of which another connection of the client's user takes a turn first.
class TurnsTest : public testing::Test {
  protected:
    TurnsTest() {
        ClientSocket client(context_);
        net::local::connect_pair(client, client_end_);
        stream_ = std::make_unique<wire::ClientStream>(std::move(client));
        stream_->take_turns(caller_);
        ClientSocket process(context_);
        net::local::connect_pair(process, process_end_);
        fd_ = process.release(); // A session lends what no event loop knows.
        upstream_ = std::make_unique<worker::Upstream>(
            context_.get_executor(), std::make_unique<pool::FakeSession>(fd_, end_));
        EXPECT_TRUE(upstream_->connect_now());
        report_.pid = ::getpid();
        exchange_.begin({never, never, never, never, never, std::nullopt}, Clock::now());
    }
    ~TurnsTest() override {
        upstream_.reset();
        ::close(fd_);
    }

    void spawn(std::function<awaitable<void>()> work) {
        net::co_spawn(context_, std::move(work),
                      [](const std::exception_ptr& failure) { EXPECT_EQ(failure, nullptr); });
    }
    void run_while(const std::function<bool()>& condition) {
        context_.restart();
        while (condition() && context_.run_one() > 0) {
        }
    }
    // Another connection of the user takes his turn: it is over as soon as it begins.
    static void take_turn(Turns::Caller& other) {
        EXPECT_TRUE(other.has_turn(Clock::now() - std::chrono::seconds(1)));
    }
    // One after the other in each of so many passes, and then looks what was moved meanwhile.
    awaitable<void> take_turns(unsigned passes) {
        for (unsigned i = 0; i < passes; i++) {
            Turns::Caller& other = i == 0 ? other_ : another_;
            other.step_back();
            co_await others_first(context_.get_executor());
            other.come_back();
            take_turn(other);
        }
        co_await others_first(context_.get_executor());
        look();
    }
    void look() {
        moved_ = client_end_.available() + process_end_.available();
        looked_ = true;
    }
    // Of bytes that one side has sent.
    void expect_that_a_tunnel_waits(unsigned passes, std::size_t size) {
        const Client client{*stream_, parser_, never, max_header_bytes};
        beast::flat_buffer buffer;
        Tunnel tunnel(client, *upstream_, exchange_, report_, buffer);
        bool ended = false;
        spawn([&] { return take_turns(passes); });
        spawn([&]() -> awaitable<void> {
            const bool whole = co_await tunnel.run();
            EXPECT_TRUE(whole);
            ended = true;
        });
        run_while([&] { return !looked_; });
        EXPECT_EQ(moved_, 0U);
        run_while([&] { return client_end_.available() + process_end_.available() < size; });
        for (ClientSocket* end : {&client_end_, &process_end_}) {
            std::string moved(end->available(), '\0');
            end->receive(net::buffer(moved));
        }
        process_end_.close();
        run_while([&] { return !ended; });
        EXPECT_TRUE(ended);
    }

    net::io_context context_;
    Turns turns_;
    Turns::Caller caller_{turns_, Owner(1000U)};
    Turns::Caller other_{turns_, Owner(1000U)};
    Turns::Caller another_{turns_, Owner(1000U)};
    ClientSocket client_end_{context_};
    ClientSocket process_end_{context_};
    std::unique_ptr<wire::ClientStream> stream_;
    message::Head head_;
    message::RequestParser parser_{head_};
    pool::SessionEnd end_;
    int fd_ = -1;
    std::unique_ptr<worker::Upstream> upstream_;
    worker::Exchange exchange_{context_.get_executor(), [this] { stream_->cancel(); }};
    Report report_;
    bool looked_ = false;
    std::size_t moved_ = 0;
};

TEST_F(TurnsTest, ASpooledBodyWaitsForThem) {
    TemporaryDirectory directory;
    Spool spool(directory.path());
    const std::string body(3 * Spool::bytes_in_memory / 2, 'x');
    ASSERT_TRUE(spool.append(body));
    const Client client{*stream_, parser_, never, max_header_bytes};
    const UploadSource source{client, {false, spool.size(), true}, &spool};
    Upload upload(source, *upstream_, exchange_, report_);
    take_turn(other_);
    upload.start();
    net::post(context_, [this] { look(); });
    run_while([&] { return !looked_; });
    EXPECT_EQ(moved_, 0U);
    run_while([&] { return !upload.ended(); });
    EXPECT_TRUE(upload.complete());
    EXPECT_EQ(process_end_.available(), body.size());
}

TEST_F(TurnsTest, WhatAProcessSendsThroughATunnelWaitsForThem) {
    ASSERT_EQ(process_end_.send(net::buffer("hello", 5)), 5U);
    expect_that_a_tunnel_waits(1, 5);
}

// The client is read after others had their turn anyway: it waits for one more.
TEST_F(TurnsTest, WhatAClientSendsThroughATunnelWaitsForThem) {
    ASSERT_EQ(client_end_.send(net::buffer("hello", 5)), 5U);
    expect_that_a_tunnel_waits(2, 5);
}

} // namespace
} // namespace gangway::forward
