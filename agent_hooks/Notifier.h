#ifndef _GANGWAY_NOTIFIER_H_
#define _GANGWAY_NOTIFIER_H_

#include <boost/noncopyable.hpp>
#include <boost/thread/locks.hpp>
#include <boost/thread/lock_types.hpp>
#include <boost/thread/shared_mutex.hpp>
#include "gangway/agent_abi.h"

namespace Gangway {

/**
 * Tells the module what happens in Passenger, on the thread where it happens, for as long as the module
 * runs. Its lock is held while the module is told, by as many threads as tell it something, and taken
 * after the pool's where both are: therefore the module may not call back.
 */
class Notifier: private boost::noncopyable {
private:
	typedef boost::shared_lock<boost::shared_mutex> Telling;

	boost::shared_mutex syncher;
	const gangway_module *module;
	void *instance;

public:
	Notifier()
		: module(NULL),
		  instance(NULL)
		{ }

	void begin(const gangway_module *_module, void *_instance) {
		boost::lock_guard<boost::shared_mutex> l(syncher);
		module = _module;
		instance = _instance;
	}

	/** When it returns, the module is not being told anything, and will not be. */
	void end() {
		boost::lock_guard<boost::shared_mutex> l(syncher);
		module = NULL;
	}

	void spawnEnded(const gangway_spawn &spawn) {
		Telling l(syncher);
		if (module != NULL && GANGWAY_MODULE_HAS(module, spawn_ended)) {
			module->spawn_ended(instance, &spawn);
		}
	}

	/** Whether it was told, and so has taken them. */
	bool requestsTaken(const gangway_requests *requests) {
		Telling l(syncher);
		if (module != NULL && GANGWAY_MODULE_HAS(module, requests_taken)) {
			module->requests_taken(instance, requests);
			return true;
		}
		return false;
	}

	void abortLongRunningConnections(gangway_host_str gupid) {
		Telling l(syncher);
		if (module != NULL && GANGWAY_MODULE_HAS(module, abort_long_running_connections)) {
			module->abort_long_running_connections(instance, gupid);
		}
	}
};

/** The agent's only one. Never destroyed: Passenger's threads may come here at exit. */
inline Notifier &
notifier() {
	static Notifier &instance = *new Notifier();
	return instance;
}

} // namespace Gangway

#endif /* _GANGWAY_NOTIFIER_H_ */
