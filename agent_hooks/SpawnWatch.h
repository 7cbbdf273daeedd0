#ifndef _GANGWAY_SPAWN_WATCH_H_
#define _GANGWAY_SPAWN_WATCH_H_

#include <cstring>
#include <boost/make_shared.hpp>
#include <oxt/tracable_exception.hpp>
#include <Core/ApplicationPool/Options.h>
#include <Core/SpawningKit/Factory.h>
#include <Core/SpawningKit/Spawner.h>
#include <SystemTools/SystemTime.h>
#include "gangway/agent_abi.h"
#include "Arena.h"
#include "Notifier.h"

namespace Gangway {

namespace SpawningKit = Passenger::SpawningKit;

/** Spawns as another spawner does, and tells the module how it ended. */
class WatchedSpawner: public SpawningKit::Spawner {
private:
	SpawningKit::SpawnerPtr spawner;

	static gangway_str view(const Passenger::StaticString &str) {
		return toAbi(str.data(), str.size());
	}

	static void tell(gangway_spawn &spawn, const char *error) {
		spawn.error = toAbi(error, strlen(error));
		spawn.ended_at_usec = Passenger::SystemTime::getUsec();
		notifier().spawnEnded(spawn);
	}

public:
	WatchedSpawner(SpawningKit::Context *context, const SpawningKit::SpawnerPtr &_spawner)
		: SpawningKit::Spawner(context),
		  spawner(_spawner)
		{ }

	virtual SpawningKit::Result spawn(const SpawningKit::AppPoolOptions &options) {
		gangway_spawn spawn;
		memset(&spawn, 0, sizeof(spawn));
		spawn.group_name = view(options.getAppGroupName());
		spawn.group_uuid = view(options.groupUuid);
		spawn.began_at_usec = Passenger::SystemTime::getUsec();
		SpawningKit::Result result;
		try {
			result = spawner->spawn(options);
		} catch (const Passenger::tracable_exception &e) { // As Group::spawnThreadRealMain() does.
			tell(spawn, *e.what() == '\0' ? "an error without a text" : e.what());
			throw;
		}
		tell(spawn, "");
		return result;
	}

	virtual bool cleanable() const {
		return spawner->cleanable();
	}

	virtual void cleanup() {
		spawner->cleanup();
	}

	virtual unsigned long long lastUsed() const {
		return spawner->lastUsed();
	}
};

/** Makes what another factory makes, each in a WatchedSpawner. Takes its place in Context::spawningKitFactory. */
class WatchedSpawnerFactory: public SpawningKit::Factory {
private:
	SpawningKit::FactoryPtr factory;

public:
	WatchedSpawnerFactory(const SpawningKit::FactoryPtr &_factory)
		: SpawningKit::Factory(_factory->getContext()),
		  factory(_factory)
		{ }

	virtual SpawningKit::SpawnerPtr create(const SpawningKit::AppPoolOptions &options) {
		return boost::make_shared<WatchedSpawner>(getContext(), factory->create(options));
	}
};

} // namespace Gangway

#endif /* _GANGWAY_SPAWN_WATCH_H_ */
