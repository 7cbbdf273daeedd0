#ifndef _GANGWAY_VISITS_H_
#define _GANGWAY_VISITS_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <new>
#include <vector>
#include <boost/atomic.hpp>
#include <boost/noncopyable.hpp>
#include <boost/thread/locks.hpp>
#include <boost/thread/mutex.hpp>
#include <DataStructures/LString.h>
#include <Exceptions.h>
#include <SystemTools/SystemTime.h>
#include <Core/ApplicationPool/AbstractSession.h>
#include <Core/ApplicationPool/Common.h>
#include <Core/ApplicationPool/Options.h>
#include <Core/Controller.h>
#include "gangway/agent_abi.h"
#include "Arena.h"
#include "HttpMethod.h"
#include "Texts.h"

namespace Gangway {

namespace AP = Passenger::ApplicationPool2;

/** What is told of one visit: what `gangway_visit` points to, too. Belongs to its VisitLog. */
struct VisitEntry: private boost::noncopyable {
	/** How much of a path is copied. */
	enum {
		MOST_GROUP = 512,
		MOST_PATH = 512,
		MOST_GUPID = 64
	};

	gangway_visit record;
	/** On the clock that cannot be set: when it asked, then when it got its process. */
	unsigned long long since;
	VisitEntry *previous;
	VisitEntry *next;
	char group[MOST_GROUP];
	char path[MOST_PATH];
	char gupid[MOST_GUPID];
};

/**
 * The visits of one controller: those that are under way, and those that have ended and were not taken
 * yet. Its lock is the controller's, but for when the module takes them, or a visit gets its process, or
 * loses it, on another thread.
 */
class VisitLog: private boost::noncopyable {
private:
	/** Not taken yet: some megabytes. */
	enum {
		MOST_ENDED = 8192,
		/** For the next visits. */
		MOST_SPARE = 1024
	};

	boost::mutex syncher;
	/** Rings: each begins and ends with itself. */
	VisitEntry open;
	VisitEntry ended;
	VisitEntry spare;
	size_t endedCount;
	size_t spareCount;
	uint64_t lost;

	static void makeEmpty(VisitEntry &ring) {
		ring.previous = ring.next = &ring;
	}

	static void unlink(VisitEntry *entry) {
		entry->previous->next = entry->next;
		entry->next->previous = entry->previous;
	}

	static void append(VisitEntry &ring, VisitEntry *entry) {
		entry->previous = ring.previous;
		entry->next = &ring;
		ring.previous->next = entry;
		ring.previous = entry;
	}

	static VisitEntry *takeFirst(VisitEntry &ring) {
		VisitEntry *entry = ring.next;
		unlink(entry);
		return entry;
	}

	static void copyPath(VisitEntry &entry, const Passenger::LString &path) {
		size_t size = 0;
		for (const Passenger::LString::Part *part = path.start; part != NULL; part = part->next) {
			const char *question = (const char *) memchr(part->data, '?', part->size);
			size_t wanted = question == NULL ? part->size : question - part->data;
			size_t copied = std::min<size_t>(wanted, (size_t) VisitEntry::MOST_PATH - size);
			memcpy(entry.path + size, part->data, copied);
			size += copied;
			entry.record.path_cut = copied < wanted;
			if (question != NULL || copied < wanted) {
				break;
			}
		}
		entry.record.path = toAbi(entry.path, size);
	}

	VisitEntry *allocate() {
		if (spareCount > 0) {
			spareCount--;
			return takeFirst(spare);
		}
		return new VisitEntry();
	}

public:
	VisitLog()
		: endedCount(0),
		  spareCount(0),
		  lost(0)
	{
		makeEmpty(open);
		makeEmpty(ended);
		makeEmpty(spare);
	}

	/** On the controller's thread. NULL: it is not told of. */
	VisitEntry *begin(const AP::Options &options, const Passenger::Core::Request &req) {
		boost::lock_guard<boost::mutex> l(syncher);
		VisitEntry *entry = NULL;
		try {
			const Passenger::StaticString &group = options.getAppGroupName();
			if (group.size() <= VisitEntry::MOST_GROUP) {
				entry = allocate();
				memset(&entry->record, 0, sizeof(entry->record));
				memcpy(entry->group, group.data(), group.size());
				entry->record.group_name = toAbi(entry->group, group.size());
			}
		} catch (const std::bad_alloc &) {
			// It is lost.
		}
		if (entry == NULL) {
			lost++;
			return NULL;
		}
		const char *method = nameOfMethod(req.method);
		entry->record.method = toAbi(method, strlen(method));
		copyPath(*entry, req.path);
		entry->record.gupid = toAbi(entry->gupid, 0);
		entry->record.asked_at_usec = options.currentTime;
		entry->record.state = GANGWAY_VISIT_QUEUED;
		entry->since = Passenger::SystemTime::getMonotonicUsec();
		append(open, entry);
		return entry;
	}

	void gotProcess(VisitEntry &entry, const AP::AbstractSession &session) {
		boost::lock_guard<boost::mutex> l(syncher);
		unsigned long long now = Passenger::SystemTime::getMonotonicUsec();
		entry.record.queued_usec = now - entry.since;
		entry.since = now;
		entry.record.state = GANGWAY_VISIT_AT_PROCESS;
		entry.record.pid = session.getPid();
		Passenger::StaticString gupid = session.getGupid();
		size_t size = std::min<size_t>(gupid.size(), (size_t) VisitEntry::MOST_GUPID);
		memcpy(entry.gupid, gupid.data(), size);
		entry.record.gupid.size = size;
	}

	/** Afterwards the entry is none of the caller's. */
	void end(VisitEntry *entry, gangway_visit_state how, bool told) {
		boost::lock_guard<boost::mutex> l(syncher);
		unsigned long long past = Passenger::SystemTime::getMonotonicUsec() - entry->since;
		(entry->record.state == GANGWAY_VISIT_QUEUED ? entry->record.queued_usec : entry->record.served_usec)
			= past;
		entry->record.state = how;
		unlink(entry);
		if (told && endedCount < MOST_ENDED) {
			append(ended, entry);
			endedCount++;
		} else {
			lost += told;
			delete entry;
		}
	}

	/** Those that have ended go to the ring `taken`, whose they are until they are given back. */
	void takeEnded(VisitEntry &taken, size_t &count, uint64_t &lostOnes) {
		boost::lock_guard<boost::mutex> l(syncher);
		if (endedCount > 0) {
			taken.next = ended.next;
			taken.previous = ended.previous;
			taken.next->previous = taken.previous->next = &taken;
			makeEmpty(ended);
		}
		count = endedCount;
		endedCount = 0;
		lostOnes += lost;
		lost = 0;
	}

	/** Copies of those that are under way, the oldest ones: so many at most, for which `visits` has room. */
	void copyOpen(std::vector<gangway_visit> &visits, size_t most, Texts &texts) {
		boost::lock_guard<boost::mutex> l(syncher);
		unsigned long long now = Passenger::SystemTime::getMonotonicUsec();
		for (VisitEntry *entry = open.next; entry != &open && most > 0; entry = entry->next, most--) {
			visits.push_back(entry->record);
			gangway_visit &visit = visits.back();
			visit.group_name = texts.store(visit.group_name);
			(visit.state == GANGWAY_VISIT_QUEUED ? visit.queued_usec : visit.served_usec) = now - entry->since;
			visit.path = texts.store(visit.path);
			visit.gupid = texts.store(visit.gupid);
		}
	}

	/** All that were taken; visitors do not wait while there are too many. `untold` ones are lost. */
	void giveBack(VisitEntry &taken, size_t count, uint64_t untold) {
		{
			boost::lock_guard<boost::mutex> l(syncher);
			lost += untold;
			if (count > 0 && spareCount + count <= MOST_SPARE) {
				taken.next->previous = spare.previous;
				spare.previous->next = taken.next;
				taken.previous->next = &spare;
				spare.previous = taken.previous;
				makeEmpty(taken);
				spareCount += count;
			}
		}
		while (taken.next != &taken) {
			delete takeFirst(taken);
		}
	}
};

/** The logs of all controllers, and whether anybody wants them. */
class VisitLogs: private boost::noncopyable {
private:
	boost::mutex syncher;
	std::vector<VisitLog *> logs;

public:
	/** Read for each visit, and so not kept beside anything that is written. */
	boost::atomic<bool> wanted;

	VisitLogs()
		: wanted(false)
		{ }

	/** Of the calling thread, a controller's. */
	VisitLog &mine() {
		static __thread VisitLog *log = NULL;
		if (log == NULL) {
			VisitLog *created = new VisitLog();
			boost::lock_guard<boost::mutex> l(syncher);
			logs.push_back(created);
			log = created;
		}
		return *log;
	}

	std::vector<VisitLog *> all() {
		boost::lock_guard<boost::mutex> l(syncher);
		return logs;
	}
};

/** The agent's only ones. Never destroyed: as the controllers, which may still run at exit. */
inline VisitLogs &
visitLogs() {
	static VisitLogs &instance = *new VisitLogs();
	return instance;
}

/** What the module is lent of them. It is the memory of its `record()`. */
class VisitsTaken: private boost::noncopyable {
private:
	struct Part {
		VisitLog *log;
		VisitEntry ended;
		size_t count;
		uint64_t lost;

		explicit Part(VisitLog *_log)
			: log(_log),
			  count(0),
			  lost(0)
		{
			ended.previous = ended.next = &ended;
		}
	};

	/** First, so that it can be found by its record. */
	gangway_visits data;
	std::deque<Part> parts;
	std::vector<gangway_visit> ended;
	std::vector<gangway_visit> open;
	Texts texts;
	bool filled;

public:
	VisitsTaken()
		: filled(false)
	{
		memset(&data, 0, sizeof(data));
	}

	void fill(size_t mostOpen) {
		std::vector<VisitLog *> logs = visitLogs().all();
		size_t mostOfEach = logs.empty() ? 0 : mostOpen / logs.size();
		open.reserve(mostOpen);
		size_t count = 0;
		for (size_t i = 0; i < logs.size(); i++) {
			parts.emplace_back(logs[i]);
			Part &part = parts.back();
			part.log->takeEnded(part.ended, part.count, part.lost);
			count += part.count;
			data.lost += part.lost;
			part.log->copyOpen(open, mostOfEach, texts);
		}
		data.taken_at_usec = Passenger::SystemTime::getUsec();
		ended.reserve(count);
		for (std::deque<Part>::iterator part = parts.begin(); part != parts.end(); part++) {
			for (VisitEntry *entry = part->ended.next; entry != &part->ended; entry = entry->next) {
				ended.push_back(entry->record);
			}
		}
		data.ended = ended.data();
		data.ended_count = ended.size();
		data.open = open.data();
		data.open_count = open.size();
		filled = true;
	}

	~VisitsTaken() {
		for (std::deque<Part>::iterator part = parts.begin(); part != parts.end(); part++) {
			part->log->giveBack(part->ended, part->count, filled ? 0 : part->count + part->lost);
		}
	}

	const gangway_visits *record() const {
		return &data;
	}

	/** The one whose record it is. */
	static const VisitsTaken *of(const gangway_visits *record) {
		return reinterpret_cast<const VisitsTaken *>(record);
	}
};

/**
 * Stands between a controller and its session, and tells how long a visitor's request waits for a process
 * and is there. The controller calls it as it would the session.
 */
class Visit: public AP::AbstractSession {
private:
	VisitLog &log;
	/** NULL: it has ended. */
	VisitEntry *entry;
	const AP::GetCallback callback;
	AP::AbstractSessionPtr session;
	bool initiated;
	mutable boost::atomic<int> refcount;

	Visit(VisitLog &_log, VisitEntry *_entry, const AP::GetCallback &_callback)
		: log(_log),
		  entry(_entry),
		  callback(_callback),
		  initiated(false),
		  refcount(1)
		{ }

	virtual ~Visit() {
		end(initiated ? GANGWAY_VISIT_SERVED : GANGWAY_VISIT_LEFT);
	}

	void end(gangway_visit_state how) {
		if (entry != NULL) {
			log.end(entry, how, visitLogs().wanted.load(boost::memory_order_relaxed));
			entry = NULL;
		}
	}

	/** On any thread. */
	void answer(const AP::AbstractSessionPtr &_session, const AP::ExceptionPtr &e) {
		if (_session == NULL) {
			bool refused = boost::dynamic_pointer_cast<Passenger::RequestQueueFullException>(e) != NULL;
			end(refused ? GANGWAY_VISIT_REFUSED : GANGWAY_VISIT_FAILED);
			callback(_session, e);
		} else {
			session = _session;
			log.gotProcess(*entry, *session);
			callback(AP::AbstractSessionPtr(this), e);
		}
	}

	static void answered(const AP::AbstractSessionPtr &session, const AP::ExceptionPtr &e, void *userData) {
		Visit *visit = static_cast<Visit *>(userData);
		visit->answer(session, e);
		visit->unref();
	}

public:
	/** On a controller's thread. What to call instead of `callback`; that itself, where there is no memory. */
	static AP::GetCallback
	watch(const AP::Options &options, const AP::GetCallback &callback) {
		AP::GetCallback result = callback;
		VisitEntry *entry = NULL;
		try {
			VisitLog &log = visitLogs().mine();
			entry = log.begin(options, *static_cast<const Passenger::Core::Request *>(callback.userData));
			if (entry != NULL) {
				try {
					result.userData = new Visit(log, entry, callback);
					result.func = answered;
				} catch (const std::bad_alloc &) {
					log.end(entry, GANGWAY_VISIT_LEFT, false);
				}
			}
		} catch (const std::exception &) {
			// It is not told of.
		}
		return result;
	}

	virtual void ref() const {
		refcount.fetch_add(1, boost::memory_order_relaxed);
	}

	virtual void unref() const {
		if (refcount.fetch_sub(1, boost::memory_order_release) == 1) {
			boost::atomic_thread_fence(boost::memory_order_acquire);
			delete this;
		}
	}

	virtual pid_t getPid() const {
		return session->getPid();
	}

	virtual Passenger::StaticString getGupid() const {
		return session->getGupid();
	}

	virtual Passenger::StaticString getProtocol() const {
		return session->getProtocol();
	}

	virtual unsigned int getStickySessionId() const {
		return session->getStickySessionId();
	}

	virtual const Passenger::ApplicationPool2::ApiKey &getApiKey() const {
		return session->getApiKey();
	}

	virtual int fd() const {
		return session->fd();
	}

	virtual bool isClosed() const {
		return session->isClosed();
	}

	virtual void initiate(bool blocking = true) {
		session->initiate(blocking);
		initiated = true;
	}

	virtual void requestOOBW() {
		session->requestOOBW();
	}

	virtual void close(bool success, bool wantKeepAlive = false) {
		end(initiated ? GANGWAY_VISIT_SERVED : GANGWAY_VISIT_LEFT);
		session->close(success, wantKeepAlive);
	}
};

} // namespace Gangway

#endif /* _GANGWAY_VISITS_H_ */
