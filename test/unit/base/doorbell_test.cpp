#include "base/doorbell.hpp"

#include <thread>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace gangway {
namespace {

class DoorbellTest : public testing::Test {
  protected:
    net::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    std::thread::id rung_on_;
    unsigned rings_ = 0;
    Doorbell bell_{context_.get_executor(), [this] {
                       rings_++;
                       rung_on_ = std::this_thread::get_id();
                       bell_.close();
                   }};
};

TEST_F(DoorbellTest, IsHeardOnTheContextsThreadWhenAnotherRings) {
    std::thread loop([this] { context_.run(); });
    const std::thread::id expected = loop.get_id();
    bell_.ring();
    loop.join(); // Nothing is left to do once it is closed.
    EXPECT_EQ(rings_, 1U);
    EXPECT_EQ(rung_on_, expected);
}

TEST_F(DoorbellTest, IsHeardOnceForManyRingsAtATime) {
    bell_.ring();
    bell_.ring();
    bell_.ring();
    context_.run();
    EXPECT_EQ(rings_, 1U);
}

TEST_F(DoorbellTest, RingsNoMoreOnceItIsClosed) {
    bell_.ring();
    bell_.close();
    context_.run();
    EXPECT_EQ(rings_, 0U);
}

} // namespace
} // namespace gangway
