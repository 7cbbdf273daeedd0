/*
 * Starts, drains and stops the Gangway module together with Passenger's application pool.
 *
 * CoreMain.cpp calls Pool::initialize(), Pool::prepareForShutdown() and Pool::destroy(), which are
 * defined in another object file. gangway.rake links the agent with -Wl,--wrap for these three, so
 * that those calls come here. Nothing in Passenger's source is changed.
 *
 * Pool::asyncGet() and Controller::preinitialize() are wrapped in the same way, for visitors' requests.
 *
 * The first three are called on the core's main thread, and so is the constructor of each controller, which calls
 * Controller::preinitialize(). pthread_create() is wrapped, too: see SignalMask.h.
 */
#include <string>
#include <exception>
#include <pthread.h>
#include <signal.h>
#include <boost/scoped_ptr.hpp>
#include <LoggingKit/LoggingKit.h>
#include <LoggingKit/Logging.h>
#include <Core/ApplicationPool/Pool.h>
#include "gangway/agent_abi.h"
#include "ConfigFile.h"
#include "Controllers.h"
#include "Host.h"
#include "ModuleFile.h"
#include "Notifier.h"
#include "Printable.h"
#include "SignalMask.h"
#include "SpawnWatch.h"
#include "Visits.h"

namespace Gangway {

namespace {

/** The loaded module and what it was started with. There is one pool in an agent. */
struct Gangway {
	boost::scoped_ptr<Host> host;
	const gangway_module *module;
	void *instance;

	Gangway()
		: module(NULL),
		  instance(NULL)
		{ }
};

/** Never destroyed: when the core gives up half-way, the module's thread may still use it at exit. */
Gangway &gangway = *new Gangway();

void
start(AP::Pool *pool) {
	ConfigFile config;
	config.load();
	if (!config.enabled) {
		P_NOTICE("[gangway] not loaded: \"enabled\" is false in "
			<< printable(config.path));
		return;
	}

	const gangway_module *module = loadModule(config.module);
	boost::scoped_ptr<Host> host(new Host(pool, config, *module));
	gangway_str error = toAbi(NULL, 0);
	void *instance = NULL;
	gangway_status status;
	{
		SignalsBlocked blocked;
		status = module->start(host->getTable(), &instance, &error);
	}
	if (status != GANGWAY_OK) {
		P_ERROR("[gangway] not started: " << OneLine(error));
		return;
	}
	gangway.host.swap(host);
	gangway.module = module;
	gangway.instance = instance;
	notifier().begin(module, instance);
	AP::Context *context = pool->getContext();
	context->spawningKitFactory = boost::make_shared<WatchedSpawnerFactory>(context->spawningKitFactory);
	P_INFO("[gangway] loaded " << printable(config.module) << ": " << OneLine(module->name)
		<< " " << OneLine(module->version));
}

/** Whatever goes wrong with the module, Passenger serves on without it. */
void
startOrExplain(AP::Pool *pool) {
	try {
		start(pool);
	} catch (const std::exception &e) {
		P_ERROR("[gangway] not started: " << printable(e.what()));
	}
}

void
beginDrain() {
	if (gangway.module != NULL && gangway.module->begin_drain != NULL) {
		gangway.module->begin_drain(gangway.instance);
	}
}

void
stop() {
	if (gangway.module != NULL) {
		notifier().end();
		visitLogs().wanted.store(false, boost::memory_order_relaxed);
		gangway.module->stop(gangway.instance);
		gangway.module = NULL;
		gangway.instance = NULL;
		gangway.host.reset();
	}
}

} // anonymous namespace

} // namespace Gangway

// The linker's names: __real_X is Passenger's function, calls of X reach __wrap_X.
extern "C" {

void __real__ZN9Passenger16ApplicationPool24Pool10initializeEv(Passenger::ApplicationPool2::Pool *);
void __real__ZN9Passenger16ApplicationPool24Pool18prepareForShutdownEv(
	Passenger::ApplicationPool2::Pool *);
void __real__ZN9Passenger16ApplicationPool24Pool7destroyEv(Passenger::ApplicationPool2::Pool *);

void
__wrap__ZN9Passenger16ApplicationPool24Pool10initializeEv(Passenger::ApplicationPool2::Pool *pool) {
	__real__ZN9Passenger16ApplicationPool24Pool10initializeEv(pool);
	Gangway::startOrExplain(pool);
}

void
__wrap__ZN9Passenger16ApplicationPool24Pool18prepareForShutdownEv(
	Passenger::ApplicationPool2::Pool *pool)
{
	Gangway::beginDrain();
	__real__ZN9Passenger16ApplicationPool24Pool18prepareForShutdownEv(pool);
}

void
__wrap__ZN9Passenger16ApplicationPool24Pool7destroyEv(Passenger::ApplicationPool2::Pool *pool) {
	// Every session must be closed before the pool waits for its processes.
	Gangway::stop();
	__real__ZN9Passenger16ApplicationPool24Pool7destroyEv(pool);
}

void __real__ZN9Passenger4Core10Controller13preinitializeEv(Passenger::Core::Controller *);

void
__wrap__ZN9Passenger4Core10Controller13preinitializeEv(Passenger::Core::Controller *controller) {
	__real__ZN9Passenger4Core10Controller13preinitializeEv(controller);
	try {
		Gangway::controllers().add(controller);
	} catch (const std::exception &e) { // Passenger serves on without it.
		P_ERROR("[gangway] a controller's requests will not be told: " << e.what());
	}
}

void __real__ZN9Passenger16ApplicationPool24Pool8asyncGetERKNS0_7OptionsERKNS0_11GetCallbackEb(
	Passenger::ApplicationPool2::Pool *, const Passenger::ApplicationPool2::Options &,
	const Passenger::ApplicationPool2::GetCallback &, bool);

/** Called by controllers alone, on their threads: for each visitor's request. */
void
__wrap__ZN9Passenger16ApplicationPool24Pool8asyncGetERKNS0_7OptionsERKNS0_11GetCallbackEb(
	Passenger::ApplicationPool2::Pool *pool, const Passenger::ApplicationPool2::Options &options,
	const Passenger::ApplicationPool2::GetCallback &callback, bool lockNow)
{
	if (OXT_LIKELY(!Gangway::visitLogs().wanted.load(boost::memory_order_relaxed))) {
		__real__ZN9Passenger16ApplicationPool24Pool8asyncGetERKNS0_7OptionsERKNS0_11GetCallbackEb(
			pool, options, callback, lockNow);
	} else {
		__real__ZN9Passenger16ApplicationPool24Pool8asyncGetERKNS0_7OptionsERKNS0_11GetCallbackEb(
			pool, options, Gangway::Visit::watch(options, callback), lockNow);
	}
}

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
	void *argument)
{
	const sigset_t *mask = Gangway::PassengerMaskForThreads::get();
	sigset_t before;
	if (mask != NULL) {
		pthread_sigmask(SIG_SETMASK, mask, &before);
	}
	int result = __real_pthread_create(thread, attributes, function, argument);
	if (mask != NULL) {
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	return result;
}

} // extern "C"
