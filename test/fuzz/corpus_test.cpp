// Every target over its kept corpus (test/fuzz/corpus), without a fuzzer.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fuzz_target.hpp"

namespace gangway::fuzz {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Corpus : public testing::TestWithParam<NamedTarget> {};

TEST_P(Corpus, HoldsNoFind) {
    std::size_t files = 0;
    for (const auto& entry :
         fs::directory_iterator(fs::path(GANGWAY_FUZZ_CORPUS) / GetParam().name)) {
        SCOPED_TRACE(entry.path());
        // Of its own size, so that a read beyond it is seen by a sanitizer.
        const std::string bytes = content(entry.path());
        const std::vector<char> exact(bytes.begin(), bytes.end());
        GetParam().target({exact.data(), exact.size()});
        files++;
    }
    EXPECT_GT(files, 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, Corpus, testing::ValuesIn(targets()),
                         [](const auto& target) { return std::string(target.param.name); });

} // namespace
} // namespace gangway::fuzz
