#include "gangway/base/file_descriptor.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/command_line.hpp"
#include "gangway/commands/health/json.hpp"
#include "health_answers.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace gangway::command {
namespace {

std::string answer_with(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string refusal(const std::string& status, const std::string& problem) {
    return "HTTP/1.1 " + status + "\r\nContent-Type: application/problem+json\r\nContent-Length: " +
           std::to_string(problem.size()) + "\r\n\r\n" + problem;
}

// Stands for Ctrl-C at the terminal instead of an answer.
const std::string interrupt = "interrupt";

// An agent on a thread of its own that gives one answer after the other to requests for health, a
// connection each. It lists the same processes and groups to whoever asks.
class ScriptedAgent {
  public:
    explicit ScriptedAgent(std::vector<std::string> answers,
                           std::string groups = R"([{"name":"shop","get_wait_list_size":2}])")
        : answers_(std::move(answers)), groups_(std::move(groups)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
        const void* generic_address = &address;
        EXPECT_EQ(
            ::bind(listener_.get(), static_cast<const sockaddr*>(generic_address), sizeof(address)),
            0);
        EXPECT_EQ(::listen(listener_.get(), 8), 0);
        thread_ = std::thread([this] { serve(); });
    }
    ScriptedAgent(const ScriptedAgent&) = delete;
    ScriptedAgent& operator=(const ScriptedAgent&) = delete;
    ~ScriptedAgent() { end(); }

    [[nodiscard]] std::string socket() const { return (directory_.path() / "s").string(); }

    // The requests that came, once no further one is awaited.
    const std::vector<std::string>& requests() {
        end();
        return requests_;
    }

  private:
    void end() {
        ::shutdown(listener_.get(), SHUT_RDWR); // accept() comes back
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    void serve() {
        sigset_t interrupts;
        ::sigemptyset(&interrupts);
        ::sigaddset(&interrupts, SIGINT);
        ::pthread_sigmask(SIG_BLOCK, &interrupts, nullptr); // Ctrl-C is the command's
        auto answer = answers_.begin();
        for (;;) {
            const FileDescriptor connection(
                ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!connection) {
                return;
            }
            const std::string request = read_request(connection);
            if (request.starts_with("GET ")) {
                send_all(connection, list_for(request));
            } else if (request.starts_with("OPTIONS ")) { // Does the agent live?
                send_all(connection, "HTTP/1.1 204 No Content\r\n\r\n");
            } else if (request.empty() || answer == answers_.end()) {
                continue;
            } else {
                requests_.push_back(request);
                say(connection, *answer++);
            }
        }
    }

    static void send_all(const FileDescriptor& connection, const std::string& answer) {
        ::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }

    static void say(const FileDescriptor& connection, const std::string& answer) {
        if (answer == interrupt) {
            ::kill(::getpid(), SIGINT);
            std::array<char, 1> space{};
            EXPECT_EQ(::recv(connection.get(), space.data(), 1, 0), 0);
        } else {
            send_all(connection, answer);
        }
    }

    [[nodiscard]] std::string list_for(const std::string& request) const {
        const bool is_groups = request.starts_with("GET /v1/groups");
        const std::string document =
            is_groups ? "{\"groups\":" + groups_ + "}"
                      : R"({"processes":[{"pid":9,"gupid":"a-2","group":"shop"},)"
                        R"({"pid":20387,"gupid":"a-1","group":"shop"}]})";
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(document.size()) + "\r\n\r\n" + document;
    }

    // The command's requests for health are POST, and end with their body, an object.
    static std::string read_request(const FileDescriptor& connection) {
        std::string request;
        std::array<char, 4096> space{};
        while (!request.ends_with(request.starts_with("POST ") ? "}" : "\r\n\r\n")) {
            const ssize_t count = ::recv(connection.get(), space.data(), space.size(), 0);
            if (count <= 0) {
                return request;
            }
            request.append(space.data(), static_cast<std::size_t>(count));
        }
        return request;
    }

    TemporaryDirectory directory_;
    FileDescriptor listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::vector<std::string> answers_;
    std::string groups_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

struct Outcome {
    int exit_code = -1;
    std::string output;
    std::string errors;
};

Outcome run_health(const std::string& socket, const std::vector<std::string>& arguments) {
    std::vector<const char*> argv{"gangway", "health", "--socket", socket.c_str()};
    for (const std::string& argument : arguments) {
        argv.push_back(argument.c_str());
    }
    Outcome outcome;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    outcome.exit_code = run_command_line(static_cast<int>(argv.size()), argv.data());
    outcome.output = testing::internal::GetCapturedStdout();
    outcome.errors = testing::internal::GetCapturedStderr();
    return outcome;
}

Outcome run_with_answer(const std::string& answer, const std::vector<std::string>& arguments) {
    const ScriptedAgent agent({answer});
    return run_health(agent.socket(), arguments);
}

const std::string well_answer = healthy_line + summary_line(1, 0, 0);
const std::string one_ill = healthy_line + unhealthy_line + summary_line(1, 1, 0);

TEST(HealthCommand, PostsWhatWasSaidAndAsksForLines) {
    ScriptedAgent agent({answer_with(well_answer)});
    EXPECT_EQ(run_health(agent.socket(), {"20387", "/up", "--password", "secret"}).exit_code, 0);
    ASSERT_EQ(agent.requests().size(), 1U);
    const std::string& request = agent.requests()[0];
    EXPECT_TRUE(request.starts_with("POST /v1/health HTTP/1.1\r\n"));
    for (const char* header :
         {"Accept: application/x-ndjson\r\n", "Content-Type: application/json\r\n",
          "Content-Length: 36\r\n", "X-Passenger-Connect-Password: secret\r\n"}) {
        EXPECT_NE(request.find(header), std::string::npos) << header << request;
    }
    EXPECT_TRUE(request.ends_with("\r\n\r\n{\"path\":\"/up\",\"processes\":[\"20387\"]}"));
}

TEST(HealthCommand, EndsWithOneWhereNotAllAreHealthyOrNobodyIsThere) {
    const Outcome well = run_with_answer(answer_with(well_answer), {"--all"});
    EXPECT_EQ(well.exit_code, 0);
    EXPECT_NE(well.output.find("1 of 1 healthy"), std::string::npos);
    EXPECT_EQ(well.errors, "");
    const Outcome ill = run_with_answer(answer_with(one_ill), {"--all"});
    EXPECT_EQ(ill.exit_code, 1);
    EXPECT_NE(ill.output.find("9: It took the request"), std::string::npos);
    const Outcome busy = run_with_answer(answer_with(busy_line + summary_line(0, 0, 1)), {"--all"});
    EXPECT_EQ(busy.exit_code, 1);
    const Outcome nobody = run_with_answer(answer_with(summary_line(0, 0, 0)), {"--all"});
    EXPECT_EQ(nobody.exit_code, 1);
    EXPECT_NE(nobody.errors.find("no process"), std::string::npos);
}

TEST(HealthCommand, PrintsOneDocumentForPrograms) {
    const Outcome outcome = run_with_answer(answer_with(one_ill), {"--all", "--json"});
    EXPECT_EQ(outcome.exit_code, 1);
    const auto document = parse_json(outcome.output);
    ASSERT_TRUE(document) << outcome.output;
    EXPECT_EQ((*document)["results"].size(), 2U);
    EXPECT_EQ((*document)["summary"]["unhealthy"], Json::Value(1));
}

TEST(HealthCommand, ChecksThoseThatAreThereAndShowsTheOthersAsGone) {
    ScriptedAgent agent({answer_with(well_answer)});
    const Outcome outcome = run_health(agent.socket(), {"20387", "4711", "/up"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_NE(outcome.output.find(" 4711  unhealthy  gone "), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("1 of 2 healthy, 1 unhealthy"), std::string::npos);
    ASSERT_EQ(agent.requests().size(), 1U);
    EXPECT_TRUE(agent.requests()[0].ends_with("{\"path\":\"/up\",\"processes\":[\"20387\"]}"));
}

TEST(HealthCommand, AsksAgainWhereOneGoesBeforeItIsChecked) {
    ScriptedAgent agent(
        {refusal("404 Not Found", R"({"code":"process_not_found"})"), answer_with(well_answer)});
    EXPECT_EQ(run_health(agent.socket(), {"20387"}).exit_code, 0);
    EXPECT_EQ(agent.requests().size(), 2U);
}

TEST(HealthCommand, NamesTheProcessThatIsNotThere) {
    ScriptedAgent agent({});
    const Outcome outcome = run_health(agent.socket(), {"4711"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_NE(outcome.output.find("4711: There is no process 4711"), std::string::npos);
    EXPECT_EQ(agent.requests().size(), 0U);
}

TEST(HealthCommand, NamesTheGroupsWhereThereIsNoSuch) {
    const std::string none = refusal("404 Not Found", R"({"code":"group_not_found"})");
    const ScriptedAgent agent({none, none});
    const Outcome outcome = run_health(agent.socket(), {"--group", "sohp"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.errors, "gangway: group_not_found: There is no group 'sohp'. Did you mean "
                              "'shop'? There are:\n  shop\n");
    const Outcome for_programs = run_health(agent.socket(), {"--group", "sohp", "--json"});
    EXPECT_EQ(for_programs.exit_code, 1);
    const auto error = parse_json(for_programs.errors);
    ASSERT_TRUE(error) << for_programs.errors;
    EXPECT_EQ((*error)["error"]["code"], Json::Value("group_not_found"));
    EXPECT_EQ((*error)["error"]["exit_code"], Json::Value(1));
    EXPECT_EQ((*error)["error"]["problem"]["groups"][0], Json::Value("shop"));
}

TEST(HealthCommand, PutsTheQueueIntoThePerformanceData) {
    const Outcome outcome = run_with_answer(answer_with(well_answer), {"--all", "--nagios"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_NE(outcome.output.find(" queue=2;;;0 "), std::string::npos) << outcome.output;
    EXPECT_EQ(
        run_with_answer(answer_with(well_answer), {"--all", "--nagios", "-w", "queue=1"}).exit_code,
        1);
    EXPECT_EQ(
        run_with_answer(answer_with(well_answer), {"--all", "--nagios", "-c", "queue=1"}).exit_code,
        2);
}

// Where others serve, Passenger does not try again by itself, so that an old failure may be over.
TEST(HealthCommand, WarnsOfProcessesThatCannotBeStartedWhileThatIsNew) {
    const auto run = [](const std::string& queue, const std::string& latest) {
        const ScriptedAgent agent(
            {answer_with(well_answer)},
            R"([{"name":"shop","get_wait_list_size":)" + queue +
                R"(,"spawn_error":{"message":"no database","since":"2020-01-01T00:00:00Z",)" +
                R"("latest":")" + latest + R"(","attempts":3}}])");
        return run_health(agent.socket(), {"--all", "--nagios"});
    };
    const std::string old = "2020-01-01T00:00:00.000000Z";
    const std::string coming = "2199-01-01T00:00:00.000000Z"; // Clocks differ.
    EXPECT_TRUE(run("0", old).output.starts_with("OK - 1 of 1 healthy |")) << run("0", old).output;
    for (const Outcome& warned : {run("1", old), run("0", coming), run("0", "no time")}) {
        EXPECT_EQ(warned.exit_code, 1);
        EXPECT_NE(warned.output.find(": no process of shop can be started since "
                                     "2020-01-01T00:00:00Z: no database | "),
                  std::string::npos)
            << warned.output;
    }
}

struct FaultCase {
    std::string answer;
    int exit_code;
    const char* said;
};

// One row for each way in which a check comes to nothing.
const std::vector<FaultCase>& faults() {
    static const std::vector<FaultCase> cases{
        {answer_with(healthy_line), 1, "the answer broke off"},
        {answer_with(well_answer).substr(0, answer_with(well_answer).size() - 9), 1,
         "the answer broke off"},
        {"", 3, "without an answer"},
        {answer_with("<html>\n"), 1, "is no health"},
        {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 3, "HTTP 500"},
        {"HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n", 3, "is not Gangway's"},
        {refusal("400 Bad Request", R"({"code":"bad_body","detail":"no key 'pth'"})"), 2,
         "bad_body: no key 'pth'"},
        {refusal("401 Unauthorized", R"({"code":"unauthorized","detail":"Who?"})"), 4,
         "unauthorized: There is nothing here that you may see or reach."},
    };
    return cases;
}

TEST(HealthCommand, SaysWhyACheckCameToNothing) {
    for (const FaultCase& each : faults()) {
        const Outcome outcome = run_with_answer(each.answer, {"--all"});
        EXPECT_EQ(outcome.exit_code, each.exit_code) << each.said;
        EXPECT_NE(outcome.errors.find(each.said), std::string::npos) << outcome.errors;
        EXPECT_EQ(outcome.output, "");
    }
}

TEST(HealthCommand, TellsMonitoringOnStandardOutputThatItDoesNotKnow) {
    for (const FaultCase& each : faults()) {
        const Outcome outcome = run_with_answer(each.answer, {"--all", "--nagios"});
        EXPECT_EQ(outcome.exit_code, 3) << each.said;
        EXPECT_TRUE(outcome.output.starts_with("UNKNOWN - ")) << outcome.output;
        EXPECT_NE(outcome.output.find(each.said), std::string::npos) << outcome.output;
        EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1)
            << outcome.output;
        EXPECT_EQ(outcome.errors, "");
    }
}

TEST(HealthCommand, HasTheExitCodesOfAPluginForMonitoring) {
    const std::vector<std::string> arguments{"--all", "--nagios"};
    EXPECT_EQ(run_with_answer(answer_with(well_answer), arguments).exit_code, 0);
    EXPECT_EQ(run_with_answer(answer_with(busy_line + summary_line(1, 0, 1)), arguments).exit_code,
              1);
    EXPECT_EQ(run_with_answer(answer_with(busy_line + summary_line(0, 0, 1)), arguments).exit_code,
              2);
    EXPECT_EQ(run_with_answer(answer_with(one_ill), arguments).exit_code, 2);
    EXPECT_EQ(run_with_answer(answer_with(summary_line(0, 0, 0)), arguments).exit_code, 3);
    EXPECT_TRUE(run_with_answer(answer_with(well_answer), arguments).output.starts_with("OK - "));
}

TEST(HealthCommand, EndsWithTwoForWrongUsageAndWithThreeForMonitoring) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{},
                                               {"1", "--group", "shop"},
                                               {"1", "--timeout", "x"},
                                               {"1", "--no-such"},
                                               {"1", "-w", "busy=x"},
                                               {"1", "-c", "busy"}}) {
        const Outcome outcome = run_health("/nowhere", arguments);
        EXPECT_EQ(outcome.exit_code, 2);
        EXPECT_TRUE(outcome.errors.starts_with("gangway: ")) << outcome.errors;
        std::vector<std::string> for_monitoring = arguments;
        for_monitoring.emplace_back("--nagios");
        const Outcome plugin = run_health("/nowhere", for_monitoring);
        EXPECT_EQ(plugin.exit_code, 3);
        EXPECT_TRUE(plugin.output.starts_with("UNKNOWN - ")) << plugin.output;
        EXPECT_EQ(plugin.errors, "");
    }
}

TEST(HealthCommand, EndsWithThreeWhereNoAgentIs) {
    EXPECT_EQ(run_health("/nowhere", {"--all"}).exit_code, 3);
    EXPECT_EQ(run_health("/nowhere", {"--all", "--nagios"}).exit_code, 3);
    EXPECT_EQ(run_health("/nowhere", {"--all", "--watch"}).exit_code, 3);
}

TEST(HealthCommand, WatchesUntilCtrlCAndOutlivesAnAgentThatIsGoneForAWhile) {
    ScriptedAgent agent({answer_with(well_answer), "", "", answer_with(one_ill), interrupt});
    const Outcome outcome = run_health(agent.socket(), {"--all", "--watch", "0.001"});
    EXPECT_EQ(outcome.exit_code, 130);
    EXPECT_EQ(agent.requests().size(), 5U);
    const std::size_t first = outcome.output.find("1 of 1 healthy");
    EXPECT_NE(first, std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("1 of 2 healthy", first), std::string::npos) << outcome.output;
    EXPECT_EQ(outcome.errors, "gangway: the agent closed the connection without an answer\n"
                              "gangway: interrupted\n");
    EXPECT_EQ(outcome.output.find('\033'), std::string::npos);
}

TEST(HealthCommand, WatchesInLinesForPrograms) {
    const ScriptedAgent agent({answer_with(well_answer), answer_with(one_ill), interrupt});
    const Outcome outcome = run_health(agent.socket(), {"--all", "--watch=0.001", "--json"});
    EXPECT_EQ(outcome.exit_code, 130);
    HealthReport in_the_pools_order = report_of(one_ill);
    sort_results(in_the_pools_order.results, {"a-2", "a-1"});
    EXPECT_EQ(outcome.output,
              health_lines(report_of(well_answer)) + health_lines(in_the_pools_order));
}

} // namespace
} // namespace gangway::command
