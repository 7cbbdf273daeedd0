#include "worker/address.hpp"

#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace gangway::worker {
namespace {

std::uint16_t port_of(std::string_view address) {
    const auto endpoint = parse_address(address);
    if (!endpoint || endpoint->data()->sa_family != AF_INET) {
        return 0;
    }
    return ntohs(reinterpret_cast<const sockaddr_in*>(endpoint->data())->sin_port);
}

TEST(Address, IsOneOfTcp) {
    EXPECT_EQ(port_of("tcp://127.0.0.1:8080"), 8080);
    EXPECT_EQ(port_of("tcp://localhost:1"), 1);
    EXPECT_EQ(parse_address("tcp://[::1]:65535")->data()->sa_family, AF_INET6);
}

TEST(Address, IsOneOfAUnixSocket) {
    EXPECT_EQ(parse_address("unix:/tmp/a.sock")->data()->sa_family, AF_UNIX);
    EXPECT_EQ(parse_address("unix:/" + std::string(106, 'a'))->data()->sa_family, AF_UNIX);
    EXPECT_FALSE(parse_address("unix:/" + std::string(107, 'a')).has_value());
}

TEST(Address, IsNothingElse) {
    for (const char* address :
         {"", "127.0.0.1:80", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:0",
          "tcp://127.0.0.1:80x", "tcp://127.0.0.1: 80", "tcp://127.0.0.1:65536", "tcp://host:80",
          "tcp://127.0.0.1:-1", "http://127.0.0.1:80"}) {
        EXPECT_FALSE(parse_address(address).has_value()) << address;
    }
}

} // namespace
} // namespace gangway::worker
