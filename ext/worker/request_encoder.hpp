// What is sent to a process ahead of the body, in either of Passenger's protocols.
//
// Pure. What is made is put in the memory of space, whose content does not matter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "worker/header_rules.hpp"

namespace gangway::worker {

// How long the body is.
struct Body {
    bool chunked = false;
    std::optional<std::uint64_t> length{}; // as Content-Length said, or as was found out
    bool counted = false;                  // it was found out, so the process is told even of 0

    bool empty() const { return !chunked && !counted && length.value_or(0) == 0; }
};

struct Request {
    std::string_view method;
    std::string_view target; // origin-form or "*", percent-encoding untouched
    std::string_view host;   // as parse_authority() takes it; what it does not take counts as empty
    std::string_view base_uri; // what of the path is the application's mount point; "/" for none
    Headers headers;           // as request_headers() gives them
    Body body;
    std::string_view upgrade;  // the value of Upgrade; empty for an ordinary request
    std::string_view password; // the connect password of the process
};

// Passenger's session protocol: a 4-byte big-endian length, then "NAME\0VALUE\0" pairs, CGI-style
// (Passenger: Controller/SendRequest.cpp, constructHeaderForSessionProtocol). Headers of one name
// are joined as Passenger joins them (ServerKit/HeaderTable.h); names with other characters than
// letters, digits and '-' are dropped, since they would collide (CVE-2015-7519).
std::string encode_session_request(const Request& request, std::string_view server_software,
                                   std::string space = {});

// HTTP/1.1, one request a connection, as Passenger sends it
// (Controller/SendRequest.cpp, constructHeaderBuffersForHttpProtocol).
std::string encode_http_request(const Request& request, std::string space = {});

// HTTP/1.1 for the debug socket of a Ruby process, which wants the password in a header, so that
// the application sees what it would over the session protocol (Passenger:
// request_handler/thread_handler.rb, parse_http_request, which makes a variable of each header, of
// one name the last). For a request that obstacle_to_direct() finds nothing in the way of.
std::string encode_debug_request(const Request& request, std::string space = {});

} // namespace gangway::worker
