#include "gangway/client/fetch.hpp"

#include "gangway/base/exit_code.hpp"
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

Failure core_has_ended(const Connection& connection, const Transfer& transfer,
                       const char* afterwards) {
    return {ExitCode::unreachable,
            "the agent has ended" +
                (connection.core_pid > 0
                     ? " (the core, process " + std::to_string(connection.core_pid) + ")"
                     : std::string()) +
                " before its answer was whole, after " + std::to_string(transfer.received) +
                " bytes of the body; see Passenger's log" +
                (*afterwards == '\0'
                     ? ""
                     : "; what has reached the process may be carried out all the same")};
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
    } catch (const BrokenAnswer& broken) {
        observer.ended(exchange.transfer());
        if (broken.kind() == BrokenAnswer::Kind::cut_off && !core_lives(endpoint, connection)) {
            throw core_has_ended(connection, exchange.transfer(), bounds.afterwards);
        }
        throw;
    } catch (const Failure&) {
        observer.ended(exchange.transfer());
        throw;
    }
    observer.ended(exchange.transfer());
}

} // namespace gangway::command
