#include "gangway/agent/find_endpoint.hpp"
#include "gangway/agent/instance_registry.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace gangway::command {
namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path, const std::string& content) {
    std::ofstream(path) << content;
}

std::string properties(const std::string& name, int major_version = 4) {
    return R"({"name": ")" + name +
           R"(", "passenger_version": "6.0.26", "server_software": "standalone/nginx",)"
           R"( "instance_dir": {"major_version": )" +
           std::to_string(major_version) + R"(, "minor_version": 0}})";
}

const TrustedUsers trusted = TrustedUsers::of_command("");

class InstanceRegistry : public testing::Test {
  protected:
    InstanceRegistry() {
        std::string pattern = (fs::temp_directory_path() / "gangway-registry-XXXXXX").string();
        registry_ = ::mkdtemp(pattern.data());
    }
    ~InstanceRegistry() override { fs::remove_all(registry_); }

    // A directory as Passenger's watchdog makes it, without the lock being held.
    fs::path add_directory(const std::string& name) {
        fs::path directory = registry_ / ("passenger." + name);
        fs::create_directories(directory / "agents.s");
        write_file(directory / "lock", "");
        write_file(directory / "creation_finalized", "");
        write_file(directory / "core.pid", "4711");
        write_file(directory / "properties.json", properties(name));
        return directory;
    }

    // The returned descriptor holds the lock as a running watchdog does.
    static FileDescriptor hold_lock(const fs::path& directory) {
        FileDescriptor lock(::open((directory / "lock").c_str(), O_RDWR | O_CLOEXEC));
        EXPECT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0);
        return lock;
    }

    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const Instance& instance : find_instances({registry_}, trusted).instances) {
            found.push_back(instance.name);
        }
        return found;
    }

    fs::path registry_;
};

using Names = std::vector<std::string>;

TEST_F(InstanceRegistry, FindsAnInstanceWhoseLockIsHeld) {
    const fs::path directory = add_directory("AbCd1234");
    const FileDescriptor lock = hold_lock(directory);
    const RegistryContents contents = find_instances({registry_}, trusted);
    ASSERT_EQ(contents.instances.size(), 1U);
    const Instance& instance = contents.instances.front();
    EXPECT_EQ(instance.name, "AbCd1234");
    EXPECT_EQ(instance.passenger_version, "6.0.26");
    EXPECT_EQ(instance.core_pid, 4711);
    EXPECT_EQ(instance.socket(), directory / "agents.s" / "gangway");
}

TEST_F(InstanceRegistry, LeavesOutAnInstanceWhoseWatchdogHasGoneButDoesNotTouchIt) {
    const fs::path directory = add_directory("Gone");
    EXPECT_EQ(names(), Names{});
    EXPECT_TRUE(fs::exists(directory / "properties.json"));
}

TEST_F(InstanceRegistry, LeavesOutADirectoryThatIsStillBeingSetUp) {
    const fs::path directory = add_directory("Young");
    const FileDescriptor lock = hold_lock(directory);
    fs::remove(directory / "creation_finalized");
    EXPECT_EQ(names(), Names{});
}

TEST_F(InstanceRegistry, LeavesOutAStructureItDoesNotKnow) {
    const fs::path directory = add_directory("Future");
    const FileDescriptor lock = hold_lock(directory);
    write_file(directory / "properties.json", properties("Future", 5));
    EXPECT_EQ(names(), Names{});
}

TEST_F(InstanceRegistry, LeavesOutBrokenProperties) {
    const fs::path directory = add_directory("Broken");
    const FileDescriptor lock = hold_lock(directory);
    for (const char* text : {"", "[", "[]", "{}", R"({"instance_dir": 4, "name": "Broken"})"}) {
        write_file(directory / "properties.json", text);
        EXPECT_EQ(names(), Names{}) << text;
    }
}

TEST_F(InstanceRegistry, ListsARegistryOnceThatIsReachedUnderTwoNames) {
    const FileDescriptor lock = hold_lock(add_directory("Once"));
    EXPECT_EQ(find_instances({registry_, registry_ / "."}, trusted).instances.size(), 1U);
}

TEST_F(InstanceRegistry, OrdersInstancesByName) {
    const FileDescriptor first = hold_lock(add_directory("Zz"));
    const FileDescriptor second = hold_lock(add_directory("Aa"));
    EXPECT_EQ(names(), (Names{"Aa", "Zz"}));
}

TEST_F(InstanceRegistry, TakesNoDirectoryOfAProcessThatIsBeingSpawnedForAnInstance) {
    const FileDescriptor lock = hold_lock(add_directory("spawn.AbCd"));
    EXPECT_EQ(names(), Names{});
    EXPECT_TRUE(find_instances({registry_}, trusted).refused.empty());
}

TEST_F(InstanceRegistry, RefusesWhatOthersMayWriteToAndSaysWhy) {
    const fs::path directory = add_directory("AbCd");
    const FileDescriptor lock = hold_lock(directory);
    fs::permissions(directory, fs::perms::others_write, fs::perm_options::add);
    const RegistryContents contents = find_instances({registry_}, trusted);
    EXPECT_TRUE(contents.instances.empty());
    ASSERT_EQ(contents.refused.size(), 1U);
    EXPECT_EQ(contents.refused.front().directory, directory);
    EXPECT_NE(contents.refused.front().reason.find("written to by others"), std::string::npos);
}

TEST_F(InstanceRegistry, ReadsNoLinkInAnInstance) {
    const fs::path directory = add_directory("AbCd");
    const FileDescriptor lock = hold_lock(directory);
    fs::rename(directory / "properties.json", registry_ / "elsewhere");
    fs::create_symlink(registry_ / "elsewhere", directory / "properties.json");
    EXPECT_EQ(names(), Names{});
}

TEST_F(InstanceRegistry, RemembersNoMoreRefusalsThanSomebodyReads) {
    for (int i = 0; i < 300; i++) {
        fs::create_directories(registry_ / ("passenger." + std::to_string(i)));
        fs::permissions(registry_ / ("passenger." + std::to_string(i)), fs::perms::all);
    }
    EXPECT_EQ(find_instances({registry_}, trusted).refused.size(), 100U);
}

TEST_F(InstanceRegistry, FindsThePrivateDirectoriesOfWebServersOnly) {
    for (const char* name :
         {"systemd-private-12ab-nginx.service-Xy", "systemd-private-12ab-apache2.service-Xy",
          "systemd-private-12ab-sshd.service-Xy", "nginx.service-Xy"}) {
        fs::create_directories(registry_ / name / "tmp");
    }
    EXPECT_EQ(web_server_private_directories(registry_),
              (std::vector<fs::path>{registry_ / "systemd-private-12ab-apache2.service-Xy" / "tmp",
                                     registry_ / "systemd-private-12ab-nginx.service-Xy" / "tmp"}));
}

RegistryContents running(const Names& instance_names) {
    RegistryContents contents;
    for (const std::string& name : instance_names) {
        Instance instance;
        instance.name = name;
        instance.directory = "/run/passenger." + name;
        contents.instances.push_back(instance);
    }
    return contents;
}

std::string choice(const Names& instance_names, const std::string& wanted) {
    try {
        return choose_instance(running(instance_names), wanted, {"/run"}).name;
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::unreachable);
        return failure.what();
    }
}

TEST(ChooseInstance, TakesTheOnlyOneWithoutBeingToldItsName) {
    EXPECT_EQ(choice({"AbCd"}, ""), "AbCd");
}

TEST(ChooseInstance, TakesAUniqueBeginning) {
    EXPECT_EQ(choice({"AbCd", "AxYz"}, "Ax"), "AxYz");
}

TEST(ChooseInstance, PrefersTheWholeNameToALongerOne) {
    EXPECT_EQ(choice({"Ab", "AbCd"}, "Ab"), "Ab");
}

TEST(ChooseInstance, ListsTheCandidatesWhereSeveralMatch) {
    const std::string message = choice({"AbCd", "AbXy"}, "Ab");
    EXPECT_NE(message.find("--instance"), std::string::npos);
    EXPECT_NE(message.find("/run/passenger.AbXy"), std::string::npos);
}

TEST(ChooseInstance, SaysWhereItSearchedWhereNoneRuns) {
    EXPECT_NE(choice({}, "").find("\n  /run"), std::string::npos);
}

TEST(InstanceDirectoryOfSocket, IsTheGrandparentOfASocketAtItsUsualPlaceOnly) {
    EXPECT_EQ(instance_directory_of_socket("/run/x/agents.s/gangway"), fs::path("/run/x"));
    EXPECT_EQ(instance_directory_of_socket("agents.s/gangway"), fs::path("."));
    EXPECT_EQ(instance_directory_of_socket("/run/gangway.sock"), std::nullopt);
    EXPECT_EQ(instance_directory_of_socket("/run/x/gangway"), std::nullopt);
}

} // namespace
} // namespace gangway::command
