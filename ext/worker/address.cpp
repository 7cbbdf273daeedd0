#include "worker/address.hpp"

#include <cstdint>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/un.h>

#include "text/number.hpp"

namespace gangway::worker {

std::optional<net::generic::stream_protocol::endpoint> parse_address(std::string_view address) {
    constexpr std::string_view unix_prefix = "unix:";
    constexpr std::string_view tcp_prefix = "tcp://";
    if (address.starts_with(unix_prefix)) {
        const std::string_view path = address.substr(unix_prefix.size());
        if (path.size() >= sizeof(sockaddr_un::sun_path)) {
            return std::nullopt;
        }
        return net::local::stream_protocol::endpoint(path);
    }
    const std::size_t colon = address.rfind(':');
    if (!address.starts_with(tcp_prefix) || colon < tcp_prefix.size()) {
        return std::nullopt;
    }
    const auto port = parse_number<std::uint16_t>(address.substr(colon + 1)).value_or(0);
    std::string_view host = address.substr(tcp_prefix.size(), colon - tcp_prefix.size());
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    error_code ec;
    const auto ip = net::ip::make_address(host == "localhost" ? "127.0.0.1" : host, ec);
    if (ec || port == 0) {
        return std::nullopt;
    }
    return net::ip::tcp::endpoint(ip, port);
}

} // namespace gangway::worker
