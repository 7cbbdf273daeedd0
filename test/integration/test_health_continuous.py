"""Checks that run all the time: standings, their history, ejection, liveness, and what they cost."""

import json
import math
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import system
from support.command import gangway
from support.passenger import Application
from support.pool_xml import from_rfc3339
from support.raw_worker import scripted
from support.threads import quiet_for
from support.waiting import wait_until
from support.watching import (
    INTERVAL, SICK, Listener, all_healthy, fall_ill, get_well, group, health, health_lines, pids_of, plan,
    seconds_between, sick, standings, tracks, wait_for_checks, wait_for_failures, wait_for_row,
    wait_for_standing, watched_agent)

BAD_ANSWER = 1


def watched(fleet, runtime, **keys):
    """An agent that tests share; a process that a test leaves ill gets well."""
    name = f"watched {runtime} {json.dumps(keys)}"
    agent = fleet.get(name, lambda: watched_agent(runtime, **keys))
    yield agent
    get_well(agent)
    agent.assert_unharmed()


@pytest.fixture(params=SICK)
def agent(request, module_fleet):
    """Three processes of each runtime in turn, checked all the time."""
    yield from watched(module_fleet, request.param)


@pytest.fixture
def ruby(module_fleet):
    yield from watched(module_fleet, "sick_rack")


@pytest.fixture
def wsgi(module_fleet):
    yield from watched(module_fleet, "sick_wsgi")


@pytest.fixture
def node(module_fleet):
    yield from watched(module_fleet, "sick_node")


@pytest.fixture
def new_watched(new_agent):
    """An agent for this test alone, whose processes are checked all the time."""
    def make(runtime="sick_wsgi", workers=3, **keys):
        return new_agent(runtime, workers=workers, config={"health": [plan(**keys)]}).ready()

    return make


def be_born_ill(agent):
    """Processes that are still to be started answer with 500 until they get well."""
    script = agent.app_root / "passenger_wsgi.py"
    script.write_text("import os\nopen('sick.%d' % os.getpid(), 'w').write('500')\n" + script.read_text())


def judged(history):
    """Without the checks that found the process busy, with the one before, say: they are neither success nor failure."""
    return [check for check in history if check["state"] in ("healthy", "unhealthy")]


def failures_at_the_end(history):
    count = 0
    for check in reversed(history):
        if check["state"] != "unhealthy":
            break
        count += 1
    return count


# ---------------------------------------------------------------- standings

def test_every_process_becomes_healthy_and_stays_so(agent):
    pids = all_healthy(agent)
    assert pids == pids_of(agent)
    before = tracks(agent)
    wait_for_checks(agent, pids, 5)
    for pid, row in tracks(agent).items():
        assert row["state"] == "healthy" and row["since"] == before[pid]["since"]
        assert row["last"]["state"] == "healthy" and row["last"]["status"] == 200
        assert row["last"]["reason"] is None and row["last"]["pid"] == pid


@pytest.mark.parametrize("how, reason, status", [
    ("hang", "first_byte_timeout", None), ("stop", "stopped", None), ("500", "bad_status", 500),
    ("slow", "read_timeout", 200)])
def test_a_sick_process_alone_becomes_unhealthy_with_the_right_reason_and_healthy_again(
        agent, how, reason, status):
    falls_ill_alone(agent, how, reason, status)


@pytest.mark.parametrize("runtime", SICK)
def test_a_process_whose_answer_has_no_end_becomes_unhealthy_and_healthy_again(new_watched, runtime):
    """However long it takes for the first mebibyte."""
    falls_ill_alone(new_watched(runtime, timeout_seconds=30), "endless", "body_too_large", 200)


# An application on WSGI has no hold of its connection.
@pytest.mark.parametrize("agent", ["sick_rack", "sick_node"], indirect=True)
@pytest.mark.parametrize("how, reason", [("garbage", "not_http"), ("close", "reset")])
def test_a_process_that_spoils_its_connection_becomes_unhealthy_and_healthy_again(agent, how, reason):
    falls_ill_alone(agent, how, reason, None)


def falls_ill_alone(agent, how, reason, status):
    patient, *others = all_healthy(agent)
    with sick(agent, patient, how):
        row = wait_for_row(agent, patient, lambda row: row["state"] == row["last"]["state"] == "unhealthy", "ill")
        history = judged(row["history"])
        failures = failures_at_the_end(history)
        # Slow machines may have taken the row later than at once.
        assert failures >= 2 and seconds_between(history[-failures + 1]["checked_at"], row["since"]) > 0
        assert row["history"][-1]["reason"] == row["last"]["reason"] == reason, row
        assert row["last"]["status"] == status and row["last"]["detail"], row
        listed = agent.admin.process(patient)["health"]
        assert listed == {"state": "unhealthy", "since": row["since"], "reason": reason}
        for pid in others:
            assert agent.admin.process(pid)["health"]["state"] == "healthy"
        assert {standings(agent)[pid] for pid in others} == {"healthy"}
        counts = group(agent)
        assert (counts["total"], counts["healthy"], counts["unhealthy"], counts["unknown"]) == (3, 2, 1, 0)
    row = wait_for_standing(agent, patient, "healthy")
    assert [check["state"] for check in judged(row["history"])[-2:]] == ["healthy", "healthy"]
    assert agent.admin.process(patient)["health"] == {
        "state": "healthy", "since": row["since"], "reason": None}
    all_healthy(agent)


def test_a_process_that_dies_in_the_middle_of_a_check_is_reported_and_dropped(agent):
    patient, *_ = all_healthy(agent)
    with Listener(agent) as listener:
        fall_ill(agent, patient, "die")
        row = wait_for_failures(agent, patient, 1)
        history = judged(row["history"])
        assert history[-failures_at_the_end(history)]["reason"] == "reset", row
        wait_until(lambda: not system.is_alive(patient), "it has killed itself")
        # Passenger finds out when it next has something for it.
        agent.ready()
        listener.wait_for("process_detached", patient)
        assert patient not in tracks(agent)
    assert patient not in all_healthy(agent)


@pytest.mark.parametrize("protocol", ["http", "session"])
def test_a_raw_worker_that_talks_nonsense_or_hangs_up_is_unhealthy(new_agent, protocol):
    agent = new_agent("raw", workers=1, config={"health": [plan(fall=1, rise=1)]}, environment={
        "RAW_PROTOCOL": protocol, "RAW_CONCURRENCY": "0" if protocol == "http" else "1"}).ready()
    (pid,) = all_healthy(agent)
    for content, reason in ((b"nonsense\r\n\r\n", "not_http"), (b"HTTP/1.1 200 OK\r\nContent-", "reset"),
                            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "reset"),
                            (b"", "reset")):
        with scripted(agent, protocol) as raw:
            begun = tracks(agent)[pid]["failures"]
            while tracks(agent)[pid]["failures"] == begun:
                connection = raw.worker.connection()
                if content:
                    connection.head()
                connection.answer(content)
                wait_until(lambda: not connection.state["open"], "Gangway has closed it")
                wait_until(lambda: tracks(agent)[pid]["failures"] > begun
                           or raw.worker.connections()[-1]["number"] > raw.worker.taken, "the next")
            row = tracks(agent)[pid]
            assert reason in [check["reason"] for check in row["history"]], row
        wait_for_standing(agent, pid, "healthy")


def test_standings_change_at_the_fall_th_failure_and_the_rise_th_success(new_watched):
    agent = new_watched(fall=4, rise=3)
    patient, *_ = all_healthy(agent)
    with sick(agent, patient, "500"):
        ill = wait_for_standing(agent, patient, "unhealthy")
    history = judged(ill["history"])
    history = history[-failures_at_the_end(history):]
    assert seconds_between(history[3]["checked_at"], ill["since"]) >= 0, ill
    assert len(history) == 4 or seconds_between(ill["since"], history[4]["checked_at"]) >= 0, ill
    well = wait_for_standing(agent, patient, "healthy")
    history = judged(well["history"])
    states = [check["state"] for check in history]
    first = len(states) - states[::-1].index("unhealthy")
    assert seconds_between(history[first + 2]["checked_at"], well["since"]) >= 0, well
    assert len(states) == first + 3 or seconds_between(well["since"], history[first + 3]["checked_at"]) >= 0, well


def test_fewer_failures_than_fall_change_nothing(new_watched):
    agent = new_watched(fall=100)
    patient, *_ = all_healthy(agent)
    since = tracks(agent)[patient]["since"]
    with sick(agent, patient, "500"):
        row = wait_for_failures(agent, patient, 5)
        assert row["state"] == "healthy" and row["since"] == since and row["last"]["state"] == "unhealthy"
    row = wait_for_row(agent, patient, lambda row: row["last"]["state"] == "healthy", "a success")
    assert row["since"] == since


def test_a_process_is_unknown_until_its_first_success_which_makes_it_healthy_at_once(new_watched):
    agent = new_watched(fall=100, rise=100)
    old = all_healthy(agent)
    be_born_ill(agent)
    agent.restart_group(agent.admin.get("/v1/groups").json["groups"][0]["name"])
    agent.ready()
    new = pids_of(agent)[0]
    assert new not in old
    row = wait_for_row(agent, new, lambda row: row["failures"] >= 2, "it is checked")
    assert row["state"] == "unknown", row
    assert not any(check["state"] == "healthy" for check in row["history"]), row
    assert agent.admin.process(new)["health"]["state"] == "unknown"
    get_well(agent)
    row = wait_for_standing(agent, new, "healthy")
    first = next(check for check in row["history"] if check["state"] == "healthy")
    assert seconds_between(first["checked_at"], row["since"]) >= 0
    later = [check for check in row["history"] if check["checked_at"] > first["checked_at"]]
    assert all(seconds_between(row["since"], check["checked_at"]) > 0 for check in later)


def test_the_history_is_the_last_sixteen_checks_in_order_and_the_counts_go_on(agent):
    patient, *_ = all_healthy(agent)
    before = tracks(agent)[patient]
    with sick(agent, patient, "500"):
        wait_for_failures(agent, patient, 3)
    row = wait_for_row(agent, patient, lambda row: row["checks"] >= before["checks"] + 18, "18 checks")
    history = row["history"]
    assert len(history) == 16
    times = [check["checked_at"] for check in history]
    assert times == sorted(times) and len(set(times)) == 16
    last = row["last"]
    assert history[-1] == {key: last[key] for key in history[-1]}
    assert set(history[-1]) == {"state", "reason", "status", "latency_seconds", "checked_at"}
    assert row["checks"] > row["failures"] >= before["failures"] + 3
    all_healthy(agent)


def test_the_document_says_what_is_configured(new_agent):
    agent = new_agent("sick_wsgi", workers=1, config={"health": [
        plan(interval_seconds=0.3, rise=4, fall=5, path="/health?x=1", on_unhealthy="detach", dry_run=True)]})
    agent.ready()
    all_healthy(agent)
    row = group(agent)
    assert row == {"name": agent.admin.processes()[0]["group"], "path": "/health?x=1",
                   "interval_seconds": 0.3, "rise": 4, "fall": 5, "total": 1, "healthy": 1, "unhealthy": 0,
                   "unknown": 0, "ejections": {"on_unhealthy": "detach", "dry_run": True, "done": 0,
                                               "refused": 0, "last_at": None}}


def test_group_narrows_the_document_and_a_plan_of_a_name_goes_before_that_of_all(new_agent):
    agent = two_groups(new_agent, [plan(path="/all"), plan(group="alpha", path="/alpha")])
    wait_until(lambda: len(standings(agent)) == 3, "all are watched")
    everything = health(agent)
    assert {row["name"]: row["path"] for row in everything["groups"]} == {"alpha": "/alpha", "beta": "/all"}
    for name, count in (("alpha", 2), ("beta", 1), ("gamma", 0)):
        part = health(agent, f"?group={name}")
        assert [row["name"] for row in part["groups"]] == [name][:count]
        assert [row["group"] for row in part["processes"]] == [name] * count
    for query in ("?group=alpha&group=beta", "?nothing=1", "?minimum=1", "?group=%zz"):
        assert agent.admin.get("/v1/health" + query).code == "bad_parameter", query


def two_groups(new_agent, plans):
    apps = {}
    agent = new_agent(apps=apps, config={"health": plans}, max_pool_size=3)
    for name, workers in (("alpha", 2), ("beta", 1)):
        apps[name] = Application("python", agent.install_app("python", name), workers)
    return agent.ready()


def test_groups_without_a_plan_are_not_checked(new_agent):
    agent = two_groups(new_agent, [plan(group="alpha")])
    wait_until(lambda: list(standings(agent).values()) == ["healthy", "healthy"], "alpha is healthy")
    assert [row["name"] for row in health(agent)["groups"]] == ["alpha"]
    listed = {row["group"]: row["health"] for row in agent.admin.processes()}
    assert listed["beta"] is None and listed["alpha"]["state"] == "healthy"
    assert agent.admin.get("/v1/health/live?group=beta").code == "health_not_configured"


# ---------------------------------------------------------------- who is checked

def test_a_new_process_is_picked_up_and_one_that_is_gone_is_dropped(agent):
    gone, *others = all_healthy(agent)
    agent.api("POST", "/pool/detach_process.json", {"pid": gone})
    agent.ready()
    wait_until(lambda: gone not in tracks(agent), "it is dropped")
    pids = all_healthy(agent)
    (new,) = set(pids) - set(others)
    assert tracks(agent)[new]["failures"] == 0
    assert {row["gupid"] for row in health(agent)["processes"]} == {
        row["gupid"] for row in agent.admin.processes()}


def test_a_restarted_group_starts_anew(agent):
    patient, *_ = all_healthy(agent)
    with sick(agent, patient, "500"):
        wait_for_standing(agent, patient, "unhealthy")
        old = {row["gupid"] for row in health(agent)["processes"]}
        agent.restart_group(agent.admin.get("/v1/groups").json["groups"][0]["name"])
        agent.ready()
        wait_until(lambda: not old & {row["gupid"] for row in health(agent)["processes"]}, "the old are gone")
    all_healthy(agent)
    assert all(row["failures"] == 0 for row in health(agent)["processes"])
    assert group(agent)["unhealthy"] == 0


def test_failures_within_the_slow_start_of_a_new_process_do_not_count(new_watched):
    agent = new_watched(interval_seconds=0.25, fall=1, slow_start_seconds=2)
    all_healthy(agent)
    be_born_ill(agent)
    old = pids_of(agent)
    agent.api("POST", "/pool/detach_process.json", {"pid": old[0]})
    agent.ready()
    (new,) = set(pids_of(agent)) - set(old)
    row = wait_for_row(agent, new, lambda row: row["failures"] >= 2, "it fails")
    assert row["state"] == "unknown"
    begun = row["history"][0]["checked_at"]
    row = wait_for_standing(agent, new, "unhealthy")
    assert seconds_between(begun, row["since"]) >= 1.7, row
    # The first failure behind it does count.
    *without, _ = (check["checked_at"] for check in row["history"] if check["checked_at"] <= row["since"])
    assert all(seconds_between(begun, at) < 2.1 for at in without), row


# ---------------------------------------------------------------- when they are checked

def test_checks_are_spread_over_the_interval(new_watched):
    agent = new_watched(workers=6, interval_seconds=1, jitter_percent=0)
    pids = all_healthy(agent)
    wait_until(lambda: all(row["checks"] >= 3 for row in tracks(agent).values()), "three checks of each")
    turn = [from_rfc3339(row["last"]["checked_at"]).timestamp() % 1 for row in tracks(agent).values()]
    # Somewhere on the circle they are not: all in a tenth of it has a probability below 0.0001.
    x, y = (sum(f(2 * math.pi * place) for place in turn) / len(pids) for f in (math.cos, math.sin))
    assert math.hypot(x, y) < 0.98, turn
    # The first came as soon as the process was known.
    for row in tracks(agent).values():
        assert seconds_between(row["history"][1]["checked_at"], row["history"][2]["checked_at"]) > 0.5


def test_no_other_process_is_checked_late_while_one_hangs(new_watched):
    agent = new_watched(timeout_seconds=3, jitter_percent=0)
    patient, *others = all_healthy(agent)
    with sick(agent, patient, "hang"):
        before = tracks(agent)[patient]["checks"]
        wait_for_checks(agent, others, 10)
        assert tracks(agent)[patient]["checks"] <= before + 2, "each of its checks takes 3 s"
        for pid in others:
            times = [check["checked_at"] for check in tracks(agent)[pid]["history"]][-10:]
            assert max(map(seconds_between, times, times[1:])) < 2.5, (pid, times)


def test_short_intervals_are_kept(agent):
    pids = all_healthy(agent)
    wait_for_checks(agent, pids, 16)
    for pid, row in tracks(agent).items():
        times = [check["checked_at"] for check in row["history"]]
        between = sorted(map(seconds_between, times, times[1:]))
        assert 0.9 * INTERVAL <= between[len(between) // 2] < 1.5 * INTERVAL, (pid, times)


def test_a_hanging_check_does_not_pile_up_others_of_the_same_process(new_watched):
    agent = new_watched(timeout_seconds=1.5, jitter_percent=0)
    patient, *_ = all_healthy(agent)
    with sick(agent, patient, "hang"):
        row = wait_for_failures(agent, patient, 3)
        hanging = [check for check in row["history"] if check["state"] == "unhealthy"]
        meanwhile = [other for check in hanging for other in row["history"]
                     if 0 < seconds_between(check["checked_at"], other["checked_at"]) < 1.5]
        assert len(hanging) >= 3 and meanwhile == [], row["history"]
        assert agent.pool_xml().process(patient).number("sessions") <= 1


# ---------------------------------------------------------------- busy processes

def visiting(agent, target):
    """The answer to a visitor, still to come."""
    return ThreadPoolExecutor(1).submit(lambda: agent.visit(target, timeout=60))


def busy_pid(agent):
    """The process whose checks find it busy."""
    def found():
        return next((pid for pid, row in tracks(agent).items()
                     if row["last"] and row["last"]["reason"] in ("busy", "busy_too_long")), None)

    return wait_until(found, "a process is busy")


def test_a_busy_process_has_not_failed(wsgi):
    all_healthy(wsgi)
    before = {pid: row["failures"] for pid, row in tracks(wsgi).items()}
    visitor = visiting(wsgi, "/sleep?seconds=3")
    pid = busy_pid(wsgi)
    row = wait_for_row(
        wsgi, pid, lambda row: [check["reason"] for check in row["history"][-3:]] == ["busy"] * 3,
        "three checks while it is busy")
    assert row["state"] == "healthy" and row["failures"] == before[pid]
    assert row["last"]["state"] == "busy" and row["last"]["busy_since"] is not None
    assert visitor.result(30).status == 200
    row = wait_for_row(wsgi, pid, lambda row: row["last"]["state"] == "healthy", "it is checked again")
    assert row["failures"] == before[pid]


def test_a_process_that_is_busy_beyond_the_limit_has_failed(new_watched):
    agent = new_watched(busy_limit_seconds=1, rise=1)
    all_healthy(agent)
    visitor = visiting(agent, "/sleep?seconds=4")
    pid = busy_pid(agent)
    row = wait_for_standing(agent, pid, "unhealthy")
    assert row["last"]["reason"] == "busy_too_long"
    busy_since = row["last"]["busy_since"]
    assert seconds_between(busy_since, row["since"]) >= 1
    for check in row["history"]:
        if seconds_between(busy_since, check["checked_at"]) > 1.6:
            assert check["reason"] == "busy_too_long", row
        elif check["checked_at"] > busy_since and seconds_between(busy_since, check["checked_at"]) < 0.9:
            assert check["reason"] == "busy", row
    assert visitor.result(30).status == 200
    wait_for_standing(agent, pid, "healthy")


# ---------------------------------------------------------------- what is left over

def test_checks_leave_no_session_and_no_descriptor(agent):
    pids = all_healthy(agent)
    with sick(agent, pids[0], "hang"), sick(agent, pids[1], "slow"):
        wait_for_checks(agent, pids, 3)
    all_healthy(agent)
    agent.wait_for_no_sessions()
    before = len(system.descriptors(agent.core_pid))
    with sick(agent, pids[0], "hang"), sick(agent, pids[1], "slow"):
        wait_for_checks(agent, pids, 10)
    all_healthy(agent)
    agent.wait_for_no_sessions()
    # Passenger may keep a connection to each.
    wait_until(lambda: len(system.descriptors(agent.core_pid)) <= before + len(pids),
               f"{before} descriptors or little more: {system.descriptors(agent.core_pid)}", 10)


def test_the_agent_exits_at_once_while_checks_hang(new_agent):
    agent = new_agent("sick_node", workers=3, config={
        "health": [plan(timeout_seconds=60)], "drain_timeout_seconds": 20}).ready()
    pids = all_healthy(agent)
    for pid in pids:
        fall_ill(agent, pid, "hang")
    for pid in pids:
        agent.wait_for_sessions(pid, 1)
    begun = time.monotonic()
    agent.terminate()
    wait_until(lambda: not system.is_alive(agent.core_pid), "the core has exited", 30)
    assert time.monotonic() - begun < 10, "the checks' timeout is 60 s, the drain timeout 20 s"
    agent.wait_for_exit()
    assert system.crash_lines(agent.log) == []


@pytest.mark.parametrize("config", [{}, {"health": []}])
def test_without_a_plan_nothing_wakes_up_after_a_listener_has_come_and_gone(new_agent, config):
    agent = new_agent("sick_wsgi", workers=1, config={**config, "client_timeout_seconds": 1,
                                                      "idle_timeout_seconds": 1}).ready()
    assert health(agent)["groups"] == [] and health(agent)["processes"] == []
    assert agent.admin.processes()[0]["health"] is None
    assert live(agent, name=agent.admin.processes()[0]["group"]).code == "health_not_configured"
    wait_until(lambda: quiet_for(agent, 2.5), "nothing happens", 15)
    listener = Listener(agent)
    assert not quiet_for(agent, 2.5), "somebody listens: the pool is looked at"
    listener.close()
    wait_until(lambda: quiet_for(agent, 2.5), "nothing happens any more", 15)
    assert quiet_for(agent, 3)


# ---------------------------------------------------------------- liveness

def live(agent, minimum=None, name=None):
    name = name or group(agent)["name"]
    query = "?group=" + name.replace(" ", "%20") + (f"&minimum={minimum}" if minimum else "")
    return agent.admin.get("/v1/health/live" + query)


def test_a_group_is_live_as_long_as_the_minimum_is_healthy(agent):
    patient, *_ = all_healthy(agent)
    name = group(agent)["name"]
    answer = live(agent)
    assert answer.status == 200
    assert answer.json == {"group": name, "live": True, "healthy": 3, "minimum": 1, "total": 3}
    assert live(agent, 3).status == 200
    assert live(agent, 4).status == 503
    with sick(agent, patient, "500"):
        wait_for_standing(agent, patient, "unhealthy")
        assert live(agent, 2).status == 200
        answer = live(agent, 3)
        assert answer.status == 503
        assert answer.json == {"group": name, "live": False, "healthy": 2, "minimum": 3, "total": 3}
    wait_for_standing(agent, patient, "healthy")
    assert live(agent, 3).status == 200
    all_healthy(agent)


@pytest.mark.parametrize("query, code", [
    ("?group=none", "health_not_configured"), ("", "bad_parameter"), ("?group=x&minimum=0", "bad_parameter"),
    ("?group=x&minimum=-1", "bad_parameter"), ("?group=x&minimum=1.5", "bad_parameter"),
    ("?group=x&minimum=", "bad_parameter"), ("?group=x&minimum=1&minimum=2", "bad_parameter"),
    ("?group=x&path=/", "bad_parameter")])
def test_a_wrong_question_about_liveness_has_a_code(wsgi, query, code):
    answer = wsgi.admin.get("/v1/health/live" + query)
    assert answer.code == code and answer.status == {"bad_parameter": 400}.get(code, 404), answer


def processed_of_idle(agent):
    """{pid: requests}, or None while one has a request."""
    processes = agent.pool_xml().processes
    if any(process.number("sessions") for process in processes):
        return None
    return {process.pid: process.number("processed") for process in processes}


def test_neither_liveness_nor_the_document_touches_a_process(new_watched):
    agent = new_watched(interval_seconds=3600, workers=2)
    wait_until(lambda: [row["checks"] for row in tracks(agent).values()] == [1, 1], "both were checked when they came")
    before = wait_until(lambda: processed_of_idle(agent), "those checks have left them")
    for _ in range(50):
        live(agent)
        health(agent)
    assert processed_of_idle(agent) == before


# ---------------------------------------------------------------- ejection

def ejections(agent):
    return group(agent)["ejections"]


class Visitors:
    """So many visit one after another, until told to stop."""

    def __init__(self, agent, count):
        self.agent = agent
        self.going_on = True
        self.answered = 0
        self.failed = []
        self.threads = [threading.Thread(target=self.visit, daemon=True) for _ in range(count)]

    def visit(self):
        while self.going_on:
            try:
                answer = self.agent.visit("/", timeout=60)
            except Exception as error:  # told to the test
                self.failed.append(repr(error))
                continue
            if answer.status == 200:
                self.answered += 1
            else:
                self.failed.append(answer)
            time.sleep(0.02)  # 2 cores are enough then.

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.going_on = False
        for thread in self.threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self.threads), "a visitor was left hanging"


@pytest.mark.parametrize("runtime", ["sick_wsgi", "sick_rack"])
def test_a_hung_process_is_replaced_under_load_and_only_its_own_visitor_suffers(new_watched, runtime):
    """It serves one at a time, so it had one visitor; killing it sets him free."""
    agent = new_watched(runtime, route="pool", busy_limit_seconds=1, on_unhealthy="detach", kill_after_seconds=2)
    patient, *others = all_healthy(agent)
    with Visitors(agent, 4) as visitors:
        wait_until(lambda: visitors.answered > 20, "the visitors are served")
        os.kill(patient, signal.SIGSTOP)
        wait_until(lambda: patient not in pids_of(agent), "it is detached")
        wait_until(lambda: not system.is_alive(patient), "it is killed")
        wait_until(lambda: len(set(standings(agent)) - set(others)) == 1
                   and set(standings(agent).values()) == {"healthy"} and len(standings(agent)) == 3,
                   "another has taken its place")
        answered = visitors.answered
        wait_until(lambda: visitors.answered > answered + 20, "the visitors are served")
    assert len(visitors.failed) <= 1, visitors.failed
    assert ejections(agent)["done"] == 1
    assert set(others) <= set(pids_of(agent))


def test_a_process_of_many_visitors_at_once_is_replaced_while_the_others_serve_on(new_watched):
    agent = new_watched("sick_node", on_unhealthy="detach", kill_after_seconds=1)
    patient, *others = all_healthy(agent)
    with Visitors(agent, 4) as visitors:
        wait_until(lambda: visitors.answered > 20, "the visitors are served")
        fall_ill(agent, patient, "hang")  # Its health only.
        wait_until(lambda: patient not in pids_of(agent), "it is detached")
        wait_until(lambda: len(standings(agent)) == 3 and set(standings(agent).values()) == {"healthy"},
                   "another has taken its place")
        get_well(agent)
    assert visitors.failed == []
    assert set(others) <= set(pids_of(agent))
    wait_until(lambda: not system.is_alive(patient), "it has left")


def test_a_process_that_does_not_leave_is_killed_and_one_that_may_not_be_is_not(new_watched):
    for seconds, killed in ((1, True), (0, False)):
        agent = new_watched(busy_limit_seconds=0.5, on_unhealthy="detach", kill_after_seconds=seconds)
        all_healthy(agent)
        visitor = visiting(agent, "/sleep?seconds=8")
        pid = busy_pid(agent)
        wait_until(lambda: pid not in pids_of(agent), "it is detached")
        if killed:
            wait_until(lambda: not system.is_alive(pid), "it is killed", 10)
        assert (visitor.result(30).status == 200) == (not killed)
        lines = [line for line in health_lines(agent) if f"process {pid} " in line]
        assert any("was ejected and did not leave in time: killed" in line for line in lines) == killed


def test_a_dry_run_says_what_it_would_do_and_does_not(new_watched):
    agent = new_watched(on_unhealthy="detach", dry_run=True)
    patient, *_ = all_healthy(agent)
    gupid = agent.admin.process(patient)["gupid"]
    with Listener(agent) as listener, sick(agent, patient, "500"):
        event = listener.wait_for("ejected", patient)
        assert event["dry_run"] is True and event["reason"] == "bad_status"
        wait_for_failures(agent, patient, 5)
        assert patient in pids_of(agent) and system.is_alive(patient)
        assert listener.of("process_detached") == []
    assert ejections(agent)["done"] == 1 and ejections(agent)["last_at"] is not None
    lines = [line for line in health_lines(agent) if gupid in line]
    assert not any("is ejected" in line for line in lines), lines


def test_none_is_ejected_while_the_whole_group_fails(new_watched):
    """Not even the first one to fall, when the others are healthy still but have begun to fail."""
    agent = new_watched(fall=4, on_unhealthy="detach")
    pids = all_healthy(agent)
    with Listener(agent) as listener:
        for pid in pids:
            fall_ill(agent, pid, "500")
        wait_until(lambda: set(standings(agent).values()) == {"unhealthy"}, "all are unhealthy")
        refused = ejections(agent)["refused"]
        wait_until(lambda: ejections(agent)["refused"] >= refused + 6, "refused again and again")
        assert pids_of(agent) == pids and ejections(agent)["done"] == 0
        assert live(agent).status == 503
        for pid in pids:
            assert listener.wait_for("ejection_refused", pid)["reason"] == "whole_group"
        assert len(listener.of("ejection_refused")) == 3, "once each, however often it is refused"
        assert listener.of("ejected") == []
        get_well(agent)
        all_healthy(agent)
    assert pids_of(agent) == pids


def test_none_is_ejected_below_min_healthy(new_watched):
    agent = new_watched(on_unhealthy="detach", min_healthy=3)
    patient, *_ = pids = all_healthy(agent)
    with Listener(agent) as listener, sick(agent, patient, "500"):
        event = listener.wait_for("ejection_refused", patient)
        assert event["reason"] == "floor" and "min_healthy" in event["detail"]
        wait_until(lambda: ejections(agent)["refused"] >= 5, "refused again and again")
        assert pids_of(agent) == pids and len(listener.of("ejection_refused")) == 1
    assert ejections(agent)["done"] == 0


def test_after_the_share_is_used_up_the_next_one_waits_for_the_cool_down(new_watched):
    agent = new_watched(workers=4, on_unhealthy="detach", cool_down_seconds=4)
    first, second, *others = all_healthy(agent)
    with Listener(agent) as listener:
        for pid in (first, second):
            fall_ill(agent, pid, "500")
        refused = listener.wait_for("ejection_refused")
        assert refused["reason"] == "share" and refused["pid"] in (first, second)
        listener.wait_for("ejected", count=2)
        one, two = listener.of("ejected")
        assert {one["pid"], two["pid"]} == {first, second} and two["pid"] == refused["pid"]
        assert seconds_between(one["at"], two["at"]) >= 4
    wait_until(lambda: set(standings(agent).values()) == {"healthy"} and len(standings(agent)) == 4,
               "others have taken their places")
    assert set(others) <= set(pids_of(agent)) and not {first, second} & set(pids_of(agent))
    assert ejections(agent)["done"] == 2


def test_without_on_unhealthy_none_is_ejected(ruby):
    patient, *_ = pids = all_healthy(ruby)
    with Listener(ruby) as listener, sick(ruby, patient, "500"):
        wait_for_standing(ruby, patient, "unhealthy")
        wait_for_failures(ruby, patient, 5)
        assert listener.names(patient) == ["health_changed"]
    assert pids_of(ruby) == pids
    assert ejections(ruby) == {"on_unhealthy": "none", "dry_run": False, "done": 0, "refused": 0,
                               "last_at": None}
    all_healthy(ruby)


# ---------------------------------------------------------------- configuration

@pytest.mark.parametrize("value, key", [
    ({}, "health"), ("x", "health"), ([1], "health[0]"), ([{}], "health[0].group"),
    ([plan(group="")], "health[0].group"), ([plan(group=1)], "health[0].group"),
    ([plan(), plan()], "health[1].group"), ([plan(intervall_seconds=1)], "health[0].intervall_seconds"),
    ([plan(interval_seconds=0)], "health[0].interval_seconds"),
    ([plan(interval_seconds=86401)], "health[0].interval_seconds"),
    ([plan(interval_seconds="1")], "health[0].interval_seconds"),
    ([plan(timeout_seconds=0)], "health[0].timeout_seconds"),
    ([plan(wait_seconds=-1)], "health[0].wait_seconds"),
    ([plan(busy_limit_seconds=True)], "health[0].busy_limit_seconds"),
    ([plan(jitter_percent=101)], "health[0].jitter_percent"), ([plan(rise=0)], "health[0].rise"),
    ([plan(fall=101)], "health[0].fall"), ([plan(fall=1.5)], "health[0].fall"),
    ([plan(slow_start_seconds=-1)], "health[0].slow_start_seconds"),
    ([plan(path="health")], "health[0].path"), ([plan(path="/a b")], "health[0].path"),
    ([plan(method="POST")], "health[0].method"), ([plan(route="best")], "health[0].route"),
    ([plan(headers=[])], "health[0].headers"), ([plan(headers={"Content-Length": "1"})], "health[0].headers"),
    ([plan(headers={"A": 1})], "health[0].headers.A"), ([plan(expect=[])], "health[0].expect"),
    ([plan(expect={"status": "abc"})], "health[0].expect.status"),
    ([plan(expect={"regex": "("})], "health[0].expect.regex"),
    ([plan(expect={"json_pointer": "a"})], "health[0].expect.json_pointer"),
    ([plan(expect={"json_value": 1})], "health[0].expect.json_value"),
    ([plan(expect={"body": ""})], "health[0].expect.body"), ([plan(expect={"x": 1})], "health[0].expect.x"),
    ([plan(method="HEAD", expect={"body": "x"})], "health[0].method"),
    ([plan(on_unhealthy="kill")], "health[0].on_unhealthy"), ([plan(dry_run="no")], "health[0].dry_run"),
    ([plan(kill_after_seconds=-1)], "health[0].kill_after_seconds"),
    ([plan(max_ejection_percent=0)], "health[0].max_ejection_percent"),
    ([plan(min_healthy=-1)], "health[0].min_healthy"),
    ([plan(cool_down_seconds="x")], "health[0].cool_down_seconds")])
def test_a_bad_plan_is_named_in_one_line_and_passenger_serves_on(new_agent, tmp_path, value, key):
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"health": value}))
    checked = gangway(None, "check-config", path)
    told = (checked.text + checked.errors).strip()
    assert checked.code == BAD_ANSWER and "\n" not in told and f'"{key}"' in told, checked
    agent = new_agent("python", config={"health": value})
    assert agent.visit("/").status == 200
    assert not agent.socket_path.is_socket()
    (line,) = [line for line in agent.log.splitlines() if "[gangway]" in line]
    assert told.split(": ", 1)[1] in line and f'"{key}"' in line
    agent.assert_unharmed()


def test_a_plan_with_every_key_is_taken(new_agent, tmp_path):
    every = {
        "group": "*", "path": "/health", "method": "GET", "headers": {"X-Check": "1"}, "interval_seconds": 0.2,
        "jitter_percent": 10, "timeout_seconds": 2, "wait_seconds": 0, "route": "auto",
        "busy_limit_seconds": 60, "rise": 2, "fall": 3, "slow_start_seconds": 0, "expect": {
            "status": "200-299,304", "body": "well", "regex": "^w"}, "on_unhealthy": "none",
        "kill_after_seconds": 30, "max_ejection_percent": 10, "min_healthy": 1, "cool_down_seconds": 60,
        "dry_run": False}
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"health": [every]}))
    assert gangway(None, "check-config", path).code == 0
    agent = new_agent("sick_wsgi", workers=1, config={"health": [every]}).ready()
    all_healthy(agent)
