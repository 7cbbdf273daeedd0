#ifndef _GANGWAY_SIGNAL_MASK_H_
#define _GANGWAY_SIGNAL_MASK_H_

#include <signal.h>
#include <pthread.h>

namespace Gangway {

/**
 * Gives the calling thread Passenger's own signal mask for its life.
 *
 * The module's threads have all signals blocked, and a thread inherits the mask of the one that starts
 * it. Closing a session or detaching a process may make Passenger start threads (its spawner, for one),
 * and OXT interrupts those by a signal: with it blocked they could never be joined.
 */
class PassengerSignalMask {
private:
	sigset_t before;

public:
	PassengerSignalMask(const sigset_t &passengerMask) {
		pthread_sigmask(SIG_SETMASK, &passengerMask, &before);
	}

	~PassengerSignalMask() {
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
};

} // namespace Gangway

#endif /* _GANGWAY_SIGNAL_MASK_H_ */
