#include "forward/answer_encoder.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <boost/beast/http/status.hpp>

#include "message/chunk.hpp"
#include "text/duration.hpp"

namespace gangway::forward {

namespace {

std::string_view usual_reason(unsigned status) {
    namespace http = boost::beast::http;
    if (http::int_to_status(status) == http::status::unknown) {
        return {};
    }
    const auto text = http::obsolete_reason(static_cast<http::status>(status));
    return {text.data(), text.size()};
}

void append_number(std::string& text, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text.append(digits.data(), end);
}

void append_status_line(std::string& text, unsigned status, std::string_view reason) {
    text += "HTTP/1.1 ";
    append_number(text, status);
    text += ' ';
    text += reason.empty() ? usual_reason(status) : reason;
    text += "\r\n";
}

// "NAME;dur=1.234", after what begins at that place.
void append_duration(std::string& text, std::size_t begin, std::string_view name,
                     Report::Clock::duration duration) {
    text += text.size() == begin ? "" : ", ";
    text += name;
    text += ";dur=";
    append_milliseconds(text, duration);
}

} // namespace

Framing choose_framing(bool is_head, unsigned status, bool client_is_http_1_1,
                       std::optional<std::uint64_t> content_length) {
    if (is_head || status == 101 || status == 204 || status == 304) {
        return Framing::none;
    }
    if (content_length) {
        return Framing::length;
    }
    return client_is_http_1_1 ? Framing::chunked : Framing::until_close;
}

void append_server_timing(std::string& text, const Report& report, Report::Clock::time_point at) {
    const std::size_t begin = text.size();
    if (report.session) {
        append_duration(text, begin, "queue", *report.session - report.received);
    }
    if (report.session && report.connected) {
        append_duration(text, begin, "connect", *report.connected - *report.session);
    }
    if (report.connected && report.first_byte) {
        append_duration(text, begin, "first_byte", *report.first_byte - *report.connected);
    }
    append_duration(text, begin, "total", at - report.received);
}

std::string encode_answer_head(const AnswerHead& head, Framing framing, const Report& report,
                               std::string_view now, std::string space) {
    std::string text = std::move(space);
    text.clear();
    append_status_line(text, head.status, head.reason);
    for (const message::Field& field : head.headers) {
        message::append_field(text, field.name, field.value);
    }
    const auto is_date = [](const message::Field& field) {
        return message::same_token(field.name, "Date");
    };
    if (std::none_of(head.headers.begin(), head.headers.end(), is_date)) {
        message::append_field(text, "Date", now);
    }
    message::append_field(text, "X-Gangway-Route", report.route);
    message::append_field(text, "X-Gangway-Process", head.process);
    text += "Server-Timing: ";
    append_server_timing(text, report, Report::Clock::now());
    text += "\r\n";
    if (framing == Framing::chunked) {
        message::append_field(text, "Transfer-Encoding", "chunked");
    } else if (head.content_length && head.status != 101 && head.status != 204) {
        text += "Content-Length: ";
        append_number(text, *head.content_length);
        text += "\r\n";
    }
    // 426 says what to upgrade to (RFC 9110, 15.5.22).
    const bool names_upgrade = (head.status == 101 || head.status == 426) && !head.upgrade.empty();
    if (names_upgrade) {
        message::append_field(text, "Upgrade", head.upgrade);
    }
    const bool closes = head.status != 101 && (!head.keep_alive || framing == Framing::until_close);
    if (closes || names_upgrade) {
        message::append_field(text, "Connection",
                              !closes         ? "Upgrade"
                              : names_upgrade ? "close, Upgrade"
                                              : "close");
    }
    text += "\r\n";
    return text;
}

std::string encode_interim_head(unsigned status, std::string_view reason,
                                const worker::Headers& headers) {
    std::string text;
    append_status_line(text, status, reason);
    for (const message::Field& field : headers) {
        message::append_field(text, field.name, field.value);
    }
    text += "\r\n";
    return text;
}

} // namespace gangway::forward
