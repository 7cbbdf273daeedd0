// What each test starts from: a directory of its own, a host, one group of stand-in processes, and
// the module when the test starts it. At the end nothing may be left: no session, no descriptor,
// no thread, no password in the log.
#pragma once

#include "client/http_client.h"
#include "host/behaviours.h"
#include "host/test_host.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <json/json.h>
#include <unistd.h>

namespace gangway::test {

inline constexpr std::size_t ten_megabytes = 10'485'760;
// The debug socket of a process is used only while that process lives.
inline const int living_pid = ::getpid();

// How processes are spoken to.
inline const WorkerOptions session{};
inline const WorkerOptions http{GANGWAY_PROTOCOL_HTTP, false, 1, 128};
inline const WorkerOptions http_tcp{GANGWAY_PROTOCOL_HTTP, true, 1, 128};

class ModuleTest : public ::testing::Test {
  protected:
    ModuleTest();
    ~ModuleTest() override;
    void TearDown() override;

    // Fails the test when the module does not start.
    void start(const std::string& config_text = {});
    // The host is made anew by it: before any process is added.
    void use_agent_config(const std::string& agent_config);

    [[nodiscard]] std::string directory() const { return directory_.string(); }
    [[nodiscard]] std::string socket_path() const { return directory() + "/agents.s/gangway"; }
    [[nodiscard]] Client client() const { return Client(socket_path()); }
    // One request on a connection of its own.
    [[nodiscard]] Response get(const std::string& target, const Headers& headers = {}) const;
    [[nodiscard]] Response send(const Request& request) const;

    // A process with somebody behind its request socket.
    std::shared_ptr<Process> worker(std::int64_t pid, Behaviour behaviour,
                                    const WorkerOptions& options = {});
    // A Ruby process: a session socket, and a debug socket that answers with its pid.
    std::shared_ptr<Process> ruby_worker(std::int64_t pid, Behaviour behaviour);

    TestHost& host() { return *host_; }
    Group& group() { return *group_; }

    void write_file(const std::string& name, const std::string& content) const;

  private:
    std::filesystem::path directory_;
    std::unique_ptr<TestHost> host_;
    Group* group_ = nullptr;
};

// The parameters of tests that only root can run: none, and so no test, for others.
template <class T>
auto as_root(std::initializer_list<T> parameters) {
    return ::testing::ValuesIn(::geteuid() == 0 ? std::vector<T>(parameters) : std::vector<T>());
}

// "/v1/processes/PID/request" and the path.
std::string request_path(std::int64_t pid, const std::string& path = "/");

// The body as JSON; fails the test when it is none.
Json::Value json(const Response& response);
// The names of an object's members in the order in which they stand in the text.
std::vector<std::string> names_in_order(const Json::Value& object);

// The documented status and code, as problem+json with a title and a detail.
::testing::AssertionResult is_problem(const Response& response, int status,
                                      const std::string& code);
// As above, and the detail has that word.
::testing::AssertionResult is_problem(const Response& response, int status, const std::string& code,
                                      const std::string& word);

std::string base64(std::string_view bytes);
Headers basic(const std::string& user, const std::string& password);

} // namespace gangway::test
