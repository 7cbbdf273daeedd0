// The names of Boost.Asio and Beast that this module uses.
#pragma once

#include <chrono>
#include <tuple>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace gangway {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

// There is one io_context. Named, its executor costs no virtual call where Asio's default,
// any_io_executor, costs one a step.
using Executor = net::io_context::executor_type;
template <typename T>
using awaitable = net::awaitable<T, Executor>;
using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                        net::wait_traits<std::chrono::steady_clock>, Executor>;
using ClientSocket = net::basic_stream_socket<net::local::stream_protocol, Executor>;
using WorkerSocket = net::basic_stream_socket<net::generic::stream_protocol, Executor>;

// Errors are values on the data path: every operation completes with (error_code, …).
inline constexpr net::use_awaitable_t<Executor> use_awaitable;
inline constexpr auto as_result = net::as_tuple(use_awaitable);

// To be awaited: lets everything else that is ready have its turn. Deferred, it costs no coroutine
// of its own.
inline auto others_first(const Executor& executor) {
    return net::post(executor, net::deferred);
}

} // namespace gangway
