"""Sessions as Passenger sees them: kept connections, stale ones, counters, processes that are disabled."""

import os
import signal
import threading
import time
from contextlib import suppress

import pytest

from support import system
from support.raw_client import Broken
from support.raw_worker import Raw, fill_listen_queue, raw_agent, scripted, statistics
from support.waiting import wait_until

HEAD = b"HTTP/1.1 200 OK\r\n"
OK = HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
KEPT = HEAD + b"Content-Length: 2\r\n\r\nok"


def ask(raw, *args, **options):
    client = raw.send(*args, **options)
    connection = raw.worker.connection()
    return client, connection, connection.head()


def a_kept_connection(raw):
    """The worker's side of a connection that Passenger keeps for the next request."""
    client, connection, _ = ask(raw)
    connection.send(KEPT)
    assert client.answer().body == b"ok"
    raw.agent.wait_for_no_sessions()
    assert connection.state["end"] is None, "it was not kept"
    return connection


# ---------------------------------------------------------------- kept connections

def test_a_connection_is_kept_and_used_for_the_next_requests(raw_session):
    connection = a_kept_connection(raw_session)
    client = raw_session.client()
    for number in range(3):
        client.send(raw_session.request(b"/%d" % number))
        assert connection.head().target == f"/{number}"
        connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        assert client.answer().body == b"ok"
    assert len(raw_session.worker.connections()) == 1


def test_a_connection_is_kept_after_answers_without_a_body(raw_session):
    connection = a_kept_connection(raw_session)
    client = raw_session.client()
    for method, answer in ((b"HEAD", HEAD + b"Content-Length: 9\r\n\r\n"),
                           (b"GET", b"HTTP/1.1 204 X\r\n\r\n"),
                           (b"GET", b"HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n"),
                           (b"POST", HEAD + b"Content-Length: 0\r\n\r\n")):
        client.send(raw_session.request(method=method))
        assert connection.head().method == method.decode()
        connection.send(answer)
        assert client.answer(method).body == b""
        raw_session.agent.wait_for_no_sessions()
    assert len(raw_session.worker.connections()) == 1


def test_a_kept_connection_is_shared_with_visitors(raw_session):
    connection = a_kept_connection(raw_session)
    answers = []
    visitor = threading.Thread(
        daemon=True, target=lambda: answers.append(raw_session.agent.visit("/visitor")))
    visitor.start()
    assert connection.head().target == "/visitor"
    connection.send(KEPT)
    visitor.join(10)
    assert answers[0].body == b"ok"
    raw_session.agent.wait_for_no_sessions()
    client = raw_session.send(b"/again")
    assert connection.head().target == "/again"
    connection.send(KEPT)
    assert client.answer().body == b"ok"
    assert len(raw_session.worker.connections()) == 1


ENDING = {
    "it says close": (b"GET", b"", HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"),
    "it says close too": (b"GET", b"", HEAD + b"Connection: x, Close\r\nContent-Length: 2\r\n\r\nok"),
    "http 1.0": (b"GET", b"", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "a body was sent": (b"POST", b"hello", KEPT),
}


@pytest.mark.parametrize("method, body, answer", ENDING.values(), ids=ENDING)
def test_a_connection_is_not_kept_where_it_cannot_be(raw_session, method, body, answer):
    client, connection, _ = ask(raw_session, b"/", method, [b"Content-Length: %d" % len(body)], body)
    connection.take(len(body))
    connection.send(answer)
    assert client.answer().body == b"ok"
    connection.is_closed()


def test_each_request_to_a_process_of_unlimited_concurrency_has_a_connection_of_its_own(raw_http):
    """Passenger keeps as many as the process serves at once, and takes 0 by its word (Socket.h)."""
    for _ in range(3):
        client, connection, _ = ask(raw_http)
        connection.send(KEPT)
        assert client.answer().body == b"ok"
        connection.is_closed()
    assert len(raw_http.worker.connections()) == 3


# ---------------------------------------------------------------- stale connections

@pytest.mark.parametrize("method, body", [
    (b"GET", b""), (b"HEAD", b""), (b"POST", b""), (b"DELETE", b""), (b"POST", b"hello"), (b"PUT", b"hello")])
def test_a_request_of_which_nothing_could_be_sent_is_sent_on_another_connection(raw_session, method, body):
    """The worker had closed the kept connection before."""
    a_kept_connection(raw_session).close()
    before = statistics(raw_session.agent)["requests"]["retried"]
    client, connection, head = ask(raw_session, b"/again", method, [b"Content-Length: %d" % len(body)], body)
    assert (head.method, head.target) == (method.decode(), "/again")
    assert connection.take(len(body)) == body
    connection.send(OK)
    assert client.answer(method).status == 200
    assert len(raw_session.worker.connections()) == 2
    assert statistics(raw_session.agent)["requests"]["retried"] == before + 1


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"TRACE"])
def test_a_safe_request_on_a_connection_that_turns_out_stale_is_sent_once_more(raw_session, method):
    """The worker had the request, or some of it, but not a byte of an answer came."""
    kept = a_kept_connection(raw_session)
    client = raw_session.send(b"/again", method)
    assert kept.head().target == "/again"
    kept.close()
    connection = raw_session.worker.connection()
    head = connection.head()
    assert (head.method, head.target) == (method.decode(), "/again")
    connection.send(OK)
    assert client.answer(method).status == 200
    assert len(raw_session.worker.connections()) == 2


def test_a_safe_request_is_not_sent_a_third_time(raw_session):
    kept = a_kept_connection(raw_session)
    client = raw_session.send(b"/again")
    kept.head()
    kept.close()
    connection = raw_session.worker.connection()
    connection.head()
    connection.close()
    answer = client.answer()
    assert (answer.status, answer.code) == (502, "worker_closed"), answer
    assert len(raw_session.worker.connections()) == 2


@pytest.mark.parametrize("method, headers, body", [
    (b"POST", [], b""), (b"PUT", [], b""), (b"DELETE", [], b""), (b"PATCH", [], b""), (b"BREW", [], b""),
    (b"get", [], b""), (b"GET", [b"Content-Length: 5"], b"hello")],
    ids=["POST", "PUT", "DELETE", "PATCH", "BREW", "get", "GET with a body"])
def test_a_request_that_the_process_may_have_acted_on_is_not_sent_again(raw_session, method, headers, body):
    kept = a_kept_connection(raw_session)
    client = raw_session.send(b"/once", method, headers, body)
    assert kept.head().target == "/once"
    kept.close()
    answer = client.answer()
    assert (answer.status, answer.code) == (502, "worker_closed"), answer
    after = raw_session.send(b"/marker")
    connection = raw_session.worker.connection()
    assert connection.head().target == "/marker"
    connection.send(OK)
    assert after.answer().status == 200


def test_a_request_on_a_new_connection_is_not_sent_again(raw_session):
    client, connection, _ = ask(raw_session)
    connection.close()
    assert client.answer().code == "worker_closed"
    assert len(raw_session.worker.connections()) == 1


@pytest.mark.parametrize("begun", [b"H", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 103 X\r\n\r\n"])
def test_a_request_whose_answer_had_begun_is_not_sent_again(raw_session, begun):
    kept = a_kept_connection(raw_session)
    client = raw_session.send(b"/once")
    kept.head()
    kept.send(begun)
    kept.close()
    if b"103" in begun:
        assert client.head().status == 103
    assert client.answer().code == "worker_closed"
    assert len(raw_session.worker.connections()) == 1


# ---------------------------------------------------------------- Passenger's counters

def counts(raw):
    process = raw.agent.pool_xml().process(raw.pid)
    return process.number("sessions"), process.number("processed")


def test_passenger_counts_every_request_once_however_it_ends(raw):
    _, before = counts(raw)
    ends = 0

    def over():
        nonlocal ends
        raw.agent.wait_for_no_sessions()
        ends += 1
        assert counts(raw) == (0, before + ends)

    for answer in (OK, b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"):
        client, connection, _ = ask(raw)
        assert counts(raw) == (1, before + ends)
        connection.send(answer)
        client.answer()
        over()
    for answer in (b"", b"nonsense\r\n\r\n", HEAD + b"Content-Length: 9\r\n\r\nshort"):
        client, connection, _ = ask(raw)
        connection.answer(answer)
        try:
            assert client.answer().status == 502
        except Broken:
            pass
        over()
    client, connection, _ = ask(raw)
    client.close()
    over()
    client, connection, _ = ask(raw, headers=[b"X-Gangway-Timeout: 0.2"])
    assert client.answer().code == "total_timeout"
    over()
    client, connection, _ = ask(raw, b"/", b"POST", [b"Content-Length: 1000"], b"x")
    client.close()
    over()


def test_sessions_are_those_that_are_underway(raw_http):
    _, before = counts(raw_http)
    pairs = [ask(raw_http)[:2] for _ in range(5)]
    assert counts(raw_http) == (5, before)
    for number, (client, connection) in enumerate(pairs, 1):
        connection.send(OK)
        client.answer()
        wait_until(lambda: counts(raw_http) == (5 - number, before + number), "the session is over")


def test_max_requests_of_passenger_counts_forwarded_requests(new_agent):
    agent = new_agent("python", workers=1, config={}, options=["--max-requests", "4"]).ready()
    row = agent.admin.processes()[0]
    for _ in range(4 - row["processed"]):
        assert agent.admin.forward(row["gupid"], "/").fields["pid"] == str(row["pid"])
    wait_until(lambda: row["gupid"] not in [other["gupid"] for other in agent.admin.processes()],
               "the process is replaced")
    agent.ready()
    (other,) = agent.admin.processes()
    assert other["gupid"] != row["gupid"]
    assert agent.admin.forward(other["pid"], "/").fields["pid"] == str(other["pid"])


# ---------------------------------------------------------------- out-of-band work

@pytest.fixture
def two_at_once(fleet):
    """Two workers that serve two requests at once each."""
    agent = fleet.get("raw two at once", lambda: raw_agent("session", workers=2, concurrency=2, config={}))
    with scripted(agent, "session", 0) as first, scripted(agent, "session", 1) as second:
        yield first, second
    agent.assert_unharmed()


def test_a_request_on_a_process_that_is_being_disabled_finishes(two_at_once):
    raw, _ = two_at_once
    agent = raw.agent

    def state():
        return agent.admin.process(raw.pid)["state"]

    running, first, _ = ask(raw, b"/running")
    asking, second, _ = ask(raw, b"/asks-for-work")
    second.send(HEAD + b"!~Request-OOB-Work: true\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    answer = asking.answer()
    assert answer.body == b"ok" and not [name for name, _ in answer.headers if name.startswith("!~")]
    wait_until(lambda: state() == "disabling", "it is being disabled")
    late = raw.send(b"/late").answer()
    assert (late.status, late.code) == (503, "process_not_routable"), "the other process is enabled"
    first.send(OK)
    assert running.answer().body == b"ok"

    work = raw.worker.connection()
    prefix = work.take(4)
    words = work.take(int.from_bytes(prefix, "big")).split(b"\0")
    assert words[:2] == [b"REQUEST_METHOD", b"OOBW"]
    assert state() == "disabled"
    refused = raw.send(b"/refused").answer()
    assert (refused.status, refused.code) == (503, "process_not_routable"), refused
    work.send(b"done")
    wait_until(lambda: state() == "enabled", "it is enabled again")
    work.close()
    client, connection, _ = ask(raw, b"/after")
    connection.send(OK)
    assert client.answer().body == b"ok"


# ---------------------------------------------------------------- one stopped worker

@pytest.fixture
def two_workers(fleet):
    agent = fleet.get("raw two workers", lambda: raw_agent("session", workers=2, config={}))
    with scripted(agent, "session", 0) as first, scripted(agent, "session", 1) as second:
        yield first, second
    agent.assert_unharmed()


def test_a_stopped_worker_with_a_full_queue_delays_nobody_else(two_workers):
    stuck, other = two_workers
    with stuck.worker.with_a_full_listen_queue():
        clients = [stuck.send(headers=[b"X-Gangway-Connect-Timeout: 30", b"X-Gangway-Wait: 30"])
                   for _ in range(5)]
        wait_until(lambda: statistics(stuck.agent)["requests"]["in_flight"] == 5, "all are underway")
        with stuck.worker.stopped():
            begun = time.monotonic()
            for number in range(20):
                client, connection, _ = ask(other, b"/%d" % number)
                connection.send(OK)
                assert client.answer().body == b"ok"
                assert len(stuck.agent.admin.processes()) == 2
                assert stuck.agent.admin.get("/v1/groups").status == 200
            assert time.monotonic() - begun < 20, "the bounds are 30 s"
            assert statistics(stuck.agent)["requests"]["in_flight"] == 5
        for client in clients:
            client.close()
        wait_until(lambda: statistics(stuck.agent)["requests"]["in_flight"] == 0, "they are given up")


def test_a_stopped_worker_with_a_full_queue_does_not_hold_up_the_exit(new_agent):
    agent = new_agent("raw", workers=1, config={"drain_timeout_seconds": 1},
                      environment={"RAW_PROTOCOL": "session", "RAW_CONCURRENCY": "1"}).ready()
    raw = Raw(agent, "session")
    waiting = []
    raw.worker.accept(False)
    fill_listen_queue(raw.worker.socket_path, waiting)
    os.kill(raw.pid, signal.SIGSTOP)
    try:
        client = raw.send(headers=[b"X-Gangway-Connect-Timeout: 60"])
        agent.wait_for_sessions(raw.pid, 1)
        begun = time.monotonic()
        agent.terminate()
        try:
            assert client.answer().code == "shutting_down"
        except Broken:
            pass
        wait_until(lambda: not agent.socket_path.exists(), "the admin socket is gone")
        assert time.monotonic() - begun < 5, "the drain timeout is 1 s"
    finally:
        with suppress(ProcessLookupError):  # The agent may have killed it by now.
            os.kill(raw.pid, signal.SIGCONT)
        for sock in waiting:
            sock.close()
    agent.wait_for_exit()
    assert system.crash_lines(agent.log) == []
