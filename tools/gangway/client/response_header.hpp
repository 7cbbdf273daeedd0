// Status line and headers of an answer.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <string>

namespace gangway::command {

using ResponseHeader = boost::beast::http::response_header<boost::beast::http::fields>;

// As HTTP/1.1 writes them, with the empty line.
[[nodiscard]] std::string header_text(const ResponseHeader& header);

} // namespace gangway::command
