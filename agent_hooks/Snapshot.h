#ifndef _GANGWAY_SNAPSHOT_H_
#define _GANGWAY_SNAPSHOT_H_

#include <string>
#include <vector>
#include <cstring>
#include <boost/atomic.hpp>
#include <boost/thread/locks.hpp>
#include <SystemTools/SystemTime.h>
#include <Core/ApplicationPool/Pool.h>
#include <Core/ApplicationPool/Group.h>
#include "gangway/agent_abi.h"
#include "GroupUsers.h"
#include "PrivateMembers.h"

namespace Gangway {

inline gangway_str
toAbi(const char *data, size_t size) {
	gangway_str result;
	result.data = data;
	result.size = size;
	return result;
}

/**
 * Hands out pieces of the caller's buffer. Counts on when the buffer is full, so that the size that
 * would have been enough is known at the end.
 */
class Arena {
private:
	char *base;
	size_t capacity;
	size_t used;

public:
	Arena(void *_base, size_t _capacity)
		: base(static_cast<char *>(_base)),
		  capacity(_capacity),
		  used(0)
		{ }

	/** NULL when there is no room for it. */
	template<typename T>
	T *allocate(size_t count) {
		used = (used + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
		size_t begin = used;
		used += count * sizeof(T);
		return used <= capacity ? reinterpret_cast<T *>(base + begin) : NULL;
	}

	gangway_str store(const char *data, size_t size) {
		size_t begin = used;
		used += size;
		if (used > capacity) {
			return toAbi(NULL, 0);
		}
		if (size > 0) {
			memcpy(base + begin, data, size);
		}
		return toAbi(base + begin, size);
	}

	gangway_str store(const Passenger::StaticString &str) {
		return store(str.data(), str.size());
	}

	size_t size() const {
		return used;
	}

	bool overflown() const {
		return used > capacity;
	}
};

/**
 * Copies the pool, in two steps so that its lock is held as briefly as possible:
 *
 *  1. `collect()`, under the lock: what changes while a process lives, as plain numbers, plus
 *     a reference to each process and group that keeps it alive.
 *  2. `write()`, without it: everything else, laid out in the caller's buffer.
 *
 * Made for one snapshot, used by one thread.
 */
class SnapshotTaker {
private:
	/** A piece of `text`. */
	struct Text {
		size_t offset, size;
	};

	struct GroupRow {
		AP::GroupPtr group;
		Text appRoot, appType, environment, uuid;
		GroupUserPtr user;
		/** Set when `user` must be looked up: the options as they were under the lock. */
		boost::shared_ptr<AP::Options> options;
		gangway_group numbers;
	};

	struct ProcessRow {
		AP::ProcessPtr process;
		Text command;
		gangway_process numbers;
	};

	AP::Pool *pool;
	GroupUsers &users;
	gangway_snapshot totals;
	// Declared in this order so that processes are let go before the groups that they point into.
	std::vector<GroupRow> groupRows;
	std::vector<ProcessRow> processRows;
	std::vector<int> socketSessions;
	/** Every string that may change once the lock is let go. */
	std::string text;

	/** Sizes of the last snapshot, so that nothing has to be allocated under the lock. */
	struct Hints {
		boost::atomic<size_t> groups, processes, sockets, textBytes;

		Hints()
			: groups(4), processes(32), sockets(64), textBytes(4096)
			{ }
	};

	static Hints &hints() {
		static Hints instance;
		return instance;
	}

	static size_t withHeadroom(size_t size) {
		return size + size / 4 + 16;
	}

	void reserve() {
		groupRows.reserve(withHeadroom(hints().groups));
		processRows.reserve(withHeadroom(hints().processes));
		socketSessions.reserve(withHeadroom(hints().sockets));
		text.reserve(withHeadroom(hints().textBytes));
	}

	void remember() {
		hints().groups = groupRows.size();
		hints().processes = processRows.size();
		hints().sockets = socketSessions.size();
		hints().textBytes = text.size();
	}

	Text keep(const Passenger::StaticString &str) {
		Text result;
		result.offset = text.size();
		result.size = str.size();
		text.append(str.data(), str.size());
		return result;
	}

	gangway_str store(Arena &arena, const Text &piece) const {
		return arena.store(text.data() + piece.offset, piece.size);
	}

	/** As `Process::inspectXml()`, the changing part. */
	void collectProcess(const AP::ProcessPtr &process, unsigned int groupIndex) {
		processRows.push_back(ProcessRow());
		ProcessRow &row = processRows.back();
		gangway_process &n = row.numbers;
		const Passenger::ProcessMetrics &metrics = process->metrics;

		row.process = process;
		memset(&n, 0, sizeof(n));
		n.group_index = groupIndex;
		n.sessions = process->sessions;
		n.busyness = process->busyness();
		n.processed = process->processed;
		n.life = (gangway_process_life) process->lifeStatus;
		n.enabled = (gangway_process_enabled) process->enabled;
		n.last_used_usec = process->lastUsed;
		n.metrics.valid = metrics.isValid();
		n.metrics.cpu_percent = metrics.cpu;
		n.metrics.process_group_id = metrics.processGroupId;
		n.metrics.rss_kib = metrics.rss;
		n.metrics.pss_kib = metrics.pss;
		n.metrics.private_dirty_kib = metrics.privateDirty;
		n.metrics.swap_kib = metrics.swap;
		n.metrics.real_memory_kib = (int64_t) metrics.realMemory();
		n.metrics.vmsize_kib = metrics.vmsize;
		row.command = keep(metrics.command);

		n.first_socket = (uint32_t) socketSessions.size();
		const AP::SocketList &sockets = process->getSockets();
		for (AP::SocketList::const_iterator it = sockets.begin(); it != sockets.end(); it++) {
			socketSessions.push_back(it->sessions);
		}
	}

	void collectProcesses(const AP::ProcessList &processes, unsigned int groupIndex) {
		AP::ProcessList::const_iterator it, end = processes.end();
		for (it = processes.begin(); it != end; it++) {
			collectProcess(*it, groupIndex);
		}
	}

	/** As `Group::inspectXml()`. */
	void collectGroup(const AP::GroupPtr &group) {
		unsigned int index = (unsigned int) groupRows.size();
		groupRows.push_back(GroupRow());
		GroupRow &row = groupRows.back();
		gangway_group &n = row.numbers;

		row.group = group;
		memset(&n, 0, sizeof(n));
		row.appRoot = keep(group->options.appRoot);
		row.appType = keep(group->options.appType);
		row.environment = keep(group->options.environment);
		row.uuid = keep(group->uuid);
		row.user = users.lookup(group->uuid);
		if (row.user == NULL) {
			row.options = boost::make_shared<AP::Options>(group->options.copyAndPersist());
		}

		n.life = (gangway_group_life) group->lifeStatus.load(boost::memory_order_relaxed);
		n.spawning = group->m_spawning;
		n.restarting = group->restarting();
		n.enabled_process_count = (uint32_t) group->enabledCount;
		n.disabling_process_count = (uint32_t) group->disablingCount;
		n.disabled_process_count = (uint32_t) group->disabledCount;
		n.detached_process_count = (uint32_t) group->detachedProcesses.size();
		n.processes_being_spawned = (uint32_t) group->processesBeingSpawned;
		n.capacity_used = group->capacityUsed();
		n.get_wait_list_size = (uint32_t) group->getWaitlist.size();
		n.disable_wait_list_size = (uint32_t) group->disableWaitlist.size();
		n.first_process = (uint32_t) processRows.size();
		totals.capacity_used += n.capacity_used;

		collectProcesses(group->enabledProcesses, index);
		collectProcesses(group->disablingProcesses, index);
		collectProcesses(group->disabledProcesses, index);
		collectProcesses(group->detachedProcesses, index);
		n.process_count = (uint32_t) processRows.size() - n.first_process;
	}

	void writeSockets(Arena &arena, const ProcessRow &row, gangway_socket *out) {
		const AP::SocketList &sockets = row.process->getSockets();
		size_t i = row.numbers.first_socket;

		for (AP::SocketList::const_iterator it = sockets.begin(); it != sockets.end(); it++, i++) {
			gangway_socket s;
			memset(&s, 0, sizeof(s));
			s.address = arena.store(it->address);
			s.protocol = arena.store(it->protocol);
			s.description = arena.store(it->description);
			s.concurrency = it->concurrency;
			s.sessions = socketSessions[i];
			s.accept_http_requests = it->acceptHttpRequests;
			if (out != NULL) {
				out[i] = s;
			}
		}
	}

	void writeProcess(Arena &arena, const ProcessRow &row, gangway_process *out) {
		const AP::Process &process = *row.process;
		gangway_process p = row.numbers;

		p.pid = process.getPid();
		p.gupid = arena.store(process.getGupid());
		p.sticky_session_id = process.getStickySessionId();
		p.concurrency = process.*memberOf(ProcessConcurrency());
		p.spawner_creation_time_usec = process.getSpawnerCreationTime();
		p.spawn_start_time_usec = process.*memberOf(ProcessSpawnStartTime());
		p.spawn_end_time_usec = process.*memberOf(ProcessSpawnEndTime());
		p.code_revision = arena.store(process.*memberOf(ProcessCodeRevision()));
		p.metrics.command = store(arena, row.command);
		p.socket_count = (uint32_t) process.getSockets().size();
		if (out != NULL) {
			*out = p;
		}
	}

	void writeGroup(Arena &arena, GroupRow &row, gangway_group *out) {
		gangway_group g = row.numbers;

		if (row.user == NULL && row.options != NULL) {
			row.user = users.resolve(text.substr(row.uuid.offset, row.uuid.size), *row.options,
				row.group->getWrapperRegistry());
			row.options.reset();
		}
		g.name = arena.store(row.group->getName());
		g.app_root = store(arena, row.appRoot);
		g.app_type = store(arena, row.appType);
		g.environment = store(arena, row.environment);
		g.uuid = store(arena, row.uuid);
		g.password = arena.store(row.group->getApiKey().toStaticString());
		g.has_user = row.user != NULL;
		if (row.user != NULL) {
			g.uid = row.user->uid;
			g.gid = row.user->gid;
			g.user = arena.store(row.user->user);
			g.user_group = arena.store(row.user->group);
		}
		if (out != NULL) {
			*out = g;
		}
	}

public:
	SnapshotTaker(AP::Pool *_pool, GroupUsers &_users)
		: pool(_pool),
		  users(_users)
	{
		memset(&totals, 0, sizeof(totals));
	}

	void collect() {
		reserve();
		{
			boost::lock_guard<boost::mutex> l(pool->syncher);
			totals.taken_at_usec = Passenger::SystemTime::getUsec();
			totals.max = pool->max;
			totals.get_wait_list_size = (uint32_t) pool->getWaitlist.size();
			AP::GroupMap::ConstIterator it(pool->groups);
			while (*it != NULL) {
				collectGroup(it.getValue());
				it.next();
			}
		}
		totals.group_count = (uint32_t) groupRows.size();
		totals.process_count = (uint32_t) processRows.size();
		totals.socket_count = (uint32_t) socketSessions.size();
		remember();
	}

	/** GANGWAY_OK or GANGWAY_NO_SPACE; `size` is set to what was, or would be, used. */
	gangway_status write(void *buffer, size_t &size, gangway_snapshot &out) {
		Arena arena(buffer, size);
		gangway_group *groups = arena.allocate<gangway_group>(groupRows.size());
		gangway_process *processes = arena.allocate<gangway_process>(processRows.size());
		gangway_socket *sockets = arena.allocate<gangway_socket>(socketSessions.size());

		for (size_t i = 0; i < groupRows.size(); i++) {
			writeGroup(arena, groupRows[i], groups == NULL ? NULL : groups + i);
		}
		for (size_t i = 0; i < processRows.size(); i++) {
			writeProcess(arena, processRows[i], processes == NULL ? NULL : processes + i);
			writeSockets(arena, processRows[i], sockets);
		}

		size = arena.size();
		if (arena.overflown()) {
			return GANGWAY_NO_SPACE;
		}
		out = totals;
		out.groups = groups;
		out.processes = processes;
		out.sockets = sockets;
		return GANGWAY_OK;
	}
};

} // namespace Gangway

#endif /* _GANGWAY_SNAPSHOT_H_ */
