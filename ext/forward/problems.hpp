// The words for what can go wrong on the way to a process and back (docs/api.md, "Errors").
//
// Pure.
#pragma once

#include "admin/problem.hpp"
#include "forward/exchange.hpp"

namespace gangway::forward {

// Why nothing was answered when the exchange was cut. Not for Cut::none.
admin::Problem cut_problem(Cut reason);

admin::Problem connect_failed(int error);
admin::Problem debug_socket_gone(error_code ec);
admin::Problem could_not_connect();
admin::Problem could_not_open_session();
admin::Problem not_routable();
admin::Problem route_unavailable(bool has_body);
admin::Problem worker_closed();
admin::Problem bad_response(std::string_view why);
// The client's body: broken, late, too large to be kept, or not to be kept.
admin::Problem bad_body(error_code ec);
admin::Problem late_body();
admin::Problem body_too_large(std::uint64_t max_bytes);
admin::Problem spool_failed(error_code ec);
admin::Problem expectation_failed();

} // namespace gangway::forward
