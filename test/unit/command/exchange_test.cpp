#include "gangway/base/exit_code.hpp"
#include "gangway/base/file_descriptor.hpp"
#include "gangway/base/interrupt.hpp"
#include "gangway/client/exchange_loop.hpp"
#include "gangway/commands/request/lane.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace gangway::command {
namespace {

void write_all(const FileDescriptor& socket, std::string_view bytes) {
    ASSERT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
}

// What has arrived; "" where the other side has closed or sent nothing.
std::string read_some(const FileDescriptor& socket) {
    std::array<char, 4096> space{};
    const ssize_t count = ::recv(socket.get(), space.data(), space.size(), MSG_DONTWAIT);
    return count > 0 ? std::string(space.data(), static_cast<std::size_t>(count)) : std::string();
}

// What the loop throws; ok where it throws nothing.
ExitCode end_of(ExchangeLoop& loop, HttpExchange& exchange) {
    try {
        ExchangeObserver nobody;
        loop.run(exchange, nobody);
    } catch (const Failure& failure) {
        return failure.code();
    }
    return ExitCode::ok;
}

constexpr std::string_view short_answer =
    "HTTP/1.1 200 OK\r\nX-Gangway-Route: pool\r\nContent-Length: 2\r\n\r\nok";

// The test is the agent.
class Exchange : public testing::Test {
  protected:
    Exchange() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        ours = FileDescriptor(ends[0]);
        agents = FileDescriptor(ends[1]);
    }

    class Receiver final : public ResponseReceiver {
      public:
        void interim(const ResponseHeader& /*header*/) override {}
        Wanted header(const ResponseHeader& /*header*/) override { return Wanted::body; }
        void body(std::string_view piece) override { text.append(piece); }

        std::string text;
    };

    FileDescriptor ours;
    FileDescriptor agents;
    Receiver receiver;
    ResponseReader reader{receiver, false};
    RequestSender sender{"GET / HTTP/1.1\r\n\r\n", nullptr};
};

TEST_F(Exchange, SendsTheRequestAndTakesTheAnswerInPieces) {
    HttpExchange exchange(ours.get(), sender, reader);
    ExchangeLoop loop;
    const std::array<HttpExchange*, 1> alone{&exchange};
    loop.step(alone);
    EXPECT_EQ(read_some(agents), "GET / HTTP/1.1\r\n\r\n");
    write_all(agents, short_answer.substr(0, 30));
    loop.step(alone);
    EXPECT_FALSE(exchange.done());
    write_all(agents, short_answer.substr(30));
    EXPECT_EQ(end_of(loop, exchange), ExitCode::ok);
    EXPECT_EQ(receiver.text, "ok");
    EXPECT_EQ(exchange.transfer().received, 2U);
    EXPECT_TRUE(exchange.leaves_connection_open());
}

TEST_F(Exchange, IsDoneAndBrokenWhereTheAnswerBreaksOff) {
    write_all(agents, short_answer.substr(0, short_answer.size() - 1));
    agents = FileDescriptor();
    HttpExchange exchange(ours.get(), sender, reader);
    ExchangeLoop loop;
    EXPECT_EQ(end_of(loop, exchange), ExitCode::bad_answer);
    EXPECT_TRUE(exchange.done());
    ASSERT_TRUE(exchange.broken());
    EXPECT_EQ(exchange.broken()->kind(), BrokenAnswer::Kind::cut_off);
    EXPECT_FALSE(exchange.leaves_connection_open());
}

// What a shell starts in the background ignores it.
class UsualSigint {
  public:
    UsualSigint() {
        struct sigaction usual {};
        usual.sa_handler = SIG_DFL;
        ::sigaction(SIGINT, &usual, &before_);
    }
    UsualSigint(const UsualSigint&) = delete;
    UsualSigint& operator=(const UsualSigint&) = delete;
    ~UsualSigint() { ::sigaction(SIGINT, &before_, nullptr); }

  private:
    struct sigaction before_ {};
};

TEST_F(Exchange, IsEndedByCtrlC) {
    const UsualSigint usual;
    HttpExchange exchange(ours.get(), sender, reader);
    ExchangeLoop loop;
    std::raise(SIGINT);
    EXPECT_EQ(end_of(loop, exchange), ExitCode::interrupted);
}

TEST_F(Exchange, IsEndedByACtrlCThatCameBetweenTwo) {
    const UsualSigint usual;
    const InterruptWatch between;
    { const ExchangeLoop one; }
    std::raise(SIGINT);
    HttpExchange exchange(ours.get(), sender, reader);
    ExchangeLoop loop;
    EXPECT_EQ(end_of(loop, exchange), ExitCode::interrupted);
}

TEST_F(Exchange, GivesSigintBackToWhomItBelonged) {
    struct sigaction ignored {};
    ignored.sa_handler = SIG_IGN;
    struct sigaction before {};
    ::sigaction(SIGINT, &ignored, &before);
    write_all(agents, short_answer);
    HttpExchange exchange(ours.get(), sender, reader);
    {
        ExchangeLoop loop;
        std::raise(SIGINT); // a background job of a shell hears nothing of it
        EXPECT_EQ(end_of(loop, exchange), ExitCode::ok);
    }
    struct sigaction after {};
    ::sigaction(SIGINT, &before, &after);
    EXPECT_EQ(after.sa_handler, SIG_IGN);
}

TEST_F(Exchange, EndsByItsOwnClockAndNamesTheCore) {
    ExchangeLoop loop;
    HttpExchange exchange(ours.get(), sender, reader, {std::chrono::milliseconds(20), 4711});
    try {
        ExchangeObserver nobody;
        loop.run(exchange, nobody);
        FAIL() << "no end";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::unreachable);
        EXPECT_NE(std::string(failure.what()).find("process 4711"), std::string::npos);
    }
}

TEST_F(Exchange, EndsByItsOwnClockHoweverMuchTheAgentSays) {
    ExchangeLoop loop;
    HttpExchange exchange(ours.get(), sender, reader, {std::chrono::milliseconds(20), 0});
    write_all(agents, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::array<HttpExchange*, 1> alone{&exchange};
    EXPECT_THROW(
        for (;;) {
            write_all(agents, "1\r\nx\r\n");
            loop.step(alone);
        },
        Failure);
}

TEST_F(Exchange, AsksWhetherTheCoreLivesOnlyWhenNothingIsHeardOfIt) {
    unsigned asked = 0;
    const auto lives = [&] { return ++asked > 0; };
    HttpExchange exchange(ours.get(), sender, reader, {std::nullopt, 4711, lives});
    HttpExchange::Polled nothing = exchange.wanted();
    const auto begin = HttpExchange::Clock::now();
    EXPECT_LE(*exchange.deadline(), begin + ExchangeBounds::silence);
    EXPECT_GT(*exchange.deadline(), begin + ExchangeBounds::silence - std::chrono::seconds(1));
    exchange.advance(nothing); // It is not time yet.
    EXPECT_EQ(asked, 0U);
}

// A lane, and a socket on which the test is the agent.
class Lane : public testing::Test {
  protected:
    Lane() {
        std::string pattern = (std::filesystem::temp_directory_path() / "gangway-XXXXXX").string();
        directory = ::mkdtemp(pattern.data());
        request.endpoint.socket = directory / "s";
        request.head = "GET / HTTP/1.1\r\n\r\n";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        request.endpoint.socket.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
        listener = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const void* generic_address = &address;
        EXPECT_EQ(
            ::bind(listener.get(), static_cast<const sockaddr*>(generic_address), sizeof(address)),
            0);
        EXPECT_EQ(::listen(listener.get(), 8), 0);
    }
    ~Lane() override { std::filesystem::remove_all(directory); }

    // The connection that the lane has made; empty where it has made none.
    [[nodiscard]] FileDescriptor accepted() const {
        return FileDescriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }

    // One request of the lane's, answered on that connection; "" breaks it off.
    RequestResult made(RequestLane& lane, FileDescriptor& connection, std::string_view answer) {
        lane.start();
        if (!connection) {
            connection = accepted();
        }
        if (answer.empty()) {
            connection = FileDescriptor();
        } else {
            write_all(connection, answer);
        }
        ExchangeLoop loop;
        static_cast<void>(end_of(loop, lane.exchange()));
        return lane.finish(broken);
    }

    std::filesystem::path directory;
    FileDescriptor listener;
    std::optional<Connection> broken;
    RepeatedRequest request{.endpoint = {{}, TrustedUsers::of_command(""), nullptr, false},
                            .head = {}};
};

TEST_F(Lane, UsesItsConnectionAgain) {
    RequestLane lane(request, nullptr);
    FileDescriptor connection;
    for (int repetition = 0; repetition < 3; ++repetition) {
        const RequestResult result = made(lane, connection, short_answer);
        EXPECT_EQ(result.failure, "");
        EXPECT_EQ(result.status, 200U);
        EXPECT_EQ(result.received_bytes, 2U);
        EXPECT_GT(result.latency.count(), 0);
        EXPECT_EQ(read_some(connection), request.head);
    }
    EXPECT_FALSE(accepted());
}

TEST_F(Lane, ConnectsAnewWhereTheAgentClosesOrTheAnswerBreaks) {
    RequestLane lane(request, nullptr);
    for (const char* answer : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                               "", "nonsense\r\n\r\n"}) {
        FileDescriptor connection;
        static_cast<void>(made(lane, connection, answer));
    }
    EXPECT_TRUE(broken);
    FileDescriptor connection;
    EXPECT_EQ(made(lane, connection, short_answer).failure, "");
    EXPECT_TRUE(connection);
}

TEST_F(Lane, NamesEachFailureByOneWord) {
    const auto failure_of = [this](std::string_view answer) {
        RequestLane lane(request, nullptr);
        FileDescriptor connection;
        return made(lane, connection, answer).failure;
    };
    constexpr const char* problem = "HTTP/1.1 503 X\r\nContent-Type: application/problem+json\r\n"
                                    "Content-Length: 0\r\n";
    EXPECT_EQ(failure_of(std::string(problem) + "X-Gangway-Error: process_busy\r\n\r\n"),
              "process_busy");
    EXPECT_EQ(failure_of(std::string(problem) + "\r\n"), "HTTP 503");
    EXPECT_EQ(failure_of(""), "no answer");
    EXPECT_EQ(failure_of("nonsense\r\n\r\n"), "not HTTP");
    constexpr const char* refusal =
        "HTTP/1.1 500 X\r\nX-Gangway-Route: pool\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(failure_of(refusal), "");
    EXPECT_EQ(failure_of("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "not Gangway's");
    request.fail = true;
    EXPECT_EQ(failure_of(refusal), "HTTP 500");
}

TEST_F(Lane, SaysThatAnAnswerBrokeOff) {
    RequestLane lane(request, nullptr);
    lane.start();
    FileDescriptor connection = accepted();
    write_all(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    connection = FileDescriptor();
    ExchangeLoop loop;
    EXPECT_EQ(end_of(loop, lane.exchange()), ExitCode::bad_answer);
    const RequestResult result = lane.finish(broken);
    EXPECT_EQ(result.failure, "broken off");
    EXPECT_EQ(result.status, 200U);
}

TEST_F(Lane, SaysThatNoAgentListensAnyMore) {
    RequestLane lane(request, nullptr);
    listener = FileDescriptor();
    try {
        lane.start();
        FAIL() << "connected";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::unreachable);
    }
}

} // namespace
} // namespace gangway::command
