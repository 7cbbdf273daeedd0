#ifndef _GANGWAY_GROUP_USERS_H_
#define _GANGWAY_GROUP_USERS_H_

#include <map>
#include <string>
#include <exception>
#include <boost/shared_ptr.hpp>
#include <boost/make_shared.hpp>
#include <boost/thread/mutex.hpp>
#include <boost/thread/locks.hpp>
#include <LoggingKit/LoggingKit.h>
#include <SystemTools/SystemTime.h>
#include <Core/ApplicationPool/Options.h>
#include <Core/SpawningKit/UserSwitchingRules.h>

namespace Gangway {

namespace AP = Passenger::ApplicationPool2;

/** Whom the processes of a group run as. */
struct GroupUser {
	uid_t uid;
	gid_t gid;
	std::string user;
	std::string group;
};

/** NULL: not known. */
typedef boost::shared_ptr<const GroupUser> GroupUserPtr;

/**
 * Remembers whom each group's processes run as, so that the user database is asked once for each
 * start or restart of a group and never while the pool is locked (`Group::inspectXml()` asks it
 * every time, under the lock).
 *
 * Keyed by `Group::uuid`, which is new at every restart. Thread-safe.
 */
class GroupUsers {
public:
	/** Entries beyond which all are forgotten, so that those of vanished groups do not pile up. */
	static const unsigned int MAX_SIZE = 4096;

private:
	/** For how long nobody is asked again where the user database had no answer. */
	static const unsigned int RETRY_AFTER_SECONDS = 10;

	struct Entry {
		GroupUserPtr user;
		/** When `user` is NULL: until when that holds. */
		time_t validUntil;
	};

	typedef std::map<std::string, Entry> Map;

	boost::mutex syncher;
	Map users;

	void remember(const std::string &uuid, const GroupUserPtr &user) {
		Entry entry;
		entry.user = user;
		entry.validUntil = Passenger::SystemTime::get() + RETRY_AFTER_SECONDS;

		boost::lock_guard<boost::mutex> l(syncher);
		if (users.size() >= MAX_SIZE) {
			users.clear();
		}
		users[uuid] = entry;
	}

public:
	/** False when the user database must be asked: resolve(). `user` may be NULL: not known. */
	bool lookup(const std::string &uuid, GroupUserPtr &user) {
		boost::lock_guard<boost::mutex> l(syncher);
		Map::const_iterator it = users.find(uuid);
		if (it == users.end()
		 || (it->second.user == NULL && it->second.validUntil < Passenger::SystemTime::get()))
		{
			return false;
		}
		user = it->second.user;
		return true;
	}

	/**
	 * Asks the user database and remembers its answer; NULL when it has none. `options` is
	 * a persisted copy of the group's, made under the pool's lock. Must not be called under that lock.
	 */
	GroupUserPtr resolve(const std::string &uuid, const AP::Options &options,
		const Passenger::WrapperRegistry::Registry &wrapperRegistry)
	{
		boost::shared_ptr<GroupUser> result = boost::make_shared<GroupUser>();
		try {
			Passenger::SpawningKit::UserSwitchingInfo info(
				Passenger::SpawningKit::prepareUserSwitching(options, wrapperRegistry));
			result->uid = info.uid;
			result->gid = info.gid;
			result->user = info.username;
			result->group = info.groupname;
		} catch (const std::exception &e) {
			P_DEBUG("[gangway] cannot tell whom the processes of " << options.appRoot
				<< " run as: " << e.what());
			result.reset();
		}
		remember(uuid, result);
		return result;
	}
};

} // namespace Gangway

#endif /* _GANGWAY_GROUP_USERS_H_ */
