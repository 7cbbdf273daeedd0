#include "problem/problem.hpp"

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "worker/problems.hpp"

namespace gangway {
namespace {

TEST(Code, HasANameOfItsOwnAStatusAndATitle) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < code_count; i++) {
        const auto code = static_cast<Code>(i);
        EXPECT_TRUE(names.insert(name(code)).second) << name(code);
        EXPECT_EQ(name(code).find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
                  std::string_view::npos)
            << name(code);
        EXPECT_GE(status(code), 400U) << name(code);
        EXPECT_LT(status(code), 600U) << name(code);
        EXPECT_FALSE(title(code).empty()) << name(code);
    }
}

// "| `process_busy` | 503 | …": name and status of each row of the document's table of codes.
std::map<std::string, unsigned> documented_codes() {
    std::ifstream document(GANGWAY_DOCS "api.md");
    EXPECT_TRUE(document.is_open()) << GANGWAY_DOCS;
    std::string line;
    while (std::getline(document, line) && line != "| code | status | meaning | what to do |") {
    }
    std::getline(document, line); // the rule below the heads
    std::map<std::string, unsigned> rows;
    const std::regex row("\\| `([a-z_]+)` \\| ([0-9]{3}) \\| .* \\|");
    std::smatch parts;
    while (std::getline(document, line) && std::regex_match(line, parts, row)) {
        EXPECT_TRUE(rows.emplace(parts[1], std::stoul(parts[2])).second) << line;
    }
    EXPECT_EQ(line, "") << "A row of the table cannot be read.";
    return rows;
}

TEST(Code, HasARowOfItsOwnInTheDocumentWithItsStatus) {
    std::map<std::string, unsigned> codes;
    for (std::size_t i = 0; i < code_count; i++) {
        const auto code = static_cast<Code>(i);
        codes.emplace(name(code), status(code));
    }
    EXPECT_EQ(codes, documented_codes());
}

TEST(Problem, IsWrittenAsADocument) {
    EXPECT_EQ(to_json({Code::bad_header, "X is \"wrong\"."}),
              R"({"title":"Bad header","status":400,"code":"bad_header",)"
              R"("detail":"X is \"wrong\"."})");
}

TEST(Problem, ShowsWhatABusyProcessServes) {
    Problem problem{Code::process_busy, "Busy."};
    problem.busy = Problem::Busy{
        2,
        1'795'414'034'000'000,
        {{"GET", "/a\"b", "203.0.113.9", 1'795'414'034'500'000}, {"POST", "*", {}, 0, true}}};
    EXPECT_EQ(to_json(problem),
              R"({"title":"The process is busy","status":503,"code":"process_busy",)"
              R"("detail":"Busy.","sessions":2,"busy_since":"2026-11-23T06:07:14.000000Z",)"
              R"("requests":[{"method":"GET","path":"/a\"b","via":"visitor",)"
              R"("client":"203.0.113.9","started_at":"2026-11-23T06:07:14.500000Z"},)"
              R"({"method":"POST","path":"*","via":"gangway","client":null,)"
              R"("started_at":"1970-01-01T00:00:00.000000Z"}]})");
    problem.busy->requests.clear();
    EXPECT_TRUE(to_json(problem).ends_with(R"(Z","requests":[]})"));
}

TEST(Cut, HasAProblemOfItsOwnForEachTimeout) {
    using worker::Cut;
    EXPECT_EQ(worker::cut_problem(Cut::connect_timeout).code, Code::connect_timeout);
    EXPECT_EQ(worker::cut_problem(Cut::first_byte_timeout).code, Code::first_byte_timeout);
    EXPECT_EQ(worker::cut_problem(Cut::idle_timeout).code, Code::idle_timeout);
    EXPECT_EQ(worker::cut_problem(Cut::total_timeout).code, Code::total_timeout);
    EXPECT_EQ(worker::cut_problem(Cut::shutting_down).code, Code::shutting_down);
}

} // namespace
} // namespace gangway
