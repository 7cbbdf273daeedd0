#include "admin/own_endpoints.hpp"

#include <array>
#include <utility>
#include <variant>

#include <boost/asio/buffer.hpp>

#include "admin/health_state.hpp"
#include "admin/listing.hpp"
#include "forward/problems.hpp"
#include "module/wall_clock.hpp"

namespace gangway::admin {

namespace {

constexpr std::string_view json_type = "application/json";

// Of a request that is not forwarded: ten thousand gupids fit.
constexpr std::size_t max_body_bytes = 512 * 1024;

} // namespace

std::optional<Problem> OwnEndpoints::check(const Asked& asked) {
    if (asked.head.target == "*") {
        return std::nullopt;
    }
    if (asked.target.endpoint == Endpoint::unknown || asked.target.endpoint == Endpoint::outside) {
        return Problem{Code::not_found,
                       "There is no such endpoint in the API. To send a request with "
                       "this path to a process, add X-Passenger-Process."};
    }
    if (asked.target.endpoint == Endpoint::health && asked.head.is_method("POST")) {
        return std::nullopt;
    }
    if (!asked.head.is_method("GET") && !asked.head.is_method("HEAD")) {
        Problem problem{Code::method_not_allowed, "This endpoint has GET and HEAD only."};
        if (asked.target.endpoint == Endpoint::health) {
            problem.allow = "GET, HEAD, POST";
            problem.detail = "This endpoint has GET, HEAD and POST only.";
        }
        return problem;
    }
    if (asked.parser.chunked() || asked.parser.length().value_or(0) > 0) {
        return Problem{Code::body_not_allowed, "Only forwarded requests may have a body."};
    }
    return std::nullopt;
}

awaitable<bool> OwnEndpoints::answer(const Asked& asked) {
    if (asked.head.target == "*") {
        co_return co_await answer_asterisk();
    }
    switch (asked.target.endpoint) {
    case Endpoint::process_health:
        co_return co_await answer_checks(asked);
    case Endpoint::health:
        if (asked.head.is_method("POST")) {
            co_return co_await answer_checks(asked);
        }
        co_return co_await answer_health_state(asked);
    case Endpoint::health_live:
        co_return co_await answer_health_state(asked);
    case Endpoint::events:
        co_return co_await answer_events(asked);
    default:
        co_return co_await answer_listing(asked);
    }
}

awaitable<bool> OwnEndpoints::answer_listing(const Asked& asked) {
    const auto snapshot = context_.pool.snapshot();
    if (!snapshot) {
        const Problem problem{Code::internal_error,
                              "The agent could not copy the pool; its log says why."};
        co_return co_await answering_.send(problem);
    }
    const Self self{context_.passenger_version, context_.statistics, context_.config,
                    context_.in_flight.size(), &context_.monitor.watch()};
    auto document = list(asked.target, asked.access, *snapshot, self);
    if (const auto* problem = std::get_if<Problem>(&document)) {
        co_return co_await answering_.send(*problem);
    }
    const Answer answer{200, json_type, std::get<std::string>(std::move(document))};
    co_return co_await answering_.send(answer);
}

awaitable<bool> OwnEndpoints::answer_health_state(const Asked& asked) {
    const health::Watch& watch = context_.monitor.watch();
    const health::Census& census = context_.monitor.census();
    const std::string_view query = asked.target.query;
    Answer answer{200, json_type};
    if (asked.target.endpoint == Endpoint::health) {
        auto document = list_health(query, asked.access, watch, census, usec_since_epoch());
        if (const auto* problem = std::get_if<Problem>(&document)) {
            co_return co_await answering_.send(*problem);
        }
        answer.body = std::get<std::string>(std::move(document));
    } else {
        auto looked = look_alive(query, asked.access, watch, census);
        if (const auto* problem = std::get_if<Problem>(&looked)) {
            co_return co_await answering_.send(*problem);
        }
        const auto& liveness = std::get<Liveness>(looked);
        constexpr unsigned unavailable = 503;
        answer.status = liveness.live ? answer.status : unavailable;
        answer.body = liveness.document;
    }
    co_return co_await answering_.send(answer);
}

awaitable<bool> OwnEndpoints::answer_events(const Asked& asked) {
    if (!asked.target.query.empty()) {
        const Problem problem{Code::bad_parameter, "This endpoint has no parameters."};
        co_return co_await answering_.send(problem);
    }
    if (asked.head.is_method("HEAD")) {
        const Answer answer{200, "text/event-stream"};
        co_return co_await answering_.send(answer);
    }
    co_return co_await events_.run(asked.access);
}

awaitable<bool> OwnEndpoints::answer_checks(const Asked& asked) {
    if (!asked.access.may_act()) {
        const Problem problem{Code::forbidden, "This account is read-only and has no process "
                                               "checked; use a full administrator's account."};
        co_return co_await answering_.send(problem);
    }
    if (asked.target.endpoint == Endpoint::process_health) {
        co_return co_await health_.one(asked.target.subject, asked.target.query, asked.access);
    }
    std::string body;
    if (const auto problem = co_await read_body(asked, body)) {
        co_return co_await answering_.send(*problem);
    }
    if (!asked.target.query.empty()) {
        const Problem problem{Code::bad_parameter, "This endpoint has no parameters for POST; what "
                                                   "is checked, and how, its body says."};
        co_return co_await answering_.send(problem);
    }
    const bool as_lines = asked.head.fields.lists("Accept", "application/x-ndjson");
    co_return co_await health_.many(body, asked.access, as_lines);
}

awaitable<std::optional<Problem>> OwnEndpoints::read_body(const Asked& asked, std::string& body) {
    if (asked.head.fields.find("Expect") && asked.head.version >= 11) {
        constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
        const std::array<net::const_buffer, 1> buffers{net::buffer(text.data(), text.size())};
        Pieces pieces(buffers);
        co_await stream_.write(pieces, context_.config.client_timeout);
    }
    for (;;) {
        std::string_view piece;
        const error_code ec = co_await stream_.read_piece(
            asked.parser, context_.config.max_header_bytes, context_.config.client_timeout, piece);
        if (ec == net::error::timed_out) {
            co_return forward::late_body();
        }
        if (ec) {
            co_return forward::bad_body(ec);
        }
        if (piece.empty()) {
            co_return std::nullopt;
        }
        if (body.size() + piece.size() > max_body_bytes) {
            co_return Problem{Code::body_too_large, "The body of this request may have 512 KiB."};
        }
        body += piece;
    }
}

// OPTIONS *: about the server as a whole (RFC 9110, 9.3.7).
awaitable<bool> OwnEndpoints::answer_asterisk() {
    const Answer answer{204, {}, {}, "Allow: GET, HEAD, OPTIONS\r\n"};
    co_return co_await answering_.send(answer);
}

void OwnEndpoints::drain() {
    events_.interrupt(); // They would never end by themselves.
}

void OwnEndpoints::interrupt() {
    health_.interrupt();
    events_.interrupt();
}

} // namespace gangway::admin
