#include "base/descriptors.hpp"

#include <chrono>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "forward/in_flight.hpp"
#include "forward/spool.hpp"

namespace gangway {
namespace {

// Of this process, while it lives.
class LimitTo {
  public:
    explicit LimitTo(rlim_t most) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit lower{most, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &lower);
    }
    ~LimitTo() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    LimitTo(const LimitTo&) = delete;
    LimitTo& operator=(const LimitTo&) = delete;

  private:
    rlimit before_{};
};

TEST(Descriptors, AreLeftBelowTheLimit) {
    const LimitTo limit(400);
    const Descriptors descriptors(0, 50);
    EXPECT_FALSE(descriptors.is_reserved(349, Descriptors::For::trusted));
    EXPECT_TRUE(descriptors.is_reserved(350, Descriptors::For::trusted));
    EXPECT_FALSE(descriptors.is_reserved(299, Descriptors::For::others));
    EXPECT_TRUE(descriptors.is_reserved(300, Descriptors::For::others));
}

TEST(Descriptors, AreAQuarterOfAllAtMost) {
    const LimitTo limit(400);
    const Descriptors descriptors(0, 65'536);
    EXPECT_FALSE(descriptors.is_reserved(299, Descriptors::For::trusted));
    EXPECT_TRUE(descriptors.is_reserved(300, Descriptors::For::trusted));
    EXPECT_TRUE(descriptors.is_reserved(200, Descriptors::For::others));
}

// A look with that many below the limit, which then is at the lowest free one.
class LookedAt {
  public:
    explicit LookedAt(rlim_t limit, Descriptors::For whom = Descriptors::For::others)
        : whom_(whom) {
        const LimitTo before(limit);
        EXPECT_TRUE(can_have(1));
    }
    ~LookedAt() { ::close(any_); }
    LookedAt(const LookedAt&) = delete;
    LookedAt& operator=(const LookedAt&) = delete;

    bool can_have(unsigned more, std::chrono::milliseconds later = {}) const {
        return descriptors_.can_have(more, whom_, now_ + later);
    }
    [[nodiscard]] rlim_t none() const { return static_cast<rlim_t>(any_) + 1; }

  private:
    const int any_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC); // the lowest that was free
    const Descriptors descriptors_{any_, 0};
    const Descriptors::Clock::time_point now_ = Descriptors::Clock::now();
    Descriptors::For whom_;
};

TEST(Descriptors, AreNotLookedForAgainForAMomentWherePlentyWereLeft) {
    for (const auto whom : {Descriptors::For::trusted, Descriptors::For::others}) {
        const LookedAt looked(4000, whom);
        const LimitTo limit(looked.none());
        EXPECT_TRUE(looked.can_have(Descriptors::few));
        EXPECT_FALSE(looked.can_have(Descriptors::few + 1)) << "looks again";
        EXPECT_FALSE(looked.can_have(1)) << "and finds none";
    }
}

TEST(Descriptors, AreLookedForAgainAfterThatMoment) {
    const LookedAt looked(4000);
    const LimitTo limit(looked.none());
    EXPECT_FALSE(looked.can_have(1, Descriptors::moment));
}

TEST(Descriptors, AreLookedForEachTimeWhereFewAreLeft) {
    const LookedAt looked(400);
    const LimitTo limit(looked.none());
    EXPECT_FALSE(looked.can_have(1));
}

TEST(Descriptors, AreCountedFromTheLowestFreeOne) {
    const LimitTo limit(400);
    const int any = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(any, 0);
    const Descriptors descriptors(any, 0);
    const int lowest = ::dup(any);
    ::close(lowest);
    EXPECT_TRUE(
        descriptors.can_have(static_cast<unsigned>(400 - lowest), Descriptors::For::trusted));
    EXPECT_FALSE(
        descriptors.can_have(static_cast<unsigned>(401 - lowest), Descriptors::For::trusted));
    {
        const Descriptors::Promise promise(descriptors, 7);
        EXPECT_EQ(descriptors.left(Descriptors::For::trusted),
                  static_cast<std::uint64_t>(393 - lowest));
    }
    EXPECT_EQ(descriptors.left(Descriptors::For::trusted),
              static_cast<std::uint64_t>(400 - lowest));
    const int after = ::dup(any);
    EXPECT_EQ(after, lowest) << "the look leaves nothing behind";
    ::close(after);
    ::close(any);
}

// So low a limit that whatever is opened next is among the last.
TEST(Descriptors, AreNotTakenBySpoolsAndForwardedRequests) {
    const int any = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(any, 0);
    const LimitTo limit(static_cast<rlim_t>(any) + 2);
    const Descriptors descriptors(any, 65'536);
    forward::Spool spool("/tmp", &descriptors, Descriptors::For::trusted);
    EXPECT_FALSE(spool.append(std::string(forward::Spool::bytes_in_memory + 1, 'x')));
    EXPECT_EQ(spool.error(), error_code(EMFILE, boost::system::system_category()));
    requests::Own own;
    forward::InFlight in_flight(own, 9, 9, &descriptors);
    const auto entered = in_flight.enter("a", "GET", "/", Descriptors::For::trusted);
    ASSERT_FALSE(entered.has_value());
    EXPECT_EQ(entered.error().code, Code::too_many_requests);
    ::close(any);
}

} // namespace
} // namespace gangway
