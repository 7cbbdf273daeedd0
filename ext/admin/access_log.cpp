#include "admin/access_log.hpp"

#include <algorithm>

#include "text/duration.hpp"
#include "text/json_writer.hpp"
#include "text/printable.hpp"

namespace gangway::admin {

namespace {

using Clock = forward::Report::Clock;
using Moment = std::optional<Clock::time_point>;

// The one list of what a line says, for both formats. Writer has text(), number(), flag(), none().
template <typename Writer>
void write(Writer& line, const AccessRecord& record, Clock::time_point end, bool show_query) {
    const auto text_or_none = [&](std::string_view key, std::string_view text) {
        text.empty() ? line.none(key) : line.text(key, text);
    };
    const auto duration = [&](std::string_view key, const Moment& from, const Moment& to) {
        if (from && to) {
            line.milliseconds(key, *to - *from);
        } else {
            line.none(key);
        }
    };
    const forward::Report& report = record.report;
    text_or_none("method", shortened(record.method, most_shown_of_method));
    const std::size_t mark = std::min(record.target.find('?'), record.target.size());
    if (mark < record.target.size() && !show_query) {
        text_or_none("path", shortened(record.target.substr(0, mark), most_shown_of_path) + "?...");
    } else {
        text_or_none("path", shortened(record.target, most_shown_of_path));
    }
    line.number("status", record.status);
    text_or_none("code", record.code ? name(*record.code) : std::string_view());
    if (report.pid != 0) {
        line.number("process", static_cast<std::uint64_t>(report.pid));
    } else {
        line.none("process");
    }
    text_or_none("route", report.route);
    line.number("bytes_in", report.bytes_sent);
    line.number("bytes_out",
                record.forwarded && !record.code ? report.bytes_received : record.answer_bytes);
    duration("queue_ms", report.received, report.session);
    duration("connect_ms", report.session, report.connected);
    duration("first_byte_ms", report.connected, report.first_byte);
    duration("total_ms", report.received, end);
    if (record.uid) {
        line.number("uid", *record.uid);
    } else {
        line.none("uid");
    }
    line.text("as", record.as);
    line.flag("broken", report.broken);
}

class TextLine {
  public:
    // The request line holds no spaces: the parser has seen to it.
    void text(std::string_view key, std::string_view value) {
        line_ += ' ';
        line_ += key;
        line_ += '=';
        line_ += printable(value);
    }
    void number(std::string_view key, std::uint64_t value) { text(key, std::to_string(value)); }
    void milliseconds(std::string_view key, Clock::duration value) {
        text(key, print_milliseconds(value));
    }
    void none(std::string_view key) { text(key, "-"); }
    void flag(std::string_view key, bool value) {
        if (value) {
            text(key, "true");
        }
    }
    std::string take() { return std::move(line_); }

  private:
    std::string line_ = "access";
};

class JsonLine {
  public:
    JsonLine() { json_.begin_object(); }
    void text(std::string_view key, std::string_view value) { json_.member(key, value); }
    void number(std::string_view key, std::uint64_t value) { json_.member(key, value); }
    void milliseconds(std::string_view key, Clock::duration value) {
        json_.key(key);
        json_.raw_number(print_milliseconds(value));
    }
    void none(std::string_view key) {
        json_.key(key);
        json_.null();
    }
    void flag(std::string_view key, bool value) { json_.member(key, value); }
    std::string take() {
        json_.end_object();
        return "access " + json_.take();
    }

  private:
    JsonWriter json_;
};

} // namespace

std::string access_line_text(const AccessRecord& record, Clock::time_point end, bool show_query) {
    TextLine line;
    write(line, record, end, show_query);
    return line.take();
}

std::string access_line_json(const AccessRecord& record, Clock::time_point end, bool show_query) {
    JsonLine line;
    write(line, record, end, show_query);
    return line.take();
}

std::string left_out_text(const RefusalLines::LeftOut& left_out) {
    TextLine line;
    line.number("left_out", left_out.lines);
    left_out.uid ? line.number("uid", *left_out.uid) : line.none("uid");
    line.text("as", "none");
    return line.take();
}

std::string left_out_json(const RefusalLines::LeftOut& left_out) {
    JsonLine line;
    line.number("left_out", left_out.lines);
    left_out.uid ? line.number("uid", *left_out.uid) : line.none("uid");
    line.text("as", "none");
    return line.take();
}

} // namespace gangway::admin
