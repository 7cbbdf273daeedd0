// Which headers pass through, in both directions (RFC 9110, 7.6.1; docs/api.md, "Forwarding").
//
// Pure.
#pragma once

#include <string_view>
#include <vector>

#include <boost/beast/http/fields.hpp>

namespace gangway::forward {

struct Header {
    std::string_view name;
    std::string_view value;
};
using Headers = std::vector<Header>;

// What of a request's headers reaches the process, in order, duplicates kept. Not among them: what
// is hop-by-hop, Gangway's own, or Passenger's own ("!~…"), and the framing (Content-Length,
// Transfer-Encoding), which is written anew. The result points into fields.
Headers request_headers(const boost::beast::http::fields& fields, bool drop_authorization);

// What of an answer's headers reaches the client; as above, and without Status.
Headers response_headers(const boost::beast::http::fields& fields);

} // namespace gangway::forward
