#include "forward/decisions.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

#include "message/rules.hpp"

namespace gangway::forward {

namespace {

namespace error = boost::asio::error;
using boost::beast::http::error::end_of_stream;
using boost::beast::http::error::partial_message;

bool has_closed(boost::system::error_code ec) {
    return ec == end_of_stream || ec == partial_message || ec == error::connection_reset ||
           ec == error::broken_pipe || ec == error::eof || ec == error::not_connected;
}

Reason reason_of_client(const Silence& silence) {
    if (silence.client_error == error::timed_out) {
        return Reason::late_body;
    }
    if (silence.is_spooled) {
        return Reason::spool_failed;
    }
    return message::is_message_error(silence.client_error) ? Reason::bad_body : Reason::client_gone;
}

} // namespace

bool is_safe(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

Reason reason_of(const Silence& silence) {
    if (silence.is_cut) {
        return Reason::cut;
    }
    if (silence.client_error) {
        return reason_of_client(silence);
    }
    if (!has_closed(silence.process_error)) {
        return Reason::bad_response;
    }
    const bool unheard = silence.is_reused && !silence.has_begun;
    return unheard && !silence.has_body && silence.is_safe ? Reason::stale : Reason::worker_closed;
}

bool can_keep(const Exchanged& exchanged) {
    const bool is_request_over =
        !exchanged.has_body ||
        (exchanged.protocol == GANGWAY_PROTOCOL_HTTP && exchanged.is_body_whole);
    return is_request_over && !exchanged.is_upgrade && exchanged.may_keep;
}

bool has_died(const LastTry& last) {
    const bool has_left =
        last.code == Code::process_not_found || last.code == Code::process_not_routable;
    return (last.was_retried && last.code == Code::connect_failed) || (last.was_taken && has_left);
}

} // namespace gangway::forward
