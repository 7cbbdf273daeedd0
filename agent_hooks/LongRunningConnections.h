#ifndef _GANGWAY_LONG_RUNNING_CONNECTIONS_H_
#define _GANGWAY_LONG_RUNNING_CONNECTIONS_H_

#include <Core/ApplicationPool/Pool.h>
#include <Core/ApplicationPool/Group.h>
#include "gangway/agent_abi.h"
#include "Arena.h"
#include "Notifier.h"
#include "PrivateMembers.h"

namespace Gangway {

/**
 * Lets the module know when Passenger closes its own long-running connections to a process. The callback
 * that Passenger has for that is a function without a context, which CoreMain.cpp sets once, after
 * Pool::initialize(); ours takes its place later, and calls it.
 */
class LongRunningConnections {
private:
	typedef AP::Pool::AbortLongRunningConnectionsCallback Callback;

	static Callback &passengers() {
		static Callback callback = NULL;
		return callback;
	}

	/** Under the pool's lock. */
	static void abort(const AP::ProcessPtr &process) {
		passengers()(process);
		if (process->getGroup()->options.abortWebsocketsOnProcessShutdown) {
			const Passenger::StaticString gupid = process->getGupid();
			notifier().abortLongRunningConnections(toAbi(gupid.data(), gupid.size()));
		}
	}

public:
	/** Under the pool's lock. */
	static void watch(AP::Pool *pool) {
		Callback callback = pool->abortLongRunningConnectionsCallback;
		if (callback != abort && callback != NULL) {
			passengers() = callback;
			pool->abortLongRunningConnectionsCallback = abort;
		}
	}
};

} // namespace Gangway

#endif /* _GANGWAY_LONG_RUNNING_CONNECTIONS_H_ */
