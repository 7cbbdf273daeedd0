#ifndef _GANGWAY_CONTROLLERS_H_
#define _GANGWAY_CONTROLLERS_H_

#include <cstddef>
#include <vector>
#include <boost/noncopyable.hpp>
#include <boost/thread/locks.hpp>
#include <boost/thread/mutex.hpp>
#include <Core/Controller.h>

namespace Gangway {

/**
 * Passenger's controllers, which serve its visitors: one a thread, each with an event loop. They are made
 * by CoreMain.cpp, after Pool::initialize(), and destroyed after Pool::destroy().
 */
class Controllers: private boost::noncopyable {
private:
	mutable boost::mutex syncher;
	std::vector<Passenger::Core::Controller *> controllers;

public:
	void add(Passenger::Core::Controller *controller) {
		boost::lock_guard<boost::mutex> l(syncher);
		controllers.push_back(controller);
	}

	std::size_t count() const {
		boost::lock_guard<boost::mutex> l(syncher);
		return controllers.size();
	}

	/** NULL when there is none of that number. Used on its own thread only, but for its context's libev. */
	Passenger::Core::Controller *get(std::size_t number) const {
		boost::lock_guard<boost::mutex> l(syncher);
		return number < controllers.size() ? controllers[number] : NULL;
	}
};

/** The agent's only ones. Never destroyed: as the controllers, which may still run at exit. */
inline Controllers &
controllers() {
	static Controllers &instance = *new Controllers();
	return instance;
}

} // namespace Gangway

#endif /* _GANGWAY_CONTROLLERS_H_ */
