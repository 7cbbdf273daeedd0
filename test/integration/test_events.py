"""GET /v1/events: what happens to processes, in order, to those whom it concerns."""

import time

import pytest

from support import system
from support.passenger import Passenger, python_groups
from support.pool_xml import from_rfc3339
from support.waiting import wait_until
from support.watching import (
    Listener, all_healthy, fall_ill, get_well, health, health_lines, pids_of, plan, seconds_between, sick,
    wait_for_standing)


@pytest.fixture
def python(module_fleet):
    """No plan: a listener alone makes Gangway look."""
    agent = module_fleet.get("python", lambda: Passenger("python", workers=2, config={}))
    yield agent
    agent.assert_unharmed()


@pytest.fixture
def ejecting(new_agent):
    """A log at level notice; one that is unhealthy is ejected."""
    return new_agent("sick_wsgi", workers=3, options=["--log-level", "3"], config={
        "health": [plan(on_unhealthy="detach", min_healthy=2)]}).ready()


def two_groups_agent():
    return python_groups({"alpha": 2, "beta": 1}, config={"health": [plan(path="/")]})


@pytest.fixture
def watched_groups(module_fleet):
    """alpha with two processes and beta with one."""
    agent = module_fleet.get("two groups", two_groups_agent)
    wait_until(lambda: [row["state"] for row in health(agent)["processes"]] == ["healthy"] * 3,
               "all are healthy")
    yield agent
    agent.assert_unharmed()


def detach_one(agent, group=None):
    """Its row."""
    row = next(row for row in agent.admin.processes() if group in (None, row["group"]))
    agent.api("POST", "/pool/detach_process.json", {"pid": row["pid"]})
    return row


def first_group(agent):
    return agent.admin.get("/v1/groups").json["groups"][0]["name"]


# ---------------------------------------------------------------- the stream

def test_the_stream_begins_at_once_and_is_one_of_server_sent_events(python):
    with Listener(python) as listener:
        assert listener.response.getheader("Content-Type") == "text/event-stream"
        assert listener.response.getheader("Content-Length") is None
        assert listener.comments == 1 and listener.events == []


def test_a_silent_stream_shows_every_15_seconds_that_it_lives(python):
    begun = time.monotonic()
    with Listener(python) as listener:
        wait_until(lambda: listener.comments >= 2, "another comment comes", 30)
        assert 14 < time.monotonic() - begun < 25
        assert listener.events == []


@pytest.mark.parametrize("method, target, status, code", [
    ("HEAD", "/v1/events", 200, None), ("POST", "/v1/events", 405, "method_not_allowed"),
    ("GET", "/v1/events?group=x", 400, "bad_parameter"), ("GET", "/v1/events/x", 404, "not_found")])
def test_other_questions_are_answered_and_begin_no_stream(python, method, target, status, code):
    answer = python.admin.request(method, target)
    assert answer.status == status, answer
    if method == "HEAD":
        assert answer.headers["content-type"] == "text/event-stream"
    else:
        assert answer.code == code


def test_without_a_plan_a_listener_hears_of_processes_that_come_and_go(python):
    with Listener(python) as listener:
        before = pids_of(python)
        gone = detach_one(python)
        python.ready()
        event = listener.wait_for("process_detached", gone["pid"])
        assert event == {"at": event["at"], "pid": gone["pid"], "gupid": gone["gupid"],
                         "group": gone["group"]}
        (new,) = set(pids_of(python)) - set(before)
        event = listener.wait_for("process_attached", new)
        row = python.admin.process(new)
        assert event == {"at": event["at"], "pid": new, "gupid": row["gupid"], "group": row["group"]}
        assert abs(from_rfc3339(event["at"]).timestamp() - time.time()) < 60
        assert listener.names() == ["process_detached", "process_attached"]


def test_a_listener_hears_nothing_of_what_was_before_it_came(python):
    with Listener(python) as listener:
        detach_one(python)
        python.ready()
        listener.wait_for("process_attached")
    with Listener(python) as listener:
        gone = detach_one(python)
        python.ready()
        listener.wait_for("process_attached")
        assert listener.names() == ["process_detached", "process_attached"]
        assert listener.of("process_detached")[0]["pid"] == gone["pid"]


def test_a_restart_is_told_between_the_old_processes_and_the_new_ones(python):
    old = pids_of(python)
    name = first_group(python)
    with Listener(python) as listener:
        python.restart_group(name)
        python.ready()
        new = pids_of(python)
        assert not set(old) & set(new)
        for pid in new:
            listener.wait_for("process_attached", pid)
        restarted = listener.wait_for("group_restarted")
        assert restarted == {"at": restarted["at"], "group": name}
        assert sorted(data["pid"] for data in listener.of("process_detached")) == old
        names = listener.names()
        assert names.count("group_restarted") == 1
        assert names.index("group_restarted") < names.index("process_attached")
        assert names.index("process_detached") < names.index("group_restarted")


def test_every_listener_hears_everything_and_one_that_leaves_harms_no_other(python):
    with Listener(python) as first, Listener(python) as second:
        with Listener(python):
            pass
        gone = detach_one(python)
        python.ready()
        for listener in (first, second):
            listener.wait_for("process_detached", gone["pid"])
            listener.wait_for("process_attached")
        assert first.events == second.events


def test_listeners_that_come_and_go_leave_no_descriptor(python):
    def come_and_go(count):
        for _ in range(count):
            Listener(python).close()

    come_and_go(3)
    before = len(system.descriptors(python.core_pid))
    come_and_go(20)
    wait_until(lambda: len(system.descriptors(python.core_pid)) <= before,
               f"{before} descriptors: {system.descriptors(python.core_pid)}", 10)


def test_a_drain_ends_listeners(new_agent):
    agent = new_agent("python", workers=1, config={"drain_timeout_seconds": 20}).ready()
    listeners = [Listener(agent) for _ in range(3)]
    begun = time.monotonic()
    agent.terminate()
    for listener in listeners:
        wait_until(lambda: listener.ended, "its stream has ended", 10)
    wait_until(lambda: not system.is_alive(agent.core_pid), "the core has exited", 15)
    assert time.monotonic() - begun < 10, "the drain timeout is 20 s"
    for listener in listeners:
        listener.close()
    agent.wait_for_exit()
    assert system.crash_lines(agent.log) == []


# ---------------------------------------------------------------- what is told, and logged, in order

def test_an_illness_and_the_recovery_are_told_and_logged(new_agent):
    agent = new_agent("sick_wsgi", workers=3, options=["--log-level", "3"],
                      config={"health": [plan()]}).ready()
    patient, *_ = all_healthy(agent)
    row = agent.admin.process(patient)
    with Listener(agent) as listener:
        with sick(agent, patient, "500"):
            fallen = listener.wait_for("health_changed", patient)
        risen = listener.wait_for("health_changed", patient, count=2)
        assert listener.names() == ["health_changed"] * 2
    who = {"pid": patient, "gupid": row["gupid"], "group": row["group"]}
    assert fallen == {"at": fallen["at"], **who, "from": "healthy", "to": "unhealthy",
                      "reason": "bad_status", "detail": fallen["detail"]}
    assert "500" in fallen["detail"]
    assert risen == {"at": risen["at"], **who, "from": "unhealthy", "to": "healthy", "reason": None,
                     "detail": None}
    assert seconds_between(fallen["at"], risen["at"]) > 0
    about = f"health: process {patient} ({row['gupid']}) of {row['group']} "
    assert health_lines(agent) == [about + f"is unhealthy: bad_status: {fallen['detail']}",
                                   about + "is healthy again"]


def test_an_ejection_is_told_and_logged_in_order(ejecting):
    patient, *others = all_healthy(ejecting)
    row = ejecting.admin.process(patient)
    with Listener(ejecting) as listener:
        fall_ill(ejecting, patient, "500")
        listener.wait_for("process_detached", patient)
        (new,) = set(wait_until(lambda: pids_of(ejecting) if len(pids_of(ejecting)) == 3 else None,
                                "another has taken its place")) - set(others)
        listener.wait_for("health_changed", new)
        assert listener.names(patient) == ["health_changed", "ejected", "process_detached"]
        assert listener.names(new) == ["process_attached", "health_changed"]
        assert set(listener.names()) == set(listener.names(patient) + listener.names(new))
        ejected = listener.wait_for("ejected")
        assert ejected == {"at": ejected["at"], "pid": patient, "gupid": row["gupid"],
                           "group": row["group"], "reason": "bad_status", "dry_run": False}
        born = listener.wait_for("health_changed", new)
        assert (born["from"], born["to"], born["reason"]) == ("unknown", "healthy", None)
        times = [data["at"] for _, data in listener.events]
        assert times == sorted(times)
    lines = health_lines(ejecting)
    assert len(lines) == 2 and "is unhealthy: bad_status: " in lines[0], lines
    assert lines[1].endswith("is ejected: bad_status; Passenger replaces it")
    get_well(ejecting)


def test_a_refused_ejection_is_told_and_logged_once(new_agent):
    agent = new_agent("sick_wsgi", workers=2, options=["--log-level", "3"], config={
        "health": [plan(on_unhealthy="detach", min_healthy=2)]}).ready()
    patient, _ = all_healthy(agent)
    row = agent.admin.process(patient)
    with Listener(agent) as listener, sick(agent, patient, "500"):
        refused = listener.wait_for("ejection_refused", patient)
        assert refused == {"at": refused["at"], "pid": patient, "gupid": row["gupid"], "group": row["group"],
                           "reason": "floor", "detail": refused["detail"]}
        (group,) = health(agent)["groups"]
        wait_until(lambda: health(agent)["groups"][0]["ejections"]["refused"]
                   >= group["ejections"]["refused"] + 3, "refused again and again")
        assert listener.names() == ["health_changed", "ejection_refused"]
        lines = health_lines(agent)
        assert len(lines) == 2 and lines[1].endswith(f"is not ejected: floor: {refused['detail']}"), lines
        # After a recovery it is news again.
        get_well(agent)
        wait_for_standing(agent, patient, "healthy")
        fall_ill(agent, patient, "500")
        listener.wait_for("ejection_refused", patient, count=2)


def test_a_dry_run_is_logged_as_what_it_is(new_agent):
    agent = new_agent("sick_wsgi", workers=3, options=["--log-level", "3"], config={
        "health": [plan(on_unhealthy="detach", dry_run=True)]}).ready()
    patient, *_ = all_healthy(agent)
    with Listener(agent) as listener, sick(agent, patient, "500"):
        assert listener.wait_for("ejected", patient)["dry_run"] is True
        assert listener.names()[:2] == ["health_changed", "ejected"]
        assert "would be ejected, were this no dry run" in health_lines(agent)[1]


# ---------------------------------------------------------------- whom it concerns

def callers(agent):
    """{who: (its headers, the groups that it sees)}"""
    admin = agent.admin
    return {
        "full": (admin.as_caller(user="admin", user_password=agent.admin_password), {"alpha", "beta"}),
        "read_only": (admin.as_caller(user="ro_admin", user_password=agent.read_only_password),
                      {"alpha", "beta"}),
        "alpha": (admin.as_caller(password=agent.pool_xml().group("alpha").password), {"alpha"}),
        "beta": (admin.as_caller(password=agent.pool_xml().group("beta").password), {"beta"})}


def test_each_listener_hears_of_the_groups_that_it_sees_only(watched_groups):
    agent = watched_groups
    seen = {who: groups for who, (_, groups) in callers(agent).items()}
    listeners = {who: Listener(agent, caller.headers) for who, (caller, _) in callers(agent).items()}
    try:
        gone = {group: detach_one(agent, group)["pid"] for group in ("alpha", "beta")}
        agent.ready()
        for who, listener in listeners.items():
            for group in seen[who]:
                listener.wait_for("process_detached", gone[group])
        # Both were in the pool's lists by then, so that what is not told any more is not to be told.
        everything = listeners["full"]
        for group in ("alpha", "beta"):
            wait_until(lambda: [data for data in everything.of("health_changed")
                                if data["group"] == group], "the next one is healthy")
        count = len(everything.events)
        for who, listener in listeners.items():
            expected = [event for event in everything.events[:count] if event[1]["group"] in seen[who]]
            wait_until(lambda: listener.events[:len(expected)] == expected, f"the same for {who}")
            assert {data["group"] for _, data in listener.events} == seen[who]
    finally:
        for listener in listeners.values():
            listener.close()


def test_the_document_and_liveness_are_for_those_who_see_the_group(watched_groups):
    for who, (caller, seen) in callers(watched_groups).items():
        document = caller.get("/v1/health").json
        assert {row["name"] for row in document["groups"]} == seen, who
        assert {row["group"] for row in document["processes"]} == seen, who
        for group in ("alpha", "beta"):
            rows = caller.get(f"/v1/health?group={group}").json["processes"]
            assert bool(rows) == (group in seen)
            answer = caller.get(f"/v1/health/live?group={group}")
            if group in seen:
                assert answer.status == 200, answer
            else:
                absent = caller.get("/v1/health/live?group=none")
                assert (answer.status, answer.code) == (404, "health_not_configured"), answer
                assert answer.text.replace(group, "none") == absent.text
        assert {row["group"] for row in caller.processes() if row["health"]} == seen


def test_a_stranger_learns_nothing(watched_groups):
    admin = watched_groups.admin
    for caller in (admin.as_caller(password="wrong"), admin.as_caller(user="admin", user_password="wrong"),
                   admin.as_caller(user="ro_admin", user_password=watched_groups.admin_password)):
        for target in ("/v1/health", "/v1/health?group=alpha", "/v1/health?nothing=1", "/v1/events",
                       "/v1/events?x=1", "/v1/health/live?group=alpha", "/v1/health/live?group=none",
                       "/v1/health/live"):
            answer = caller.get(target)
            assert answer.status == 401 and answer.code == "unauthorized", (target, answer)
            assert "alpha" not in answer.text


def test_no_password_stands_in_what_is_told(watched_groups):
    secrets = [watched_groups.pool_xml().group(name).password for name in ("alpha", "beta")]
    with Listener(watched_groups) as listener:
        detach_one(watched_groups, "alpha")
        watched_groups.ready()
        listener.wait_for("health_changed")
        told = str(listener.events) + watched_groups.admin.get("/v1/health?group=alpha").text
    for secret in secrets:
        assert secret not in told
