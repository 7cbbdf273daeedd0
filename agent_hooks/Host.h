#ifndef _GANGWAY_HOST_H_
#define _GANGWAY_HOST_H_

#include <string>
#include <cstring>
#include <exception>
#include <memory>
#include <signal.h>
#include <boost/bind/bind.hpp>
#include <boost/make_shared.hpp>
#include <boost/shared_ptr.hpp>
#include <Constants.h>
#include <LoggingKit/LoggingKit.h>
#include <LoggingKit/Logging.h>
#include <Core/ApplicationPool/Pool.h>
#include "gangway/agent_abi.h"
#include "ConfigFile.h"
#include "Controllers.h"
#include "GroupUsers.h"
#include "Notifier.h"
#include "Printable.h"
#include "RequestSample.h"
#include "Sessions.h"
#include "SignalMask.h"
#include "Snapshot.h"
#include "Visits.h"

namespace Gangway {

/**
 * The host side of the ABI for one Pool: the table of functions that the module calls, and what they
 * work on. Every function may be called from any thread of the module. No exception leaves them.
 */
class Host {
private:
	AP::Pool *pool;
	GroupUsers users;
	ConfigFile config;
	std::string instanceDir;
	std::string agentConfig;
	/** Stands before each of its lines. */
	gangway_str moduleName;
	gangway_host table;
	/** Of the agent's main thread, which made this object. */
	sigset_t signalMask;

	static Host *self(void *context) {
		return static_cast<Host *>(context);
	}

	static gangway_str toAbi(const std::string &str) {
		return Gangway::toAbi(str.data(), str.size());
	}

	static void logFailure(const char *what, const char *why) {
		P_ERROR("[gangway] " << what << ": " << printable(why));
	}

	// Every function below is one of these around a few lines.
	#define GANGWAY_BEGIN try {
	#define GANGWAY_END(task, result) \
		} catch (const std::exception &e) { \
			logFailure(task, e.what()); \
			return result; \
		} catch (...) { \
			logFailure(task, "an exception of unknown type"); \
			return result; \
		}

	static gangway_status snapshot(void *context, void *buffer, size_t *size, gangway_snapshot *out) {
		GANGWAY_BEGIN
			SnapshotTaker taker(self(context)->pool, self(context)->users);
			taker.collect();
			return taker.write(buffer, *size, *out);
		GANGWAY_END("cannot copy the pool", GANGWAY_FAILED)
	}

	static gangway_status processFind(void *context, const gangway_process_id *id,
		gangway_process_ref **out)
	{
		GANGWAY_BEGIN
			std::unique_ptr<gangway_process_ref> ref(new gangway_process_ref());
			if (!ProcessFinder(self(context)->pool, self(context)->users).find(*id, *ref)) {
				return GANGWAY_NOT_FOUND;
			}
			*out = ref.release();
			return GANGWAY_OK;
		GANGWAY_END("cannot look for a process", GANGWAY_FAILED)
	}

	static const gangway_process_identity *processIdentity(void *context,
		const gangway_process_ref *ref)
	{
		return &ref->identity;
	}

	static gangway_status processState(void *context, const gangway_process_ref *ref,
		gangway_process_state *out)
	{
		GANGWAY_BEGIN
			boost::lock_guard<boost::mutex> l(self(context)->pool->syncher);
			const AP::Process &process = *ref->process;
			if (process.isDead()) {
				return GANGWAY_NOT_FOUND;
			}
			out->life = (gangway_process_life) process.getLifeStatus();
			out->enabled = (gangway_process_enabled) process.enabled;
			out->concurrency = process.*memberOf(ProcessConcurrency());
			out->sessions = process.sessions;
			out->last_used_usec = process.lastUsed;
			return GANGWAY_OK;
		GANGWAY_END("cannot look at a process", GANGWAY_FAILED)
	}

	static void processRelease(void *context, gangway_process_ref *ref) {
		GANGWAY_BEGIN
			delete ref;
		GANGWAY_END("cannot let go of a process", )
	}

	static gangway_status sessionOpen(void *context, gangway_process_ref *ref, uint32_t flags,
		gangway_session **out)
	{
		GANGWAY_BEGIN
			std::unique_ptr<gangway_session> session(new gangway_session());
			session->pendingFd = -1;
			session->connected = false;
			memset(&session->connection, 0, sizeof(session->connection));
			session->connection.fd = -1;
			gangway_status status = openSession(self(context)->pool, *ref, flags, *session);
			if (status == GANGWAY_OK) {
				*out = session.release();
			}
			return status;
		GANGWAY_END("cannot open a session", GANGWAY_FAILED)
	}

	static gangway_status sessionConnect(void *context, gangway_session *session,
		gangway_connection *out)
	{
		GANGWAY_BEGIN
			return SessionConnector(self(context)->pool, *session, self(context)->signalMask).connect(*out);
		GANGWAY_END("cannot connect to a process", GANGWAY_FAILED)
	}

	static void sessionRequestOobw(void *context, gangway_session *session) {
		GANGWAY_BEGIN
			PassengerMaskForThreads mask(self(context)->signalMask);
			session->session->requestOOBW();
		GANGWAY_END("cannot request out-of-band work", )
	}

	static void sessionClose(void *context, gangway_session *session, int success, int keepAlive) {
		GANGWAY_BEGIN
			std::unique_ptr<gangway_session> guard(session);
			PassengerMaskForThreads mask(self(context)->signalMask);
			SessionConnector(self(context)->pool, *session, self(context)->signalMask).abandon();
			// Session's destructor would close it once more, were it to throw: rather leak it.
			AP::Session *closing = session->session.detach();
			closing->close(success != 0, keepAlive != 0);
			closing->unref();
		GANGWAY_END("cannot close a session", )
	}

	static gangway_status processDetach(void *context, gangway_process_ref *ref) {
		GANGWAY_BEGIN
			PassengerMaskForThreads mask(self(context)->signalMask);
			return detachProcess(self(context)->pool, ref->group, ref->process) ? GANGWAY_OK : GANGWAY_NOT_FOUND;
		GANGWAY_END("cannot detach a process", GANGWAY_FAILED)
	}

	static uint32_t controllerCount(void *context) {
		GANGWAY_BEGIN
			return controllers().count();
		GANGWAY_END("cannot count controllers", 0)
	}

	typedef boost::shared_ptr< std::unique_ptr<RequestSample> > SamplePtr;

	/** On the controller's thread. */
	static void sampleRequests(Passenger::Core::Controller *controller, const SamplePtr &sample) {
		(*sample)->fill(*controller);
		if (notifier().requestsTaken((*sample)->record())) {
			sample->release();
		}
	}

	static gangway_status requestsAsk(void *context, uint32_t number, const gangway_requests_wanted *wanted) {
		GANGWAY_BEGIN
			Passenger::Core::Controller *controller = controllers().get(number);
			if (controller == NULL) {
				return GANGWAY_NOT_FOUND;
			}
			SamplePtr sample = boost::make_shared< std::unique_ptr<RequestSample> >();
			sample->reset(new RequestSample(number, *wanted));
			controller->getContext()->libev->runLater(boost::bind(sampleRequests, controller, sample));
			return GANGWAY_OK;
		GANGWAY_END("cannot ask a controller", GANGWAY_FAILED)
	}

	static void requestsRelease(void *context, const gangway_requests *requests) {
		GANGWAY_BEGIN
			delete RequestSample::of(requests);
		GANGWAY_END("cannot let go of requests", )
	}

	static void visitsWatch(void *context, int on) {
		visitLogs().wanted.store(on != 0, boost::memory_order_relaxed);
	}

	static gangway_status visitsTake(void *context, uint32_t mostOpen, const gangway_visits **out) {
		GANGWAY_BEGIN
			std::unique_ptr<VisitsTaken> taken(new VisitsTaken());
			taken->fill(mostOpen);
			*out = taken.release()->record();
			return GANGWAY_OK;
		GANGWAY_END("cannot take visits", GANGWAY_FAILED)
	}

	static void visitsRelease(void *context, const gangway_visits *visits) {
		GANGWAY_BEGIN
			delete VisitsTaken::of(visits);
		GANGWAY_END("cannot let go of visits", )
	}

	#undef GANGWAY_BEGIN
	#undef GANGWAY_END

	static void log(void *context, gangway_log_level level, gangway_module_str line) {
		try {
			P_LOG(Passenger::LoggingKit::context, (Passenger::LoggingKit::Level) level,
				"gangway", 0, "[" << OneLine(self(context)->moduleName) << "] " << OneLine(line));
		} catch (...) {
			// There is nowhere left to say it.
		}
	}

public:
	/** `config` and `module` were loaded before. Must not be called under the pool's lock. */
	Host(AP::Pool *_pool, const ConfigFile &_config, const gangway_module &module)
		: pool(_pool),
		  config(_config),
		  instanceDir(_pool->getSpawningKitContext()->instanceDir),
		  moduleName(module.name)
	{
		pthread_sigmask(SIG_SETMASK, NULL, &signalMask);
		Passenger::Json::FastWriter writer;
		agentConfig = writer.write(_pool->getContext()->agentConfig);

		memset(&table, 0, sizeof(table));
		table.abi_version = GANGWAY_ABI_VERSION;
		table.struct_size = sizeof(table);
		table.context = this;
		table.passenger_version = Gangway::toAbi(PASSENGER_VERSION, sizeof(PASSENGER_VERSION) - 1);
		table.instance_dir = toAbi(instanceDir);
		table.agent_config = toAbi(agentConfig);
		table.config_path = toAbi(config.path);
		table.config_text = toAbi(config.text);
		table.snapshot = snapshot;
		table.process_find = processFind;
		table.process_identity = processIdentity;
		table.process_state = processState;
		table.process_release = processRelease;
		table.session_open = sessionOpen;
		table.session_connect = sessionConnect;
		table.session_request_oobw = sessionRequestOobw;
		table.session_close = sessionClose;
		table.process_detach = processDetach;
		table.log = log;
		table.controller_count = controllerCount;
		table.requests_ask = requestsAsk;
		table.requests_release = requestsRelease;
		table.visits_watch = visitsWatch;
		table.visits_take = visitsTake;
		table.visits_release = visitsRelease;
	}

	const gangway_host *getTable() const {
		return &table;
	}
};

} // namespace Gangway

#endif /* _GANGWAY_HOST_H_ */
