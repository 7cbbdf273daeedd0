#include "forward/spool.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace gangway::forward {
namespace {

// So many bytes, of which none is like the one before it nor like that of another seed.
std::string bytes(std::size_t size, unsigned seed = 0) {
    std::string result(size, '\0');
    for (std::size_t i = 0; i < size; i++) {
        result[i] = static_cast<char>((i * 31 + i / 251 + seed) & 0xff);
    }
    return result;
}

std::string read_all(Spool& spool) {
    std::string result;
    for (std::string_view piece = spool.next(); !piece.empty(); piece = spool.next()) {
        result += piece;
    }
    return result;
}

class SpoolTest : public testing::Test {
  protected:
    TemporaryDirectory directory_;
};

TEST_F(SpoolTest, GivesNothingWhenItHasNothing) {
    Spool spool(directory_.path());
    EXPECT_EQ(spool.size(), 0U);
    EXPECT_EQ(spool.next(), "");
    EXPECT_EQ(spool.next(), "");
    EXPECT_FALSE(spool.error());
}

TEST_F(SpoolTest, NeedsNoFileForWhatFitsIntoMemory) {
    Spool spool("/nonexistent");
    const std::string text = bytes(Spool::bytes_in_memory);
    EXPECT_TRUE(spool.append(std::string_view(text).substr(0, 1000)));
    EXPECT_TRUE(spool.append(std::string_view(text).substr(1000)));
    EXPECT_TRUE(spool.append(""));
    EXPECT_EQ(spool.size(), text.size());
    EXPECT_EQ(read_all(spool), text);
    EXPECT_FALSE(spool.error());
}

TEST_F(SpoolTest, GivesALargeFileBackStepByStep) {
    constexpr std::uint64_t steps = 5;
    Spool spool(directory_.path());
    EXPECT_FALSE(spool.shrink());
    const std::string piece = bytes(Spool::bytes_given_back);
    for (std::uint64_t i = 0; i < steps; i++) {
        ASSERT_TRUE(spool.append(piece));
    }
    const auto files = [] {
        std::uintmax_t size = 0;
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code ec;
            const auto target = std::filesystem::read_symlink(entry.path(), ec);
            if (target.string().find("(deleted)") != std::string::npos) {
                size += std::filesystem::file_size(entry.path(), ec);
            }
        }
        return size;
    };
    const std::uintmax_t whole = files();
    std::uint64_t shrunk = 0;
    while (spool.shrink()) {
        shrunk++;
        EXPECT_EQ(files(), whole - shrunk * Spool::bytes_given_back);
    }
    EXPECT_EQ(shrunk, steps - 1) << "The first bytes are in memory, and the last step is its end.";
}

class SpoolOf : public SpoolTest, public testing::WithParamInterface<std::vector<std::size_t>> {};

TEST_P(SpoolOf, GivesTheSameBytesBack) {
    Spool spool(directory_.path());
    std::string all;
    unsigned seed = 0;
    for (const std::size_t size : GetParam()) {
        const std::string piece = bytes(size, seed++);
        EXPECT_TRUE(spool.append(piece));
        all += piece;
    }
    EXPECT_EQ(spool.size(), all.size());
    EXPECT_TRUE(read_all(spool) == all); // Not EXPECT_EQ, which would print them.
    EXPECT_EQ(spool.next(), "");
    EXPECT_FALSE(spool.error());
    EXPECT_TRUE(directory_.is_empty()) << "the file has a name";
}

constexpr std::size_t memory = Spool::bytes_in_memory;
INSTANTIATE_TEST_SUITE_P(Each, SpoolOf,
                         testing::Values(std::vector<std::size_t>{memory - 1, 1, 1},
                                         std::vector<std::size_t>{memory + 1},
                                         std::vector<std::size_t>{memory, 0, memory},
                                         std::vector<std::size_t>{memory - 1, memory, 3},
                                         std::vector<std::size_t>{2 * memory},
                                         std::vector<std::size_t>{5 * memory + 7},
                                         std::vector<std::size_t>(30, 10'007)));

TEST_F(SpoolTest, SaysWhyThereCanBeNoFile) {
    Spool spool(directory_.path() / "missing");
    EXPECT_TRUE(spool.append(bytes(Spool::bytes_in_memory)));
    EXPECT_FALSE(spool.append("x"));
    EXPECT_EQ(spool.error(), boost::system::errc::no_such_file_or_directory)
        << spool.error().message();
}

// Whoever runs the test, a file is no directory.
TEST_F(SpoolTest, SaysThatItsDirectoryIsNone) {
    Spool spool("/dev/null");
    EXPECT_FALSE(spool.append(bytes(Spool::bytes_in_memory + 1)));
    EXPECT_EQ(spool.error(), boost::system::errc::not_a_directory) << spool.error().message();
}

} // namespace
} // namespace gangway::forward
