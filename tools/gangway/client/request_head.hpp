// Request line and headers of a request to the agent.
#pragma once

#include "gangway/client/credentials.hpp"
#include "gangway/client/header_argument.hpp"
#include "gangway/client/request_body.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gangway::command {

struct Framing {
    bool has_body = false;
    std::optional<std::uint64_t> content_length; // nothing: chunked
};

// As a request with that body, or none (null), announces it.
[[nodiscard]] Framing framing_of(const RequestBody* body);

struct RequestHead {
    std::string method = "GET";
    std::string target;
    std::string default_content_type;                          // empty: none
    std::vector<HeaderArgument> user_headers;                  // win over the defaults
    std::vector<std::pair<std::string, std::string>> steering; // X-Gangway-…; win over all
    Credentials credentials;
    Framing framing;
    bool keep_alive = false; // the connection is used again
};

// As it goes over the wire, with the empty line. Everything in `head` must be valid already.
[[nodiscard]] std::string serialize(const RequestHead& head);

} // namespace gangway::command
