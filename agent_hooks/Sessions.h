#ifndef _GANGWAY_SESSIONS_H_
#define _GANGWAY_SESSIONS_H_

#include <string>
#include <cerrno>
#include <cstring>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>
#include <boost/thread/locks.hpp>
#include <LoggingKit/LoggingKit.h>
#include <IOTools/IOUtils.h>
#include <SystemTools/SystemTime.h>
#include <StrIntTools/StrIntUtils.h>
#include <Core/ApplicationPool/Pool.h>
#include <Core/ApplicationPool/Group.h>
#include "gangway/agent_abi.h"
#include "Arena.h"
#include "GroupUsers.h"
#include "LongRunningConnections.h"
#include "PrivateMembers.h"
#include "SignalMask.h"

/**
 * A process that the module holds on to. Keeps the group alive too, since a Process points into its
 * Group (`BasicProcessInfo::groupInfo`), even from its destructor.
 */
struct gangway_process_ref {
	// In this order: the process must go first.
	Gangway::AP::GroupPtr group;
	Gangway::AP::ProcessPtr process;
	std::string baseUri;
	gangway_process_identity identity;
};

/** A session, and the connection that is being made for it. */
struct gangway_session {
	Gangway::AP::SessionPtr session;
	/** A non-blocking connect(2) that has not finished, or -1. */
	int pendingFd;
	bool connected;
	gangway_connection connection;
};

namespace Gangway {

/**
 * Finds processes in the pool. Takes the pool's lock for a look at each process.
 */
class ProcessFinder {
private:
	AP::Pool *pool;
	GroupUsers &users;

	static bool matches(const AP::ProcessPtr &process, const gangway_process_id &id) {
		if (id.gupid.size == 0) {
			return process->getPid() == (pid_t) id.pid;
		} else {
			return process->getGupid() == Passenger::StaticString(id.gupid.data, id.gupid.size);
		}
	}

	static bool findIn(const AP::ProcessList &processes, const gangway_process_id &id,
		AP::ProcessPtr &result)
	{
		AP::ProcessList::const_iterator it, end = processes.end();
		for (it = processes.begin(); it != end; it++) {
			if (matches(*it, id)) {
				result = *it;
				return true;
			}
		}
		return false;
	}

	/** A detached process is found only where no other has that id: its pid may be in use again. */
	bool findUnlocked(const gangway_process_id &id, gangway_process_ref &result) const {
		AP::GroupMap::ConstIterator it(pool->groups);
		while (*it != NULL) {
			const AP::GroupPtr &group = it.getValue();
			if (findIn(group->enabledProcesses, id, result.process)
			 || findIn(group->disablingProcesses, id, result.process)
			 || findIn(group->disabledProcesses, id, result.process))
			{
				result.group = group;
				return true;
			}
			if (result.process == NULL && findIn(group->detachedProcesses, id, result.process)) {
				result.group = group;
			}
			it.next();
		}
		return result.process != NULL;
	}

	static gangway_str debugAddress(const AP::Process &process) {
		const AP::SocketList &sockets = process.getSockets();
		for (AP::SocketList::const_iterator it = sockets.begin(); it != sockets.end(); it++) {
			if (!it->acceptHttpRequests && it->protocol == P_STATIC_STRING("http")) {
				return toAbi(it->address.data(), it->address.size());
			}
		}
		return toAbi(NULL, 0);
	}

	static gangway_protocol protocolOf(const AP::Process &process) {
		const AP::SocketList &sockets = process.getSockets();
		for (AP::SocketList::const_iterator it = sockets.begin(); it != sockets.end(); it++) {
			if (it->acceptHttpRequests) {
				return protocolOf(*it);
			}
		}
		return GANGWAY_PROTOCOL_HTTP;
	}

	void fillIdentity(gangway_process_ref &ref, const GroupUserPtr &user) const {
		const AP::Process &process = *ref.process;
		gangway_process_identity &identity = ref.identity;
		Passenger::StaticString gupid = process.getGupid();
		Passenger::StaticString groupName = process.getGroupName();
		Passenger::StaticString password = process.getApiKey().toStaticString();

		identity.pid = process.getPid();
		identity.gupid = toAbi(gupid.data(), gupid.size());
		identity.group_name = toAbi(groupName.data(), groupName.size());
		identity.password = toAbi(password.data(), password.size());
		identity.has_user = user != NULL;
		identity.uid = user != NULL ? user->uid : (uint32_t) -1;
		identity.debug_address = debugAddress(process);
		identity.base_uri = toAbi(ref.baseUri.data(), ref.baseUri.size());
		identity.protocol = protocolOf(process);
	}

public:
	static gangway_protocol protocolOf(const AP::Socket &socket) {
		return socket.protocol == P_STATIC_STRING("session")
			? GANGWAY_PROTOCOL_SESSION : GANGWAY_PROTOCOL_HTTP;
	}

	ProcessFinder(AP::Pool *_pool, GroupUsers &_users)
		: pool(_pool),
		  users(_users)
		{ }

	/** False when there is no such process. */
	bool find(const gangway_process_id &id, gangway_process_ref &result) const {
		GroupUserPtr user;
		boost::shared_ptr<AP::Options> options;
		std::string uuid;
		{
			boost::lock_guard<boost::mutex> l(pool->syncher);
			if (!findUnlocked(id, result)) {
				return false;
			}
			result.baseUri = result.group->options.baseURI;
			if (!users.lookup(result.group->uuid, user)) {
				uuid = result.group->uuid;
				options = boost::make_shared<AP::Options>(result.group->options.copyAndPersist());
			}
		}
		if (options != NULL) {
			user = users.resolve(uuid, *options, result.group->getWrapperRegistry());
		}
		fillIdentity(result, user);
		return true;
	}
};

/**
 * Pool::detachProcess(), but false where the process was detached before, and where its group shuts
 * down: Group::detach() asserts that it does not. Takes the pool's lock.
 */
inline bool
detachProcess(AP::Pool *pool, const AP::GroupPtr &group, const AP::ProcessPtr &process) {
	boost::container::vector<AP::Callback> actions;
	{
		boost::lock_guard<boost::mutex> l(pool->syncher);
		if (!group->isAlive() || !process->isAlive()
		 || process->enabled == AP::Process::DETACHED
		 || !pool->detachProcessUnlocked(process, actions))
		{
			return false;
		}
		pool->fullVerifyInvariants();
	}
	AP::Pool::runAllActions(actions);
	return true;
}

/**
 * What `Session::initiate()` does, without ever blocking.
 *
 * `Session::initiate()` connects with a blocking connect(2), holding the socket's connection pool
 * lock. When the worker is stopped and its listen queue is full, that call never returns, and with
 * it hangs every thread of the agent that wants the same lock. So the same bookkeeping is done here
 * (Socket::checkoutConnection(), Session::initiate()) around a non-blocking connect.
 */
class SessionConnector {
private:
	AP::Pool *pool;
	gangway_session &s;
	AP::Socket *socket;
	const sigset_t &passengerMask;

	/** Gives the session a connection that Passenger kept alive, if there is one. */
	bool reuseIdle() {
		AP::Connection connection;
		{
			boost::lock_guard<boost::mutex> l(socket->*memberOf(SocketPoolLock()));
			std::vector<AP::Connection> &idle = socket->*memberOf(SocketIdleConnections());
			if (idle.empty()) {
				return false;
			}
			connection = idle.back();
			idle.pop_back();
			socket->totalIdleConnections--;
		}
		if (connection.blocking) {
			Passenger::setNonBlocking(connection.fd);
			connection.blocking = false;
		}
		adopt(connection, true);
		return true;
	}

	/** Counts a new connection as Socket::checkoutConnection() does. */
	void adoptNew(int fd) {
		AP::Connection connection;
		connection.fd = fd;
		connection.blocking = false;
		{
			boost::lock_guard<boost::mutex> l(socket->*memberOf(SocketPoolLock()));
			socket->totalConnections++;
		}
		adopt(connection, false);
	}

	void adopt(AP::Connection &connection, bool reused) {
		connection.fail = true; // Until session_close() says otherwise, as Session::initiate() does.
		(*s.session).*memberOf(SessionConnection()) = connection;
		s.connected = true;
		s.connection.fd = connection.fd;
		s.connection.reused = reused;
	}

	/**
	 * Takes the process out of the pool, as Group::onSessionInitiateFailure() does; but that one
	 * asserts that the group does not shut down, which only a look under the lock can tell.
	 */
	gangway_status fail(int e) {
		closePending();
		s.connection.fd = -1;
		s.connection.error = e;
		PassengerMaskForThreads mask(passengerMask);
		AP::Group *group = s.session->getGroup();
		detachProcess(pool, group->shared_from_this(),
			s.session->getProcess()->shared_from_this());
		return GANGWAY_CONNECT_FAILED;
	}

	void closePending() {
		if (s.pendingFd != -1) {
			P_LOG_FILE_DESCRIPTOR_CLOSE(s.pendingFd);
			close(s.pendingFd);
			s.pendingFd = -1;
		}
	}

	void openSocket(int family) {
		s.pendingFd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (s.pendingFd == -1) {
			int e = errno;
			throw Passenger::SystemException("Cannot create a socket", e);
		}
		P_LOG_FILE_DESCRIPTOR_OPEN2(s.pendingFd, "App " << socket->pid << " connection (Gangway)");
	}

	gangway_status connectTo(const struct sockaddr *address, socklen_t size) {
		int ret;
		do {
			ret = ::connect(s.pendingFd, address, size);
		} while (ret == -1 && errno == EINTR);

		if (ret == 0) {
			int fd = s.pendingFd;
			s.pendingFd = -1;
			adoptNew(fd);
			return GANGWAY_OK;
		} else if (errno == EAGAIN) {
			closePending(); // unix(7): the listen queue is full, and nothing is pending.
			return GANGWAY_AGAIN;
		} else if (errno == EINPROGRESS) {
			s.connection.fd = s.pendingFd;
			return GANGWAY_IN_PROGRESS;
		} else {
			return fail(errno);
		}
	}

	gangway_status connectUnix() {
		std::string path = Passenger::parseUnixSocketAddress(socket->address);
		struct sockaddr_un address;

		memset(&address, 0, sizeof(address));
		address.sun_family = AF_UNIX;
		if (path.size() >= sizeof(address.sun_path)) {
			return fail(ENAMETOOLONG);
		}
		memcpy(address.sun_path, path.data(), path.size());
		openSocket(AF_UNIX);
		return connectTo((const struct sockaddr *) &address, sizeof(address));
	}

	/** Numeric addresses only, so that no name server is ever waited for. */
	gangway_status connectTcp() {
		std::string host;
		unsigned short port;
		struct addrinfo hints, *info;

		Passenger::parseTcpSocketAddress(socket->address, host, port);
		memset(&hints, 0, sizeof(hints));
		hints.ai_socktype = SOCK_STREAM;
		hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
		if (host == "localhost") {
			host = "127.0.0.1";
		}
		int ret = getaddrinfo(host.c_str(), Passenger::toString(port).c_str(), &hints, &info);
		if (ret != 0) {
			throw Passenger::IOException("Application socket address '" + socket->address.toString()
				+ "' is not numeric: " + gai_strerror(ret));
		}
		struct sockaddr_storage address;
		socklen_t size = info->ai_addrlen;
		memcpy(&address, info->ai_addr, size);
		freeaddrinfo(info);

		openSocket(address.ss_family);
		int yes = 1, no = 0;
		setsockopt(s.pendingFd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		// tcp(7): the handshake's last ACK then leaves with the request, which follows at once. So
		// the process is woken up for both together.
		setsockopt(s.pendingFd, IPPROTO_TCP, TCP_QUICKACK, &no, sizeof(no));
		return connectTo((const struct sockaddr *) &address, size);
	}

	/** Looks at a connect(2) that was still in progress. */
	gangway_status resume() {
		struct pollfd p;
		p.fd = s.pendingFd;
		p.events = POLLOUT;
		p.revents = 0;
		if (poll(&p, 1, 0) <= 0) {
			return GANGWAY_IN_PROGRESS;
		}

		int e = 0;
		socklen_t size = sizeof(e);
		if (getsockopt(s.pendingFd, SOL_SOCKET, SO_ERROR, &e, &size) == -1) {
			e = errno;
		}
		if (e != 0) {
			return fail(e);
		}
		int fd = s.pendingFd;
		s.pendingFd = -1;
		adoptNew(fd);
		return GANGWAY_OK;
	}

	gangway_status advance() {
		if (s.connected) {
			return GANGWAY_OK;
		} else if (s.pendingFd != -1) {
			return resume();
		} else if (reuseIdle()) {
			return GANGWAY_OK;
		} else if (Passenger::getSocketAddressType(socket->address) == Passenger::SAT_UNIX) {
			return connectUnix();
		} else {
			return connectTcp();
		}
	}

public:
	SessionConnector(AP::Pool *_pool, gangway_session &session, const sigset_t &_passengerMask)
		: pool(_pool),
		  s(session),
		  socket(session.session->getSocket()),
		  passengerMask(_passengerMask)
		{ }

	gangway_status connect(gangway_connection &out) {
		s.connection.error = 0;
		s.connection.protocol = ProcessFinder::protocolOf(*socket);
		gangway_status result = advance();
		out = s.connection;
		return result;
	}

	/** Gives up a connection that was not made. */
	void abandon() {
		closePending();
	}
};

/**
 * Whether a session on this process would leave visitors waiting, or without a free slot in the group.
 * Reads two counters, under the pool's lock.
 */
inline bool
takesLastFreeSlot(const AP::Group &group, const AP::Process &process) {
	if (!group.getWaitlist.empty()) {
		return true;
	}
	int concurrency = process.*memberOf(ProcessConcurrency());
	bool becomesTotallyBusy = concurrency > 0 && process.sessions + 1 >= concurrency;
	return becomesTotallyBusy && group.enabledCount > 1
		&& group.enabledCount - group.nEnabledProcessesTotallyBusy <= 1;
}

static const uint32_t KNOWN_SESSION_FLAGS = GANGWAY_SESSION_LEAVE_A_SLOT;

/** Opens a session as Group::get() would, but on this process and no other. */
inline gangway_status
openSession(AP::Pool *pool, gangway_process_ref &ref, uint32_t flags, gangway_session &result) {
	if ((flags & ~KNOWN_SESSION_FLAGS) != 0) {
		return GANGWAY_UNSUPPORTED;
	}
	boost::lock_guard<boost::mutex> l(pool->syncher);
	AP::Process *process = ref.process.get();

	if (process->getLifeStatus() == AP::Process::DEAD) {
		return GANGWAY_NOT_FOUND;
	}
	// Group::onSessionClose() asserts that a process with a session is not disabled. One that is being
	// disabled gets requests only where Group::route() would give it some: when there is no other.
	bool routable = process->enabled == AP::Process::ENABLED
		|| (process->enabled == AP::Process::DISABLING && ref.group->enabledCount == 0);
	if (!ref.group->isAlive() || !process->isAlive() || !routable) {
		return GANGWAY_NOT_ROUTABLE;
	}
	AP::Socket *socket = process->findSocketsAcceptingHttpRequestsAndWithLowestBusyness();
	if (socket == NULL) {
		return GANGWAY_NOT_ROUTABLE;
	}
	// Group::newSession() expects both.
	if (!process->canBeRoutedTo() || socket->isTotallyBusy()) {
		return GANGWAY_BUSY;
	}
	if ((flags & GANGWAY_SESSION_LEAVE_A_SLOT) != 0 && takesLastFreeSlot(*ref.group, *process)) {
		return GANGWAY_LAST_FREE_SLOT;
	}
	LongRunningConnections::watch(pool);
	result.session = ref.group->newSession(process, Passenger::SystemTime::getUsec());
	return GANGWAY_OK;
}

} // namespace Gangway

#endif /* _GANGWAY_SESSIONS_H_ */
