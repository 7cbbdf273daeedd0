#ifndef _GANGWAY_SIGNAL_MASK_H_
#define _GANGWAY_SIGNAL_MASK_H_

#include <cstddef>
#include <signal.h>
#include <pthread.h>

namespace Gangway {

/**
 * Blocks all signals in its life, and so for ever in the threads that are started in it: they are
 * Passenger's to handle. Those of a crash must reach its handler, which writes the crash log.
 */
class SignalsBlocked {
private:
	sigset_t before;

public:
	SignalsBlocked() {
		static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP };
		sigset_t blocked;

		sigfillset(&blocked);
		for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
			sigdelset(&blocked, crashes[i]);
		}
		pthread_sigmask(SIG_SETMASK, &blocked, &before);
	}

	~SignalsBlocked() {
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
};

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
