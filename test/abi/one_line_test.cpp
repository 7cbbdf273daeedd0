// What the host makes of a module's line before it goes into Passenger's log.
#include "agent_hooks/Printable.h"

#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gangway {
namespace {

std::string logged(std::string_view line) {
    std::ostringstream out;
    out << Gangway::OneLine({line.data(), line.size()});
    return out.str();
}

TEST(OneLine, StaysOneLineWhateverIsInIt) {
    EXPECT_EQ(logged("a\nb\r\x1b[2J\x7f"), "a\\x0Ab\\x0D\\x1B[2J\\x7F");
    EXPECT_EQ(logged(std::string_view("\0x\0", 3)), "\\x00x\\x00");
}

TEST(OneLine, IsLeftAsItIsOtherwise) {
    EXPECT_EQ(logged("path=a\\\\b caf\xc3\xa9 \xff"), "path=a\\\\b caf\xc3\xa9 \xff");
    EXPECT_EQ(logged({}), "");
}

} // namespace
} // namespace gangway
