#include "gangway/agent/agent_receiver.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gangway::command {
namespace {

class Receiver final : public AgentReceiver {
  public:
    void body(std::string_view piece) override { (is_good() ? good : other).append(piece); }
    using AgentReceiver::check;

    std::string good;
    std::string other;
};

// What it says of an answer; "" where that is good.
std::string failure_of(const std::string& status_and_headers, std::string_view body,
                       ExitCode code = ExitCode::bad_answer) {
    Receiver receiver;
    ResponseReader reader(receiver, false);
    reader.feed("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 " + status_and_headers +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                std::string(body));
    try {
        receiver.check(receiver.other, {.refused = "What to try next."});
        EXPECT_EQ(receiver.good, body);
        return "";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), code);
        EXPECT_EQ(receiver.good, "");
        return failure.what();
    }
}

constexpr std::string_view problem = R"({"code":"internal_error","detail":"There is none."})";

TEST(AgentReceiver, TakesTheBodyOfA200) {
    EXPECT_EQ(failure_of("200 OK", "{}"), "");
}

TEST(AgentReceiver, SaysWhatTheAgentHasAgainstTheRequest) {
    EXPECT_EQ(failure_of("404 Not Found\r\nContent-Type: application/problem+json", problem),
              "internal_error: There is none.");
    EXPECT_EQ(failure_of("200 OK\r\nContent-Type: application/problem+json", problem),
              "internal_error: There is none.");
}

TEST(AgentReceiver, SaysWhatToTryNextWhereItIsRefused) {
    EXPECT_EQ(failure_of("401 Unauthorized\r\nContent-Type: application/problem+json", problem,
                         ExitCode::unauthorized),
              "internal_error: There is none.\nWhat to try next.");
}

TEST(AgentReceiver, DoubtsTheSocketWhereTheAnswerIsNotTheAgents) {
    const std::string doubt = failure_of("404 Not Found\r\nContent-Type: text/html",
                                         "<h1>Not Found</h1>", ExitCode::unreachable);
    EXPECT_EQ(doubt, "the answer (HTTP 404) is not Gangway's; is this its socket?");
    // An application's own error document has come through the agent.
    EXPECT_EQ(failure_of("404 Not Found\r\nX-Gangway-Route: pool\r\n"
                         "Content-Type: application/problem+json",
                         problem, ExitCode::unreachable),
              doubt);
    EXPECT_EQ(failure_of("403 Forbidden\r\nContent-Type: text/html", "no", ExitCode::unreachable),
              "the answer (HTTP 403) is not Gangway's; is this its socket?");
}

} // namespace
} // namespace gangway::command
