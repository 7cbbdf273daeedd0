"""The machine's clock is set while processes are checked."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from support.health import check, document_of, verdict
from support.pool_xml import from_rfc3339
from support.settable_clock import SettableClock
from support.waiting import wait_until
from support.watching import (
    all_healthy, health_lines, plan, standings, tracks, wait_for_checks, wait_for_row, wait_for_standing)

HOUR = 3600
STEPS = [HOUR, -2 * HOUR, 365 * 24 * HOUR]
BUSY = ("busy", "busy")
TOO_LONG = ("unhealthy", "busy_too_long")
PATIENT = {"busy_limit_seconds": 60}


@pytest.fixture
def clock():
    with SettableClock() as clock:
        yield clock


@pytest.fixture
def new_agent_of(new_agent, clock):
    """An agent that has that clock; of one worker where it is not checked all the time."""
    def make(health=(), **options):
        return new_agent("sick_wsgi", workers=3 if health else 1, config={"health": list(health)},
                         environment=clock.environment, **options).ready()

    return make


@contextmanager
def a_visitor(agent):
    """One of the agent's processes serves it all the time; yields when that began, about."""
    with ThreadPoolExecutor(1) as visitors:
        answer = visitors.submit(lambda: agent.visit("/sleep?seconds=60", timeout=90))
        wait_until(lambda: serving(agent), "a process serves the visitor")
        try:
            yield time.monotonic()
            assert not answer.done(), "The process was to be busy all the time."
        finally:
            for pid in serving(agent):
                os.kill(pid, signal.SIGKILL)


def serving(agent):
    return [row["pid"] for row in agent.admin.processes() if row["sessions"]]


def found_busy(agent):
    """The process whose checks find it busy."""
    return wait_until(lambda: next((pid for pid, row in tracks(agent).items()
                                    if row["last"]["reason"] == "busy"), None), "one is busy")


def seconds_ahead(time_text):
    return from_rfc3339(time_text).timestamp() - time.time()


def on_demand(agent, limit):
    """The verdicts of both ways to ask for a check, and how far its clock is ahead."""
    (row,) = agent.admin.processes()
    single = check(agent, row["pid"], wait=0, busy_limit=limit)
    _, (one_of_all,) = document_of(agent, {"wait_seconds": 0, "busy_limit_seconds": limit})
    assert verdict(single) == verdict(one_of_all)
    return verdict(single), round(seconds_ahead(single["checked_at"]), -1)


def test_the_agent_sees_the_clock_that_was_set(new_agent_of, clock):
    agent = new_agent_of()
    for ahead in (0, HOUR, -HOUR):
        clock.set_ahead(ahead)
        assert round(seconds_ahead(check(agent, agent.admin.processes()[0]["pid"])["checked_at"]), -1) == ahead


@pytest.mark.parametrize("ahead", STEPS)
def test_a_check_on_demand_knows_how_long_a_process_is_busy(new_agent_of, clock, ahead):
    agent = new_agent_of()
    with a_visitor(agent) as begun:
        assert on_demand(agent, 60) == (BUSY, 0)
        clock.set_ahead(ahead)
        assert on_demand(agent, 60) == (BUSY, ahead)
        wait_until(lambda: time.monotonic() - begun > 1, "it is busy for longer than a second")
        assert on_demand(agent, 1) == (TOO_LONG, ahead)
        assert on_demand(agent, 60) == (BUSY, ahead)
        clock.set_ahead(0)
        assert on_demand(agent, 1) == (TOO_LONG, 0)
        assert on_demand(agent, 60) == (BUSY, 0)


def test_when_the_clock_was_set_is_known_though_nobody_asked_for_a_check_then(new_agent_of, clock):
    """Else the process might have been there for a second less, served by the clock of before."""
    agent = new_agent_of()
    clock.set_ahead(1)
    with a_visitor(agent) as begun:
        wait_until(lambda: time.monotonic() - begun > 3.5, "it is busy for longer than three seconds and a half")
        assert on_demand(agent, 3)[0] == TOO_LONG


@pytest.mark.parametrize("ahead", STEPS)
def test_continuous_checks_go_on_as_if_the_clock_had_not_been_set(new_agent_of, clock, ahead):
    agent = new_agent_of([plan(**PATIENT, on_unhealthy="detach", rise=1, fall=1)])
    pids = all_healthy(agent)
    since = {pid: row["since"] for pid, row in tracks(agent).items()}
    with a_visitor(agent):
        busy = found_busy(agent)
        for now_ahead in (ahead, 0):
            clock.set_ahead(now_ahead)
            before = time.monotonic()
            wait_for_checks(agent, pids, 4)
            assert time.monotonic() - before < 10, "Checks became due later."
            for pid, row in tracks(agent).items():
                assert round(seconds_ahead(row["last"]["checked_at"]), -1) == now_ahead
                # Of those that are free one is spared at a time.
                assert row["last"]["reason"] in (["busy"] if pid == busy else [None, "last_free_slot"]), row
                assert (row["failures"], row["since"]) == (0, since[pid]), row
        assert set(standings(agent).values()) == {"healthy"}
        assert [line for line in health_lines(agent) if "eject" in line or "unhealthy" in line] == []


@pytest.mark.parametrize("ahead", STEPS)
def test_a_process_that_is_busy_for_too_long_is_found_though_the_clock_was_set(new_agent_of, clock, ahead):
    agent = new_agent_of([plan(busy_limit_seconds=2, rise=1, fall=1)])
    all_healthy(agent)
    begun = time.monotonic()
    with a_visitor(agent):
        pid = found_busy(agent)
        clock.set_ahead(ahead)
        row = wait_for_standing(agent, pid, "unhealthy")
        assert row["last"]["reason"] == "busy_too_long"
        assert 1.9 < time.monotonic() - begun < 10
        wait_for_row(agent, pid, lambda row: row["failures"] > 1, "it fails again")
