"""Fixtures: real agents, shared as far as tests do each other no harm. README.md says how to run."""

import contextlib
import faulthandler
import os
import signal
import sys

import pytest

sys.dont_write_bytecode = True

from support import system  # noqa: E402
from support.passenger import RUNTIMES, Application, Passenger  # noqa: E402
from support.raw_worker import PROTOCOLS, shared_raw  # noqa: E402

TEST_SECONDS = 100
RUN_SECONDS = 1200

# Nothing in these files can be seen by an unprivileged user; see README.md.
collect_ignore = [] if os.geteuid() == 0 else ["test_other_users.py"]


def pytest_configure():
    # The last resort; TEST_SECONDS of one test come first.
    faulthandler.dump_traceback_later(RUN_SECONDS, exit=True)
    # So that agents and their directories go in order then, too.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended by SIGTERM", 2))


def pytest_unconfigure():
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def bounded():
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
            return (agent.watchdog.poll() is None and agent.find_core() == agent.core_pid
                    and not system.crash_lines(agent.log))
        except AssertionError:
            return False

    def end(self):
        failures = []
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
    agent = Passenger(apps={}, config={}, options=["--log-level", "4"])
    for name, workers in (("alpha", 2), ("beta", 1)):
        agent.apps[name] = Application("python", agent.install_app("python", name), workers)
    agent.max_pool_size = 3
    return agent


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
