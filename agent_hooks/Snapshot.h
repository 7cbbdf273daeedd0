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
#include "Arena.h"
#include "GroupUsers.h"
#include "PrivateMembers.h"

namespace Gangway {

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

	/**
	 * What changes in a process, and nothing else: the less is written under the lock, the better.
	 * Plain fields, so that rows can be prepared, and their memory be touched, before it is taken.
	 */
	struct ProcessRow {
		AP::ProcessPtr process;
		unsigned int groupIndex;
		int sessions;
		int busyness;
		unsigned int processed;
		AP::Process::LifeStatus life;
		AP::Process::EnabledStatus enabled;
		unsigned long long lastUsed;
		/** Into `socketSessions`; unused where the sockets' sessions follow from `sessions`. */
		size_t firstSocketSessions;
		bool metricsValid;
		gangway_metrics metrics;
		Text command;
	};

	AP::Pool *pool;
	GroupUsers &users;
	gangway_snapshot totals;
	// Declared in this order so that processes are let go before the groups that they point into.
	std::vector<GroupRow> groupRows;
	/** Only the first `processCount` are in use. */
	std::vector<ProcessRow> processRows;
	size_t processCount;
	/** Of the rare processes with more than one socket that accepts requests. */
	std::vector<int> socketSessions;
	/** Every string that may change once the lock is let go. */
	std::string text;

	/** Sizes of the last snapshot, so that nothing has to be allocated under the lock. */
	struct Hints {
		boost::atomic<size_t> groups, processes, textBytes;

		Hints()
			: groups(4), processes(32), textBytes(4096)
			{ }
	};

	static Hints &hints() {
		static Hints instance;
		return instance;
	}

	static size_t withHeadroom(size_t size) {
		return size + size / 4 + 16;
	}

	/** Allocates, and touches, what collect() will probably need. */
	void prepare() {
		groupRows.reserve(withHeadroom(hints().groups));
		processRows.resize(withHeadroom(hints().processes));
		text.resize(withHeadroom(hints().textBytes));
		text.clear();
	}

	void remember() {
		hints().groups = groupRows.size();
		hints().processes = processCount;
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

	static gangway_str store(Arena &arena, const Passenger::StaticString &str) {
		return arena.store(str.data(), str.size());
	}

	void collectMetrics(const Passenger::ProcessMetrics &metrics, ProcessRow &row) {
		row.metricsValid = metrics.isValid();
		if (!row.metricsValid) {
			row.command.size = row.command.offset = 0;
			return;
		}
		row.metrics.cpu_percent = metrics.cpu;
		row.metrics.process_group_id = metrics.processGroupId;
		row.metrics.rss_kib = metrics.rss;
		row.metrics.pss_kib = metrics.pss;
		row.metrics.private_dirty_kib = metrics.privateDirty;
		row.metrics.swap_kib = metrics.swap;
		row.metrics.real_memory_kib = (int64_t) metrics.realMemory();
		row.metrics.vmsize_kib = metrics.vmsize;
		row.command = keep(metrics.command);
	}

	/** As `Process::inspectXml()`, the changing part. */
	void collectProcess(const AP::ProcessPtr &process, unsigned int groupIndex) {
		if (processCount == processRows.size()) {
			processRows.resize(withHeadroom(2 * processCount));
		}
		ProcessRow &row = processRows[processCount++];

		row.process = process;
		row.groupIndex = groupIndex;
		row.sessions = process->sessions;
		row.processed = process->processed;
		row.life = process->lifeStatus;
		row.enabled = process->enabled;
		row.lastUsed = process->lastUsed;
		collectMetrics(process->metrics, row);
		// An idle process is spared the look at its sockets and concurrency: another cache line.
		row.busyness = 0;
		if (row.sessions != 0) {
			collectBusyness(*process, row);
		}
	}

	void collectBusyness(const AP::Process &process, ProcessRow &row) {
		row.busyness = process.busyness();
		if (process.*memberOf(ProcessAcceptingSocketsCount()) > 1) {
			const AP::SocketList &sockets = process.getSockets();
			row.firstSocketSessions = socketSessions.size();
			for (AP::SocketList::const_iterator it = sockets.begin(); it != sockets.end(); it++) {
				socketSessions.push_back(it->sessions);
			}
		}
	}

	/** Fetches what collectProcess() will read, while it still reads that of others. */
	static void prefetch(const AP::Process *process) {
		__builtin_prefetch(&process->lastUsed);
		__builtin_prefetch(&process->metrics);
		__builtin_prefetch(&process->metrics.command);
	}

	void collectProcesses(const AP::ProcessList &processes, unsigned int groupIndex) {
		static const size_t AHEAD = 8;
		for (size_t i = 0; i < processes.size(); i++) {
			if (i + AHEAD < processes.size()) {
				prefetch(processes[i + AHEAD].get());
			}
			collectProcess(processes[i], groupIndex);
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
		if (!users.lookup(group->uuid, row.user)) {
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
		n.first_process = (uint32_t) processCount;
		totals.capacity_used += n.capacity_used;

		collectProcesses(group->enabledProcesses, index);
		collectProcesses(group->disablingProcesses, index);
		collectProcesses(group->disabledProcesses, index);
		collectProcesses(group->detachedProcesses, index);
		n.process_count = (uint32_t) processCount - n.first_process;
	}

	/** Only a socket that accepts requests has sessions (Process::newSession()). */
	int sessionsOf(const ProcessRow &row, const AP::Socket &socket, size_t index) const {
		if (row.sessions == 0) {
			return 0;
		} else if ((*row.process).*memberOf(ProcessAcceptingSocketsCount()) > 1) {
			return socketSessions[row.firstSocketSessions + index];
		} else {
			return socket.acceptHttpRequests ? row.sessions : 0;
		}
	}

	/** `out` is NULL when there is no room: then only the needed size is counted. */
	void writeSockets(Arena &arena, const ProcessRow &row, gangway_socket *out) {
		const AP::SocketList &sockets = row.process->getSockets();
		for (size_t i = 0; i < sockets.size(); i++) {
			gangway_socket s;
			memset(&s, 0, sizeof(s));
			s.address = store(arena, sockets[i].address);
			s.protocol = store(arena, sockets[i].protocol);
			s.description = store(arena, sockets[i].description);
			s.concurrency = sockets[i].concurrency;
			s.sessions = sessionsOf(row, sockets[i], i);
			s.accept_http_requests = sockets[i].acceptHttpRequests;
			if (out != NULL) {
				out[i] = s;
			}
		}
	}

	void writeProcess(Arena &arena, const ProcessRow &row, unsigned int firstSocket,
		gangway_process *out)
	{
		const AP::Process &process = *row.process;
		gangway_process p;

		memset(&p, 0, sizeof(p));
		p.pid = process.getPid();
		p.gupid = store(arena, process.getGupid());
		p.group_index = row.groupIndex;
		p.sticky_session_id = process.getStickySessionId();
		p.concurrency = process.*memberOf(ProcessConcurrency());
		p.sessions = row.sessions;
		p.busyness = row.busyness;
		p.processed = row.processed;
		p.life = (gangway_process_life) row.life;
		p.enabled = (gangway_process_enabled) row.enabled;
		p.spawner_creation_time_usec = process.getSpawnerCreationTime();
		p.spawn_start_time_usec = process.*memberOf(ProcessSpawnStartTime());
		p.spawn_end_time_usec = process.*memberOf(ProcessSpawnEndTime());
		p.last_used_usec = row.lastUsed;
		p.code_revision = store(arena, process.*memberOf(ProcessCodeRevision()));
		if (row.metricsValid) {
			p.metrics = row.metrics;
			p.metrics.command = store(arena, row.command);
		}
		p.metrics.valid = row.metricsValid;
		p.first_socket = firstSocket;
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
		g.name = store(arena, row.group->getName());
		g.app_root = store(arena, row.appRoot);
		g.app_type = store(arena, row.appType);
		g.environment = store(arena, row.environment);
		g.uuid = store(arena, row.uuid);
		g.password = store(arena, row.group->getApiKey().toStaticString());
		g.has_user = row.user != NULL;
		if (row.user != NULL) {
			g.uid = row.user->uid;
			g.gid = row.user->gid;
			g.user = store(arena, row.user->user);
			g.user_group = store(arena, row.user->group);
		}
		if (out != NULL) {
			*out = g;
		}
	}

public:
	SnapshotTaker(AP::Pool *_pool, GroupUsers &_users)
		: pool(_pool),
		  users(_users),
		  processCount(0)
	{
		memset(&totals, 0, sizeof(totals));
	}

	void collect() {
		prepare();
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
		totals.process_count = (uint32_t) processCount;
		for (size_t i = 0; i < processCount; i++) {
			totals.socket_count += (uint32_t) processRows[i].process->getSockets().size();
		}
		remember();
	}

	/** GANGWAY_OK or GANGWAY_NO_SPACE; `size` is set to what was, or would be, used. */
	gangway_status write(void *buffer, size_t &size, gangway_snapshot &out) {
		Arena arena(buffer, size);
		gangway_group *groups = arena.allocate<gangway_group>(groupRows.size());
		gangway_process *processes = arena.allocate<gangway_process>(processCount);
		gangway_socket *sockets = arena.allocate<gangway_socket>(totals.socket_count);
		unsigned int socket = 0;

		for (size_t i = 0; i < groupRows.size(); i++) {
			writeGroup(arena, groupRows[i], groups == NULL ? NULL : groups + i);
		}
		for (size_t i = 0; i < processCount; i++) {
			const ProcessRow &row = processRows[i];
			writeProcess(arena, row, socket, processes == NULL ? NULL : processes + i);
			writeSockets(arena, row, sockets == NULL ? NULL : sockets + socket);
			socket += (unsigned int) row.process->getSockets().size();
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
