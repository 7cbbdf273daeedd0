#include "requests/known.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/wall_clock.hpp"
#include "pool/pool.hpp"

namespace gangway::requests {
namespace {

gangway_request row(const char* gupid, const char* path, std::uint64_t began) {
    gangway_request request{};
    request.gupid = pool::abi(gupid);
    request.method = pool::abi("GET");
    request.path = pool::abi(path);
    request.client = pool::abi("203.0.113.9");
    request.began_at_usec = began;
    return request;
}

// "GET /a?, GET /b"
std::string paths(const std::vector<ServedRequest>& requests) {
    std::string text;
    for (const ServedRequest& request : requests) {
        text += (text.empty() ? "" : ", ") + request.method + " " + request.path;
    }
    return text;
}

class KnownRequestsTest : public testing::Test {
  protected:
    KnownRequestsTest() {
        for (const gangway_request& request : requests_) {
            sample_.rows.push_back(&request);
        }
    }

    const std::vector<gangway_request> requests_{row("a", "/first?secret=1?2", 10),
                                                 row("", "/queued", 20), row("b", "/other", 30),
                                                 row("a", "/second", 40), row("a", "/third", 50)};
    Sample sample_;
    Own own_;
};

TEST_F(KnownRequestsTest, AreToldOldestFirstWithoutTheirQueries) {
    EXPECT_EQ(paths(served_by("a", &sample_, own_, 5)), "GET /first, GET /second, GET /third");
    EXPECT_EQ(paths(served_by("a", &sample_, own_, 2)), "GET /first, GET /second");
    EXPECT_EQ(paths(served_by("c", &sample_, own_, 2)), "");
    const auto other = served_by("b", &sample_, own_, 5);
    ASSERT_EQ(other.size(), 1U);
    EXPECT_EQ(other[0].client, "203.0.113.9");
    EXPECT_EQ(other[0].began_at_usec, 30U);
    EXPECT_FALSE(other[0].is_own);
}

TEST_F(KnownRequestsTest, HaveGangwaysOwnAmongThemOnceTheProcessIsAtThem) {
    const std::uint64_t before = usec_since_epoch();
    std::optional<Own::Ticket> ticket(own_.enter("a", "PURGE", "/own?q"));
    EXPECT_EQ(served_by("a", nullptr, own_, 5).size(), 0U);
    ticket->now_serving();
    const auto served = served_by("a", nullptr, own_, 5);
    ASSERT_EQ(served.size(), 1U);
    EXPECT_EQ(paths(served), "PURGE /own");
    EXPECT_TRUE(served[0].is_own);
    EXPECT_LE(before, served[0].began_at_usec);
    EXPECT_LE(served[0].began_at_usec, usec_since_epoch());
    EXPECT_EQ(paths(served_by("a", &sample_, own_, 9)),
              "GET /first, GET /second, GET /third, PURGE /own");
    ticket.reset();
    EXPECT_TRUE(served_by("a", nullptr, own_, 5).empty());
    EXPECT_TRUE(own_.entries().empty());
}

TEST_F(KnownRequestsTest, AreTheSameForOneProcessAndForAll) {
    auto ticket = own_.enter("c", "GET", "/own");
    ticket.now_serving();
    const ServedByProcess all = served_by_process(sample_, own_, 2);
    EXPECT_EQ(all.size(), 3U);
    for (const char* gupid : {"a", "b", "c"}) {
        EXPECT_EQ(paths(all.at(gupid)), paths(served_by(gupid, &sample_, own_, 2))) << gupid;
    }
}

// What many callers choose, and one is told, is a product: 64 requests of 64 KiB each.
TEST_F(KnownRequestsTest, AreShownNoLongerThanOneReads) {
    const std::string path = "/" + std::string(60'000, 'x');
    const std::string target = path + "?q";
    auto ticket = own_.enter("a", path, target);
    ticket.now_serving();
    const auto shown = served_by("a", nullptr, own_, 5);
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(shown[0].path, path.substr(0, 1024) + "...[58977 bytes more]");
    EXPECT_EQ(shown[0].method, path.substr(0, 64) + "...[59937 bytes more]");
}

} // namespace
} // namespace gangway::requests
