#include "message/head_scan.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gangway::message {
namespace {

struct ScanCase {
    std::string_view bytes;
    ScanResult strict;  // folded lines refused
    ScanResult lenient; // folded lines left to others
    std::size_t size = 0;
};

class HeadScanOf : public testing::TestWithParam<ScanCase> {};

TEST_P(HeadScanOf, SaysTheSameHoweverTheBytesArrive) {
    const auto scan_in_steps = [](std::string_view bytes, std::size_t step, HeadScan& scan) {
        ScanResult result = ScanResult::more;
        for (std::size_t seen = 0; result == ScanResult::more && seen < bytes.size();) {
            seen = std::min(bytes.size(), seen + step);
            result = scan.look(bytes.substr(0, seen));
        }
        return result;
    };
    const ScanCase& c = GetParam();
    for (std::size_t step = 1; step <= c.bytes.size(); step++) {
        HeadScan strict(true);
        EXPECT_EQ(scan_in_steps(c.bytes, step, strict), c.strict) << step;
        HeadScan lenient(false);
        EXPECT_EQ(scan_in_steps(c.bytes, step, lenient), c.lenient) << step;
        if (c.lenient == ScanResult::complete) {
            EXPECT_EQ(lenient.size(), c.size) << step;
        }
    }
}

constexpr ScanResult more = ScanResult::more;
constexpr ScanResult complete = ScanResult::complete;
constexpr ScanResult bare_lf = ScanResult::bare_lf;
constexpr ScanResult folded = ScanResult::folded_line;

INSTANTIATE_TEST_SUITE_P(
    Each, HeadScanOf,
    testing::Values(ScanCase{"GET", more, more}, ScanCase{"GET / HTTP/1.1\r\n", more, more},
                    ScanCase{"GET / HTTP/1.1\r\nA: b\r\n\r", more, more},
                    ScanCase{"GET / HTTP/1.1\r\nA: b\r\n\r\nrest\n", complete, complete, 24},
                    ScanCase{"GET / HTTP/1.1\r\n\r\n", complete, complete, 18},
                    ScanCase{"a\r\rb\r\n\r\n", complete, complete,
                             8}, // A bare CR is for the parser to refuse.
                    ScanCase{"\r\n", complete, complete, 2}, ScanCase{"\n", bare_lf, bare_lf},
                    ScanCase{"GET / HTTP/1.1\n", bare_lf, bare_lf},
                    ScanCase{"GET / HTTP/1.1\r\nA: b\n\r\n", bare_lf, bare_lf},
                    ScanCase{"GET / HTTP/1.1\r\nA: b\r\n\n", bare_lf, bare_lf},
                    ScanCase{"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", folded, complete, 28},
                    ScanCase{"GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", folded, complete, 28},
                    ScanCase{"GET / HTTP/1.1\r\n A: b\r\n\r\n", folded, complete, 25},
                    ScanCase{"GET / HTTP/1.1\r\nA: b\r\n \r\n\r\n", folded, complete, 27},
                    ScanCase{" GET / HTTP/1.1\r\n\r\n", folded, complete, 19}));

TEST(HeadScan, LooksAtNoByteTwice) {
    HeadScan scan(true);
    EXPECT_EQ(scan.look("GET / HTTP/1.1\r\nA"), ScanResult::more);
    // Whatever takes the place of a line that was seen already.
    EXPECT_EQ(scan.look("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nA: b\r\n\r\n"), ScanResult::complete);
}

// Else a line that comes byte by byte would cost the square of its length.
TEST(HeadScan, LooksAtEachByteOnce) {
    HeadScan scan(true);
    EXPECT_EQ(scan.look("GET / HT"), ScanResult::more);
    EXPECT_EQ(scan.look("\n\n\n\n\n\n\n\nTP/1.1\r\n\r\n"), ScanResult::complete);
}

} // namespace
} // namespace gangway::message
