#include "check/verdict.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace gangway::check {
namespace {

using Words = std::set<std::string>;

Words words_in(const std::string& text, const char* pattern) {
    Words words;
    const std::regex word(pattern);
    for (std::sregex_iterator found(text.begin(), text.end(), word), end; found != end; ++found) {
        EXPECT_TRUE(words.insert(found->str(1)).second) << found->str(1) << " stands there twice";
    }
    return words;
}

std::string document(const char* path) {
    std::ifstream file(path);
    EXPECT_TRUE(file.is_open()) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const auto from = text.find(begin);
    const auto to = text.find(end, from + begin.size());
    if (from == std::string::npos || to == std::string::npos) {
        ADD_FAILURE() << "There is no piece from '" << begin << "' to '" << end << "'.";
        return {};
    }
    return text.substr(from + begin.size(), to - from - begin.size());
}

// But for `none`, which is not said.
Words reasons() {
    Words words;
    for (auto reason = Reason::none;; reason = static_cast<Reason>(static_cast<int>(reason) + 1)) {
        if (reason != Reason::none && word(reason).empty()) {
            return words;
        }
        EXPECT_TRUE(words.emplace(word(reason)).second) << word(reason) << " stands for two";
        words.erase("");
    }
}

TEST(Reason, IsOneOfTheDocumentedSchema) {
    const std::string schema =
        between(document(GANGWAY_DOCS "openapi.yaml"), "\n    CheckReason:\n", "]\n");
    EXPECT_EQ(reasons(), words_in(between(schema + "]", "enum: [", "]"), "([a-z_]+)"));
}

TEST(Reason, IsExplainedInTheChapterOnHealthChecks) {
    const std::string table =
        between(document(GANGWAY_DOCS "health.md"), "\n| state | reason | means | do |\n", "\n\n");
    Words explained;
    for (const std::string& row : words_in(table, "\\|[^|\n]*\\|([^|\n]*)\\|")) {
        explained.merge(words_in(row, "`([a-z_]+)`"));
    }
    explained.erase("null");
    EXPECT_EQ(explained, reasons());
}

} // namespace
} // namespace gangway::check
