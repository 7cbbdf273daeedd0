// Which modules an agent loads, by the sizes and versions of their tables (agent_abi.h,
// Compatibility).
#include "agent_hooks/ModuleCheck.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gangway {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t module_size = sizeof(gangway_module);
constexpr std::uint32_t host_size = sizeof(gangway_host);
constexpr std::uint32_t two_functions = 2 * sizeof(void*);

gangway_module module_as_built() {
    return {GANGWAY_ABI_VERSION,
            module_size,
            host_size,
            GANGWAY_STR("test"),
            GANGWAY_STR("1"),
            [](const gangway_host*, void**, gangway_module_str*) { return GANGWAY_OK; },
            [](void*) {},
            [](void*) {},
            nullptr,
            nullptr,
            nullptr};
}

std::string complaint(const gangway_module& module, std::size_t host = host_size) {
    return Gangway::ModuleCheck::complaint(&module, host);
}

TEST(ModuleCheck, LoadsWhatWasBuiltFromTheSameHeader) {
    EXPECT_THAT(complaint(module_as_built()), IsEmpty());
}

TEST(ModuleCheck, LoadsAnOlderModuleWhereTheAgentHasFunctionsMore) {
    EXPECT_THAT(complaint(module_as_built(), host_size + two_functions), IsEmpty());
}

TEST(ModuleCheck, LoadsAYoungerModuleThatCanDoWithoutWhatTheAgentLacks) {
    gangway_module module = module_as_built();
    module.struct_size += two_functions;
    EXPECT_THAT(complaint(module), IsEmpty());
}

TEST(ModuleCheck, RefusesAYoungerModuleThatNeedsWhatTheAgentLacks) {
    gangway_module module = module_as_built();
    module.host_struct_size += two_functions;
    const std::string why = complaint(module);
    EXPECT_THAT(why, HasSubstr("needs functions that this agent lacks"));
    EXPECT_THAT(why, HasSubstr(std::to_string(host_size + two_functions) + " bytes"));
    EXPECT_THAT(why, HasSubstr("this agent has " + std::to_string(host_size)));
}

TEST(ModuleCheck, RefusesAnotherMajorVersionAndReadsNothingBehindIt) {
    for (const std::uint32_t version :
         {0U, GANGWAY_ABI_VERSION - 1, GANGWAY_ABI_VERSION + 1, ~0U}) {
        const auto alone = std::make_unique<std::uint32_t>(version); // sanitizers see more
        const auto* module = reinterpret_cast<const gangway_module*>(alone.get());
        EXPECT_THAT(Gangway::ModuleCheck::complaint(module, host_size),
                    HasSubstr("has ABI version " + std::to_string(version) + ", this agent has " +
                              std::to_string(GANGWAY_ABI_VERSION)));
    }
}

TEST(ModuleCheck, RefusesAModuleWithoutATable) {
    EXPECT_THAT(Gangway::ModuleCheck::complaint(nullptr, host_size), HasSubstr("has no table"));
}

// ---------------------------------------------------------------- sizes that cannot be

class ImpossibleSize : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(ImpossibleSize, OfItsOwnTableIsRefused) {
    gangway_module module = module_as_built();
    module.struct_size = GetParam();
    EXPECT_THAT(complaint(module), HasSubstr("its struct_size is " + std::to_string(GetParam())));
}

TEST_P(ImpossibleSize, OfTheAgentsTableIsRefused) {
    gangway_module module = module_as_built();
    module.host_struct_size = GetParam();
    EXPECT_THAT(complaint(module),
                HasSubstr("its host_struct_size is " + std::to_string(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(TooSmallOddOrAbsurd, ImpossibleSize,
                         ::testing::Values(0, 8, offsetof(gangway_module, stop), host_size + 1,
                                           64 * 1024 + sizeof(void*), ~0U));

TEST(ModuleCheck, RefusesTablesThatEndBeforeTheirFirstVersionsLastFunction) {
    gangway_module module = module_as_built();
    module.host_struct_size = offsetof(gangway_host, log);
    EXPECT_THAT(complaint(module), HasSubstr("host_struct_size"));
}

TEST(ModuleCheck, RefusesAModuleThatCannotBeStartedOrStopped) {
    gangway_module module = module_as_built();
    module.start = nullptr;
    EXPECT_THAT(complaint(module), HasSubstr("lacks start or stop"));
    module = module_as_built();
    module.stop = nullptr;
    EXPECT_THAT(complaint(module), HasSubstr("lacks start or stop"));
}

TEST(ModuleCheck, LoadsAModuleThatHasNothingToDrain) {
    gangway_module module = module_as_built();
    module.begin_drain = nullptr;
    EXPECT_THAT(complaint(module), IsEmpty());
}

// ---------------------------------------------------------------- what a module may ask

TEST(HostHas, OnlyWhatTheAgentsTableReachesTo) {
    gangway_host host{};
    host.struct_size = offsetof(gangway_host, log); // of an agent that is one function older
    EXPECT_TRUE(GANGWAY_HOST_HAS(&host, process_detach));
    EXPECT_FALSE(GANGWAY_HOST_HAS(&host, log));
    host.struct_size = host_size;
    EXPECT_TRUE(GANGWAY_HOST_HAS(&host, log));
}

} // namespace
} // namespace gangway
