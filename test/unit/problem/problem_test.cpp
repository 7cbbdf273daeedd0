#include "problem/problem.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "worker/problems.hpp"

namespace gangway {
namespace {

TEST(Code, HasANameOfItsOwnAStatusAndATitle) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < code_count; i++) {
        const auto code = static_cast<Code>(i);
        EXPECT_TRUE(names.insert(name(code)).second) << name(code);
        EXPECT_EQ(name(code).find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
                  std::string_view::npos)
            << name(code);
        EXPECT_GE(status(code), 400U) << name(code);
        EXPECT_LT(status(code), 600U) << name(code);
        EXPECT_FALSE(title(code).empty()) << name(code);
    }
}

struct Documented {
    Code code;
    std::string_view name;
    unsigned status;
};

class CodeOf : public testing::TestWithParam<Documented> {};

TEST_P(CodeOf, IsTheDocumentedOne) {
    EXPECT_EQ(name(GetParam().code), GetParam().name);
    EXPECT_EQ(status(GetParam().code), GetParam().status);
}

INSTANTIATE_TEST_SUITE_P(
    Each, CodeOf,
    testing::Values(Documented{Code::bad_request, "bad_request", 400},
                    Documented{Code::bad_header, "bad_header", 400},
                    Documented{Code::unauthorized, "unauthorized", 401},
                    Documented{Code::process_not_found, "process_not_found", 404},
                    Documented{Code::request_timeout, "request_timeout", 408},
                    Documented{Code::body_too_large, "body_too_large", 413},
                    Documented{Code::expectation_failed, "expectation_failed", 417},
                    Documented{Code::header_too_large, "header_too_large", 431},
                    Documented{Code::internal_error, "internal_error", 500},
                    Documented{Code::worker_closed, "worker_closed", 502},
                    Documented{Code::bad_response, "bad_response", 502},
                    Documented{Code::process_busy, "process_busy", 503},
                    Documented{Code::process_overloaded, "process_overloaded", 503},
                    Documented{Code::too_many_connections, "too_many_connections", 503},
                    Documented{Code::too_many_requests, "too_many_requests", 503},
                    Documented{Code::shutting_down, "shutting_down", 503},
                    Documented{Code::connect_timeout, "connect_timeout", 504},
                    Documented{Code::first_byte_timeout, "first_byte_timeout", 504},
                    Documented{Code::idle_timeout, "idle_timeout", 504},
                    Documented{Code::total_timeout, "total_timeout", 504}));

TEST(Problem, IsWrittenAsADocument) {
    EXPECT_EQ(to_json({Code::bad_header, "X is \"wrong\"."}),
              R"({"title":"Bad header","status":400,"code":"bad_header",)"
              R"("detail":"X is \"wrong\"."})");
}

TEST(Problem, ShowsWhatABusyProcessServes) {
    Problem problem{Code::process_busy, "Busy."};
    problem.busy = Problem::Busy{
        2, 1'795'414'034'000'000, {{"GET", "/a\"b", 1'795'414'034'500'000}, {"POST", "*", 0}}};
    EXPECT_EQ(to_json(problem),
              R"({"title":"The process is busy","status":503,"code":"process_busy",)"
              R"("detail":"Busy.","sessions":2,"busy_since":"2026-11-23T06:07:14.000000Z",)"
              R"("requests":[{"method":"GET","path":"/a\"b",)"
              R"("started_at":"2026-11-23T06:07:14.500000Z"},)"
              R"({"method":"POST","path":"*","started_at":"1970-01-01T00:00:00.000000Z"}]})");
    problem.busy->requests.clear();
    EXPECT_TRUE(to_json(problem).ends_with(R"(Z","requests":[]})"));
}

TEST(Cut, HasAProblemOfItsOwnForEachTimeout) {
    using worker::Cut;
    EXPECT_EQ(worker::cut_problem(Cut::connect_timeout).code, Code::connect_timeout);
    EXPECT_EQ(worker::cut_problem(Cut::first_byte_timeout).code, Code::first_byte_timeout);
    EXPECT_EQ(worker::cut_problem(Cut::idle_timeout).code, Code::idle_timeout);
    EXPECT_EQ(worker::cut_problem(Cut::total_timeout).code, Code::total_timeout);
    EXPECT_EQ(worker::cut_problem(Cut::shutting_down).code, Code::shutting_down);
}

} // namespace
} // namespace gangway
