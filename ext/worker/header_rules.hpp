// Which headers pass through, in both directions (RFC 9110, 6.5.1 and 7.6.1; docs/forwarding.md).
//
// Pure. The results point into what they were made of. The fields are those of a message that
// check_request() or check_answer() has let through (message/rules.hpp).
#pragma once

#include <string_view>
#include <vector>

#include "message/fields.hpp"

namespace gangway::worker {

using Headers = std::vector<message::Field>;

struct RequestHeaderRules {
    bool drop_authorization = false; // it was meant for Gangway
    bool keep_expect = false;        // the process answers it itself
    bool keep_trailer = false;       // trailers will follow
    std::string_view host{};         // not empty: takes the place of Host
};

// What of a request's headers reaches the process, in order, duplicates kept. Not among them: what
// is hop-by-hop, Gangway's own, or Passenger's own ("!~…"), and the framing (Content-Length,
// Transfer-Encoding), which is written anew.
Headers request_headers(const message::Fields& fields, const RequestHeaderRules& rules);

// What of an answer's headers reaches the client; as above, and without Status.
Headers answer_headers(const message::Fields& fields, bool keep_trailer);

// X-Sendfile or X-Accel-Redirect: the application leaves the body to the web server, whatever
// length it tells. Passenger takes the answer to end with its head
// (Controller/ForwardResponse.cpp).
bool leaves_body_to_web_server(const message::Fields& answer);

// What may be passed on behind a body: nothing that frames, routes, authenticates or describes it,
// and nothing that the head would not have passed on.
Headers request_trailers(const message::Fields& trailers);
Headers answer_trailers(const message::Fields& trailers);

} // namespace gangway::worker
