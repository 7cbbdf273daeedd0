#include "message/parser.hpp"

#include <boost/beast/http/error.hpp>

namespace gangway::message {

bool is_message_error(const boost::system::error_code& ec) {
    namespace http = boost::beast::http;
    return ec.category() == http::make_error_code(http::error::bad_method).category() &&
           ec != http::error::end_of_stream && ec != http::error::partial_message;
}

void Head::clear() {
    method.clear();
    target.clear();
    status = 0;
    reason.clear();
    version = 11;
    fields.clear();
    trailers.clear();
    constexpr std::size_t kept_bytes = 8 * 1024;
    if (target.capacity() > kept_bytes) {
        target.shrink_to_fit();
    }
}

} // namespace gangway::message
