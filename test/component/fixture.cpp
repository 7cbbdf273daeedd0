#include "fixture.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <unistd.h>

namespace gangway::test {

ModuleTest::ModuleTest() {
    std::string name = ::testing::TempDir() + "gangway.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("mkdtemp " + name);
    }
    directory_ = name;
    // Like an instance directory: everybody reaches the sockets in it.
    std::filesystem::permissions(directory_, std::filesystem::perms(0755));
    std::filesystem::create_directory(directory_ / "agents.s");
    use_agent_config("{}");
}

ModuleTest::~ModuleTest() {
    host_.reset();
    std::filesystem::remove_all(directory_);
}

void ModuleTest::use_agent_config(const std::string& agent_config) {
    host_ = std::make_unique<TestHost>(directory(), agent_config);
    group_ = &host_->add_group("/srv/shop (production)");
}

void ModuleTest::TearDown() {
    EXPECT_TRUE(host_->wait_for_sessions(0)) << "a session is still open after the test";
    std::vector<std::string> secrets;
    host_->locked([&](const Pool& pool) {
        for (const auto& each : pool.groups) {
            secrets.push_back(each->password);
        }
    });
    if (!HasFailure()) {
        host_->stop(); // checks what is left, which after a failure would only hide it
    }
    for (const LogLine& line : host_->log()) {
        if (HasFailure()) {
            std::cout << "log " << line.level << ": " << line.text << '\n';
        }
        for (const std::string& secret : secrets) {
            EXPECT_TRUE(secret.empty() || line.text.find(secret) == std::string::npos)
                << "a password stands in the log: " << line.text;
        }
    }
}

void ModuleTest::start(const std::string& config_text) {
    const std::string error = host_->start(config_text);
    ASSERT_EQ(error, "");
}

Response ModuleTest::get(const std::string& target, const Headers& headers) const {
    return client().get(target, headers);
}

Response ModuleTest::send(const Request& request) const {
    return client().request(request);
}

std::shared_ptr<Process> ModuleTest::worker(std::int64_t pid, Behaviour behaviour,
                                            const WorkerOptions& options) {
    return host_->add_worker(*group_, pid, options, std::move(behaviour));
}

std::shared_ptr<Process> ModuleTest::ruby_worker(std::int64_t pid, Behaviour behaviour) {
    auto process = worker(pid, std::move(behaviour));
    group_->uid = ::geteuid(); // whose sockets these are
    const WorkerOptions debug{GANGWAY_PROTOCOL_HTTP, true, 1, 16};
    Socket& socket = host_->add_socket(*process, debug, behave::answer_pid(false));
    socket.accept_http_requests = false;
    return process;
}

void ModuleTest::write_file(const std::string& name, const std::string& content) const {
    std::ofstream(directory_ / name, std::ios::binary) << content;
}

std::string request_path(std::int64_t pid, const std::string& path) {
    return "/v1/processes/" + std::to_string(pid) + "/request" + path;
}

Json::Value json(const Response& response) {
    Json::Value value;
    std::string errors;
    const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
    const char* const begin = response.body.data();
    EXPECT_TRUE(reader->parse(begin, begin + response.body.size(), &value, &errors))
        << errors << response.body.substr(0, 2000);
    return value;
}

std::vector<std::string> names_in_order(const Json::Value& object) {
    std::vector<std::string> names = object.getMemberNames();
    std::sort(names.begin(), names.end(), [&](const auto& left, const auto& right) {
        return object[left].getOffsetStart() < object[right].getOffsetStart();
    });
    return names;
}

::testing::AssertionResult is_problem(const Response& response, int status,
                                      const std::string& code) {
    if (response.status != status) {
        return ::testing::AssertionFailure() << "status " << response.status << " instead of "
                                             << status << ": " << response.body.substr(0, 500);
    }
    if (response.header("Content-Type") != "application/problem+json") {
        return ::testing::AssertionFailure()
               << "Content-Type is " << response.header("Content-Type").value_or("missing");
    }
    if (response.header("X-Gangway-Route").has_value()) {
        return ::testing::AssertionFailure() << "an error of Gangway's has X-Gangway-Route";
    }
    const Json::Value problem = json(response);
    if (problem["code"] != code || problem["status"] != status || !problem["title"].isString() ||
        !problem["detail"].isString()) {
        return ::testing::AssertionFailure() << "problem is " << response.body;
    }
    return ::testing::AssertionSuccess();
}

::testing::AssertionResult is_problem(const Response& response, int status, const std::string& code,
                                      const std::string& word) {
    auto result = is_problem(response, status, code);
    if (result && json(response)["detail"].asString().find(word) == std::string::npos) {
        return ::testing::AssertionFailure()
               << "the detail does not name " << word << ": " << response.body;
    }
    return result;
}

std::string base64(std::string_view bytes) {
    static constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            const auto byte = at + i < bytes.size() ? bytes[at + i] : '\0';
            group = group << 8U | static_cast<unsigned char>(byte);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            const bool padding = at + i > bytes.size();
            text += padding ? '=' : alphabet[group >> (18U - 6U * i) & 63U];
        }
    }
    return text;
}

Headers basic(const std::string& user, const std::string& password) {
    return {{"Authorization", "Basic " + base64(user + ":" + password)}};
}

} // namespace gangway::test
