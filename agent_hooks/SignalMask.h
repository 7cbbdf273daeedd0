#ifndef _GANGWAY_SIGNAL_MASK_H_
#define _GANGWAY_SIGNAL_MASK_H_

#include <signal.h>
#include <pthread.h>

namespace Gangway {

/**
 * Gives the threads that are started in its life, by the thread that made it, Passenger's own signal
 * mask.
 *
 * The module's threads have all signals blocked, and a thread inherits the mask of the one that starts
 * it. Closing a session or detaching a process may make Passenger start threads (its spawner, for one),
 * and OXT interrupts those by a signal: with it blocked they could never be joined. Few calls start
 * one, so the mask is not set for all of them but in pthread_create(), which is wrapped (Hooks.cpp).
 * What Passenger forks unblocks all signals itself (resetSignalHandlersAndMask()).
 */
class PassengerMaskForThreads {
private:
	static const sigset_t *&current() {
		static __thread const sigset_t *mask = NULL;
		return mask;
	}

	const sigset_t *before;

public:
	PassengerMaskForThreads(const sigset_t &passengerMask)
		: before(current())
	{
		current() = &passengerMask;
	}

	~PassengerMaskForThreads() {
		current() = before;
	}

	/** The mask that a new thread shall have instead of its creator's, or NULL. */
	static const sigset_t *get() {
		return current();
	}
};

} // namespace Gangway

#endif /* _GANGWAY_SIGNAL_MASK_H_ */
