#include "admin/endpoint.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/some_endpoints.hpp"

namespace gangway::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

Asked asked(std::string_view method, std::string_view path, std::string_view query = "") {
    return {.method = method, .path = path, .query = query, .has_body = false, .may_act = true};
}

Problem problem_of(const Asked& what) {
    const auto match = admin::match(some_endpoints, what);
    return match ? Problem{Code::internal_error, "(none)"} : match.error();
}

TEST(MatchOfARequest, IsTheRowOfItsPathAndMethod) {
    EXPECT_EQ(match(some_endpoints, asked("GET", "/v1/things"))->endpoint, &list);
    EXPECT_EQ(match(some_endpoints, asked("HEAD", "/v1/things"))->endpoint, &list);
    EXPECT_EQ(match(some_endpoints, asked("POST", "/v1/things"))->endpoint, &make);
    EXPECT_EQ(match(some_endpoints, asked("GET", "/v1/things/12"))->endpoint, &one);
    EXPECT_EQ(match(some_endpoints, asked("POST", "/v1/things/12/drop"))->endpoint, &drop);
}

TEST(MatchOfARequest, HasTheSubjectAsItCameAndTheArgumentsDecoded) {
    const auto found = match(some_endpoints, asked("GET", "/v1/things/%2Fa%20b"));
    EXPECT_EQ(found->subject, "%2Fa%20b");
    EXPECT_EQ(match(some_endpoints, asked("GET", "/v1/things"))->subject, "");
    EXPECT_EQ(
        match(some_endpoints, asked("GET", "/v1/things", "state=a%20b"))->arguments.find("state"),
        "a b");
}

TEST(MatchOfARequest, NeedsThePathAsItIsWritten) {
    for (const char* path :
         {"/v1", "/v1/", "/v1/things/", "/v1/things//drop", "/v1/things/12/",
          "/v1/things/12/drop/x", "/v1/THINGS", "/v2/things", "/", "", "/v1/things/12/request/x"}) {
        EXPECT_EQ(problem_of(asked("GET", path)).code, Code::not_found) << path;
    }
}

TEST(MatchOfARequest, SaysWhichPathWasProbablyMeant) {
    EXPECT_THAT(problem_of(asked("GET", "/v1/thing")).detail,
                HasSubstr("did you mean /v1/things?"));
    EXPECT_THAT(problem_of(asked("GET", "/v1/things/")).detail,
                HasSubstr("did you mean /v1/things?"));
    EXPECT_THAT(problem_of(asked("GET", "/v1/thigns/12/dorp")).detail,
                HasSubstr("did you mean /v1/things/{id}/drop?"));
    EXPECT_THAT(problem_of(asked("GET", "/index.html")).detail, Not(HasSubstr("did you mean")));
}

TEST(MatchOfARequest, SaysWhichMethodsThereAre) {
    const Problem both = problem_of(asked("PUT", "/v1/things"));
    EXPECT_EQ(both.code, Code::method_not_allowed);
    EXPECT_EQ(both.allow, "GET, HEAD, POST");
    EXPECT_EQ(problem_of(asked("POST", "/v1/things/1")).allow, "GET, HEAD");
    EXPECT_EQ(problem_of(asked("GET", "/v1/things/1/drop")).allow, "POST");
    EXPECT_EQ(problem_of(asked("get", "/v1/things")).code, Code::method_not_allowed);
}

// Each request here has everything wrong that is behind what it is refused for.
TEST(MatchOfARequest, RefusesInThisOrder) {
    Asked what = asked("PUT", "/v1/nothing", "x=1");
    what.has_body = true;
    what.may_act = false;
    EXPECT_EQ(problem_of(what).code, Code::not_found);
    what.path = "/v1/things/1/drop";
    EXPECT_EQ(problem_of(what).code, Code::method_not_allowed);
    what.method = "POST";
    EXPECT_EQ(problem_of(what).code, Code::body_not_allowed);
    what.has_body = false;
    EXPECT_EQ(problem_of(what).code, Code::forbidden);
    what.may_act = true;
    EXPECT_EQ(problem_of(what).code, Code::bad_parameter);
    what.query = "";
    EXPECT_TRUE(match(some_endpoints, what).has_value());
}

TEST(MatchOfARequest, LetsABodyThroughWhereOneIsTaken) {
    Asked what = asked("POST", "/v1/things");
    what.has_body = true;
    EXPECT_TRUE(match(some_endpoints, what).has_value());
}

} // namespace
} // namespace gangway::admin
