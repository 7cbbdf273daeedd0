"""Fixtures: real agents, shared as far as tests do each other no harm. README.md says how to run."""

import contextlib
import faulthandler
import os
import signal
import sys

import pytest

sys.dont_write_bytecode = True

from support import system  # noqa: E402
from support.passenger import RUNTIMES, Passenger, alone_with_generic_processes, python_groups  # noqa: E402
from support.raw_worker import PROTOCOLS, shared_raw  # noqa: E402

TEST_SECONDS = 100
RUN_SECONDS = 1200

# The files that take longest: begun first, they do not run on alone when all others have ended.
LONGEST = ("test_health_continuous.py", "test_restart_and_shutdown.py", "test_health.py", "test_websocket.py",
           "test_events.py")

# Nothing in these files can be seen by an unprivileged user; see README.md.
collect_ignore = [] if os.geteuid() == 0 else [
    "test_other_users.py", "test_authorization_matrix.py", "test_malformed_credentials.py", "test_strangers.py",
    "test_command_trust.py"]


def pytest_configure():
    # The last resort; TEST_SECONDS of one test come first.
    faulthandler.dump_traceback_later(RUN_SECONDS, exit=True)
    # So that agents and their directories go in order then, too.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended by SIGTERM", 2))


def pytest_unconfigure():
    faulthandler.cancel_dump_traceback_later()


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(autouse=True)
def alone(request):
    """No two tests of a generic application run at once, in whatever files."""
    parameters = request.node.callspec.params.values() if hasattr(request.node, "callspec") else ()
    with alone_with_generic_processes() if "generic" in parameters else contextlib.nullcontext():
        yield


@pytest.fixture(autouse=True)
def bounded(alone):
    """Ends a test that hangs as a failure, so that its agents are still ended in order."""
    def too_long(_signal, _frame):
        raise AssertionError(f"the test took more than {TEST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class Fleet:
    """Agents that many tests share, each started when it is first asked for."""

    def __init__(self):
        self.agents = {}

    def get(self, name, make):
        agent = self.agents.get(name)
        if agent is not None and not self.is_well(agent):
            self.agents.pop(name).destroy()
            agent = None
        if agent is None:
            agent = make()
            try:
                agent.start()
            except BaseException:
                agent.destroy()
                raise
            self.agents[name] = agent
        return agent.ready()

    @staticmethod
    def is_well(agent):
        """A test that broke its agent has failed; the next ones get a new one."""
        try:
            return (not agent.watchdog.has_ended() and agent.find_core() == agent.core_pid
                    and not system.crash_lines(agent.log))
        except AssertionError:
            return False

    def end(self):
        """All at once, since each takes its time."""
        failures = []
        for name, agent in self.agents.items():
            try:
                agent.begin_stop()
            except (AssertionError, OSError) as failure:
                failures.append(f"{name}: {failure}")
        for name, agent in self.agents.items():
            try:
                agent.stop()
            except AssertionError as failure:
                failures.append(f"{name}: {failure}")
            finally:
                agent.destroy()
        assert not failures, "\n".join(failures)


@pytest.fixture(scope="session")
def fleet():
    fleet = Fleet()
    yield fleet
    fleet.end()


@pytest.fixture(scope="module")
def module_fleet():
    """The same for the tests of one file: what it starts is ended with it."""
    fleet = Fleet()
    yield fleet
    fleet.end()


def shared(fleet, name, make):
    agent = fleet.get(name, make)
    yield agent
    agent.assert_unharmed()
    if agent.runtime == "generic":
        agent.ready()  # Passenger shall start none later, when the test is no longer alone.


@pytest.fixture(params=RUNTIMES)
def agent(request, fleet):
    """Three processes of each runtime in turn."""
    yield from shared(fleet, request.param, lambda: Passenger(request.param, workers=3, config={}))


@pytest.fixture
def ruby(fleet):
    yield from shared(fleet, "ruby", lambda: Passenger("ruby", workers=3, config={}))


@pytest.fixture
def python(fleet):
    yield from shared(fleet, "python", lambda: Passenger("python", workers=3, config={}))


@pytest.fixture
def nodejs(fleet):
    yield from shared(fleet, "nodejs", lambda: Passenger("nodejs", workers=3, config={}))


@pytest.fixture
def tight(fleet):
    """Limits as small as they may be, to run into them."""
    limits = {"max_connections": 4, "max_header_bytes": 1024, "client_timeout_seconds": 1}
    yield from shared(fleet, "tight", lambda: Passenger("python", workers=1, config=limits))


def two_groups_agent():
    return python_groups({"alpha": 2, "beta": 1}, config={}, options=["--log-level", "4"])


@pytest.fixture
def two_groups(fleet):
    """Two applications, alpha with two processes and beta with one, and a log at level info."""
    yield from shared(fleet, "two_groups", two_groups_agent)


@pytest.fixture(params=PROTOCOLS)
def raw(request, fleet):
    """One raw worker of each protocol in turn."""
    yield from shared_raw(fleet, request.param)


@pytest.fixture
def raw_http(fleet):
    yield from shared_raw(fleet, "http")


@pytest.fixture
def raw_session(fleet):
    yield from shared_raw(fleet, "session")


@pytest.fixture
def new_agent():
    """Starts an agent for this test alone: new_agent(runtime, …). Ended in order after it."""
    with contextlib.ExitStack() as agents:
        yield lambda *args, **options: agents.enter_context(Passenger(*args, **options))
