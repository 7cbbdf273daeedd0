"""The check of one process, on demand: what each verdict takes, and that visitors come first."""

import datetime
import os
import signal
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from support import system
from support.client import Answer, exchange, forwarded
from support.command import gangway
from support.health import RawCheck, check, check_target, result_in, verdict
from support.passenger import RUNTIMES
from support.pool_xml import from_rfc3339
from support.raw_worker import raw_agent, scripted
from support.system import stopped
from support.visitor import Visitor
from support.waiting import wait_until

HEAD = b"HTTP/1.1 200 OK\r\n"
KEPT = HEAD + b"Content-Length: 2\r\n\r\nok"
OK = HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
MIB = 1024 * 1024
SHORT = 0.3
DEFAULT_TIMEOUT = 5
HEALTHY = ("healthy", None)


def with_body(body, status=b"200 OK"):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body)


def first(agent):
    return agent.admin.processes()[0]["pid"]


def processed(agent, pid):
    return agent.pool_xml().process(pid).number("processed")


@contextmanager
def lasting(at_least, below):
    begun = time.monotonic()
    yield
    lasted = time.monotonic() - begun
    assert at_least <= lasted < below, f"it took {lasted:.3f} s"


@contextmanager
def serving(agent, pid, seconds):
    """The process serves a request of that length, which came through Gangway and is given up at the end."""
    connection = agent.admin.connection()
    try:
        connection.request("GET", forwarded(pid, f"/sleep?seconds={seconds}"),
                           headers={"X-Gangway-Route": "pool"})
        agent.wait_for_sessions(pid, 1)
        yield
    finally:
        connection.close()


@contextmanager
def underway(agent, pid, **parameters):
    """A check whose result is read later: yields the function that does."""
    connection = agent.admin.connection()
    try:
        connection.request("GET", check_target(pid, **parameters))
        yield lambda: result_in(Answer(connection.getresponse()))
    finally:
        connection.close()


# ---------------------------------------------------------------- healthy

def test_a_process_that_answers_is_healthy(agent):
    row = agent.admin.processes()[0]
    for identity in (row["pid"], row["gupid"]):
        before = processed(agent, row["pid"])
        begun = datetime.datetime.now(datetime.timezone.utc)
        result = check(agent, identity, path="/hello?x=1")
        assert verdict(result) == HEALTHY, result
        assert (result["pid"], result["gupid"]) == (row["pid"], row["gupid"])
        assert result["group"] == row["group"]
        assert (result["status"], result["route"], result["busy_since"]) == (200, "pool", None)
        assert 0 < result["latency_seconds"] < 5
        assert result["body_bytes"] == len(agent.admin.forward(row["pid"], "/hello?x=1").body)
        checked = from_rfc3339(result["checked_at"])
        assert begun <= checked <= datetime.datetime.now(datetime.timezone.utc)
        agent.wait_for_no_sessions()
        assert processed(agent, row["pid"]) == before + 2, "the check, and the request of the test"


def test_the_body_of_an_answer_may_hold_what_was_expected(agent):
    pid = first(agent)
    assert verdict(check(agent, pid, path="/x", body=f"pid={pid}\n", regex=r"(?m)^method=GET$")) == HEALTHY
    assert verdict(check(agent, pid, path="/env", json_pointer="/pid", json_value=pid)) == HEALTHY
    assert verdict(check(agent, pid, path="/status?code=503", status="200,500-599")) == HEALTHY


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_each_method_that_may_be_used_reaches_the_process(agent, method):
    result = check(agent, first(agent), method=method)
    assert verdict(result) == HEALTHY and result["status"] == 200, result
    assert (result["body_bytes"] == 0) == (method == "HEAD")
    agent.wait_for_no_sessions()


def test_the_direct_route_checks_a_ruby_process_without_a_session(ruby):
    pid = first(ruby)
    before = processed(ruby, pid)
    result = check(ruby, pid, route="direct", path="/x", body=f"pid={pid}\n")
    assert verdict(result) == HEALTHY and result["route"] == "direct", result
    assert processed(ruby, pid) == before


def test_the_direct_route_is_skipped_where_there_is_no_debug_socket(python):
    result = check(python, first(python), route="direct")
    assert verdict(result) == ("skipped", "not_routable"), result
    assert (result["route"], result["status"]) == (None, None)


def test_head_of_a_check_has_the_header_of_its_answer_alone(python):
    """And nobody is left waiting on the connection for a body."""
    connection = python.admin.connection()
    try:
        answer = exchange(connection, "HEAD", check_target(first(python)))
        assert answer.status == 200 and answer.body == b""
        assert exchange(connection, "GET", "/v1/pool").status == 200
    finally:
        connection.close()


# ---------------------------------------------------------------- what the process gets

def test_a_process_gets_a_small_request_that_says_who_asks(raw):
    asking = RawCheck(raw, path="/health?deep=1")
    connection = raw.worker.connection()
    head = connection.head()
    assert (head.method, head.target) == ("GET", "/health?deep=1")
    assert head.get("User-Agent")[0].startswith("Gangway-Health/")
    assert head.get("X-Passenger-Process") == []
    connection.answer(OK)
    assert verdict(asking.result()) == HEALTHY
    assert raw.worker.received() == connection.everything(), "more than one request"


GOOD = {
    "length": (KEPT, {}, 2),
    "the connection's end": (HEAD + b"\r\nhello", {}, 5),
    "chunked": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", {}, 5),
    "nothing": (HEAD + b"Content-Length: 0\r\n\r\n", {}, 0),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", {}, 0),
    "redirect": (with_body(b"there", b"302 Found"), {}, 5),
    "interim": (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + KEPT, {}, 2),
    "no space and no reason": (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", {}, 2),
    "behind an empty line": (b"\r\n" + KEPT, {}, 2),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\nok", {}, 2),
    "a body that the web server would send": (
        HEAD + b"X-Sendfile: /srv/file\r\nContent-Length: 5000\r\n\r\n", {}, 0),
    "HEAD": (HEAD + b"Content-Length: 99\r\n\r\n", {"method": "HEAD"}, 0),
    "status as expected": (with_body(b"", b"503 Down"), {"status": "503"}, 0),
    "text": (with_body(b'{"status":"ok"}'), {"body": '"ok"'}, 15),
    "regex": (with_body(b"up 12 days"), {"regex": "up [0-9]+ d"}, 10),
    "text behind chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                           {"body": "hello"}, 5),
    "pointer": (with_body(b'{"a":[1,{"b":0}]}'), {"json_pointer": "/a/1/b"}, 17),
    "pointer and value": (with_body(b'{"s":{"db":"up"}}'), {"json_pointer": "/s/db", "json_value": "up"}, 17),
    "the whole document": (with_body(b'true'), {"json_pointer": "", "json_value": "true"}, 4),
    "an object": (with_body(b'{"a":{"x":1,"y":[]}}'),
                  {"json_pointer": "/a", "json_value": '{"y":[],"x":1}'}, 20),
    "null": (with_body(b'{"a":null}'), {"json_pointer": "/a", "json_value": "null"}, 10),
    "all at once": (with_body(b'{"a":"b"}'),
                    {"body": "a", "regex": "b", "json_pointer": "/a", "status": "200"}, 9),
    "a mebibyte": (with_body(b"x" * MIB), {}, MIB),
    "what matters comes within 64 KiB": (with_body(b"x" * 65534 + b"ok" + b"y" * 1000), {"body": "xok"}, 66536),
}


@pytest.mark.parametrize("answer, parameters, body_bytes", GOOD.values(), ids=GOOD)
def test_an_answer_is_healthy(raw, answer, parameters, body_bytes):
    asking = RawCheck(raw, **parameters)
    connection = raw.worker.connection()
    connection.head()
    connection.answer(answer)
    result = asking.result()
    assert verdict(result) == HEALTHY, result
    assert result["body_bytes"] == body_bytes


# ---------------------------------------------------------------- kept connections

def test_the_connection_is_kept_for_the_next_check_and_for_visitors(raw_session):
    connection = None
    for number in range(3):
        asking = RawCheck(raw_session, path=f"/{number}")
        connection = connection or raw_session.worker.connection()
        assert connection.head().target == f"/{number}"
        connection.send(KEPT)
        assert verdict(asking.result()) == HEALTHY
        raw_session.agent.wait_for_no_sessions()
    visitor = Visitor(raw_session.agent, "/visitor")
    assert connection.head().target == "/visitor"
    connection.send(KEPT)
    visitor.wait()
    assert len(raw_session.worker.connections()) == 1


@pytest.mark.parametrize("parameters", [{"status": "201"}, {"body": "fine"}], ids=["status", "body"])
def test_the_connection_of_an_unhealthy_answer_is_not_kept(raw_session, parameters):
    asking = RawCheck(raw_session, **parameters)
    connection = raw_session.worker.connection()
    connection.head()
    connection.send(KEPT)
    assert asking.result()["state"] == "unhealthy"
    connection.is_closed()


def keep_a_connection(raw):
    asking = RawCheck(raw)
    connection = raw.worker.connection()
    connection.head()
    connection.send(KEPT)
    assert verdict(asking.result()) == HEALTHY
    raw.agent.wait_for_no_sessions()
    return connection


@pytest.mark.parametrize("closed", ["before", "when asked"])
def test_a_kept_connection_that_has_gone_stale_is_no_sign_of_illness(raw_session, closed):
    kept = keep_a_connection(raw_session)
    if closed == "before":
        kept.close()
        asking = RawCheck(raw_session, path="/again")
    else:
        asking = RawCheck(raw_session, path="/again")
        assert kept.head().target == "/again"
        kept.close()
    connection = raw_session.worker.connection()
    assert connection.head().target == "/again"
    connection.send(KEPT)
    assert verdict(asking.result()) == HEALTHY
    assert len(raw_session.worker.connections()) == 2


def test_a_process_that_closes_a_kept_and_a_new_connection_is_unhealthy(raw_session):
    kept = keep_a_connection(raw_session)
    asking = RawCheck(raw_session)
    kept.head()
    kept.close()
    connection = raw_session.worker.connection()
    connection.head()
    connection.close()
    assert verdict(asking.result()) == ("unhealthy", "reset")
    assert len(raw_session.worker.connections()) == 2


# ---------------------------------------------------------------- unhealthy: wrong answers

LONG_HEADER = HEAD + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n"
BAD = {
    # name: (answer, parameters, reason, status, what the detail says)
    "closed at once": (b"", {}, "reset", None, "without an answer"),
    "closed in the first line": (b"HTTP/1.1 200", {}, "reset", None, "in the middle"),
    "closed in the header": (HEAD + b"X-A: 1\r\n", {}, "reset", None, "in the middle"),
    "closed in a body of known length": (HEAD + b"Content-Length: 9\r\n\r\nshort", {}, "reset", 200,
                                         "in the middle"),
    "closed before the body": (HEAD + b"Content-Length: 9\r\n\r\n", {}, "reset", 200, "in the middle"),
    "closed in a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nshort", {}, "reset", 200,
                          "in the middle"),
    "closed before the last chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", {}, "reset", 200,
                                     "in the middle"),
    "closed behind an interim answer": (b"HTTP/1.1 103 X\r\n\r\n", {}, "reset", None, "in the middle"),
    "garbage": (b"Segmentation fault\r\n\r\n", {}, "not_http", None, "not HTTP"),
    "zeros": (b"\0" * 5000, {}, "not_http", None, "not HTTP"),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n", {}, "not_http", None, "not HTTP"),
    "a status of two digits": (b"HTTP/1.1 20 OK\r\n\r\n", {}, "not_http", None, "not HTTP"),
    "a bad length": (HEAD + b"Content-Length: many\r\n\r\n", {}, "not_http", None, "not HTTP"),
    "two lengths": (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nok", {}, "not_http", None, "not HTTP"),
    "a bad chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nhello\r\n", {}, "not_http", 200, "not HTTP"),
    "an upgrade that nobody asked for": (b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", {},
                                         "not_http", None, "not HTTP"),
    "an endless header": (LONG_HEADER, {}, "not_http", None, "not HTTP"),
    "interim answers without end": (b"HTTP/1.1 103 X\r\n\r\n" * 50, {}, "not_http", None, "not HTTP"),
    "status 500": (with_body(b"oops", b"500 Oops"), {}, "bad_status", 500, "500"),
    "status 404": (with_body(b"none", b"404 None"), {}, "bad_status", 404, "404"),
    "status not as expected": (KEPT, {"status": "201-204,304"}, "bad_status", 200, "201-204,304"),
    "redirect where none is expected": (with_body(b"", b"302 Found"), {"status": "200-299"}, "bad_status", 302,
                                        "302"),
    "status before body": (with_body(b"up", b"500 Oops"), {"body": "up"}, "bad_status", 500, "500"),
    "text": (with_body(b"all is lost"), {"body": "all is well"}, "unexpected_body", 200, "all is lost"),
    "text in another case": (with_body(b"OK"), {"body": "ok"}, "unexpected_body", 200, "OK"),
    "no text": (with_body(b""), {"body": "ok"}, "unexpected_body", 200, "empty"),
    "regex": (with_body(b"up 0 days"), {"regex": "up [1-9]"}, "unexpected_body", 200, "up [1-9]"),
    "not JSON": (with_body(b"<html>"), {"json_pointer": "/a"}, "unexpected_body", 200, "not JSON"),
    "JSON and more": (with_body(b'{"a":1} x'), {"json_pointer": "/a"}, "unexpected_body", 200, "not JSON"),
    "deep JSON": (with_body(b"[" * 60_000), {"json_pointer": "/a"}, "unexpected_body", 200, "not JSON"),
    "deep JSON that is closed": (with_body(b"[" * 30_000 + b"]" * 30_000), {"json_pointer": "/0"}, "unexpected_body",
                                 200, "not JSON"),
    "no such pointer": (with_body(b'{"a":1}'), {"json_pointer": "/b/0"}, "unexpected_body", 200, "/b/0"),
    "null at the pointer": (with_body(b'{"a":null}'), {"json_pointer": "/a"}, "unexpected_body", 200, "null"),
    "false at the pointer": (with_body(b'{"a":false}'), {"json_pointer": "/a"}, "unexpected_body", 200, "false"),
    "another value": (with_body(b'{"a":"down"}'), {"json_pointer": "/a", "json_value": "up"}, "unexpected_body",
                      200, "down"),
    "another type": (with_body(b'{"a":"1"}'), {"json_pointer": "/a", "json_value": "1"}, "unexpected_body", 200,
                     '"1"'),
    "bytes that are no text": (with_body(b"\x1b[31m\xff\0"), {"body": "x"}, "unexpected_body", 200, "?[31m??"),
    "what matters comes too late": (with_body(b"x" * 65536 + b"ok"), {"body": "ok"}, "unexpected_body", 200, "xxx"),
    "more than a mebibyte": (with_body(b"x" * (MIB + 1)), {}, "body_too_large", 200, "1 MiB"),
    "more than a mebibyte, chunked": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
                                      + b"%x\r\n%s\r\n" % (MIB, b"x" * MIB) * 2 + b"0\r\n\r\n", {},
                                      "body_too_large", 200, "1 MiB"),
}


@pytest.mark.parametrize("answer, parameters, reason, status, said", BAD.values(), ids=BAD)
def test_an_answer_is_unhealthy(raw, answer, parameters, reason, status, said):
    asking = RawCheck(raw, **parameters)
    connection = raw.worker.connection()
    connection.head()
    connection.answer(answer)
    result = asking.result()
    assert verdict(result) == ("unhealthy", reason), result
    assert (result["status"], result["route"]) == (status, "pool"), result
    assert said in result["detail"] and len(result["detail"]) < 500, result


def test_a_body_without_end_is_too_large_and_is_not_read_for_long(raw):
    asking = RawCheck(raw, timeout="60")
    connection = raw.worker.connection()
    connection.head()
    with lasting(0, 30):
        connection.send(HEAD + b"\r\n")
        connection.send_pattern(1 << 40)
        result = asking.result()
    assert verdict(result) == ("unhealthy", "body_too_large"), result
    connection.is_closed()


def test_a_reset_connection_is_reset(raw):
    raw.worker.read_new_to(0)
    asking = RawCheck(raw)
    connection = raw.worker.connection()
    connection.reset()
    result = asking.result()
    assert verdict(result) == ("unhealthy", "reset"), result


# Where Passenger's Python loader is told no length, an answer ends with its connection, whyever that ends.
DEATHS = [(runtime, target) for runtime in RUNTIMES for target in ("/die", "/die?at=stream", "/die?at=start")
          if (runtime, target) != ("python", "/die?at=stream")]


@pytest.mark.parametrize("agent, target", DEATHS, indirect=["agent"])
def test_a_process_that_dies_of_the_check_is_unhealthy_and_no_other_is(agent, target):
    pid = first(agent)
    result = check(agent, pid, path=target)
    assert verdict(result) == ("unhealthy", "reset"), result
    assert result["status"] == (None if target == "/die?at=start" else 200)
    for row in agent.admin.processes():
        if row["pid"] != pid:
            assert verdict(check(agent, row["pid"])) == HEALTHY


@pytest.mark.parametrize("code", [400, 404, 500, 503])
def test_a_status_that_is_not_expected_is_bad_status(agent, code):
    result = check(agent, first(agent), path=f"/status?code={code}")
    assert verdict(result) == ("unhealthy", "bad_status"), result
    assert result["status"] == code and str(code) in result["detail"]


# ---------------------------------------------------------------- unhealthy: silence

def test_a_stopped_process_is_told_at_once(agent):
    pid = first(agent)
    with stopped(pid):
        with lasting(0, DEFAULT_TIMEOUT):
            result = check(agent, pid, timeout=30, wait=30)
        assert verdict(result) == ("unhealthy", "stopped") and f"kill -CONT {pid}" in result["detail"], result
        assert (result["status"], result["route"], result["latency_seconds"]) == (None, None, None)
        assert agent.admin.process(pid)["os_state"] == "stopped"
        shown = gangway(agent, "ps").text
        assert f"(kill -CONT {pid})" in shown and ", 1 sick " in shown, shown
    assert verdict(check(agent, pid, wait=20)) == HEALTHY
    assert agent.admin.process(pid)["os_state"] in ("running", "sleeping")


def test_a_process_that_is_stopped_in_the_middle_of_its_check_is_told_as_stopped(agent):
    pid = first(agent)
    with underway(agent, pid, path="/sleep?seconds=0.5", timeout=1.5) as result:
        agent.wait_for_sessions(pid, 1)
        with stopped(pid):
            assert verdict(result()) == ("unhealthy", "stopped")
            agent.wait_for_no_sessions()


def test_a_process_that_hangs_is_first_byte_timeout(agent):
    pid = first(agent)
    with lasting(SHORT, DEFAULT_TIMEOUT):
        result = check(agent, pid, path="/sleep?seconds=2", timeout=SHORT)
    assert verdict(result) == ("unhealthy", "first_byte_timeout"), result
    agent.wait_for_no_sessions()


def test_a_slow_process_is_healthy_within_the_timeout(agent):
    result = check(agent, first(agent), path="/sleep?seconds=0.4", timeout=20)
    assert verdict(result) == HEALTHY and 0.4 <= result["latency_seconds"] < 5, result


def test_a_stopped_ruby_process_is_told_on_the_direct_route_too(ruby):
    pid = first(ruby)
    with stopped(pid):
        assert verdict(check(ruby, pid, route="direct")) == ("unhealthy", "stopped")


def test_a_process_that_accepts_no_connection_is_connect_timeout(raw):
    with raw.worker.with_a_full_listen_queue():
        with lasting(SHORT, DEFAULT_TIMEOUT):
            result = check(raw.agent, raw.pid, timeout=SHORT)
    assert verdict(result) == ("unhealthy", "connect_timeout"), result
    assert (result["status"], result["route"]) == (None, "pool")
    assert [row["pid"] for row in raw.agent.admin.processes()] == [raw.pid], "it was only slow"


BEGUN = {"first byte": b"H", "header": HEAD + b"X-A: 1\r\n",
         "header without body": HEAD + b"Content-Length: 9\r\n\r\n",
         "body": HEAD + b"Content-Length: 9\r\n\r\nshort",
         "chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
         "until the end": HEAD + b"\r\nhello", "interim": b"HTTP/1.1 103 X\r\n\r\n"}


@pytest.mark.parametrize("content", BEGUN.values(), ids=BEGUN)
def test_an_answer_that_does_not_go_on_is_read_timeout(raw, content):
    with lasting(SHORT, DEFAULT_TIMEOUT):
        asking = RawCheck(raw, timeout=SHORT)
        connection = raw.worker.connection()
        connection.head()
        connection.send(content)
        result = asking.result()
    assert verdict(result) == ("unhealthy", "read_timeout"), result
    assert result["status"] == (200 if b"\r\n\r\n" in content and content.startswith(HEAD) else None)
    connection.is_closed()


def drip(client, connection, piece):
    """The worker goes on and on, a piece every few milliseconds, until the client has an answer."""
    client.sock.settimeout(0.01)
    deadline = time.monotonic() + 20
    received = b""
    while not received:
        assert time.monotonic() < deadline, "the check had no end"
        connection.send(piece)
        try:
            received = client.sock.recv(65536)
        except TimeoutError:
            continue
    client.sock.settimeout(20)
    client.buffer += received


TRICKLES = {"header": (HEAD + b"X-A: ", b"x"),
            "body of known length": (HEAD + b"Content-Length: 500000\r\n\r\n", b"x"),
            "body without end": (HEAD + b"\r\n", b"xy"),
            "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")}


@pytest.mark.parametrize("begin, piece", TRICKLES.values(), ids=TRICKLES)
def test_an_answer_that_trickles_is_read_timeout(raw, begin, piece):
    with lasting(SHORT, DEFAULT_TIMEOUT):
        asking = RawCheck(raw, timeout=SHORT)
        connection = raw.worker.connection()
        connection.head()
        connection.send(begin)
        drip(asking.client, connection, piece)
        result = asking.result()
    assert verdict(result) == ("unhealthy", "read_timeout"), result
    connection.is_closed()


# ---------------------------------------------------------------- unhealthy: dead

def wait_for_death(pid):
    wait_until(lambda: not system.is_alive(pid), f"process {pid} is dead")


def test_a_process_that_died_unnoticed_is_refused(agent):
    row = agent.admin.processes()[0]
    assert verdict(check(agent, row["gupid"])) == HEALTHY, "and a connection to it is kept"
    os.kill(row["pid"], signal.SIGKILL)
    wait_until(lambda: system.has_ended(row["pid"]), "its sockets are closed")
    result = check(agent, row["gupid"])
    assert verdict(result) == ("unhealthy", "refused"), result
    assert result["status"] is None
    wait_until(lambda: row["gupid"] not in [other["gupid"] for other in agent.admin.processes()],
               "Passenger has taken it out of the pool")
    answer = agent.admin.get(check_target(row["gupid"]))
    assert (answer.status, answer.code) == (404, "process_not_found"), answer


@pytest.mark.parametrize("identity", ["999999999", "1c89905-aaaaaaaaaa", "0", "x_y", "-1"])
def test_a_process_that_does_not_exist_is_not_found(python, identity):
    answer = python.admin.get(check_target(identity))
    assert (answer.status, answer.code) == (404, "process_not_found"), answer


# ---------------------------------------------------------------- busy

def assert_busy(result, started):
    assert verdict(result) == ("busy", "busy"), result
    assert (result["route"], result["status"]) == (None, None)
    assert started - 1 <= from_rfc3339(result["busy_since"]).timestamp() <= time.time()


def test_a_busy_ruby_process_is_checked_over_its_debug_socket(ruby):
    pid = first(ruby)
    before = processed(ruby, pid)
    with serving(ruby, pid, 2):  # Were it waited for, the route would be the pool.
        result = check(ruby, pid, path="/x", body=f"pid={pid}\n", wait=5)
        assert verdict(result) == HEALTHY and result["route"] == "direct", result
        assert ruby.pool_xml().process(pid).number("sessions") == 1
        assert processed(ruby, pid) == before


@pytest.mark.parametrize("runtime, route", [("ruby", "pool"), ("python", "auto"), ("python", "pool")])
def test_a_busy_process_is_busy_after_the_wait(request, runtime, route):
    agent = request.getfixturevalue(runtime)
    pid = first(agent)
    started = time.time()
    with serving(agent, pid, 2):
        with lasting(0.2, 2):
            result = check(agent, pid, route=route, wait=0.2)
        assert_busy(result, started)
        assert "GET /sleep through Gangway." in result["detail"]
        assert_busy(check(agent, pid, route=route, wait=0), started)


def test_a_process_that_is_busy_for_long_is_no_failure_without_a_limit(python):
    pid = first(python)
    with serving(python, pid, 2):
        for limit in ({}, {"busy_limit": 0}, {"busy_limit": 60}):
            assert verdict(check(python, pid, wait=0.3, **limit)) == ("busy", "busy")


def test_a_process_that_is_busy_for_longer_than_the_limit_is_unhealthy(python):
    pid = first(python)
    with serving(python, pid, 2):
        result = check(python, pid, wait=0.5, busy_limit=0.2)
        assert verdict(result) == ("unhealthy", "busy_too_long"), result
        assert "0.2 s" in result["detail"] and result["busy_since"], result


def test_a_busy_process_is_waited_for_and_then_checked(python):
    pid = first(python)
    with serving(python, pid, 0.5):
        result = check(python, pid, wait=20)
        assert verdict(result) == HEALTHY and result["route"] == "pool", result
        assert result["latency_seconds"] < 0.4, "the wait is not the process's latency"


def test_the_time_for_an_answer_begins_behind_the_wait(python):
    pid = first(python)
    with serving(python, pid, 3):
        result = check(python, pid, wait=20, timeout=2.5, path="/sleep?seconds=0.2")
        assert verdict(result) == HEALTHY, result


def test_a_process_that_is_busy_with_a_visitor_is_busy(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    pid = first(agent)
    started = time.time()
    visitor = Visitor(agent, "/sleep?seconds=1")
    agent.wait_for_sessions(pid, 1)
    assert_busy(check(agent, pid, wait=0.1), started)
    visitor.wait()


def test_a_nodejs_process_is_checked_while_it_serves_others(nodejs):
    pid = first(nodejs)
    with serving(nodejs, pid, 2):
        result = check(nodejs, pid, wait=0)
        assert verdict(result) == HEALTHY and result["route"] == "pool", result


# ---------------------------------------------------------------- visitors come first

@contextmanager
def all_but_one_busy(agent, seconds=3):
    """Yields the pid of the one that is free."""
    *busy, free = [row["pid"] for row in agent.admin.processes()]
    with ExitStack() as stack:
        for pid in busy:
            stack.enter_context(serving(agent, pid, seconds))
        yield free


def test_a_check_does_not_take_the_group_s_last_free_slot(python):
    with all_but_one_busy(python) as free:
        before = processed(python, free)
        with lasting(0.2, 3):
            result = check(python, free, wait=0.2)
        assert verdict(result) == ("busy", "last_free_slot"), result
        assert (result["route"], result["busy_since"]) == (None, None)
        assert processed(python, free) == before


def test_a_visitor_is_served_at_once_while_a_check_waits_for_more_free_slots(python):
    with all_but_one_busy(python) as free:
        with underway(python, free, wait=1.5) as result:
            for _ in range(5):
                with lasting(0, 1.4):
                    assert python.visit("/").fields["pid"] == str(free)
            assert verdict(result()) == ("busy", "last_free_slot")


def test_a_check_goes_on_when_another_slot_is_free(python):
    with all_but_one_busy(python, 0.5) as free:
        assert verdict(check(python, free, wait=20)) == HEALTHY


def test_the_last_free_slot_is_left_where_the_limit_on_being_busy_is_short(python):
    """It is free: no matter for how long, that is no illness."""
    with all_but_one_busy(python) as free:
        assert verdict(check(python, free, wait=0.3, busy_limit=0.1)) == ("busy", "last_free_slot")


def test_the_last_free_ruby_process_is_checked_over_its_debug_socket(ruby):
    with all_but_one_busy(ruby) as free:
        result = check(ruby, free, wait=0)
        assert verdict(result) == HEALTHY and result["route"] == "direct", result
        assert verdict(check(ruby, free, wait=0, route="pool")) == ("busy", "last_free_slot")


def test_a_group_s_only_process_is_checked_while_nobody_waits(new_agent):
    agent = new_agent("python", workers=1, config={}).ready()
    pid = first(agent)
    result = check(agent, pid, wait=0)
    assert verdict(result) == HEALTHY and result["route"] == "pool", result
    ends = []

    def ask():
        assert verdict(check(agent, pid, wait=20)) == HEALTHY
        ends.append(time.monotonic())

    serves = Visitor(agent, "/sleep?seconds=0.6")
    agent.wait_for_sessions(pid, 1)
    waits = Visitor(agent, "/sleep?seconds=0.3")
    wait_until(lambda: agent.admin.get("/v1/groups").json["groups"][0]["get_wait_list_size"] == 1,
               "a visitor waits")
    checking = threading.Thread(target=ask, daemon=True)
    checking.start()
    serves.wait()
    waits.wait()
    checking.join(20)
    assert ends and serves.ended_at < waits.ended_at <= ends[0] + 0.1


# ---------------------------------------------------------------- skipped

@pytest.fixture
def two_at_once(fleet):
    """Two workers that serve two requests at once each."""
    agent = fleet.get("raw two at once", lambda: raw_agent("session", workers=2, concurrency=2, config={}))
    with scripted(agent, "session", 0) as one, scripted(agent, "session", 1) as other:
        yield one, other
    agent.assert_unharmed()


def test_a_process_that_is_being_disabled_or_is_disabled_is_skipped(two_at_once):
    """Passenger disables a process that asks for out-of-band work, once its requests are done."""
    raw, _ = two_at_once
    agent = raw.agent

    def wait_to_be(state):
        wait_until(lambda: agent.admin.process(raw.pid)["state"] == state, f"it is {state}")

    running = raw.send(b"/running")
    runs = raw.worker.connection()
    runs.head()
    asking = raw.send(b"/asks-for-work")
    asks = raw.worker.connection()
    asks.head()
    asks.send(HEAD + b"!~Request-OOB-Work: true\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    assert asking.answer().status == 200
    wait_to_be("disabling")
    assert verdict(check(agent, raw.pid, wait=0)) == ("skipped", "disabling")
    runs.send(OK)
    assert running.answer().status == 200
    work = raw.worker.connection()
    assert b"OOBW" in work.take(4 + int.from_bytes(work.take(4), "big") - 4)
    wait_to_be("disabled")
    with lasting(0, 10):
        assert verdict(check(agent, raw.pid, wait=10)) == ("skipped", "disabled")
    work.send(b"done")
    wait_to_be("enabled")
    work.close()
    check_again = RawCheck(raw)
    connection = raw.worker.connection()
    connection.head()
    connection.send(OK)
    assert verdict(check_again.result()) == HEALTHY


@pytest.mark.parametrize("route", ["auto", "pool"])
def test_a_detached_process_that_still_serves_is_skipped(ruby, route):
    row = ruby.admin.processes()[0]
    with serving(ruby, row["pid"], 2):
        ruby.api("POST", "/pool/detach_process.json", {"pid": row["pid"]})
        result = check(ruby, row["gupid"], route=route, wait=0)
        assert verdict(result) == ("skipped", "detached"), result


def test_a_process_that_is_shutting_down_is_skipped(python):
    """It is stopped, so that it stays so. A thread of Passenger's tells it to leave: until then it is only detached."""
    row = python.admin.processes()[0]
    with stopped(row["pid"]):
        python.api("POST", "/pool/detach_process.json", {"pid": row["pid"]})
        wait_until(lambda: python.admin.process(row["pid"])["state"] == "shutting_down", "it is told to leave")
        result = check(python, row["gupid"], wait=0)
        assert verdict(result) == ("skipped", "shutting_down"), result
    wait_for_death(row["pid"])
