"""Checks of many processes at once, on demand: whom they reach, how their results come, and how they end."""

import os
import signal
import time
from contextlib import ExitStack

import pytest

from support.client import forwarded
from support.health import Stream, check, document_of, post, summed_up, verdict
from support.raw_worker import raw_agent, scripted, shared_raw, statistics
from support.system import stopped
from support.waiting import wait_until
from support.watching import sick

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
HEALTHY = ("healthy", None)


def pids_of(results):
    return [result["pid"] for result in results]


def verdicts(results):
    return {result["pid"]: verdict(result) for result in results}


@pytest.fixture
def two_workers(fleet):
    """Of two requests at once each, so that a check of one leaves the other to a second check, in the
    pool's order."""
    agent = fleet.get("raw two at once", lambda: raw_agent("session", workers=2, concurrency=2, config={}))
    order = [row["pid"] for row in agent.admin.processes()]
    with ExitStack() as workers:
        raws = [workers.enter_context(scripted(agent, "session", index)) for index in range(2)]
        yield sorted(raws, key=lambda raw: order.index(raw.pid))
    agent.assert_unharmed()


def next_request(raw):
    connection = raw.worker.connection()
    connection.head()
    return connection


# ---------------------------------------------------------------- whom they reach

def test_all_processes_are_checked_and_listed_in_the_pool_s_order(agent):
    rows = agent.admin.processes()
    for body in (None, {}, {"path": "/x"}):
        summary, results = document_of(agent, body)
        assert pids_of(results) == [row["pid"] for row in rows]
        assert [result["gupid"] for result in results] == [row["gupid"] for row in rows]
        assert set(verdicts(results).values()) == {HEALTHY}
        assert summary["healthy"] == 3 and not summary["deadline_reached"]
        assert 0 < summary["duration_seconds"] < 5
    agent.wait_for_no_sessions()


def test_each_process_is_asked_once(python):
    before = {row["pid"]: row["processed"] for row in python.admin.processes()}
    document_of(python, {})
    assert {row["pid"]: row["processed"] for row in python.admin.processes()} == {
        pid: count + 1 for pid, count in before.items()}


def test_a_group_is_checked_by_its_name(two_groups):
    by_group = {group.name: [process.pid for process in group.processes]
                for group in two_groups.pool_xml().groups}
    assert sum(map(len, by_group.values())) == 3
    for name, pids in by_group.items():
        _, results = document_of(two_groups, {"group": name})
        assert pids_of(results) == pids and {result["group"] for result in results} == {name}
    _, results = document_of(two_groups, {})
    assert sorted(pids_of(results)) == sorted(sum(by_group.values(), []))


def test_processes_are_checked_by_pid_and_gupid_each_once(python):
    rows = python.admin.processes()
    named = [rows[2]["gupid"], str(rows[0]["pid"]), rows[0]["gupid"], rows[0]["pid"], rows[0]["pid"]]
    _, results = document_of(python, {"processes": named})
    assert pids_of(results) == [rows[0]["pid"], rows[2]["pid"]]


@pytest.mark.parametrize("others", [[], ["first"]])
def test_a_process_that_does_not_exist_is_not_found_and_nobody_is_checked(python, others):
    before = [row["processed"] for row in python.admin.processes()]
    first = python.admin.processes()[0]["gupid"]
    named = [first if other == "first" else other for other in others] + ["999999999"]
    answer = post(python, {"processes": named})
    assert (answer.status, answer.code) == (404, "process_not_found"), answer
    assert [row["processed"] for row in python.admin.processes()] == before


@pytest.mark.parametrize("name", ["no-such", ""])
def test_a_group_that_does_not_exist_is_not_found(python, name):
    answer = post(python, {"group": name})
    assert (answer.status, answer.code) == (404, "group_not_found"), answer


def test_a_detached_process_is_checked_only_where_it_is_named(ruby):
    row = ruby.admin.processes()[0]
    connection = ruby.admin.connection()
    try:
        connection.request("GET", forwarded(row["pid"], "/sleep?seconds=2"), headers={"X-Gangway-Route": "pool"})
        ruby.wait_for_sessions(row["pid"], 1)
        ruby.api("POST", "/pool/detach_process.json", {"pid": row["pid"]})
        _, results = document_of(ruby, {})
        assert row["pid"] not in pids_of(results)
        _, results = document_of(ruby, {"processes": [row["gupid"]]})
        assert verdicts(results) == {row["pid"]: ("skipped", "detached")}
    finally:
        connection.close()


# ---------------------------------------------------------------- what they ask

def test_every_key_of_a_check_reaches_each_process(agent):
    summary, results = document_of(agent, {
        "path": "/env", "method": "GET", "headers": {"X-Note": "a b", "User-Agent": "Mine/1", "Host": "shop.example"},
        "timeout_seconds": 5, "wait_seconds": 5, "route": "pool", "busy_limit_seconds": 60, "concurrency": 2,
        "deadline_seconds": 20,
        "expect": {"status": "200", "body": "Mine/1", "regex": "shop[.]example", "json_pointer": "/headers/x-note",
                   "json_value": "a b"}})
    assert summary["healthy"] == 3, results


@pytest.mark.parametrize("expect, healthy", [
    ({"json_pointer": "/pid", "json_value": "own"}, 1), ({"json_pointer": "/pid", "json_value": "1"}, 0),
    ({"json_pointer": "/pid"}, 3), ({"json_pointer": "/headers/x-none"}, 0), ({"regex": '"pid": ?[0-9]+'}, 3),
    ({"status": "300-399"}, 0)])
def test_each_process_is_judged_for_itself(python, expect, healthy):
    pid = python.admin.processes()[1]["pid"]
    if expect.get("json_value") == "own":
        expect = {**expect, "json_value": pid}
    summary, results = document_of(python, {"path": "/env", "expect": expect})
    assert (summary["healthy"], summary["unhealthy"]) == (healthy, 3 - healthy), results
    if healthy == 1:
        assert verdicts(results)[pid] == HEALTHY


def test_one_round_tells_healthy_unhealthy_busy_and_skipped_apart(new_agent):
    agent = new_agent("python", workers=5, config={}).ready()
    hung, busy, leaving, *well = [row["pid"] for row in agent.admin.processes()]
    gupids = [row["gupid"] for row in agent.admin.processes()]
    connection = agent.admin.connection()
    try:
        connection.request("GET", forwarded(busy, "/sleep?seconds=5"))
        agent.wait_for_sessions(busy, 1)
        with stopped(hung), stopped(leaving):
            agent.api("POST", "/pool/detach_process.json", {"pid": leaving})
            wait_until(lambda: agent.admin.process(leaving)["state"] == "shutting_down", "it is told to leave")
            summary, results = document_of(agent, {"processes": gupids, "timeout_seconds": 1.5, "wait_seconds": 2})
            assert verdicts(results) == {
                hung: ("unhealthy", "stopped"), busy: ("busy", "busy"),
                leaving: ("skipped", "shutting_down"), well[0]: HEALTHY, well[1]: HEALTHY}
            assert summary["healthy"] == 2 and summary["total"] == 5
    finally:
        connection.close()


# ---------------------------------------------------------------- line by line

def test_lines_come_as_results_do_and_end_with_the_summary(two_workers):
    slow, fast = two_workers
    with Stream(slow.agent) as stream:
        waits = next_request(slow)
        next_request(fast).answer(OK)
        result = stream.result()
        assert result["pid"] == fast.pid and verdict(result) == HEALTHY
        assert waits.state["end"] is None, "the slow one is still waited for"
        waits.answer(OK)
        rest, summary = stream.rest()
        assert pids_of(rest) == [slow.pid]
        summed_up(summary, [result, *rest])
        assert summary["healthy"] == 2


def test_lines_of_an_empty_round_are_the_summary_alone(new_agent):
    agent = new_agent("python", workers=0, config={}, max_pool_size=1)
    with Stream(agent) as stream:
        results, summary = stream.rest()
    assert results == [] and summary["total"] == 0
    summary, results = document_of(agent, {})
    assert results == [] and summary["total"] == 0


def test_the_connection_takes_another_request_behind_the_lines(python):
    connection = python.admin.connection()
    try:
        for _ in range(3):
            connection.request("POST", "/v1/health", b"{}", {"Accept": "application/x-ndjson, application/json"})
            lines = connection.getresponse().read().splitlines()
            assert len(lines) == 4 and b'"summary"' in lines[-1]
    finally:
        connection.close()


def test_lines_are_for_those_who_accept_them(python):
    for accept in ("application/json", "*/*", "text/html"):
        document_of(python, {}, {"Accept": accept})


@pytest.mark.parametrize("runtime", ["sick_wsgi", "sick_rack", "sick_node"])
def test_one_hung_process_delays_no_other(new_agent, runtime):
    agent = new_agent(runtime, workers=3, config={}).ready()
    hung, *others = [row["pid"] for row in agent.admin.processes()]
    with sick(agent, hung, "hang"), Stream(agent, {"path": "/health", "timeout_seconds": 1.5}) as stream:
        results = [stream.result(), stream.result()]
        assert verdicts(results) == {pid: HEALTHY for pid in others}
        rest, _ = stream.rest()
        assert verdicts(rest) == {hung: ("unhealthy", "first_byte_timeout")}
    agent.wait_for_no_sessions()


def test_a_hung_process_leaves_the_last_free_slot_of_its_group_to_visitors(new_agent):
    """In a group of two of one request at once each, the other is checked once the one was."""
    agent = new_agent("sick_wsgi", workers=2, config={}).ready()
    hung, free = [row["pid"] for row in agent.admin.processes()]
    with sick(agent, hung, "hang"):
        for wait in (0, 20):
            _, results = document_of(agent, {"path": "/health", "timeout_seconds": 1.5, "wait_seconds": wait})
            agent.wait_for_no_sessions()
            assert verdicts(results) == {hung: ("unhealthy", "first_byte_timeout"), free: HEALTHY}
        with Stream(agent, {"path": "/health", "processes": [hung], "timeout_seconds": 60, "deadline_seconds": 60}):
            agent.wait_for_sessions(hung, 1)
            assert verdict(check(agent, free, wait=0.2)) == ("busy", "last_free_slot")
            assert agent.visit("/").fields["pid"] == str(free)


def test_so_many_are_asked_at_once_as_was_said(two_workers):
    first, second = two_workers
    with Stream(first.agent, {"concurrency": 1}) as stream:
        held = next_request(first)
        assert first.client().is_usable(), "the agent has had its turn"
        assert second.worker.connections() == []
        held.answer(OK)
        assert stream.result()["pid"] == first.pid
        next_request(second).answer(OK)
        rest, _ = stream.rest()
        assert pids_of(rest) == [second.pid]


def test_a_round_reserves_no_more_checks_than_it_has_processes(two_workers):
    """There are 256 at once for all; one caller who allows as many does not keep them from others."""
    held, other = two_workers
    with Stream(held.agent, {"concurrency": 256, "processes": [held.pid], "timeout_seconds": 30}) as stream:
        connection = next_request(held)
        with Stream(held.agent, {"processes": [other.pid]}) as second:
            next_request(other).answer(OK)
            results, _ = second.rest()
            assert verdicts(results) == {other.pid: HEALTHY}
        connection.answer(OK)
        stream.rest()


# ---------------------------------------------------------------- how they end

@pytest.mark.parametrize("runtime", ["sick_wsgi", "sick_rack", "sick_node"])
def test_the_deadline_ends_all_and_blames_no_process(new_agent, runtime):
    """The one that was not given its own timeout is not known to be unhealthy."""
    agent = new_agent(runtime, workers=3, config={}).ready()
    hung = agent.admin.processes()[0]["pid"]
    begun = time.monotonic()
    with sick(agent, hung, "hang"):
        summary, results = document_of(
            agent, {"path": "/health", "concurrency": 1, "deadline_seconds": 0.5, "timeout_seconds": 30})
        assert 0.5 <= time.monotonic() - begun < 20, "the timeout is 30 s"
    assert summary["deadline_reached"] and summary["total"] == 3, summary
    assert set(verdicts(results).values()) == {("skipped", "deadline")}, results
    assert 0.5 <= summary["duration_seconds"] < 20
    agent.wait_for_no_sessions()


def test_what_ended_before_the_deadline_counts(new_agent):
    agent = new_agent("sick_wsgi", workers=3, config={}).ready()
    hung, *others = [row["pid"] for row in agent.admin.processes()]
    with sick(agent, hung, "hang"):
        summary, results = document_of(agent, {"path": "/health", "deadline_seconds": 2, "timeout_seconds": 30})
    assert verdicts(results) == {hung: ("skipped", "deadline"), **{pid: HEALTHY for pid in others}}
    assert summary["deadline_reached"]


def test_a_busy_process_is_busy_at_the_deadline_too(python):
    pid = python.admin.processes()[0]["pid"]
    connection = python.admin.connection()
    try:
        connection.request("GET", forwarded(pid, "/sleep?seconds=2"))
        python.wait_for_sessions(pid, 1)
        _, results = document_of(python, {"deadline_seconds": 0.4, "wait_seconds": 30})
        assert verdicts(results)[pid] == ("busy", "busy")
    finally:
        connection.close()


@pytest.mark.parametrize("accept", ["application/x-ndjson", "application/json"])
def test_a_client_that_hangs_up_ends_its_checks_at_once(two_workers, accept):
    first, second = two_workers
    client = first.client()
    body = b'{"concurrency": 1, "timeout_seconds": 60}'
    client.send(b"POST /v1/health HTTP/1.1\r\nHost: x\r\nAccept: %s\r\nContent-Length: %d\r\n\r\n%s"
                % (accept.encode(), len(body), body))
    connection = next_request(first)
    begun = time.monotonic()
    client.close()
    connection.is_closed()
    first.agent.wait_for_no_sessions()
    assert time.monotonic() - begun < 15
    second.nothing_reached_the_worker()


def test_a_client_that_hangs_up_ends_the_check_of_one_process_at_once(raw):
    client = raw.client()
    client.send(b"GET /v1/processes/%d/health?timeout=60 HTTP/1.1\r\nHost: x\r\n\r\n" % raw.pid)
    connection = next_request(raw)
    begun = time.monotonic()
    client.close()
    connection.is_closed()
    raw.agent.wait_for_no_sessions()
    assert time.monotonic() - begun < 15


def test_a_process_that_leaves_before_its_turn_is_gone(python):
    first, second, third = python.admin.processes()
    with Stream(python, {"concurrency": 1, "path": "/sleep?seconds=1", "wait_seconds": 0}) as stream:
        python.wait_for_sessions(first["pid"], 1)
        os.kill(second["pid"], signal.SIGKILL)
        python.api("POST", "/pool/detach_process.json", {"pid": second["pid"]})
        wait_until(lambda: python.admin.get(f"/v1/processes/{second['gupid']}").status == 404,
                   "Passenger knows it no more", 0.8)
        results, summary = stream.rest()
    assert verdicts(results) == {first["pid"]: HEALTHY, second["pid"]: ("unhealthy", "gone"),
                                 third["pid"]: HEALTHY}
    assert summary["unhealthy"] == 1


def test_a_group_that_is_restarted_meanwhile_has_one_result_for_each_process(python):
    before = [row["gupid"] for row in python.admin.processes()]
    with Stream(python, {"concurrency": 1, "path": "/sleep?seconds=0.5", "wait_seconds": 0}) as stream:
        python.wait_for_sessions(python.admin.processes()[0]["pid"], 1)
        python.restart_group(python.admin.get("/v1/groups").json["groups"][0]["name"])
        results, summary = stream.rest()
    summed_up(summary, results)
    assert [result["gupid"] for result in results] == before
    assert verdict(results[0]) == HEALTHY, "a process ends what it has begun"
    for result in results[1:]:
        assert verdict(result) in (("unhealthy", "gone"), ("skipped", "detached"), ("skipped", "shutting_down"),
                                   ("skipped", "not_routable"), HEALTHY), result
    python.ready()
    summary, results = document_of(python, {})
    assert summary["healthy"] == 3 and not set(before) & {result["gupid"] for result in results}


def test_a_process_that_is_killed_while_it_is_checked_is_unhealthy_and_the_others_are_not(agent):
    victim, *others = [row["pid"] for row in agent.admin.processes()]
    with Stream(agent, {"path": "/sleep?seconds=0.8"}) as stream:
        agent.wait_for_sessions(victim, 1)
        os.kill(victim, signal.SIGKILL)
        results, _ = stream.rest()
    assert verdicts(results) == {victim: ("unhealthy", "reset"), **{pid: HEALTHY for pid in others}}


def test_an_agent_that_exits_ends_the_checks(new_agent):
    agent = new_agent("python", workers=1, config={"drain_timeout_seconds": 1}).ready()
    pid = agent.admin.processes()[0]["pid"]
    with Stream(agent, {"path": "/sleep?seconds=4", "timeout_seconds": 60}) as stream:
        agent.wait_for_sessions(pid, 1)
        begun = time.monotonic()
        agent.terminate()
        try:
            line = stream.line()
        except (OSError, ValueError, AssertionError):
            line = None
        assert line is None or line[0] != "summary", "it looks complete"
        assert time.monotonic() - begun < 15
    agent.wait_for_exit()


# ---------------------------------------------------------------- much at once

def test_many_callers_check_at_once(python):
    with ExitStack() as stack:
        streams = [stack.enter_context(Stream(python, {"wait_seconds": 30})) for _ in range(20)]
        for stream in streams:
            results, summary = stream.rest()
            assert summary["healthy"] == 3, results
    python.wait_for_no_sessions()
    assert statistics(python)["requests"]["in_flight"] == 0


def test_a_body_that_names_more_processes_than_pools_have_is_taken_up_to_a_bound(python):
    gupid = python.admin.processes()[0]["gupid"]
    _, results = document_of(python, {"processes": [gupid] * 1900})
    assert len(results) == 1
    answer = post(python, {"processes": [gupid] * 2000})
    assert answer.status == 400 and answer.code == "bad_body", answer


def test_a_body_may_come_in_chunks_and_after_a_100_continue(python):
    answer = python.admin.request("POST", "/v1/health", {"Transfer-Encoding": "chunked"},
                                  iter([b'{"path"', b':"/x"}']))
    assert answer.status == 200 and answer.json["summary"]["healthy"] == 3, answer
    with python.admin.raw() as sock:
        sock.sendall(b"POST /v1/health HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
                     b"Connection: close\r\n\r\n")
        assert sock.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"{}")
        with sock.makefile("rb") as stream:
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"


def test_a_check_stands_in_no_list_of_forwarded_requests(raw):
    client = raw.client()
    client.send(b"GET /v1/processes/%d/health HTTP/1.1\r\nHost: x\r\n\r\n" % raw.pid)
    connection = next_request(raw)
    assert statistics(raw.agent)["requests"]["in_flight"] == 0
    connection.answer(OK)
    assert client.answer().status == 200


@pytest.fixture
def roomy(fleet):
    """More connections than checks."""
    yield from shared_raw(fleet, "http", "roomy", config={"max_connections": 1000})


def test_there_are_256_checks_at_once_for_all_callers_together(roomy):
    target = b"GET /v1/processes/%d/health?timeout=60 HTTP/1.1\r\nHost: x\r\n\r\n" % roomy.pid
    clients = [roomy.client() for _ in range(256)]
    for client in clients:
        client.send(target)
    wait_until(lambda: len(roomy.worker.connections()) == 256, "all are underway")
    late = roomy.client()
    late.send(target)
    answer = late.answer()
    assert (answer.status, answer.code) == (503, "too_many_requests"), answer
    clients[0].close()
    roomy.agent.wait_for_sessions(roomy.pid, 255)
    late.send(target)
    wait_until(lambda: len(roomy.worker.connections()) == 257, "its check is underway")
