// GET /v1/events: server-sent events (WHATWG HTML, 9.2) of what happens to processes.
#pragma once

#include "admin/answering.hpp"
#include "admin/authorization.hpp"
#include "admin/context.hpp"
#include "base/asio.hpp"
#include "wire/client_stream.hpp"

namespace gangway::endpoints {

// Of one connection. On the server's thread.
class EventStream {
  public:
    // All outlive it.
    EventStream(admin::Context& context, wire::ClientStream& stream, admin::Answering& answering)
        : context_(context), stream_(stream), answering_(answering) {}

    // Until the client goes or interrupt(): false, the connection takes no other request.
    awaitable<bool> run(const admin::Access& access);
    void interrupt();

  private:
    class Running;

    admin::Context& context_;
    wire::ClientStream& stream_;
    admin::Answering& answering_;
    health::Events::Listener* listener_ = nullptr;
};

} // namespace gangway::endpoints
