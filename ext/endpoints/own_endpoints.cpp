#include "endpoints/own_endpoints.hpp"

#include <array>
#include <utility>
#include <variant>

#include <boost/asio/buffer.hpp>

#include "base/wall_clock.hpp"
#include "endpoints/health_state.hpp"
#include "endpoints/listing.hpp"
#include "worker/problems.hpp"

namespace gangway::endpoints {

namespace {

constexpr std::string_view json_type = "application/json";

// Of a request that is not forwarded: 2,000 gupids fit.
constexpr std::size_t max_body_bytes = 64 * 1024;

} // namespace

std::optional<Problem> OwnEndpoints::check(const Asked& asked) {
    if (asked.head.target == "*") {
        return std::nullopt;
    }
    if (asked.target.endpoint == admin::Endpoint::unknown ||
        asked.target.endpoint == admin::Endpoint::outside) {
        return Problem{Code::not_found,
                       "There is no such endpoint in the API. To send a request with "
                       "this path to a process, add X-Passenger-Process."};
    }
    if (asked.target.endpoint == admin::Endpoint::health && asked.head.is_method("POST")) {
        return std::nullopt;
    }
    if (!asked.head.is_method("GET") && !asked.head.is_method("HEAD")) {
        Problem problem{Code::method_not_allowed, "This endpoint has GET and HEAD only."};
        if (asked.target.endpoint == admin::Endpoint::health) {
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
    case admin::Endpoint::process_health:
        co_return co_await answer_checks(asked);
    case admin::Endpoint::health:
        if (asked.head.is_method("POST")) {
            co_return co_await answer_checks(asked);
        }
        co_return co_await answer_health_state(asked);
    case admin::Endpoint::health_live:
        co_return co_await answer_health_state(asked);
    case admin::Endpoint::events:
        co_return co_await answer_events(asked);
    default:
        co_return co_await answer_listing(asked);
    }
}

awaitable<bool> OwnEndpoints::answer_listing(const Asked& asked) {
    // Before the pool's lock is taken: what is wrong with a request costs no visitor anything.
    auto parsed = parse_listing(asked.target, asked.access);
    if (const auto* problem = std::get_if<Problem>(&parsed)) {
        co_return co_await answering_.send(*problem);
    }
    auto snapshot = context_.pool.snapshot();
    if (!snapshot) {
        const Problem problem{Code::internal_error,
                              "The agent could not copy the pool; its log says why."};
        co_return co_await answering_.send(problem);
    }
    const Self self{
        context_.passenger_version, context_.statistics,        context_.config,
        context_.in_flight.size(),  context_.process_passwords, &context_.monitor.watch()};
    auto listing = begin_listing(asked.target, asked.access, *snapshot, self,
                                 std::get<ListingOptions>(parsed));
    if (const auto* problem = std::get_if<Problem>(&listing)) {
        co_return co_await answering_.send(*problem);
    }
    admin::Answer answer{200, json_type};
    answer.body = co_await whole(std::get<Listing>(listing));
    snapshot.reset(); // A client may take its time to read.
    co_return co_await answering_.send(answer);
}

template <typename Rows>
awaitable<std::string> OwnEndpoints::whole(Rows& rows) {
    constexpr std::size_t at_once = 32; // a fraction of a millisecond
    while (rows.write(at_once)) {
        if (!stream_.has_turn()) {
            co_await stream_.let_others_go();
        }
    }
    co_return rows.take();
}

awaitable<bool> OwnEndpoints::answer_health_state(const Asked& asked) {
    const watch::Watch& watch = context_.monitor.watch();
    const watch::Census& census = context_.monitor.census();
    const std::string_view query = asked.target.query;
    if (asked.target.endpoint == admin::Endpoint::health) {
        auto listing = begin_health_listing(query, asked.access, watch, census, usec_since_epoch());
        if (const auto* problem = std::get_if<Problem>(&listing)) {
            co_return co_await answering_.send(*problem);
        }
        admin::Answer answer{200, json_type};
        answer.body = co_await whole(std::get<HealthListing>(listing));
        co_return co_await answering_.send(answer);
    }
    auto looked = look_alive(query, asked.access, watch, census);
    if (const auto* problem = std::get_if<Problem>(&looked)) {
        co_return co_await answering_.send(*problem);
    }
    const auto& liveness = std::get<Liveness>(looked);
    constexpr unsigned unavailable = 503;
    const admin::Answer answer{liveness.live ? 200 : unavailable, json_type, liveness.document};
    co_return co_await answering_.send(answer);
}

awaitable<bool> OwnEndpoints::answer_events(const Asked& asked) {
    if (!asked.target.query.empty()) {
        const Problem problem{Code::bad_parameter, "This endpoint has no parameters."};
        co_return co_await answering_.send(problem);
    }
    if (asked.head.is_method("HEAD")) {
        const admin::Answer answer{200, "text/event-stream"};
        co_return co_await answering_.send(answer);
    }
    // What happens is told to each stream by itself.
    Shares::Share share(context_.event_streams, asked.user);
    if (asked.is_counted() && !share.grow(1)) {
        const Problem problem{Code::too_many_requests,
                              "This user has " + std::to_string(admin::most_event_streams_of_user) +
                                  " event streams already; close one first."};
        co_return co_await answering_.send(problem);
    }
    co_return co_await events_.run(asked.access);
}

awaitable<bool> OwnEndpoints::answer_checks(const Asked& asked) {
    if (!asked.access.may_act()) {
        const Problem problem{Code::forbidden, "This account is read-only and has no process "
                                               "checked; use a full administrator's account."};
        co_return co_await answering_.send(problem);
    }
    Shares::Share share(context_.check_lanes, asked.user);
    const Asker asker{asked.access, asked.user, asked.is_counted() ? &share : nullptr};
    if (asked.target.endpoint == admin::Endpoint::process_health) {
        co_return co_await health_.one(asked.target.subject, asked.target.query, asker);
    }
    auto round = co_await read_round(asked);
    if (const auto* problem = std::get_if<Problem>(&round)) {
        co_return co_await answering_.send(*problem);
    }
    const bool as_lines = asked.head.fields.lists("Accept", "application/x-ndjson");
    co_return co_await health_.many(std::get<RoundRequest>(std::move(round)), asker, as_lines);
}

// The body is gone before the round begins, which may take an hour.
awaitable<std::variant<RoundRequest, Problem>> OwnEndpoints::read_round(const Asked& asked) {
    Shares::Share share(context_.bodies, asked.user);
    std::string body;
    if (auto problem = co_await read_body(asked, share, body)) {
        co_return std::move(*problem);
    }
    if (!asked.target.query.empty()) {
        co_return Problem{Code::bad_parameter, "This endpoint has no parameters for POST; what "
                                               "is checked, and how, its body says."};
    }
    co_return parse_round(body);
}

awaitable<std::optional<Problem>> OwnEndpoints::read_body(const Asked& asked, Shares::Share& share,
                                                          std::string& body) {
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
            co_return worker::late_body();
        }
        if (ec) {
            co_return worker::bad_body(ec);
        }
        if (piece.empty()) {
            co_return std::nullopt;
        }
        if (body.size() + piece.size() > max_body_bytes) {
            co_return Problem{Code::body_too_large, "The body of this request may have 64 KiB."};
        }
        if (!share.grow(piece.size())) {
            co_return Problem{Code::too_many_requests, "This user sends too many bodies at once "
                                                       "already; try again later."};
        }
        body += piece;
    }
}

// OPTIONS *: about the server as a whole (RFC 9110, 9.3.7).
awaitable<bool> OwnEndpoints::answer_asterisk() {
    const admin::Answer answer{204, {}, {}, "Allow: GET, HEAD, OPTIONS\r\n"};
    co_return co_await answering_.send(answer);
}

void OwnEndpoints::drain() {
    events_.interrupt(); // They would never end by themselves.
}

void OwnEndpoints::interrupt() {
    health_.interrupt();
    events_.interrupt();
}

} // namespace gangway::endpoints
