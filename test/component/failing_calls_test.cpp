// Every system call of the module's fails once, in each way in which it can: what it was at may
// fail, and then says so; nothing else does, and nothing is left behind.
#include "fixture.h"

#include "failing_calls/failing_calls.h"

#include <atomic>
#include <filesystem>
#include <set>

namespace gangway::test {

namespace {

constexpr std::int64_t first_pid = 5'000'001; // Beyond what Linux gives.
constexpr unsigned most_calls = 2000;
// Of which a part is kept in a file, and comes in more pieces than one.
constexpr std::size_t spooled_bytes = 70'000;

using IsRight = std::function<bool(const Response&)>;

IsRight is_ok(const std::string& body) {
    return [body](const Response& response) {
        return response.status == 200 && response.complete && response.body == body;
    };
}

// A whole document, which is not looked into.
bool is_json(const Response& response) {
    return response.status == 200 && response.complete && json(response).isObject();
}

// Which problem it is depends on the call; that it has a name does not.
::testing::AssertionResult is_some_problem(const Response& response) {
    return is_problem(response, response.status,
                      response.header("X-Gangway-Error").value_or("none"));
}

} // namespace

struct Mishap {
    Fault fault;
    unsigned failures; // in a row
};

void PrintTo(const Mishap& mishap, std::ostream* out) {
    *out << mishap.failures << " of " << mishap.fault;
}

// Where nothing is lost, the client must not notice.
bool is_harmless(Fault fault) {
    return fault == Fault::interruption || fault == Fault::one_byte;
}

class FailingCallsTest : public ModuleTest {
  protected:
    // What the client saw: the right answer, a problem, or the end of the connection.
    void ask(const Request& request, const IsRight& is_right, Fault fault) const {
        try {
            const Response response = send(request);
            if (!is_right(response)) {
                EXPECT_FALSE(is_harmless(fault)) << response.status << " " << response.body;
                EXPECT_TRUE(!response.complete || is_some_problem(response));
            }
        } catch (const ClientError& error) {
            EXPECT_FALSE(is_harmless(fault)) << error.what();
            EXPECT_EQ(std::string(error.what()).find("within the bound"), std::string::npos)
                << error.what();
        }
    }
    // Before anybody has asked anything.
    void note_descriptors() { descriptors_ = foreign_descriptors(host().before_start()).size(); }
    void expect_all_well() {
        ASSERT_TRUE(host().wait_for_sessions(0));
        ASSERT_TRUE(eventually([&] { return host().references() == 0; }));
        ASSERT_EQ(get("/v1/pool").status, 200);
        ASSERT_TRUE(eventually([&] {
            return foreign_descriptors(host().before_start()).size() == descriptors_;
        })) << "A descriptor is left open.";
    }

  private:
    std::size_t descriptors_ = 0; // of the module, when nobody asks anything
};

class EachCallFails : public FailingCallsTest, public ::testing::WithParamInterface<Mishap> {
  protected:
    // Does the same again and again, and lets the call after the last one fail, until none fails.
    template <class Deed>
    void wherever_it_fails(Deed deed) {
        note_descriptors();
        unsigned before = 0;
        for (std::string failed = "some"; !failed.empty(); ++before) {
            ASSERT_LT(before, most_calls) << "There is no end to it.";
            {
                const FailingCalls calls(GetParam().fault, before, GetParam().failures);
                deed();
                failed = FailingCalls::first_failed_call();
            }
            expect_all_well();
            ASSERT_FALSE(HasFailure()) << failed << " failed, after " << before << " calls";
        }
        // A disk is only used where something is kept on it.
        EXPECT_GT(before, GetParam().fault == Fault::disk ? 0U : 1U) << "Nothing failed.";
    }
    void wherever_it_fails_in(const Request& request, const IsRight& is_right) {
        wherever_it_fails([&] { ask(request, is_right, GetParam().fault); });
    }
};

INSTANTIATE_TEST_SUITE_P(Each, EachCallFails,
                         ::testing::Values(Mishap{Fault::descriptors, 1}, Mishap{Fault::disk, 1},
                                           Mishap{Fault::memory, 1}, Mishap{Fault::connection, 1},
                                           Mishap{Fault::connection, 2},
                                           Mishap{Fault::interruption, 1},
                                           Mishap{Fault::interruption, 3},
                                           Mishap{Fault::one_byte, 1}));

TEST_P(EachCallFails, InAListing) {
    worker(first_pid, behave::answer_pid());
    start();
    wherever_it_fails_in({"GET", "/v1/processes"}, is_json);
}

TEST_P(EachCallFails, InARequestToAProcess) {
    worker(first_pid, behave::answer_pid(), session);
    worker(first_pid + 1, behave::answer_pid(), http);
    start();
    for (const std::int64_t pid : {first_pid, first_pid + 1}) {
        wherever_it_fails_in({"GET", request_path(pid)}, is_ok(std::to_string(pid) + " GET /"));
    }
}

TEST_P(EachCallFails, InARequestWithABodyThatIsSpooled) {
    const auto processes = {worker(first_pid, behave::echo(), session),
                            worker(first_pid + 1, behave::echo(), http)};
    start();
    const std::string body = behave::pattern(spooled_bytes);
    unsigned number = 0;
    for (const auto& process : processes) {
        wherever_it_fails([&] {
            const std::string path = "/" + std::to_string(number++);
            ask({"POST", request_path(process->pid, path), {}, body, true}, is_ok(body),
                GetParam().fault);
        });
        host().stop(); // Nothing is heard of any more.
        std::set<std::string> targets;
        for (const WorkerRequest& request : process->worker().requests()) {
            EXPECT_TRUE(targets.insert(request.target).second) << "It is sent again.";
        }
        start();
    }
}

TEST_P(EachCallFails, InARequestToADebugSocket) {
    ruby_worker(living_pid, behave::answer_pid());
    start();
    wherever_it_fails_in({"GET", request_path(living_pid), {{"X-Gangway-Route", "direct"}}},
                         is_ok(std::to_string(living_pid) + " GET /"));
}

TEST_P(EachCallFails, InACheckOfOneProcess) {
    worker(first_pid, behave::answer_pid());
    start();
    wherever_it_fails_in({"GET", "/v1/processes/" + std::to_string(first_pid) + "/health"},
                         [](const Response& response) {
                             if (!is_json(response)) {
                                 return false;
                             }
                             const Json::Value state = json(response)["result"]["state"];
                             return state == "healthy" ||
                                    ((state == "unhealthy" || state == "skipped") &&
                                     !is_harmless(GetParam().fault));
                         });
}

TEST_P(EachCallFails, InChecksOfMany) {
    for (std::int64_t pid = first_pid; pid < first_pid + 3; ++pid) {
        worker(pid, behave::answer_pid());
    }
    start();
    wherever_it_fails_in({"POST", "/v1/health", {}, "{}"}, [](const Response& response) {
        return is_json(response) && json(response)["results"].size() == 3 &&
               (json(response)["summary"]["healthy"] == 3 || !is_harmless(GetParam().fault));
    });
}

TEST_P(EachCallFails, InAStreamOfEvents) {
    // Up and down with each check.
    const auto is_well = std::make_shared<std::atomic<bool>>(false);
    worker(first_pid, [is_well](WorkerRequest& request, ConnectionIo& io) {
        io.read_body(request);
        const bool well = is_well->exchange(!*is_well);
        const std::string status = well ? "200 Fine" : "500 Oh";
        io.write("HTTP/1.1 " + status + "\r\nStatus: " + status + "\r\nContent-Length: 0\r\n\r\n");
    });
    start(R"({"health": [{"group": "*", "path": "/", "interval_seconds": 0.01, "rise": 1,)"
          R"( "fall": 1, "timeout_seconds": 5}]})");
    wherever_it_fails([&] {
        try {
            Client listener = client();
            listener.send(Request{"GET", "/v1/events"});
            ASSERT_EQ(listener.read_head().status, 200);
            std::string text;
            while (text.find("event: health_changed\ndata: {") == std::string::npos) {
                text += listener.read_raw(1);
            }
        } catch (const ClientError& error) {
            EXPECT_FALSE(is_harmless(GetParam().fault)) << error.what();
            EXPECT_EQ(std::string(error.what()).find("within the bound"), std::string::npos)
                << error.what();
        }
    });
    host().stop();
}

TEST_F(FailingCallsTest, ManyReadsAndWritesInARowAreOfOneByte) {
    worker(first_pid, behave::echo(), session);
    worker(first_pid + 1, behave::echo(), http);
    worker(first_pid + 2, behave::answer_pid());
    start();
    note_descriptors();
    const std::string body = behave::pattern(spooled_bytes);
    const std::string health = "/v1/processes/" + std::to_string(first_pid + 2) + "/health";
    const auto each = [this](const Request& request, const IsRight& is_right) {
        const FailingCalls calls(Fault::one_byte, 0, 3000);
        ask(request, is_right, Fault::one_byte);
    };
    each({"GET", "/v1/processes"}, is_json);
    each({"GET", health}, is_json);
    for (const std::int64_t pid : {first_pid, first_pid + 1}) {
        each({"POST", request_path(pid), {}, body, true}, is_ok(body));
    }
    expect_all_well();
}

// Where the module starts, each call that fails stops it, with a reason; or it does without.
TEST_F(FailingCallsTest, TheStartWithoutOneFailsWithAReasonAndLeavesNothing) {
    for (const Fault fault : {Fault::descriptors, Fault::disk, Fault::memory}) {
        unsigned before = 0;
        for (std::string failed = "some"; !failed.empty(); ++before) {
            ASSERT_LT(before, most_calls) << "There is no end to it.";
            std::string error;
            {
                const FailingCalls calls(fault, before, 1);
                error = host().start(R"({"socket_owner": "root", "socket_mode": "0666"})");
                failed = FailingCalls::first_failed_call();
            }
            if (error.empty()) {
                EXPECT_EQ(get("/v1/pool").status, 200);
                host().stop();
            }
            EXPECT_FALSE(std::filesystem::exists(socket_path()));
            ASSERT_FALSE(HasFailure())
                << failed << " failed for " << fault << " after " << before << " calls: " << error;
        }
        EXPECT_GT(before, 1U) << "Nothing failed for " << fault;
    }
}

} // namespace gangway::test
