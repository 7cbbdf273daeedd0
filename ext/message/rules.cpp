#include "message/rules.hpp"

#include <algorithm>
#include <string_view>

#include "message/authority.hpp"

namespace gangway::message {

namespace {

bool is_number(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Of both kinds of message: at most one Content-Length, a plain number, and at most one
// Transfer-Encoding, which is chunked. That not both are there, the parser has seen to.
std::optional<std::string> check_framing(const Head& head) {
    const auto length = head.fields.find("Content-Length");
    if (length && (head.fields.count("Content-Length") > 1 || !is_number(*length))) {
        return "Content-Length must be given once, as one number.";
    }
    const auto coding = head.fields.find("Transfer-Encoding");
    if (coding && (head.version < 11 || head.fields.count("Transfer-Encoding") > 1 ||
                   !same_token(*coding, "chunked"))) {
        return "The only Transfer-Encoding that is understood is chunked, in HTTP/1.1.";
    }
    return std::nullopt;
}

// Of both kinds of message, too.
std::optional<std::string> check_connection(const Head& head) {
    if (has_too_many_options(head.fields)) {
        return "Connection lists more than " + std::to_string(max_connection_options) + " options.";
    }
    return std::nullopt;
}

} // namespace

bool has_too_many_options(const Fields& fields) {
    std::size_t options = 0;
    for (const Field field : fields) {
        if (same_token(field.name, "Connection")) {
            each_token(field.value, [&](std::string_view /*option*/) { options++; });
        }
    }
    return options > max_connection_options;
}

std::optional<std::string> check_request(const Head& head) {
    if (auto wrong = check_framing(head)) {
        return wrong;
    }
    if (auto wrong = check_connection(head)) {
        return wrong;
    }
    const std::size_t hosts = head.fields.count("Host");
    if (hosts > 1 || (hosts == 0 && head.version >= 11)) {
        return "There must be one Host.";
    }
    const std::string_view host = head.fields.find("Host").value_or("");
    if (!host.empty() && !parse_authority(host)) {
        return "Host must be a name or an address, with or without a port.";
    }
    // Of the request line's targets only these are for one process: a path, a URL, an asterisk.
    if (head.is_method("CONNECT")) {
        return "CONNECT asks for a proxy, which this is not.";
    }
    if (head.target == "*" && !head.is_method("OPTIONS")) {
        return "The target * is for OPTIONS alone.";
    }
    if (head.target.find('#') != std::string::npos) {
        return "A target has no fragment (#).";
    }
    // Passenger's own requests to its processes (request_handler/thread_handler.rb,
    // wsgi-loader.py).
    if (same_token(head.method, "PING") || same_token(head.method, "OOBW")) {
        return "The methods PING and OOBW are Passenger's own.";
    }
    return std::nullopt;
}

std::optional<std::string> check_answer(const Head& head) {
    auto wrong = check_framing(head);
    return wrong ? wrong : check_connection(head);
}

bool asks_for_upgrade(const Head& head) {
    return head.version >= 11 && !head.is_method("HEAD") &&
           head.fields.lists("Connection", "upgrade") && head.fields.count("Upgrade") == 1 &&
           !head.fields.find("Upgrade")->empty() && head.fields.count("Transfer-Encoding") == 0 &&
           head.fields.find("Content-Length").value_or("0") == "0";
}

bool expects_continue(const Head& request) {
    return request.version >= 11 && request.fields.find("Expect").has_value();
}

} // namespace gangway::message
