#ifndef _GANGWAY_SPAWN_WATCH_H_
#define _GANGWAY_SPAWN_WATCH_H_

#include <cstring>
#include <exception>
#include <boost/make_shared.hpp>
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

	static gangway_str nameOf(const Passenger::ApplicationPool2::Options &options) {
		const Passenger::StaticString name = options.getAppGroupName();
		return toAbi(name.data(), name.size());
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
		spawn.group_name = nameOf(options);
		spawn.began_at_usec = Passenger::SystemTime::getUsec();
		try {
			SpawningKit::Result result = spawner->spawn(options);
			tell(spawn, "");
			return result;
		} catch (const std::exception &e) { // Not boost::thread_interrupted: the group goes.
			tell(spawn, *e.what() == '\0' ? "an error without a text" : e.what());
			throw;
		}
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
