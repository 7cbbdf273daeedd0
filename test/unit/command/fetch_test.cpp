#include "gangway/base/file_descriptor.hpp"
#include "gangway/client/fetch.hpp"
#include "gangway/client/text_body.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace gangway::command {
namespace {

using namespace std::chrono_literals;

class BodyReceiver final : public ResponseReceiver {
  public:
    void interim(const ResponseHeader& /*header*/) override {}
    Wanted header(const ResponseHeader& /*header*/) override { return Wanted::body; }
    void body(std::string_view piece) override { text.append(piece); }

    std::string text;
};

// The agent, for one connection, and who looks on. Answers the request once it ends with what it
// waits for.
class Agent final : public ExchangeObserver {
  public:
    Agent(const std::filesystem::path& path, std::string_view answer)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), answer_(answer) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
        const void* generic = &address;
        EXPECT_EQ(::bind(listener_.get(), static_cast<const sockaddr*>(generic), sizeof(address)),
                  0);
        EXPECT_EQ(::listen(listener_.get(), 1), 0);
    }

    void connected(const std::filesystem::path& socket, std::string_view head) override {
        connected_to = socket;
        announced_head = head;
        connection_ = FileDescriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }

    void look(const Transfer& /*transfer*/) override {
        std::array<char, 4096> space{};
        const ssize_t count = ::recv(connection_.get(), space.data(), space.size(), MSG_DONTWAIT);
        received.append(space.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
        if (!answered_ && received.ends_with(waits_for)) {
            answered_ = true;
            EXPECT_EQ(::send(connection_.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL),
                      static_cast<ssize_t>(answer_.size()));
            if (hangs_up) {
                connection_ = FileDescriptor();
            }
        }
    }

    void ended(const Transfer& transfer) override {
        at_the_end = transfer;
        if (answer_to_next) { // to a look at whether it lives
            next_ = std::jthread([this] {
                pollfd asked{.fd = listener_.get(), .events = POLLIN, .revents = 0};
                ASSERT_EQ(::poll(&asked, 1, 10'000), 1);
                const FileDescriptor next(
                    ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
                std::array<char, 4096> space{};
                EXPECT_GT(::recv(next.get(), space.data(), space.size(), 0), 0);
                EXPECT_EQ(::send(next.get(), answer_to_next->data(), answer_to_next->size(),
                                 MSG_NOSIGNAL),
                          static_cast<ssize_t>(answer_to_next->size()));
            });
        }
    }

    std::string_view waits_for = "\r\n\r\n";
    bool hangs_up = false;
    std::optional<std::string_view> answer_to_next;
    std::filesystem::path connected_to;
    std::string announced_head;
    std::string received;
    std::optional<Transfer> at_the_end;

  private:
    FileDescriptor listener_;
    FileDescriptor connection_;
    std::string_view answer_;
    bool answered_ = false;
    std::jthread next_;
};

class Fetch : public testing::Test {
  protected:
    Fetch() { request.head.target = "/v1/x"; }

    void fetch_from(Agent& agent, const FetchBounds& bounds = {.whole = 10s}) {
        const Endpoint endpoint{socket, TrustedUsers::of_command(""), nullptr, false};
        fetch(endpoint, request, receiver, bounds, agent);
    }

    TemporaryDirectory directory;
    const std::filesystem::path socket = directory.path() / "s";
    Request request;
    BodyReceiver receiver;
};

constexpr std::string_view ok_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST_F(Fetch, SendsTheRequestAndHandsTheAnswerOn) {
    Agent agent(socket, ok_answer);
    fetch_from(agent);
    EXPECT_EQ(receiver.text, "ok");
    EXPECT_TRUE(agent.received.starts_with("GET /v1/x HTTP/1.1\r\n")) << agent.received;
    EXPECT_EQ(agent.received, agent.announced_head);
    EXPECT_EQ(agent.connected_to, socket);
    ASSERT_TRUE(agent.at_the_end);
    EXPECT_EQ(agent.at_the_end->received, 2U);
}

TEST_F(Fetch, AnnouncesTheBodyThatItSends) {
    TextBody body("[]");
    request.head.method = "POST";
    request.body = &body;
    Agent agent(socket, ok_answer);
    agent.waits_for = "[]";
    fetch_from(agent);
    EXPECT_EQ(receiver.text, "ok");
    EXPECT_NE(agent.announced_head.find("Content-Length: 2\r\n"), std::string::npos);
    EXPECT_EQ(agent.received, agent.announced_head + "[]");
    ASSERT_TRUE(agent.at_the_end);
    EXPECT_EQ(agent.at_the_end->sent, 2U);
}

TEST_F(Fetch, ExpectsNoBodyInTheAnswerToHead) {
    request.head.method = "HEAD";
    Agent agent(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    fetch_from(agent);
    EXPECT_EQ(receiver.text, "");
}

TEST_F(Fetch, SaysWhereTheAnswerBreaksOffAndTellsTheObserver) {
    Agent agent(socket, ok_answer.substr(0, ok_answer.size() - 1));
    agent.hangs_up = true;
    agent.answer_to_next = "HTTP/1.1 204 No Content\r\n\r\n";
    try {
        fetch_from(agent);
        FAIL() << "no failure";
    } catch (const BrokenAnswer& broken) {
        EXPECT_EQ(broken.kind(), BrokenAnswer::Kind::cut_off);
    }
    ASSERT_TRUE(agent.at_the_end);
    EXPECT_EQ(agent.at_the_end->received, 1U);
}

// A process that ends closes its sockets one after the other.
TEST_F(Fetch, SaysThatTheAgentHasEndedWhereItOnlyAcceptsConnections) {
    Agent agent(socket, ok_answer.substr(0, ok_answer.size() - 1));
    agent.hangs_up = true;
    agent.answer_to_next = "";
    try {
        fetch_from(agent);
        FAIL() << "no failure";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::unreachable) << failure.what();
    }
    ASSERT_TRUE(agent.at_the_end);
    EXPECT_EQ(agent.at_the_end->received, 1U);
}

TEST_F(Fetch, EndsByItsOwnClock) {
    Agent agent(socket, "");
    try {
        fetch_from(agent, {.whole = 20ms});
        FAIL() << "no end";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::unreachable);
    }
    EXPECT_TRUE(agent.at_the_end);
}

TEST_F(Fetch, TellsTheObserverNothingWhereNobodyListens) {
    Agent elsewhere(directory.path() / "t", ok_answer);
    EXPECT_THROW(fetch_from(elsewhere), Failure);
    EXPECT_EQ(elsewhere.announced_head, "");
    EXPECT_FALSE(elsewhere.at_the_end);
}

} // namespace
} // namespace gangway::command
