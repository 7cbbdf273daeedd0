#include "forward/response_encoder.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

namespace gangway::forward {

namespace {

void add(std::string& text, std::string_view name, std::string_view value) {
    text += name;
    text += ": ";
    text += value;
    text += "\r\n";
}

std::string_view usual_reason(unsigned status) {
    if (boost::beast::http::int_to_status(status) == boost::beast::http::status::unknown) {
        return {};
    }
    const auto text =
        boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return {text.data(), text.size()};
}

} // namespace

Framing choose_framing(bool is_head, unsigned status, bool client_is_http_1_1,
                       std::optional<std::uint64_t> content_length) {
    if (is_head || status == 204 || status == 304) {
        return Framing::none;
    }
    if (content_length) {
        return Framing::length;
    }
    return client_is_http_1_1 ? Framing::chunked : Framing::until_close;
}

std::string encode_response_head(const ResponseHead& head, Framing framing, std::string_view now) {
    std::string text = "HTTP/1.1 " + std::to_string(head.status) + " ";
    text += head.reason.empty() ? usual_reason(head.status) : head.reason;
    text += "\r\n";
    for (const Header& header : head.headers) {
        add(text, header.name, header.value);
    }
    const auto is_date = [](const Header& h) { return boost::beast::iequals(h.name, "Date"); };
    if (std::none_of(head.headers.begin(), head.headers.end(), is_date)) {
        add(text, "Date", now);
    }
    add(text, "X-Gangway-Route", head.route);
    add(text, "X-Gangway-Process", head.process);
    if (framing == Framing::chunked) {
        add(text, "Transfer-Encoding", "chunked");
    } else if (head.content_length && head.status != 204) {
        add(text, "Content-Length", std::to_string(*head.content_length));
    }
    if (!head.keep_alive || framing == Framing::until_close) {
        add(text, "Connection", "close");
    }
    text += "\r\n";
    return text;
}

} // namespace gangway::forward
