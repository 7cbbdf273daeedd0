// What a client sends: read the same in all pieces, and then refused, or passed on as exactly one
// request, in either protocol.
//
// Input: a line whose bytes say where the rest is cut; the rest is what arrives.
#include <set>

#include "http_reading.hpp"
#include "support/session_header.hpp"
#include "worker/steering.hpp"

namespace gangway::fuzz {
namespace {

// What of a request is passed on.
struct Passed {
    worker::Headers headers;
    worker::Request request;
    worker::Body body;
};

Passed pass(const Reading& came, const admin::Target& target) {
    const message::Head& head = came.head;
    const worker::Body body{came.chunked, came.length};
    const worker::RequestHeaderRules rules{.keep_expect = !body.empty() && head.version >= 11,
                                           .keep_trailer = body.chunked,
                                           .host = target.authority};
    const bool upgrade = message::asks_for_upgrade(head);
    Passed passed{worker::request_headers(head.fields, rules), {}, body};
    passed.request = {head.method,
                      target.forwarded,
                      target.authority.empty() ? head.fields.find("Host").value_or("")
                                               : target.authority,
                      "/",
                      passed.headers,
                      body,
                      upgrade ? head.fields.find("Upgrade").value_or("") : std::string_view(),
                      "password"};
    return passed;
}

void require_one_http_request(const Reading& came, const Passed& passed) {
    std::string bytes = worker::encode_http_request(passed.request);
    if (came.chunked) {
        append_chunked(bytes, came.body, worker::request_trailers(came.head.trailers));
    } else {
        bytes += came.body;
    }
    const auto arrived = strict::one_request(bytes);
    require(arrived.has_value(), "what is sent to a process is exactly one request");
    require(arrived->body == came.body, "a process gets the body that the client sent");
    require(arrived->start_line ==
                came.head.method + " " + std::string(passed.request.target) + " HTTP/1.1",
            "a process gets the method and the target that were asked for");
    for (const message::Field& field : passed.headers) {
        const strict::Line line{std::string(field.name), std::string(field.value)};
        require(std::find(arrived->fields.begin(), arrived->fields.end(), line) !=
                    arrived->fields.end(),
                "a process gets each field that passes through");
    }
}

void require_one_session_request(const Reading& came, Passed passed) {
    passed.request.body = {false, came.body.size()};
    const auto variables =
        worker::decode_session_header(worker::encode_session_request(passed.request, "G"));
    require(variables.has_value(), "a session's header is whole");
    std::set<std::string> names;
    for (const auto& [name, value] : *variables) {
        require(names.insert(name).second, "no variable is given twice");
        require(name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                    std::string::npos,
                "a variable has a plain name");
        if (name == "REQUEST_METHOD") {
            require(value == came.head.method, "the method is the client's");
        } else if (name == "REQUEST_URI") {
            require(value == passed.request.target, "the target is the client's");
        } else if (name == "CONTENT_LENGTH") {
            require(value == std::to_string(came.body.size()), "the length is the body's");
        } else if (name == "PASSENGER_CONNECT_PASSWORD") {
            require(value == "password", "the password is the process's");
        }
    }
    for (const char* never : {"HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_TE",
                              "HTTP_PROXY_CONNECTION", "HTTP_X_PASSENGER_CONNECT_PASSWORD"}) {
        require(names.count(never) == 0, "what is between two peers only is not passed on");
    }
    require(names.count("CONTENT_LENGTH") == (came.body.empty() ? 0U : 1U),
            "a body's length is told, once");
}

void pass_on(const Reading& came) {
    const auto target = admin::parse_target(came.head.target);
    if (message::check_request(came.head) || !target || target->kind == admin::Kind::api) {
        return;
    }
    static_cast<void>(worker::parse_steering(came.head.fields, {}));
    const Passed passed = pass(came, *target);
    require_one_http_request(came, passed);
    require_one_session_request(came, passed);
}

} // namespace
} // namespace gangway::fuzz

GANGWAY_FUZZ_TARGET(request) {
    using namespace gangway::fuzz;
    Input input(bytes);
    const std::string_view sizes = input.line();
    const Reading whole = read_message<true>(input.rest(), {});
    require_the_same(whole, read_message<true>(input.rest(), {sizes}));
    require_the_same(whole, read_message<true>(input.rest(), {std::string_view("\0", 1)}));
    if (!whole.error) {
        pass_on(whole);
    }
}
