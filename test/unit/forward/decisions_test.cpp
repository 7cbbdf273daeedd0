#include "forward/decisions.hpp"

#include <string>

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <gtest/gtest.h>

namespace gangway::forward {
namespace {

namespace error = boost::asio::error;
namespace http = boost::beast::http;

// A kept connection that the process closed before it sent anything, and nothing that speaks
// against trying again.
Silence stale() {
    return {.is_cut = false,
            .client_error = {},
            .is_spooled = false,
            .process_error = http::error::end_of_stream,
            .is_reused = true,
            .has_begun = false,
            .has_body = false,
            .is_safe = true};
}

template <typename Change>
Reason changed(Change change) {
    Silence silence = stale();
    change(silence);
    return reason_of(silence);
}

TEST(ReasonOfASilence, IsAStaleConnectionOnlyWhereNothingSpeaksAgainstIt) {
    EXPECT_EQ(reason_of(stale()), Reason::stale);
    EXPECT_EQ(changed([](Silence& s) { s.is_reused = false; }), Reason::worker_closed);
    EXPECT_EQ(changed([](Silence& s) { s.has_begun = true; }), Reason::worker_closed);
    EXPECT_EQ(changed([](Silence& s) { s.has_body = true; }), Reason::worker_closed);
    EXPECT_EQ(changed([](Silence& s) { s.is_safe = false; }), Reason::worker_closed);
}

TEST(ReasonOfASilence, IsThatTheProcessClosedWhateverItsSocketCallsThat) {
    const boost::system::error_code closed[] = {http::error::end_of_stream,
                                                http::error::partial_message,
                                                error::connection_reset,
                                                error::broken_pipe,
                                                error::eof,
                                                error::not_connected};
    for (const auto& ec : closed) {
        EXPECT_EQ(changed([&](Silence& s) { s.process_error = ec; }), Reason::stale) << ec;
        EXPECT_EQ(changed([&](Silence& s) {
                      s.process_error = ec;
                      s.is_reused = false;
                  }),
                  Reason::worker_closed)
            << ec;
    }
}

TEST(ReasonOfASilence, IsABadResponseForWhatIsNoAnswer) {
    EXPECT_EQ(changed([](Silence& s) { s.process_error = http::error::bad_version; }),
              Reason::bad_response);
    EXPECT_EQ(changed([](Silence& s) { s.process_error = http::error::header_limit; }),
              Reason::bad_response);
}

TEST(ReasonOfASilence, IsTheClientBeforeTheProcess) {
    const auto with = [](boost::system::error_code ec, bool is_spooled) {
        return changed([&](Silence& s) {
            s.client_error = ec;
            s.is_spooled = is_spooled;
        });
    };
    EXPECT_EQ(with(error::timed_out, false), Reason::late_body);
    EXPECT_EQ(with(http::error::bad_chunk, false), Reason::bad_body);
    EXPECT_EQ(with(error::eof, false), Reason::client_gone);
    EXPECT_EQ(with(error::connection_reset, false), Reason::client_gone);
    EXPECT_EQ(with(boost::system::errc::make_error_code(boost::system::errc::io_error), true),
              Reason::spool_failed);
}

TEST(ReasonOfASilence, IsTheCutBeforeEverything) {
    EXPECT_EQ(changed([](Silence& s) {
                  s.is_cut = true;
                  s.client_error = error::timed_out;
                  s.process_error = http::error::bad_version;
              }),
              Reason::cut);
}

TEST(SafeMethods, AreThoseOfTheStandard) {
    for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE"}) {
        EXPECT_TRUE(is_safe(method)) << method;
    }
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "get", "", "GETX"}) {
        EXPECT_FALSE(is_safe(method)) << method;
    }
}

TEST(Keeping, FollowsThisTable) {
    struct Row {
        gangway_protocol protocol;
        bool has_body;
        bool is_body_whole;
        bool is_upgrade;
        bool may_keep;
        bool kept;
    };
    constexpr auto http = GANGWAY_PROTOCOL_HTTP;
    constexpr auto session = GANGWAY_PROTOCOL_SESSION;
    constexpr Row table[] = {
        {http, false, false, false, true, true},   {session, false, false, false, true, true},
        {http, true, true, false, true, true},     {session, true, true, false, true, false},
        {http, true, false, false, true, false},   {session, true, false, false, true, false},
        {http, false, false, true, true, false},   {session, false, false, true, true, false},
        {http, false, false, false, false, false}, {session, false, false, false, false, false},
        {http, true, true, true, true, false},     {http, true, true, false, false, false},
    };
    for (const Row& row : table) {
        EXPECT_EQ(can_keep({.protocol = row.protocol,
                            .has_body = row.has_body,
                            .is_body_whole = row.is_body_whole,
                            .is_upgrade = row.is_upgrade,
                            .may_keep = row.may_keep}),
                  row.kept)
            << row.protocol << row.has_body << row.is_body_whole << row.is_upgrade << row.may_keep;
    }
}

TEST(AProcessThatIsNotThereAnyMore, HasDiedWhereItHadAConnection) {
    struct Row {
        Code code;
        bool was_retried;
        bool was_taken;
        bool died;
    };
    constexpr Row table[] = {
        {Code::connect_failed, false, false, false},
        {Code::connect_failed, true, false, true},
        {Code::connect_failed, true, true, true},
        {Code::process_not_found, false, false, false},
        {Code::process_not_found, true, false, false},
        {Code::process_not_found, true, true, true},
        {Code::process_not_routable, true, true, true},
        {Code::process_not_routable, true, false, false},
        {Code::process_busy, true, true, false},
        {Code::worker_closed, true, true, false},
    };
    for (const Row& row : table) {
        EXPECT_EQ(
            has_died(
                {.code = row.code, .was_retried = row.was_retried, .was_taken = row.was_taken}),
            row.died)
            << name(row.code) << row.was_retried << row.was_taken;
    }
}

} // namespace
} // namespace gangway::forward
