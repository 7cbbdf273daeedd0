#include "message/chunk.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gangway::message {
namespace {

TEST(ChunkHead, IsTheSizeInHexadecimal) {
    EXPECT_EQ(chunk_head(1), "1\r\n");
    EXPECT_EQ(chunk_head(10), "a\r\n");
    EXPECT_EQ(chunk_head(16384), "4000\r\n");
    EXPECT_EQ(chunk_head(0xffffffffffffffffU), "ffffffffffffffff\r\n");
}

TEST(ChunkedEnd, IsTheLastChunkWithTheTrailersAndAnEmptyLine) {
    EXPECT_EQ(chunked_end({}), "0\r\n\r\n");
    EXPECT_EQ(chunked_end({{"X-Sum", "1"}, {"x-sum", "2"}, {"X-Empty", ""}}),
              "0\r\nX-Sum: 1\r\nx-sum: 2\r\nX-Empty: \r\n\r\n");
}

TEST(FieldLine, IsAppended) {
    std::string text = "GET / HTTP/1.1\r\n";
    append_field(text, "X-A", "a, b");
    append_field(text, "X-B", "");
    EXPECT_EQ(text, "GET / HTTP/1.1\r\nX-A: a, b\r\nX-B: \r\n");
}

} // namespace
} // namespace gangway::message
