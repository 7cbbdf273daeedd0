#include "worker/listener_owner.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <boost/asio/ip/tcp.hpp>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/guard.hpp"

namespace gangway::worker {

namespace {

struct Question {
    nlmsghdr head{};
    inet_diag_req_v2 body{};
};

// Not NLM_F_DUMP: for the one socket that a connection to this address would reach, which the
// kernel finds as it does for a connection.
Question ask_for_listener(const net::ip::tcp::endpoint& endpoint) {
    Question question;
    question.head.nlmsg_len = sizeof(question);
    question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.head.nlmsg_flags = NLM_F_REQUEST;
    inet_diag_req_v2& body = question.body;
    body.sdiag_family = static_cast<std::uint8_t>(endpoint.protocol().family());
    body.sdiag_protocol = IPPROTO_TCP;
    body.idiag_states = 1U << TCP_LISTEN;
    body.id.idiag_sport = htons(endpoint.port());
    body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    const auto write = [&](const auto& bytes) {
        std::memcpy(&body.id.idiag_src[0], bytes.data(), bytes.size());
    };
    if (endpoint.address().is_v4()) {
        write(endpoint.address().to_v4().to_bytes());
    } else {
        write(endpoint.address().to_v6().to_bytes());
        body.id.idiag_if = static_cast<std::uint32_t>(endpoint.address().to_v6().scope_id());
    }
    return question;
}

// The kernel has answered by the time that it has taken the question.
std::optional<uid_t> read_answer(int fd, std::uint16_t port) {
    alignas(nlmsghdr) std::array<std::byte, 1024> space{};
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof(sender);
    const ssize_t size = ::recvfrom(fd, space.data(), space.size(), MSG_DONTWAIT,
                                    reinterpret_cast<sockaddr*>(&sender), &sender_size);
    nlmsghdr head{};
    inet_diag_msg body{};
    if (size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(body))) || sender.nl_pid != 0) {
        return std::nullopt; // An error, such as ENOENT; or from somebody else than the kernel.
    }
    std::memcpy(&head, space.data(), sizeof(head));
    std::memcpy(&body, space.data() + NLMSG_HDRLEN, sizeof(body));
    if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || body.idiag_state != TCP_LISTEN ||
        ntohs(body.id.idiag_sport) != port) {
        return std::nullopt;
    }
    return body.idiag_uid;
}

std::optional<uid_t> owner_of_listener(const net::ip::tcp::endpoint& endpoint) {
    const int kernel = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (kernel < 0) {
        return std::nullopt;
    }
    const Guard at_end([kernel] { ::close(kernel); });
    const Question question = ask_for_listener(endpoint);
    if (::send(kernel, &question, sizeof(question), 0) != sizeof(question)) {
        return std::nullopt;
    }
    return read_answer(kernel, endpoint.port());
}

std::optional<uid_t> owner_of_unix_peer(int fd) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? std::optional(peer.uid)
                                                                        : std::nullopt;
}

} // namespace

std::optional<uid_t> listener_owner(int fd, const net::generic::stream_protocol::endpoint& peer) {
    if (peer.protocol().family() == AF_UNIX) {
        return owner_of_unix_peer(fd);
    }
    net::ip::tcp::endpoint endpoint;
    endpoint.resize(peer.size());
    std::memcpy(endpoint.data(), peer.data(), peer.size());
    return owner_of_listener(endpoint);
}

} // namespace gangway::worker
