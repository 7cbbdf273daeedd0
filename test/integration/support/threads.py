"""The threads of the module in the core, and whether they do anything."""

import time

from support import system


def gangway_threads(agent):
    threads = system.threads_named(agent.core_pid, "gangway")
    assert threads, "no thread of the core is named gangway"
    # A thread that Passenger starts from ours inherits the name; ours came first. Its number need not be
    # the smallest: they begin anew at pid_max.
    own = min(threads, key=lambda thread: system.start_time(agent.core_pid, thread))
    return {own: threads[own]}


def switches(agent):
    return {thread: system.context_switches(status)
            for thread, status in gangway_threads(agent).items()}


def quiet_for(agent, seconds):
    """Nothing happened for that long: a condition over time, so here the test does sleep."""
    before = switches(agent)
    time.sleep(seconds)
    return switches(agent) == before
