#include "base/step_alarm.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace gangway {
namespace {

// That it is heard when the clock is set needs a clock that is set, or something that pretends to:
// the tests with a real agent do.
TEST(StepAlarm, IsSilentAndKeepsNothingOnceItIsClosed) {
    net::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    unsigned steps = 0;
    StepAlarm alarm(context.get_executor(), [&] { steps++; });
    EXPECT_TRUE(alarm.works());
    context.poll();
    EXPECT_FALSE(context.stopped()) << "It does not wait for anything.";
    alarm.close();
    context.run();
    EXPECT_TRUE(context.stopped());
    EXPECT_EQ(steps, 0U);
}

} // namespace
} // namespace gangway
