#include "gangway/commands/top/model.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/commands/top/detail.hpp"
#include "gangway/view/process_values.hpp"
#include "gangway/view/request_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gangway::command {

namespace {

constexpr std::string_view gap = "  ";
constexpr std::array<std::string_view, 13> column_names{
    "pid",   "group", "state", "health", "sess", "busy", "done",
    "req/s", "cpu",   "mem",   "growth", "up",   "now"};

constexpr const char* help_text =
    "Keys\n"
    "\n"
    "  Up Down PgUp PgDn Home End   choose a process\n"
    "  < >                          sort by the column to the left, to the right\n"
    "  I                            sort the other way round\n"
    "  /                            search; n: the next one\n"
    "  \\                            show only rows with that text; empty: all\n"
    "  g                            by group, or all together\n"
    "  Space                        tag a process; U: none is tagged\n"
    "  Enter                        all about a process: its requests, its health, its memory\n"
    "  r                            the requests of all\n"
    "  h                            check the tagged processes, or the chosen one, now\n"
    "  q, Esc                       back; from the list: the end\n"
    "\n"
    "REQ/S and GROWTH/H are of what changed while this looked. A new process is green, one that "
    "has\n"
    "left is grey for a moment, one that is stopped, dead or unhealthy is red.\n";

std::string gupid_of(const Json::Value& row) {
    return json_text(json_member(row, "gupid"));
}

std::string padded(const std::string& text, std::size_t width, Align align) {
    const std::size_t columns = display_columns(text);
    const std::string padding(width > columns ? width - columns : 0, ' ');
    return align == Align::right ? padding + text : text + padding;
}

bool contains(std::string text, std::string part) {
    const auto lower = [](std::string& some) {
        std::transform(some.begin(), some.end(), some.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    };
    lower(text);
    lower(part);
    return text.find(part) != std::string::npos;
}

// Blanks at the end are no text that is left out.
std::string cut(std::string text, std::size_t columns) {
    text.erase(text.find_last_not_of(' ') + 1);
    return shorten_end(text, columns);
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

} // namespace

TopModel::TopModel(Options options) : options_(std::move(options)) {
    descending_ = options_.sort.starts_with('-');
    const std::string_view name = std::string_view(options_.sort).substr(descending_ ? 1 : 0);
    for (const std::string_view column : column_names) {
        columns_.push_back(*find_process_column(column));
        if (column == name) {
            sorted_by_ = columns_.size() - 1;
        }
    }
    if (columns_[sorted_by_].name != name) { // Another field, which is shown then.
        if (auto field = find_process_column(name)) {
            columns_.insert(columns_.end() - 1, *std::move(field));
            sorted_by_ = columns_.size() - 2;
        }
    }
}

void TopModel::update(TopLook look, Around around) {
    lost_.clear();
    if (look.pool.processes.isObject()) {
        gone_ = Json::Value(Json::arrayValue);
        std::set<std::string> seen;
        fresh_.clear();
        for (const Json::Value& row : json_member(look.pool.processes, "processes")) {
            const std::string gupid = gupid_of(row);
            seen.insert(gupid);
            if (has_looked_ && !seen_.contains(gupid)) {
                fresh_.insert(gupid);
            }
        }
        for (const Json::Value& row : json_member(look_.pool.processes, "processes")) {
            if (!seen.contains(gupid_of(row))) {
                gone_.append(row);
            }
        }
        std::erase_if(tagged_, [&](const std::string& gupid) { return !seen.contains(gupid); });
        seen_ = std::move(seen);
        has_looked_ = true;
        around_ = std::move(around);
    } else { // Of another page: the list is as it was.
        look.pool = std::move(look_.pool);
    }
    look_ = std::move(look);
}

void TopModel::lose(std::string_view why) {
    lost_ = printable(why.substr(0, why.find('\n')));
}

// ---------------------------------------------------------------- keys

TopOrder TopModel::press(const Key& key) {
    if (editing_ != '\0') {
        edit(key);
        return {};
    }
    if (key.kind == Key::Kind::none) {
        return {};
    }
    said_.clear();
    const auto page = static_cast<std::ptrdiff_t>(page_rows_);
    switch (key.kind) {
    case Key::Kind::character:
        return command(key.text);
    case Key::Kind::escape:
        return command("q");
    case Key::Kind::enter:
        if (page_ == TopPage::processes && !selected_.empty()) {
            detailed_ = selected_;
            page_ = TopPage::detail;
            scrolled_ = 0;
            look_.process = Json::Value();
            return {.look = true};
        }
        return {};
    case Key::Kind::up:
        move(-1);
        return {};
    case Key::Kind::down:
        move(1);
        return {};
    case Key::Kind::page_up:
        move(-page);
        return {};
    case Key::Kind::page_down:
        move(page);
        return {};
    case Key::Kind::home:
        move(PTRDIFF_MIN / 2);
        return {};
    case Key::Kind::end:
        move(PTRDIFF_MAX / 2);
        return {};
    case Key::Kind::backspace:
    case Key::Kind::none:
        return {};
    }
    return {};
}

void TopModel::edit(const Key& key) {
    constexpr std::size_t longest = 200;
    std::string& text = editing_ == '/' ? search_ : filter_;
    if (key.kind == Key::Kind::character && text.size() < longest) {
        text += key.text;
    } else if (key.kind == Key::Kind::backspace) {
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) {
            text.pop_back(); // Of a character of several bytes all.
        }
        if (!text.empty()) {
            text.pop_back();
        }
    } else if (key.kind == Key::Kind::escape) {
        text.clear();
        editing_ = '\0';
    } else if (key.kind == Key::Kind::enter) {
        if (std::exchange(editing_, '\0') == '/') {
            search();
        }
    }
}

TopOrder TopModel::command(std::string_view key) {
    if (key == "q" || key == "\x03") {
        if (page_ == TopPage::processes || key == "\x03") {
            return {.quit = true};
        }
        page_ = TopPage::processes;
        return {.look = true};
    }
    if (key == "?") {
        page_ = TopPage::help;
        scrolled_ = 0;
    } else if (key == "r") {
        page_ = page_ == TopPage::requests ? TopPage::processes : TopPage::requests;
        scrolled_ = 0;
        look_.requests = Json::Value();
        return {.look = true};
    } else if (key == "h") {
        if (options_.readonly) {
            said_ = "nothing is done: --readonly";
            return {};
        }
        return {.check = page_ == TopPage::detail ? std::vector{detailed_} : chosen()};
    } else if (page_ != TopPage::processes) {
        return {};
    } else if (key == "<" || key == ">") {
        sort_by(key == "<" ? -1 : 1);
    } else if (key == "I") {
        descending_ = !descending_;
    } else if (key == "g") {
        options_.by_group = !options_.by_group;
    } else if (key == "/" || key == "\\") {
        editing_ = key.front();
        (editing_ == '/' ? search_ : filter_).clear();
    } else if (key == "n") {
        search();
    } else if (key == "U") {
        tagged_.clear();
    } else if (key == " " && !selected_.empty()) {
        if (tagged_.erase(selected_) == 0) {
            tagged_.insert(selected_);
        }
        move(1);
    }
    return {};
}

void TopModel::sort_by(int step) {
    const auto count = static_cast<int>(columns_.size());
    sorted_by_ = static_cast<std::size_t>((static_cast<int>(sorted_by_) + step + count) % count);
    const std::string& name = columns_[sorted_by_].name;
    // Of what is counted and measured the largest come first.
    descending_ =
        name != "pid" && name != "group" && name != "state" && name != "health" && name != "now";
}

void TopModel::move(std::ptrdiff_t rows) {
    if (page_ != TopPage::processes) {
        const auto to = static_cast<std::ptrdiff_t>(scrolled_) + rows;
        scrolled_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(to, 0));
        return;
    }
    std::vector<std::string> gupids;
    for (const Row& row : rows_) {
        if (row.process != nullptr && !row.gupid.empty()) {
            gupids.push_back(row.gupid);
        }
    }
    if (gupids.empty()) {
        return;
    }
    const auto found = std::find(gupids.begin(), gupids.end(), selected_);
    const std::ptrdiff_t at = found == gupids.end() ? 0 : found - gupids.begin();
    const auto last = static_cast<std::ptrdiff_t>(gupids.size()) - 1;
    selected_ = gupids[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at + rows, 0, last))];
}

void TopModel::search() {
    if (search_.empty()) {
        return;
    }
    std::vector<const Row*> rows;
    std::size_t at = 0;
    for (const Row& row : rows_) {
        if (row.process != nullptr && !row.gupid.empty()) {
            rows.push_back(&row);
            at = row.gupid == selected_ ? rows.size() : at;
        }
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row& row = *rows[(at + i) % rows.size()];
        if (matches(*row.process, search_)) {
            selected_ = row.gupid;
            return;
        }
    }
    said_ = "no row has '" + printable(search_) + "'";
}

std::vector<std::string> TopModel::chosen() const {
    if (!tagged_.empty()) {
        return {tagged_.begin(), tagged_.end()};
    }
    return selected_.empty() ? std::vector<std::string>() : std::vector{selected_};
}

// ---------------------------------------------------------------- the list

bool TopModel::matches(const Json::Value& row, const std::string& text) const {
    return text.empty() ||
           std::any_of(columns_.begin(), columns_.end(), [&](const ProcessColumn& column) {
               return contains(column.cell(row, around_).text, text);
           });
}

// So narrow a screen shows fewer columns: what the workers are at is worth most.
std::vector<TopModel::Shown> TopModel::lay_out(const std::vector<const Json::Value*>& rows,
                                               std::size_t columns) const {
    constexpr std::array<std::string_view, 6> first_to_go{"growth", "done", "up",
                                                          "cpu",    "mem",  "health"};
    constexpr std::size_t room_for_now = 20;
    std::vector<Shown> shown;
    std::size_t used = 1; // for the tag
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (options_.by_group && columns_[i].name == "group") {
            continue;
        }
        std::size_t width = display_columns(columns_[i].column.title) + (i == sorted_by_ ? 1 : 0);
        for (const Json::Value* row : rows) {
            width = std::max(width, display_columns(columns_[i].cell(*row, around_).text));
        }
        shown.push_back({i, width});
        used += (columns_[i].name == "now" ? std::min(width, room_for_now) : width) + gap.size();
    }
    for (const std::string_view name : first_to_go) {
        const auto found = std::find_if(shown.begin(), shown.end(), [&](const Shown& each) {
            return columns_[each.column].name == name && each.column != sorted_by_;
        });
        if (used > columns && found != shown.end()) {
            used -= found->width + gap.size();
            shown.erase(found);
        }
    }
    return shown;
}

std::string TopModel::titles(const std::vector<Shown>& shown) const {
    std::string text = " ";
    for (const Shown& each : shown) {
        const Column& column = columns_[each.column].column;
        const char* mark = each.column != sorted_by_ ? "" : descending_ ? "v" : "^";
        text += padded(column.title + mark, each.width, column.align);
        text += gap;
    }
    return text;
}

std::string TopModel::text_of(const Json::Value& row, const std::vector<Shown>& shown) const {
    std::string text = tagged_.contains(gupid_of(row)) ? "*" : " ";
    for (const Shown& each : shown) {
        const ProcessColumn& column = columns_[each.column];
        text += padded(column.cell(row, around_).text, each.width, column.column.align);
        text += gap;
    }
    return text;
}

void TopModel::make_rows(std::size_t columns) {
    rows_.clear();
    std::vector<PoolPart> parts = pool_parts(look_.pool, options_.group);
    for (const Json::Value& row : gone_) {
        const std::string group = json_text(json_member(row, "group"));
        const auto part = std::find_if(parts.begin(), parts.end(),
                                       [&](const PoolPart& each) { return each.name == group; });
        if (part != parts.end()) {
            part->rows.push_back(&row);
        }
    }
    if (!options_.by_group) {
        PoolPart all;
        for (const PoolPart& part : parts) {
            all.rows.insert(all.rows.end(), part.rows.begin(), part.rows.end());
        }
        parts.clear();
        parts.push_back(std::move(all));
    }
    std::vector<const Json::Value*> shown;
    for (PoolPart& part : parts) {
        std::erase_if(part.rows, [&](const Json::Value* row) { return !matches(*row, filter_); });
        sort_processes(part.rows, columns_[sorted_by_], descending_, around_);
        shown.insert(shown.end(), part.rows.begin(), part.rows.end());
    }
    const auto layout = lay_out(shown, columns);
    titles_ = cut(titles(layout), columns);
    for (const PoolPart& part : parts) {
        if (options_.by_group) {
            rows_.push_back({nullptr,
                             shorten_end(part_heading(part, look_.pool), columns),
                             LineStyle::strong,
                             {}});
            const std::string error = part_spawn_error(part);
            if (!error.empty()) {
                rows_.push_back({nullptr, shorten_end(error, columns), LineStyle::sick, {}});
            }
        }
        for (const Json::Value* row : part.rows) {
            const std::string gupid = gupid_of(*row);
            const bool is_gone = !seen_.contains(gupid);
            LineStyle style = fresh_.contains(gupid) ? LineStyle::fresh : LineStyle::plain;
            style = is_sick(*row) ? LineStyle::sick : style;
            style = is_gone ? LineStyle::gone : style;
            rows_.push_back(
                {row, cut(text_of(*row, layout), columns), style, is_gone ? std::string() : gupid});
        }
    }
}

// "4 processes, 2 busy   queue 3   pool 4/6   12.3 req/s"
std::string TopModel::sum() const {
    std::size_t busy = 0;
    double rate = 0;
    const Json::Value& rows = json_member(look_.pool.processes, "processes");
    for (const Json::Value& row : rows) {
        const Json::Value& sessions = json_member(row, "sessions");
        busy += sessions.isInt64() && sessions.asInt64() > 0 ? 1U : 0U;
        const auto found = around_.rates.find(gupid_of(row));
        rate += found == around_.rates.end() ? 0 : found->second;
    }
    std::string text = std::to_string(rows.size()) +
                       (rows.size() == 1 ? " process, " : " processes, ") + std::to_string(busy) +
                       " busy";
    const Json::Value& pool = look_.pool.pool;
    if (pool.isObject()) {
        text += "   queue " + json_text(json_member(pool, "group_get_wait_list_size")) +
                "   pool " + json_text(json_member(pool, "capacity_used")) + "/" +
                json_text(json_member(pool, "max"));
    }
    return printable(text) + "   " + fixed_decimal(rate, rate < 9.95 ? 1 : 0) + " req/s";
}

std::vector<ScreenLine> TopModel::draw_processes(std::size_t rows, std::size_t columns) {
    make_rows(columns);
    std::vector<ScreenLine> lines{{titles_, LineStyle::titles}};
    const std::size_t room = rows > 1 ? rows - 1 : 1;
    page_rows_ = room;
    std::size_t at = rows_.size();
    std::size_t first_process = rows_.size();
    for (std::size_t i = rows_.size(); i-- > 0;) {
        first_process = rows_[i].gupid.empty() ? first_process : i;
        at = !rows_[i].gupid.empty() && rows_[i].gupid == selected_ ? i : at;
    }
    if (at == rows_.size() && first_process < rows_.size()) {
        at = first_process;
        selected_ = rows_[at].gupid;
    }
    if (at < rows_.size()) {
        // The line about its group, too, where it is the first.
        const std::size_t from = at == first_process ? 0 : at;
        first_shown_ = std::min(first_shown_, from);
        first_shown_ = std::max(first_shown_, at + 1 > room ? at + 1 - room : 0);
    } else {
        selected_.clear();
    }
    first_shown_ = std::min(first_shown_, rows_.size() > room ? rows_.size() - room : 0);
    for (std::size_t i = first_shown_; i < std::min(rows_.size(), first_shown_ + room); ++i) {
        lines.push_back({rows_[i].text, i == at ? LineStyle::selected : rows_[i].style});
    }
    if (rows_.empty()) {
        lines.push_back({has_looked_ ? "no process runs" : "looking ...", LineStyle::plain});
    }
    return lines;
}

std::vector<ScreenLine> TopModel::draw_text(const std::string& text, std::size_t rows) {
    const auto all = lines_of(text);
    page_rows_ = rows;
    scrolled_ = std::min(scrolled_, all.size() > rows ? all.size() - rows : 0);
    std::vector<ScreenLine> lines;
    for (std::size_t i = scrolled_; i < std::min(all.size(), scrolled_ + rows); ++i) {
        lines.push_back({all[i], LineStyle::plain});
    }
    return lines;
}

std::vector<ScreenLine> TopModel::draw(std::size_t rows, std::size_t columns,
                                       const std::string& time) {
    // The first two lines, and the last one.
    constexpr std::size_t fixed_lines = 3;
    const std::size_t room = rows > fixed_lines + 1 ? rows - fixed_lines : 2;
    std::vector<ScreenLine> lines{
        {"gangway top   " + printable(options_.where) + "   " + time, LineStyle::strong},
        {sum(), LineStyle::plain}};
    std::vector<ScreenLine> body;
    Terminal terminal;
    terminal.columns = columns;
    switch (page_) {
    case TopPage::processes:
        body = draw_processes(room, columns);
        break;
    case TopPage::requests:
        body =
            draw_text(look_.requests.isObject() ? request_table(look_.requests, terminal, SIZE_MAX)
                                                : "looking ...",
                      room);
        break;
    case TopPage::detail:
        body =
            draw_text(process_detail(look_.process, look_.requests, look_.health, terminal), room);
        break;
    case TopPage::help:
        body = draw_text(help_text, room);
        break;
    }
    lines.insert(lines.end(), body.begin(), body.end());
    lines.resize(std::max<std::size_t>(rows, fixed_lines) - 1);
    ScreenLine last{
        "q quit  ? help  < > sort  / search  \\ filter  g group  Enter detail  r requests",
        LineStyle::gone};
    if (editing_ != '\0') {
        last = {(editing_ == '/' ? "search: " + printable(search_)
                                 : "show only: " + printable(filter_)) +
                    "_",
                LineStyle::strong};
    } else if (!lost_.empty()) {
        last = {"trying again: " + lost_, LineStyle::sick};
    } else if (!said_.empty()) {
        last = {said_, LineStyle::strong};
    } else if (!filter_.empty() && page_ == TopPage::processes) {
        last = {"only rows with '" + printable(filter_) + "'; \\ and Enter: all",
                LineStyle::strong};
    }
    lines.push_back(std::move(last));
    for (ScreenLine& line : lines) {
        line.text = shorten_end(line.text, columns);
    }
    return lines;
}

} // namespace gangway::command
