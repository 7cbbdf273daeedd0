#include "gangway/client/fetch.hpp"

#include "gangway/client/exchange_loop.hpp"
#include "gangway/client/unix_connection.hpp"

#include <string>

namespace gangway::command {

namespace {

ExchangeBounds bounds_of(const FetchBounds& bounds, const Endpoint& endpoint, pid_t core_pid) {
    ExchangeBounds of_exchange{
        .whole = bounds.whole, .core_pid = core_pid, .afterwards = bounds.afterwards};
    if (bounds.ask_core) {
        of_exchange.core_answers = [&endpoint] { return core_answers(endpoint); };
    }
    return of_exchange;
}

} // namespace

void fetch(const Endpoint& endpoint, const Request& request, ResponseReceiver& receiver,
           const FetchBounds& bounds, ExchangeObserver& observer) {
    RequestHead head = request.head;
    head.framing = framing_of(request.body);
    const std::string head_text = serialize(head);
    ResponseReader reader(receiver, head.method == "HEAD");
    RequestSender sender(head_text, request.body);
    ExchangeLoop loop; // Ctrl-C ends the connecting, too.
    const Connection connection = connect_to(endpoint, bounds.connecting);
    observer.connected(endpoint.socket, head_text);
    HttpExchange exchange(connection.descriptor.get(), sender, reader,
                          bounds_of(bounds, endpoint, connection.core_pid));
    try {
        loop.run(exchange, observer);
    } catch (const Failure&) {
        observer.ended(exchange.transfer());
        throw;
    }
    observer.ended(exchange.transfer());
}

} // namespace gangway::command
