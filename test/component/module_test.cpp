// The module's life: its entry, its configuration, its socket, its end.
#include "fixture.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace gangway::test {

namespace {

// A socket file of an agent that lives, or, when it was closed, of one that crashed.
Descriptor listen_at(const std::string& path) {
    union {
        sockaddr generic;
        sockaddr_un local;
    } address{};
    address.local.sun_family = AF_UNIX;
    path.copy(address.local.sun_path, sizeof address.local.sun_path - 1);
    Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener.get(), &address.generic, sizeof address.local), 0);
    EXPECT_EQ(::listen(listener.get(), 5), 0);
    return listener;
}

struct stat status_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
}

std::string quoted(const std::string& key, const std::string& value) {
    return "{\"" + key + "\": \"" + value + "\"}";
}

} // namespace

TEST_F(ModuleTest, EntryTellsVersionSizesNameAndVersionOfTheModule) {
    const gangway_module& module = TestHost::gangway();
    EXPECT_EQ(module.abi_version, GANGWAY_ABI_VERSION);
    EXPECT_EQ(module.struct_size, sizeof(gangway_module));
    EXPECT_EQ(module.host_struct_size, sizeof(gangway_host));
    EXPECT_EQ(std::string(module.name.data, module.name.size), "gangway");
    EXPECT_EQ(std::string(module.version.data, module.version.size), GANGWAY_VERSION);
}

TEST_F(ModuleTest, AnswersWhenStartHasReturned) {
    start();
    EXPECT_EQ(get("/v1/pool").status, 200);
}

TEST_F(ModuleTest, StartsInAnAgentOfALaterMinorVersion) {
    host().be_younger();
    start();
    EXPECT_EQ(get("/v1/pool").status, 200);
}

TEST_F(ModuleTest, IsToldByManyThreadsWhyNoProcessCanBeStarted) {
    start();
    constexpr unsigned attempts = 100;
    constexpr unsigned at_once = 4;
    std::vector<std::thread> spawners;
    spawners.reserve(at_once);
    for (unsigned i = 0; i < at_once; ++i) {
        spawners.emplace_back([this] {
            for (unsigned each = 0; each < attempts; ++each) {
                host().spawn_ended(group().name, "no database");
            }
        });
    }
    for (std::thread& spawner : spawners) {
        spawner.join();
    }
    const auto error = [this] { return json(get("/v1/groups"))["groups"][0]["spawn_error"]; };
    EXPECT_TRUE(eventually([&] { return error()["attempts"].asUInt() == at_once * attempts; }));
    EXPECT_EQ(error()["message"].asString(), "no database");
    EXPECT_EQ(error()["since"].asString(), "1970-01-01T00:00:02.000000Z");
    host().spawn_ended(group().name, "");
    EXPECT_TRUE(eventually([&] { return error().isNull(); }));
}

TEST_F(ModuleTest, LeavesNothingWhenItIsStartedAndStoppedFiftyTimes) {
    for (int round = 0; round < 50; ++round) {
        start();
        ASSERT_EQ(get("/v1/pool").status, 200) << "round " << round;
        host().stop(); // looks for threads, descriptors, references
        ASSERT_FALSE(std::filesystem::exists(socket_path())) << "round " << round;
    }
}

TEST_F(ModuleTest, StopsWhileAConnectionIsIdle) {
    start();
    Client idle = client();
    ASSERT_EQ(idle.get("/v1/pool").status, 200);
    host().stop();
    EXPECT_TRUE(idle.at_end());
}

TEST_F(ModuleTest, WhatItOpensIsCloseOnExec) {
    worker(101, behave::never_answer());
    start();
    Client running = client();
    running.send({"GET", request_path(101)});
    ASSERT_TRUE(host().wait_for_sessions(1));
    for (const int fd : foreign_descriptors(host().before_start())) {
        EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0) << fd << " is " << describe_descriptor(fd);
    }
    host().stop();
}

TEST_F(ModuleTest, ItsThreadsBlockAllSignals) {
    start();
    const auto threads = foreign_threads(host().before_start());
    EXPECT_FALSE(threads.empty());
    for (const pid_t thread : threads) {
        std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
        std::string word;
        while (status >> word && word != "SigBlk:") {
        }
        status >> word;
        const auto blocked = std::stoull(word, nullptr, 16);
        for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD}) {
            EXPECT_NE(blocked >> (signal - 1) & 1U, 0U) << "signal " << signal;
        }
    }
}

// ---------------------------------------------------------------- configuration

struct BadConfig {
    const char* name;
    const char* text;
    const char* word; // what the reason must name
};

std::ostream& operator<<(std::ostream& out, const BadConfig& config) {
    return out << config.text;
}

class BadConfiguration : public ModuleTest, public ::testing::WithParamInterface<BadConfig> {};

TEST_P(BadConfiguration, IsRefusedInOneLineThatNamesTheKey) {
    const std::string error = host().start(GetParam().text);
    EXPECT_NE(error.find(GetParam().word), std::string::npos) << "the reason was: " << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
    EXPECT_FALSE(host().started());
    EXPECT_FALSE(std::filesystem::exists(socket_path()));
}

INSTANTIATE_TEST_SUITE_P(
    EachKey, BadConfiguration,
    ::testing::Values(
        BadConfig{"UnknownKey", R"({"sokcet_path": "/tmp/x"})", "sokcet_path"},
        BadConfig{"NotJson", R"({"socket_path")", "passenger-gangway.json"},
        BadConfig{"NotAnObject", R"([1])", "passenger-gangway.json"},
        BadConfig{"EnabledIsNoBoolean", R"({"enabled": "yes"})", "enabled"},
        BadConfig{"ModuleIsRelative", R"({"module": "gangway.so"})", "module"},
        BadConfig{"SocketPathIsRelative", R"({"socket_path": "gangway"})", "socket_path"},
        BadConfig{"SocketPathIsNoString", R"({"socket_path": 7})", "socket_path"},
        BadConfig{"SocketModeIsNotOctal", R"({"socket_mode": "0888"})", "socket_mode"},
        BadConfig{"SocketModeIsTooLarge", R"({"socket_mode": "01777"})", "socket_mode"},
        BadConfig{"SocketModeIsANumber", R"({"socket_mode": 438})", "socket_mode"},
        BadConfig{"SocketOwnerIsUnknown", R"({"socket_owner": "no-such-user-x"})", "socket_owner"},
        BadConfig{"SocketGroupIsUnknown", R"({"socket_group": "no-such-group-x"})", "socket_group"},
        BadConfig{"NoConnections", R"({"max_connections": 0})", "max_connections"},
        BadConfig{"TooManyConnections", R"({"max_connections": 65537})", "max_connections"},
        BadConfig{"FractionOfAConnection", R"({"max_connections": 1.5})", "max_connections"},
        BadConfig{"HeaderTooSmall", R"({"max_header_bytes": 1023})", "max_header_bytes"},
        BadConfig{"HeaderTooLarge", R"({"max_header_bytes": 1048577})", "max_header_bytes"},
        BadConfig{"NoClientTimeout", R"({"client_timeout_seconds": 0})", "client_timeout_seconds"},
        BadConfig{"ConnectTimeoutTooLong", R"({"connect_timeout_seconds": 3601})",
                  "connect_timeout_seconds"},
        BadConfig{"IdleTimeoutIsText", R"({"idle_timeout_seconds": "60"})", "idle_timeout_seconds"},
        BadConfig{"NegativeWait", R"({"wait_seconds": -1})", "wait_seconds"},
        BadConfig{"DrainTooLong", R"({"drain_timeout_seconds": 60.5})", "drain_timeout_seconds"}),
    [](const auto& test) { return test.param.name; });

TEST_F(ModuleTest, EveryKeyIsTakenAtTheEndsOfItsRange) {
    start(R"({"enabled": true, "module": "/usr/lib/gangway.so", "socket_mode": "0777",
              "max_connections": 65536, "max_header_bytes": 1024,
              "client_timeout_seconds": 86400, "connect_timeout_seconds": 0.001,
              "idle_timeout_seconds": 0.5, "wait_seconds": 0, "drain_timeout_seconds": 0})");
    EXPECT_EQ(get("/v1/pool").status, 200);
}

TEST_F(ModuleTest, WithoutInstanceDirectoryASocketPathMustBeConfigured) {
    TestHost bare("", "{}");
    EXPECT_NE(bare.start({}).find("socket_path"), std::string::npos);
}

TEST_F(ModuleTest, WithoutInstanceDirectoryItListensAtTheConfiguredPath) {
    TestHost bare("", "{}");
    ASSERT_EQ(bare.start(quoted("socket_path", directory() + "/here")), "");
    EXPECT_EQ(Client(directory() + "/here").get("/v1/pool").status, 200);
    bare.stop();
}

// ---------------------------------------------------------------- the socket

TEST_F(ModuleTest, ASocketPathOf107BytesIsServed) {
    const std::string path = directory() + "/" + std::string(106 - directory().size(), 'x');
    ASSERT_EQ(path.size(), 107U);
    start(quoted("socket_path", path));
    EXPECT_EQ(Client(path).get("/v1/pool").status, 200);
}

TEST_F(ModuleTest, ASocketPathOf108BytesIsRefusedNamingTheLimit) {
    const std::string path = directory() + "/" + std::string(107 - directory().size(), 'x');
    const std::string error = host().start(quoted("socket_path", path));
    EXPECT_NE(error.find("107"), std::string::npos) << error;
}

TEST_F(ModuleTest, ATooLongDefaultPathIsRefusedNamingTheLimit) {
    const std::string deep = directory() + "/" + std::string(100, 'd');
    std::filesystem::create_directories(deep + "/agents.s");
    TestHost deep_host(deep, "{}");
    EXPECT_NE(deep_host.start({}).find("107"), std::string::npos);
}

TEST_F(ModuleTest, ARegularFileAtTheSocketPathIsRefusedAndLeftAsItIs) {
    write_file("agents.s/gangway", "precious");
    const std::string error = host().start({});
    EXPECT_NE(error.find(socket_path()), std::string::npos) << error;
    std::ifstream file(socket_path());
    std::string content;
    file >> content;
    EXPECT_EQ(content, "precious");
}

TEST_F(ModuleTest, ASymbolicLinkAtTheSocketPathIsRefusedAndLeftAsItIs) {
    write_file("target", "precious");
    std::filesystem::create_symlink(directory() + "/target", socket_path());
    EXPECT_NE(host().start({}), "");
    EXPECT_TRUE(std::filesystem::is_symlink(socket_path()));
    EXPECT_TRUE(std::filesystem::exists(directory() + "/target"));
}

TEST_F(ModuleTest, AMissingDirectoryIsRefusedNamingThePath) {
    const std::string path = directory() + "/nowhere/gangway";
    const std::string error = host().start(quoted("socket_path", path));
    EXPECT_NE(error.find(path), std::string::npos) << error;
}

TEST_F(ModuleTest, AStaleSocketIsReplaced) {
    listen_at(socket_path()).reset();
    ASSERT_TRUE(std::filesystem::is_socket(socket_path()));
    start();
    EXPECT_EQ(get("/v1/pool").status, 200);
}

TEST_F(ModuleTest, ALiveSocketIsRefusedAndGoesOnServing) {
    const Descriptor other = listen_at(socket_path());
    const ino_t before = status_of(socket_path()).st_ino;
    const std::string error = host().start({});
    EXPECT_NE(error.find(socket_path()), std::string::npos) << error;
    EXPECT_EQ(status_of(socket_path()).st_ino, before);
    EXPECT_TRUE(can_connect(socket_path()));
}

TEST_F(ModuleTest, TheSocketIsForEveryoneByDefault) {
    start();
    EXPECT_EQ(status_of(socket_path()).st_mode & 07777U, 0666U);
    EXPECT_EQ(status_of(socket_path()).st_uid, ::geteuid());
}

TEST_F(ModuleTest, TheSocketHasTheConfiguredMode) {
    start(quoted("socket_mode", "0640"));
    EXPECT_EQ(status_of(socket_path()).st_mode & 07777U, 0640U);
}

struct SocketOwner {
    const char* name;
    uid_t user;
    gid_t group;
};

class SocketOfAnotherUser : public ModuleTest, public ::testing::WithParamInterface<SocketOwner> {};

TEST_P(SocketOfAnotherUser, HasTheConfiguredOwnerAndGroupByNumber) {
    const auto [name, user, group] = GetParam();
    start(R"({"socket_owner": )" + std::to_string(user) + R"(, "socket_group": )" +
          std::to_string(group) + "}");
    EXPECT_EQ(status_of(socket_path()).st_uid, user);
    EXPECT_EQ(status_of(socket_path()).st_gid, group);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SocketOfAnotherUser);
INSTANTIATE_TEST_SUITE_P(AsRoot, SocketOfAnotherUser,
                         as_root<SocketOwner>({{"InTheDatabase", 65534, 65534},
                                               {"InNoDatabase", 4'000'001, 4'000'002}}),
                         [](const auto& test) { return test.param.name; });

TEST_F(ModuleTest, TheSocketHasTheConfiguredOwnerAndGroupByName) {
    start(R"({"socket_owner": ")" +
          std::string(::getpwuid(::geteuid())->pw_name) + // NOLINT(concurrency-mt-unsafe)
          R"(", "socket_group": ")" +
          std::string(::getgrgid(::getegid())->gr_name) + // NOLINT(concurrency-mt-unsafe)
          R"("})");
    EXPECT_EQ(status_of(socket_path()).st_uid, ::geteuid());
    EXPECT_EQ(status_of(socket_path()).st_gid, ::getegid());
}

TEST_F(ModuleTest, TheSocketIsRemovedWhenTheModuleStops) {
    start();
    ASSERT_TRUE(std::filesystem::is_socket(socket_path()));
    host().stop();
    EXPECT_FALSE(std::filesystem::exists(socket_path()));
}

TEST_F(ModuleTest, AnotherFileThatTookTheSocketsPlaceIsNotRemoved) {
    start();
    std::filesystem::remove(socket_path());
    write_file("agents.s/gangway", "another");
    host().stop();
    EXPECT_TRUE(std::filesystem::is_regular_file(socket_path()));
}

// ---------------------------------------------------------------- the end

TEST_F(ModuleTest, WhileItDrainsNobodyCanConnect) {
    start();
    Client connected = client();
    ASSERT_EQ(connected.get("/v1/pool").status, 200);
    host().begin_drain();
    EXPECT_TRUE(eventually([&] { return !can_connect(socket_path()); }));
}

TEST_F(ModuleTest, WhileItDrainsARunningRequestEnds) {
    const auto gate = std::make_shared<Gate>();
    worker(101, behave::answer_after(gate, behave::ok("finished")));
    start();
    Client running = client();
    running.send({"GET", request_path(101)});
    ASSERT_TRUE(host().wait_for_sessions(1));
    host().begin_drain();
    gate->open();
    const Response response = running.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "finished");
}

TEST_F(ModuleTest, StopsWithinTheDrainTimeoutWhileARequestHangs) {
    worker(101, behave::never_answer());
    start(R"({"drain_timeout_seconds": 0.3})");
    Client running = client();
    running.send({"GET", request_path(101)});
    ASSERT_TRUE(host().wait_for_sessions(1));
    const auto begin = std::chrono::steady_clock::now();
    host().begin_drain();
    host().stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
    EXPECT_EQ(host().sessions(), 0U);
}

TEST_F(ModuleTest, StopsWithoutDrainWhileRequestsHangInEveryState) {
    const auto busy = worker(101, behave::never_answer());
    worker(102, behave::fall_silent_after("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"));
    start(R"({"drain_timeout_seconds": 0.2})");
    std::array clients = {client(), client(), client(), client()};
    clients[0].send({"GET", request_path(101)});
    ASSERT_TRUE(busy->worker().wait_for_requests(1));
    clients[1].send({"GET", request_path(101), {{"X-Gangway-Route", "pool"}}}); // waits
    clients[2].send({"GET", request_path(102)});
    ASSERT_EQ(clients[2].read_head().status, 200);
    clients[3].send("GET /v1/po"); // in its header
    host().stop();
}

} // namespace gangway::test
