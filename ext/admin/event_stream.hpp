// GET /v1/events: server-sent events (WHATWG HTML, 9.2) of what happens to processes.
#pragma once

#include "admin/answering.hpp"
#include "admin/authorization.hpp"
#include "admin/context.hpp"
#include "module/asio.hpp"

namespace gangway::admin {

// Of one connection. On the server's thread.
class EventStream {
  public:
    // All outlive it.
    EventStream(Context& context, Answering& answering, const Executor& executor)
        : context_(context), answering_(answering), executor_(executor) {}

    // Until the client goes or interrupt(): false, the connection takes no other request.
    awaitable<bool> run(const Access& access);
    void interrupt();

  private:
    class Running;

    Context& context_;
    Answering& answering_;
    Executor executor_;
    health::Events::Listener* listener_ = nullptr;
};

} // namespace gangway::admin
