// What the forwarder decides: facts in, a decision out.
//
// Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include <boost/system/error_code.hpp>

#include "gangway/agent_abi.h"
#include "problem/problem.hpp"

namespace gangway::forward {

// The process may be asked again without harm, should it not have heard the first time
// (RFC 9110, 9.2.1).
bool is_safe(std::string_view method);

// How it came that no head of an answer could be read.
struct Silence {
    bool is_cut; // by the exchange: a bound, or the client has gone
    boost::system::error_code
        client_error; // of the request's body, where that could not be sent on
    bool is_spooled;  // it came from a spool
    boost::system::error_code process_error; // of the answer
    bool is_reused;                          // the connection was kept from an earlier request
    bool has_begun;                          // something of an answer came
    bool has_body;                           // the request has
    bool is_safe;                            // and it may be sent again
};

enum class Reason : std::uint8_t {
    cut,           // as the exchange says
    late_body,     // the client's
    bad_body,      // the client's
    client_gone,   // while it sent its body
    spool_failed,  // to be read
    bad_response,  // is what came
    stale,         // the kept connection was, and the process heard nothing: again
    worker_closed, // it closed the connection instead
};

Reason reason_of(const Silence& silence);

// Whether the connection to the process can serve another request (Passenger may use it then).
struct Exchanged {
    gangway_protocol protocol;
    bool has_body;      // the request had
    bool is_body_whole; // and it was sent
    bool is_upgrade;    // an upgrade was asked for
    bool may_keep;      // the answer says so, and was read to its end
};

// As Passenger does, one of the session protocol is kept only where no body was sent.
bool can_keep(const Exchanged& exchanged);

// The last try to reach a process ended with this problem. A process that had a connection, and is
// not there any more, has died of the request or beside it: worker_closed. Else the problem stands.
struct LastTry {
    Code code;
    bool was_retried; // an earlier connection had gone stale
    bool was_taken;   // by a process that closed a kept connection instead of an answer
};

bool has_died(const LastTry& last);

} // namespace gangway::forward
