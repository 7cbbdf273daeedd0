#include "problem/problem.hpp"

#include <array>

#include "text/json_writer.hpp"

namespace gangway {

namespace {

struct Row {
    std::string_view name;
    unsigned status;
    std::string_view title;
};

// In the order of Code.
constexpr std::array<Row, code_count> table{{
    {"bad_request", 400, "Malformed HTTP request"},
    {"bad_parameter", 400, "Bad query parameter"},
    {"bad_header", 400, "Bad header"},
    {"bad_body", 400, "Bad body"},
    {"body_not_allowed", 400, "No body is allowed here"},
    {"unauthorized", 401, "Not authorized"},
    {"forbidden", 403, "Not permitted for a read-only account"},
    {"not_found", 404, "No such endpoint"},
    {"group_not_found", 404, "No such group"},
    {"process_not_found", 404, "No such process"},
    {"health_not_configured", 404, "No health check is configured for that group"},
    {"method_not_allowed", 405, "Method not allowed"},
    {"request_timeout", 408, "The request took too long to arrive"},
    {"route_unavailable", 409, "The process cannot be reached that way"},
    {"body_too_large", 413, "Request body too large"},
    {"expectation_failed", 417, "Expectation that cannot be met"},
    {"header_too_large", 431, "Request header too large"},
    {"internal_error", 500, "Internal error"},
    {"connect_failed", 502, "The process refused the connection"},
    {"worker_closed", 502, "The process closed the connection before it answered"},
    {"bad_response", 502, "The process sent an answer that is not HTTP"},
    {"process_busy", 503, "The process is busy"},
    {"process_not_routable", 503, "The process takes no requests"},
    {"process_overloaded", 503, "Too many requests to the process"},
    {"too_many_connections", 503, "Too many connections"},
    {"too_many_requests", 503, "Too many requests"},
    {"shutting_down", 503, "The agent is shutting down"},
    {"connect_timeout", 504, "The process did not accept the connection in time"},
    {"first_byte_timeout", 504, "The process did not begin to answer in time"},
    {"idle_timeout", 504, "The process was silent for too long"},
    {"total_timeout", 504, "The request took too long"},
}};

const Row& row(Code code) {
    return table.at(static_cast<std::size_t>(code));
}

} // namespace

std::string_view name(Code code) {
    return row(code).name;
}

unsigned status(Code code) {
    return row(code).status;
}

std::string_view title(Code code) {
    return row(code).title;
}

Problem process_not_found() {
    return {Code::process_not_found, "There is no such process, or it has left the pool; GET "
                                     "/v1/processes lists those that you may see."};
}

std::string to_json(const Problem& problem) {
    JsonWriter json;
    json.begin_object();
    json.member("title", title(problem.code));
    json.member("status", status(problem.code));
    json.member("code", name(problem.code));
    json.member("detail", problem.detail);
    if (problem.busy) {
        json.member("sessions", problem.busy->sessions);
        json.key("busy_since");
        json.time(problem.busy->since_usec);
        json.key("requests");
        write(json, problem.busy->requests);
    }
    json.end_object();
    return json.take();
}

} // namespace gangway
