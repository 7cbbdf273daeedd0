#include "gangway/base/exit_code.hpp"
#include "gangway/client/request_sender.hpp"
#include "gangway/commands/request/data_body.hpp"
#include "gangway/commands/request/options.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gangway::command {
namespace {

namespace fs = std::filesystem;

class DataBody : public testing::Test {
  protected:
    DataBody() {
        std::string pattern = (fs::temp_directory_path() / "gangway-body-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
    }
    ~DataBody() override { fs::remove_all(directory_); }

    // "@" and the path, as -d takes it.
    [[nodiscard]] std::string file(const std::string& content) const {
        const fs::path path = directory_ / "body";
        std::ofstream(path, std::ios::binary) << content;
        return "@" + path.string();
    }

    fs::path directory_;
};

std::string read_all(RequestBody& body) {
    std::string text;
    std::array<char, 7> space{};
    while (true) {
        const RequestBody::Piece piece = body.read(space);
        text.append(space.data(), piece.bytes);
        if (piece.end) {
            return text;
        }
    }
}

const std::string lines("one\r\ntwo\n\0three\n", 16);

TEST_F(DataBody, LeavesOutLineEndsAndNulBytesOfAFileAndKnowsTheSizeBeforehand) {
    const auto body = data_body({{file(lines), false}});
    EXPECT_EQ(body->size(), 11U);
    EXPECT_EQ(read_all(*body), "onetwothree");
}

TEST_F(DataBody, KeepsABinaryFileAsItIs) {
    const auto body = data_body({{file(lines), true}});
    EXPECT_EQ(body->size(), lines.size());
    EXPECT_EQ(read_all(*body), lines);
}

TEST_F(DataBody, KeepsLineEndsOfLiterals) {
    EXPECT_EQ(read_all(*data_body({{"a\nb", false}})), "a\nb");
}

TEST_F(DataBody, JoinsSeveralWithAmpersandsInTheirOrder) {
    const auto body = data_body({{"a=1", false}, {file("b=2\n"), false}, {"", true}, {"c", true}});
    EXPECT_EQ(body->size(), 10U);
    EXPECT_EQ(read_all(*body), "a=1&b=2&&c");
}

TEST_F(DataBody, IsReadAgainFromItsStartHoweverFarItWasRead) {
    const auto body = data_body({{"a=1", false}, {file("b=2\n"), false}});
    ASSERT_TRUE(body->can_rewind());
    std::array<char, 2> space{};
    for (const int pieces : {0, 1, 3, 4, 9}) {
        for (int piece = 0; piece < pieces; ++piece) {
            static_cast<void>(body->read(space));
        }
        body->rewind();
    }
    EXPECT_EQ(read_all(*body), "a=1&b=2");
}

TEST_F(DataBody, CannotBeReadAgainFromStandardInputOrAPipe) {
    EXPECT_FALSE(data_body({{"a", false}, {"@-", false}})->can_rewind());
    EXPECT_FALSE(upload_body("-")->can_rewind());
    EXPECT_FALSE(upload_body("/dev/null")->can_rewind());
}

TEST_F(DataBody, IsRefusedForASeriesWhereItCannotBeReadAgain) {
    RequestOptions options;
    options.data = {{"@-", false}};
    EXPECT_NE(request_body(options), nullptr);
    options.repeat = 2;
    try {
        static_cast<void>(request_body(options));
        FAIL() << "taken";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::usage);
        EXPECT_NE(std::string(failure.what()).find("save it to a file"), std::string::npos);
    }
}

TEST_F(DataBody, HasNoSizeAndIsWaitedForWhereItComesFromStandardInput) {
    const auto body = data_body({{"@-", false}});
    EXPECT_EQ(body->size(), std::nullopt);
    EXPECT_EQ(body->wait_descriptor(), 0);
}

TEST_F(DataBody, DoesNotBelieveASizeOfZeroOfAKernelsFile) {
    EXPECT_EQ(upload_body("/proc/self/status")->size(), std::nullopt);
    EXPECT_EQ(upload_body(file("").substr(1))->size(), 0U);
}

TEST_F(DataBody, SaysWhichFileCannotBeReadAsAUsageFault) {
    try {
        static_cast<void>(data_body({{"@" + (directory_ / "none").string(), false}}));
        FAIL() << "opened";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::usage);
        EXPECT_NE(std::string(failure.what()).find("none"), std::string::npos);
    }
}

// Says that its size is unknown, and has the given pieces; an empty one is not the end.
class PiecesBody final : public RequestBody {
  public:
    PiecesBody(std::vector<std::string> pieces, std::optional<std::uint64_t> size)
        : pieces_(std::move(pieces)), size_(size) {}
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
    [[nodiscard]] int wait_descriptor() const override { return -1; }
    [[nodiscard]] Piece read(std::span<char> space) override {
        const std::string& piece = pieces_.at(next_++);
        return {.bytes = piece.copy(space.data(), space.size()), .end = next_ == pieces_.size()};
    }
    [[nodiscard]] bool can_rewind() const override { return true; }
    void rewind() override { next_ = 0; }

  private:
    std::vector<std::string> pieces_;
    std::optional<std::uint64_t> size_;
    std::size_t next_ = 0;
};

std::string sent_by(RequestSender& sender) {
    std::string text;
    while (true) {
        text += sender.pending();
        sender.sent(sender.pending().size());
        if (!sender.wants_body()) {
            return text;
        }
        sender.read_body();
    }
}

TEST(RequestSender, SendsABodyOfUnknownSizeInChunksAndNoEmptyOneBeforeTheEnd) {
    PiecesBody body({"hello", "", "0123456789abcdef", ""}, std::nullopt);
    RequestSender sender("HEAD\r\n\r\n", &body);
    EXPECT_EQ(sent_by(sender), "HEAD\r\n\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
}

TEST(RequestSender, SendsABodyOfKnownSizeAsItIs) {
    PiecesBody body({"hello", " you"}, 9);
    RequestSender sender("H", &body);
    EXPECT_FALSE(sender.complete());
    EXPECT_EQ(sent_by(sender), "Hhello you");
    EXPECT_TRUE(sender.complete());
}

TEST(RequestSender, BreaksOffWhereAFileHasNotTheAnnouncedSizeAnyMore) {
    PiecesBody grown({"hello"}, 4);
    PiecesBody shrunk({"hello"}, 6);
    RequestSender too_long("", &grown);
    RequestSender too_short("", &shrunk);
    EXPECT_THROW(too_long.read_body(), Failure);
    EXPECT_THROW(too_short.read_body(), Failure);
}

TEST(RequestSender, SendsNothingMoreOnceItHasGivenUp) {
    PiecesBody body({"hello", "you"}, std::nullopt);
    RequestSender sender("H", &body);
    sender.give_up();
    EXPECT_EQ(sender.pending(), "");
    EXPECT_FALSE(sender.wants_body());
    EXPECT_FALSE(sender.complete());
}

TEST(RequestSender, IsCompleteWhereItGivesUpAfterTheEnd) {
    RequestSender sender("H", nullptr);
    EXPECT_EQ(sent_by(sender), "H");
    sender.give_up();
    EXPECT_TRUE(sender.complete());
}

} // namespace
} // namespace gangway::command
