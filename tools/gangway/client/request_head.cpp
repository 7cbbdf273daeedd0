#include "gangway/client/request_head.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/write.hpp>

#include <set>
#include <sstream>

namespace gangway::command {

namespace http = boost::beast::http;

namespace {

struct CaseInsensitive {
    bool operator()(const std::string& left, const std::string& right) const {
        return boost::beast::iless()(left, right);
    }
};

// The first header of a name replaces the default, further ones are added: -H can be repeated.
void apply_user_headers(const std::vector<HeaderArgument>& arguments, http::fields& headers) {
    std::set<std::string, CaseInsensitive> seen;
    for (const HeaderArgument& argument : arguments) {
        if (seen.insert(argument.name).second) {
            headers.erase(argument.name);
        }
        if (argument.action == HeaderArgument::Action::send) {
            headers.insert(argument.name, argument.value);
        }
    }
}

} // namespace

Framing framing_of(const RequestBody* body) {
    return {body != nullptr, body != nullptr ? body->size() : std::nullopt};
}

std::string serialize(const RequestHead& head) {
    http::request_header<> header;
    header.version(11);
    header.method_string(head.method);
    header.target(head.target);
    header.set(http::field::host, "localhost");
    header.set(http::field::user_agent, "gangway/" GANGWAY_VERSION);
    header.set(http::field::accept, "*/*");
    if (!head.keep_alive) {
        header.set(http::field::connection, "close");
    }
    if (!head.default_content_type.empty()) {
        header.set(http::field::content_type, head.default_content_type);
    }
    add_credentials(head.credentials, header);
    apply_user_headers(head.user_headers, header);
    for (const auto& [name, value] : head.steering) {
        header.set(name, value);
    }
    if (head.framing.has_body && head.framing.content_length) {
        header.set(http::field::content_length, std::to_string(*head.framing.content_length));
    } else if (head.framing.has_body) {
        header.set(http::field::transfer_encoding, "chunked");
    }
    std::ostringstream text;
    text << header;
    return text.str();
}

} // namespace gangway::command
