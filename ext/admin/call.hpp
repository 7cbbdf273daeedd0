// One request to an endpoint, as the endpoint gets it.
#pragma once

#include <optional>
#include <string_view>

#include "admin/answering.hpp"
#include "admin/authorization.hpp"
#include "admin/context.hpp"
#include "admin/endpoint.hpp"
#include "admin/running.hpp"
#include "base/shares.hpp"
#include "message/parser.hpp"
#include "pool/pool.hpp"
#include "wire/client_stream.hpp"

namespace gangway::admin {

// Lives until it is answered. On the server's thread.
struct Call {
    Context& context;
    wire::ClientStream& stream;
    Answering& answering;
    Running& running;
    const Access& access;
    const message::Head& head;
    message::RequestParser& parser; // for the body
    Owner user;                     // at the other end
    bool is_trusted;                // root, or the agent's user is
    Table table;
    std::string_view subject; // what stands in the braces of the endpoint's path, percent-encoded
    Arguments arguments;

    // Whether what it holds counts for the user's share.
    bool is_counted() const { return !is_trusted && !access.sees_all(); }
    // Each request looks at the pool once at most, since visitors wait for its lock: this is what
    // was taken to admit this one, if it was. Once; nothing when the agent could not make it.
    std::optional<pool::Snapshot> take_snapshot();
};

// What take_snapshot() had nothing for.
Problem no_snapshot();

} // namespace gangway::admin
