#include "worker/listener_owner.hpp"

#include <algorithm>
#include <list>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace gangway::worker {
namespace {

using net::ip::tcp;

class ListenerOwner : public testing::Test {
  protected:
    tcp::acceptor listen(const std::string& address) {
        tcp::acceptor acceptor(context_);
        const tcp::endpoint wanted(net::ip::make_address(address), 0);
        acceptor.open(wanted.protocol());
        if (wanted.protocol() == tcp::v6()) {
            acceptor.set_option(net::ip::v6_only(false));
        }
        acceptor.bind(wanted);
        acceptor.listen();
        return acceptor;
    }
    static tcp::endpoint at(const std::string& address, const tcp::acceptor& acceptor) {
        return {net::ip::make_address(address), acceptor.local_endpoint().port()};
    }

    net::io_context context_;
};

struct OwnerCase {
    std::string listens_at;
    std::string reached_at;
};

class EachListenerOwner : public ListenerOwner, public testing::WithParamInterface<OwnerCase> {};

TEST_P(EachListenerOwner, IsTheUserOfWhoListensUntilNobodyDoes) {
    tcp::acceptor acceptor = listen(GetParam().listens_at);
    const tcp::endpoint peer = at(GetParam().reached_at, acceptor);
    tcp::socket client(context_);
    client.connect(peer);
    EXPECT_EQ(listener_owner(client.native_handle(), peer), ::geteuid());
    acceptor.close();
    EXPECT_EQ(listener_owner(client.native_handle(), peer), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Addresses, EachListenerOwner,
                         testing::Values(OwnerCase{"127.0.0.1", "127.0.0.1"},
                                         OwnerCase{"0.0.0.0", "127.0.0.1"}, OwnerCase{"::1", "::1"},
                                         OwnerCase{"::", "::1"}, OwnerCase{"::", "127.0.0.1"}));

TEST_F(ListenerOwner, IsTheOneWhoListensThereAmongMany) {
    const tcp::acceptor one = listen("127.0.0.1");
    const tcp::acceptor other = listen("127.0.0.1");
    tcp::socket client(context_);
    client.connect(at("127.0.0.1", one));
    EXPECT_EQ(listener_owner(client.native_handle(), at("127.0.0.1", one)), ::geteuid());
    EXPECT_EQ(listener_owner(client.native_handle(), at("127.0.0.2", one)), std::nullopt)
        << "Nobody listens there.";
}

// Any user may have thousands of sockets that listen.
TEST_F(ListenerOwner, IsToldHoweverManyOthersListen) {
    constexpr unsigned many = 8000;
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    ASSERT_GE(limit.rlim_max, many + 100U);
    const rlimit before = limit;
    limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, many + 100U);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    {
        std::list<tcp::acceptor> acceptors;
        for (unsigned i = 0; i < many; i++) {
            acceptors.push_back(listen("127.0.0.1"));
        }
        for (const tcp::acceptor& each : acceptors) {
            ASSERT_EQ(listener_owner(-1, at("127.0.0.1", each)), ::geteuid());
        }
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// As root in effect: whoever made the socket counts, and not whoever looks.
TEST_F(ListenerOwner, IsWhoMadeTheSocket) {
    const uid_t ours = ::geteuid();
    const uid_t another = ours == 0 ? 1 : ours; // Only root can be another.
    ASSERT_EQ(::seteuid(another), 0);
    const tcp::acceptor acceptor = listen("127.0.0.1");
    ASSERT_EQ(::seteuid(ours), 0);
    tcp::socket client(context_);
    client.connect(at("127.0.0.1", acceptor));
    EXPECT_EQ(listener_owner(client.native_handle(), at("127.0.0.1", acceptor)), another);
}

TEST_F(ListenerOwner, OfAUnixSocketIsItsPeer) {
    net::local::stream_protocol::socket one(context_);
    net::local::stream_protocol::socket two(context_);
    net::local::connect_pair(one, two);
    EXPECT_EQ(listener_owner(one.native_handle(), net::local::stream_protocol::endpoint("/x")),
              ::geteuid());
}

} // namespace
} // namespace gangway::worker
