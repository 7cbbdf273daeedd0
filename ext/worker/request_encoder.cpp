#include "worker/request_encoder.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "message/authority.hpp"
#include "message/chunk.hpp"
#include "message/name_order.hpp"
#include "worker/routing.hpp"

namespace gangway::worker {

namespace {

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether a header's name has a CGI name of its own. Others would collide with one.
bool has_cgi_name(std::string_view name) {
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return c == '-' || is_alphanumeric(c); });
}

// "X-Foo" -> "HTTP_X_FOO".
void append_cgi_name(std::string& text, std::string_view name) {
    text += "HTTP_";
    for (const char c : name) {
        text += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
}

// For each header the next one of its name; for those that are not the first of theirs, joined is
// set: they stand with that. none: no further one.
struct NextOfName {
    static constexpr std::size_t none = SIZE_MAX;
    std::vector<std::size_t> next;
    std::vector<bool> joined;

    explicit NextOfName(const Headers& headers)
        : next(headers.size(), none), joined(headers.size(), false) {
        const auto order =
            message::order_by_name(headers.size(), [&](std::size_t i) { return headers[i].name; });
        for (std::size_t i = 1; i < order.size(); i++) {
            if (message::same_token(headers[order[i - 1]].name, headers[order[i]].name)) {
                next[order[i - 1]] = order[i];
                joined[order[i]] = true;
            }
        }
    }
};

// The headers that have a CGI name, those of one name joined where the first of them stands: what
// append_start() writes of the name, the values, the end.
template <typename AppendStart>
void append_joined(std::string& text, const Headers& headers, AppendStart append_start,
                   std::string_view end) {
    const NextOfName names(headers);
    for (std::size_t first = 0; first < headers.size(); first++) {
        const std::string_view name = headers[first].name;
        if (names.joined[first] || !has_cgi_name(name)) {
            continue;
        }
        append_start(name);
        text += headers[first].value;
        const char separator = message::same_token(name, "Cookie") ? ';' : ',';
        for (std::size_t next = names.next[first]; next != NextOfName::none;
             next = names.next[next]) {
            text += separator;
            text += headers[next].value;
        }
        text += end;
    }
}

void append_cgi_headers(std::string& text, const Headers& headers) {
    const auto append_start = [&](std::string_view name) {
        if (message::same_token(name, "Content-Type")) {
            text += "CONTENT_TYPE";
        } else {
            append_cgi_name(text, name);
        }
        text += '\0';
    };
    append_joined(text, headers, append_start, std::string_view("\0", 1));
}

class SessionHeader {
  public:
    explicit SessionHeader(std::string space) : data_(std::move(space)) {
        data_.assign(prefix, '\0');
    }

    void add(std::string_view name, std::string_view value) {
        data_ += name;
        data_ += '\0';
        data_ += value;
        data_ += '\0';
    }

    void add(const Headers& headers) { append_cgi_headers(data_, headers); }

    std::string take() {
        const auto length = static_cast<std::uint32_t>(data_.size() - prefix);
        for (std::size_t i = 0; i < prefix; i++) {
            data_[i] = static_cast<char>((length >> (8 * (prefix - 1 - i))) & 0xff);
        }
        return std::move(data_);
    }

  private:
    static constexpr std::size_t prefix = 4;
    std::string data_;
};

std::optional<std::string_view> find(const Headers& headers, std::string_view name) {
    const auto found =
        std::find_if(headers.begin(), headers.end(), [&](const message::Field& field) {
            return message::same_token(field.name, name);
        });
    return found == headers.end() ? std::nullopt : std::optional(found->value);
}

std::string start_of_http(const Request& request, std::string space) {
    std::string result = std::move(space);
    result = request.method;
    result += ' ';
    result += request.target;
    result += " HTTP/1.1\r\n";
    if (request.upgrade.empty()) {
        message::append_field(result, "Connection", "close");
    } else {
        message::append_field(result, "Connection", "upgrade");
        message::append_field(result, "Upgrade", request.upgrade);
    }
    if (!find(request.headers,
              "Host")) { // An HTTP/1.0 client need not send one; HTTP/1.1 wants it.
        result += "Host: localhost\r\n";
    }
    return result;
}

} // namespace

std::string encode_session_request(const Request& request, std::string_view server_software,
                                   std::string space) {
    const std::size_t mark = std::min(request.target.find('?'), request.target.size());
    const auto host = message::parse_authority(request.host);
    const bool mounted = is_below(request.target, request.base_uri);
    const std::size_t path_begin = mounted ? request.base_uri.size() : 0;
    const std::string_view path = request.target.substr(path_begin, mark - path_begin);

    SessionHeader header(std::move(space));
    header.add("REQUEST_URI", request.target);
    header.add("PATH_INFO", mounted && path.empty() ? "/" : path);
    header.add("SCRIPT_NAME", mounted ? request.base_uri : "");
    header.add("QUERY_STRING", request.target.substr(std::min(mark + 1, request.target.size())));
    header.add("REQUEST_METHOD", request.method);
    header.add("SERVER_NAME", host ? host->name : "localhost");
    header.add("SERVER_PORT", host && !host->port.empty() ? host->port : "80");
    header.add("SERVER_SOFTWARE", server_software);
    header.add("SERVER_PROTOCOL", "HTTP/1.1");
    header.add("REMOTE_ADDR", "127.0.0.1");
    header.add("REMOTE_PORT", "0");
    if (!request.body.empty() && !request.body.chunked) {
        header.add("CONTENT_LENGTH", std::to_string(*request.body.length));
    }
    header.add("PASSENGER_CONNECT_PASSWORD", request.password);
    if (!request.upgrade.empty()) {
        header.add("HTTP_CONNECTION", "upgrade");
        header.add("HTTP_UPGRADE", request.upgrade);
    }
    header.add(request.headers);
    return header.take();
}

std::string encode_http_request(const Request& request, std::string space) {
    std::string result = start_of_http(request, std::move(space));
    for (const message::Field& header : request.headers) {
        message::append_field(result, header.name, header.value);
    }
    if (request.body.chunked) {
        message::append_field(result, "Transfer-Encoding", "chunked");
    } else if (request.body.length) {
        message::append_field(result, "Content-Length", std::to_string(*request.body.length));
    }
    result += "\r\n";
    return result;
}

std::string encode_debug_request(const Request& request, std::string space) {
    std::string result = std::move(space);
    result = request.method;
    result += ' ';
    result += request.target;
    result += " HTTP/1.1\r\n"; // Without Connection, of which the application would be told.
    const auto append_start = [&](std::string_view name) {
        result += name;
        result += ": ";
    };
    append_joined(result, request.headers, append_start, "\r\n");
    if (!find(request.headers, "Host")) {
        // Else the application would take the socket's own address and port for those of the
        // server.
        message::append_field(result, "Host", "localhost");
    }
    message::append_field(result, "X-Passenger-Connect-Password", request.password);
    result += "\r\n";
    return result;
}

} // namespace gangway::worker
