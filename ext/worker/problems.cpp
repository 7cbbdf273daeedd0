#include "worker/problems.hpp"

#include <string>
#include <system_error>

namespace gangway::worker {

Problem cut_problem(Cut reason) {
    switch (reason) {
    case Cut::connect_timeout:
        return {Code::connect_timeout,
                "The process did not accept the connection in time: it is stopped, or swamped "
                "with connections."};
    case Cut::first_byte_timeout:
        return {Code::first_byte_timeout,
                "The process has the request and did not begin to answer in time: it hangs, or "
                "needs a longer X-Gangway-First-Byte-Timeout."};
    case Cut::idle_timeout:
        return {Code::idle_timeout,
                "The process stopped in the middle, of taking the request or of answering it: it "
                "hangs, or needs a longer X-Gangway-Idle-Timeout."};
    case Cut::total_timeout:
        return {Code::total_timeout, "The request took longer than X-Gangway-Timeout or "
                                     "total_timeout_seconds allows."};
    default:
        return {Code::shutting_down, "The agent is exiting."};
    }
}

Problem connect_failed(int error) {
    return {Code::connect_failed,
            "Connecting to the process failed: " + std::generic_category().message(error) +
                ". Passenger takes it out of the pool."};
}

Problem debug_socket_gone(error_code ec) {
    return {Code::connect_failed, "The debug socket of the process cannot be connected to: " +
                                      (ec ? ec.message() : "the process has ended") + "."};
}

Problem debug_socket_of_another() {
    return {Code::connect_failed,
            "The debug socket of the process cannot be used: another user listens there."};
}

Problem debug_socket_of_nobody_known() {
    return {Code::connect_failed,
            "The debug socket of the process cannot be used: whose it is cannot be told, since "
            "nobody listens there any more, or since the agent cannot ask the kernel (sock_diag "
            "over netlink); use the route pool."};
}

Problem could_not_connect() {
    return {Code::internal_error, "The agent could not connect to the process; its log says why."};
}

Problem could_not_open_session() {
    return {Code::internal_error, "The agent could not open a session; its log says why."};
}

Problem not_routable() {
    return {
        Code::process_not_routable,
        "The process is disabled, detached or shutting down, or has no socket for requests; GET "
        "/v1/processes shows its state."};
}

Problem route_unavailable(Obstacle obstacle) {
    return {Code::route_unavailable,
            std::string(explain(obstacle)) + "; use the route pool or auto."};
}

Problem worker_closed() {
    return {Code::worker_closed,
            "The process closed the connection before it answered: it died, or "
            "its application broke off; see Passenger's log."};
}

Problem bad_response(std::string_view why) {
    return {Code::bad_response,
            "What the process sent is not an HTTP answer, or its header is too large: " +
                std::string(why) + "."};
}

Problem bad_body(error_code ec) {
    return {Code::bad_request, "The body of the request is broken: " + ec.message() + "."};
}

Problem late_body() {
    return {Code::request_timeout, "The body of the request did not arrive in time."};
}

Problem body_too_large(std::uint64_t max_bytes) {
    return {Code::body_too_large, "The process needs to be told the length of a body, and this one "
                                  "exceeds the " +
                                      std::to_string(max_bytes) +
                                      " bytes that are kept to find it out (max_spool_bytes): send "
                                      "it with Content-Length."};
}

Problem too_much_spooled(std::uint64_t max_bytes) {
    return {
        Code::too_many_requests,
        "The bodies that are kept for this user now, to find out their lengths, exceed " +
            std::to_string(max_bytes) +
            " bytes (max_spool_bytes_per_user): send it with Content-Length, or try again later."};
}

Problem spool_failed(error_code ec) {
    return {Code::internal_error,
            "The body could not be kept in a temporary file: " + ec.message() +
                ". Send it with Content-Length, or see spool_directory."};
}

Problem expectation_failed() {
    return {Code::expectation_failed, "The only expectation that is understood is 100-continue."};
}

} // namespace gangway::worker
