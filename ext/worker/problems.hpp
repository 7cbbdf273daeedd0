// The words for what can go wrong on the way to a process and back (docs/api.md, "Errors").
//
// Pure.
#pragma once

#include "problem/problem.hpp"
#include "worker/exchange.hpp"
#include "worker/routing.hpp"

namespace gangway::worker {

// Why nothing was answered when the exchange was cut. Not for Cut::none.
Problem cut_problem(Cut reason);

Problem connect_failed(int error);
Problem debug_socket_gone(error_code ec);
Problem debug_socket_of_another();
Problem debug_socket_of_nobody_known();
Problem could_not_connect();
Problem could_not_open_session();
Problem not_routable();
Problem route_unavailable(Obstacle obstacle);
Problem worker_closed();
Problem bad_response(std::string_view why);
// The client's body: broken, late, too large to be kept, or not to be kept.
Problem bad_body(error_code ec);
Problem late_body();
Problem body_too_large(std::uint64_t max_bytes);
Problem too_much_spooled(std::uint64_t max_bytes);
Problem spool_failed(error_code ec);
Problem expectation_failed();

} // namespace gangway::worker
