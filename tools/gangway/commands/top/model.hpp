// What 'gangway top' shows, and what its keys do. Pure: documents and keys in, lines out.
#pragma once

#include "gangway/view/pool_table.hpp"
#include "gangway/view/process_columns.hpp"
#include "gangway/view/screen.hpp"

#include <json/value.h>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::command {

enum class TopPage { processes, requests, detail, help };

// What is to be done after a key.
struct TopOrder {
    bool quit = false;
    bool look = false;                // at the agent, at once: it is another page
    std::vector<std::string> check{}; // gupids of processes
};

// The agent's documents of one look; those that the page does not show are null.
struct TopLook {
    PoolDocuments pool;
    Json::Value requests; // GET /v1/requests
    Json::Value process;  // GET /v1/processes/{id}
    Json::Value health;   // GET /v1/health
};

class TopModel {
  public:
    struct Options {
        std::string group{};        // only this one
        std::string sort = "-busy"; // as 'gangway ps --sort'
        bool by_group = true;
        bool readonly = false;
        std::string where{}; // which instance it is, for the first line
    };

    explicit TopModel(Options options);

    // What the page shows, for who fetches it.
    [[nodiscard]] TopPage page() const { return page_; }
    [[nodiscard]] const std::string& detailed() const { return detailed_; } // a gupid

    void update(TopLook look, Around around);
    // The agent does not answer; what was there before stays.
    void lose(std::string_view why);
    // One line about what was done.
    void say(std::string line) { said_ = std::move(line); }
    [[nodiscard]] TopOrder press(const Key& key);

    // As many lines as there are rows, none longer than columns. time: for the first one.
    [[nodiscard]] std::vector<ScreenLine> draw(std::size_t rows, std::size_t columns,
                                               const std::string& time);

  private:
    struct Row {
        const Json::Value* process; // null: a line about a group
        std::string text{};
        LineStyle style = LineStyle::plain;
        std::string gupid{};
    };

    void edit(const Key& key);
    TopOrder command(std::string_view key);
    void sort_by(int step);
    void move(std::ptrdiff_t rows);
    void search();
    [[nodiscard]] bool matches(const Json::Value& row, const std::string& text) const;
    [[nodiscard]] std::vector<std::string> chosen() const; // tagged ones, else the selected one
    void make_rows(std::size_t columns);
    // A column that the screen has room for.
    struct Shown {
        std::size_t column; // of columns_
        std::size_t width;
    };
    [[nodiscard]] std::vector<Shown> lay_out(const std::vector<const Json::Value*>& rows,
                                             std::size_t columns) const;
    [[nodiscard]] std::string titles(const std::vector<Shown>& shown) const;
    [[nodiscard]] std::string text_of(const Json::Value& row,
                                      const std::vector<Shown>& shown) const;
    [[nodiscard]] std::string sum() const;
    std::vector<ScreenLine> draw_processes(std::size_t rows, std::size_t columns);
    [[nodiscard]] std::vector<ScreenLine> draw_text(const std::string& text, std::size_t rows);

    Options options_;
    std::vector<ProcessColumn> columns_;
    std::size_t sorted_by_ = 0;
    bool descending_ = false;
    TopPage page_ = TopPage::processes;
    std::string detailed_;
    TopLook look_;
    Around around_;
    Json::Value gone_;            // rows of processes that have left since the look before
    std::set<std::string> seen_;  // gupids of the last look
    std::set<std::string> fresh_; // those that are new in it
    std::set<std::string> tagged_;
    bool has_looked_ = false;
    std::string selected_; // a gupid
    std::vector<Row> rows_;
    std::string titles_;
    std::size_t first_shown_ = 0;
    std::size_t scrolled_ = 0; // of a page of text
    std::size_t page_rows_ = 10;
    std::string filter_;
    std::string search_;
    char editing_ = '\0'; // '/' or '\\'
    std::string said_;
    std::string lost_;
};

} // namespace gangway::command
