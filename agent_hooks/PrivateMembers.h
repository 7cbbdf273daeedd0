#ifndef _GANGWAY_PRIVATE_MEMBERS_H_
#define _GANGWAY_PRIVATE_MEMBERS_H_

#include <vector>
#include <boost/thread/mutex.hpp>
#include <Core/ApplicationPool/Process.h>
#include <Core/ApplicationPool/Session.h>
#include <Core/ApplicationPool/Socket.h>

/**
 * Pointers to the few private members of Passenger's pool that its public interface does not give.
 *
 * The language allows a private member to be named in an explicit template instantiation
 * ([temp.spec]/6), so no header of Passenger is changed, and a release in which one of these members
 * has another name or type does not compile, instead of failing at run time.
 *
 * What they are for:
 *
 *  - Process: values that only `inspectXml()` prints.
 *  - Session and Socket: `Session::initiate()` connects with a blocking connect(2) while it holds the
 *    socket's connection pool lock. `SessionConnector` does the same bookkeeping without blocking.
 */
namespace Gangway {

namespace AP = Passenger::ApplicationPool2;

template<typename Tag, typename Tag::type Member>
struct PrivateMember {
	friend typename Tag::type memberOf(Tag) {
		return Member;
	}
};

#define GANGWAY_PRIVATE_MEMBER(name, owner, memberType, member) \
	struct name { \
		typedef memberType owner::*type; \
		friend type memberOf(name); \
	}; \
	template struct PrivateMember<name, &owner::member>

GANGWAY_PRIVATE_MEMBER(ProcessConcurrency, AP::Process, int, concurrency);
GANGWAY_PRIVATE_MEMBER(ProcessAcceptingSocketsCount, AP::Process, unsigned int,
	socketsAcceptingHttpRequestsCount);
GANGWAY_PRIVATE_MEMBER(ProcessCodeRevision, AP::Process, Passenger::StaticString, codeRevision);
GANGWAY_PRIVATE_MEMBER(ProcessSpawnStartTime, AP::Process, unsigned long long, spawnStartTime);
GANGWAY_PRIVATE_MEMBER(ProcessSpawnEndTime, AP::Process, unsigned long long, spawnEndTime);
GANGWAY_PRIVATE_MEMBER(SessionConnection, AP::Session, AP::Connection, connection);
GANGWAY_PRIVATE_MEMBER(SocketPoolLock, AP::Socket, boost::mutex, connectionPoolLock);
GANGWAY_PRIVATE_MEMBER(SocketIdleConnections, AP::Socket, std::vector<AP::Connection>, idleConnections);

#undef GANGWAY_PRIVATE_MEMBER

} // namespace Gangway

#endif /* _GANGWAY_PRIVATE_MEMBERS_H_ */
