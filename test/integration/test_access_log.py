"""What the access log, Server-Timing and the counters of GET /v1/pool say of what happened."""

import json
import os
import re
import time

import pytest

from support.client import basic, forwarded
from support.raw_client import Broken
from support.raw_worker import shared_raw, statistics
from support.waiting import wait_until

HEAD = b"HTTP/1.1 200 OK\r\n"
OK = HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
FIELDS = ["method", "path", "status", "code", "process", "route", "bytes_in", "bytes_out", "queue_ms",
          "connect_ms", "first_byte_ms", "total_ms", "uid", "as"]
TEXT_FIELDS = {"method", "path", "code", "route", "as"}
MARK = "[gangway] access "


def read_back(text):
    """What was written as \\xHH and \\\\ (docs/operators.md, "Lines in the log")."""
    return re.sub(r"\\(\\|x..)", lambda found: chr(int(found[1][1:], 16)) if found[1] != "\\" else "\\", text)


def read_text(line):
    fields = [word.split("=", 1) for word in line.split(" ")]
    names = [name for name, _ in fields]
    assert names in (FIELDS, FIELDS + ["broken"]), line
    result = {name: value if name in TEXT_FIELDS else None if value == "-" else json.loads(value)
              for name, value in fields}
    for name in TEXT_FIELDS:
        result[name] = None if result[name] == "-" else read_back(result[name])
    return result


def read_json(line):
    result = json.loads(line)
    assert [name for name in result if name != "broken"] == FIELDS, line
    return result


READERS = {"text": read_text, "json": read_json}


class Log:
    """The lines that a test's own requests made."""

    def __init__(self, raw, form):
        self.raw = raw
        self.form = form
        self.before = len(self.everything())

    def everything(self):
        return [line.split(MARK, 1)[1] for line in self.raw.agent.log.splitlines() if MARK in line]

    def has(self, text):
        return any(text in line for line in self.everything()[self.before:])

    def lines(self, count):
        """Waits for that many; there may not be more."""
        wait_until(lambda: len(self.everything()) >= self.before + count, f"{count} lines of the access log")
        # A line is written before its connection takes the next request, or ends.
        client = self.raw.client()
        client.send(b"GET /v1/last HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.answer().code == "not_found"
        wait_until(lambda: self.has("/v1/last"), "the last line")
        lines = self.everything()[self.before:]
        assert len(lines) == count + 1, lines
        self.before += len(lines)
        return [READERS[self.form](line) for line in lines[:-1]]

    def line(self):
        return self.lines(1)[0]

    def settle(self):
        """Passes over what was asked until now: a line is written after its answer."""
        client = self.raw.client()
        client.send(b"GET /v1/first HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.answer().code == "not_found"
        wait_until(lambda: self.has("/v1/first"), "the first line")
        self.before = len(self.everything())


@pytest.fixture(params=READERS)
def logged(request, fleet):
    """(a raw worker, the log of its agent), for each format."""
    for raw in shared_raw(fleet, "http", request.param, config={"access_log": request.param}):
        raw.log = Log(raw, request.param)
        raw.log.settle()
        yield raw


@pytest.fixture
def logged_session(fleet):
    for raw in shared_raw(fleet, "session", "json", config={"access_log": "json"}):
        raw.log = Log(raw, "json")
        raw.log.settle()
        yield raw


@pytest.fixture(params=READERS)
def with_queries(request, fleet):
    config = {"access_log": request.param, "access_log_query": True}
    for raw in shared_raw(fleet, "http", f"queries {request.param}", config=config):
        raw.log = Log(raw, request.param)
        raw.log.settle()
        yield raw


def underway(raw, *args, **options):
    client = raw.send(*args, **options)
    connection = raw.worker.connection()
    connection.head()
    return client, connection


def answered(raw, *args, answer=OK, **options):
    client, connection = underway(raw, *args, **options)
    connection.answer(answer)
    return client.answer(options.get("method", b"GET"))


# ---------------------------------------------------------------- the log

def test_a_forwarded_request_is_one_line(logged):
    client, connection = underway(logged, b"/some/path", b"PUT", [b"Content-Length: 7"], b"content")
    connection.take(7)
    time.sleep(0.5)  # so that first_byte_ms has something to measure
    connection.answer(OK)
    assert client.answer().body == b"ok"
    line = logged.log.line()
    assert line.pop("broken", False) is False
    for name in ("queue_ms", "connect_ms"):
        assert 0 <= line.pop(name) < 450
    first_byte, total = line.pop("first_byte_ms"), line.pop("total_ms")
    assert 500 <= first_byte <= total < 15000
    assert line == {"method": "PUT", "path": "/some/path", "status": 200, "code": None,
                    "process": logged.pid, "route": "pool", "bytes_in": 7, "bytes_out": 2,
                    "uid": os.geteuid(), "as": "root"}


def test_a_request_to_the_api_is_one_line(logged):
    for method, target, status, code in ((b"GET", b"/v1/pool", 200, None),
                                         (b"HEAD", b"/v1/processes", 200, None),
                                         (b"POST", b"/v1/pool", 405, "method_not_allowed"),
                                         (b"GET", b"/nowhere", 404, "not_found")):
        client = logged.client()
        client.send(method + b" " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = client.answer(method)
        line = logged.log.line()
        assert (line["method"], line["path"]) == (method.decode(), target.decode())
        assert (line["status"], line["code"]) == (status, code) == (answer.status, answer.code)
        assert line["process"] is None and line["route"] is None
        assert (line["bytes_in"], line["bytes_out"]) == (0, len(answer.body))
        assert line["queue_ms"] is None and line["connect_ms"] is None and line["first_byte_ms"] is None
        assert line["total_ms"] >= 0


def test_bytes_are_those_of_bodies_without_their_framing(logged):
    client, connection = underway(logged, b"/", b"POST", [b"Transfer-Encoding: chunked"],
                                  b"5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n")
    connection.chunked_body()
    connection.answer(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
                      b"3;x\r\nabc\r\n1\r\nd\r\n0\r\nX-Sum: 1\r\n\r\n")
    assert client.answer().body == b"abcd"
    line = logged.log.line()
    assert (line["bytes_in"], line["bytes_out"]) == (11, 4)


def test_requests_on_one_connection_are_lines_in_their_order(logged):
    client = logged.client()
    client.send(b"".join(logged.request(b"/%d" % number) for number in range(3)))
    for _ in range(3):
        connection = logged.worker.connection()
        connection.head()
        connection.answer(OK)
        client.answer()
    assert [line["path"] for line in logged.log.lines(3)] == ["/0", "/1", "/2"]


def test_the_status_and_the_process_are_those_of_the_answer(logged):
    answered(logged, answer=b"HTTP/1.1 418 Tea\r\nContent-Length: 0\r\n\r\n")
    answered(logged, method=b"HEAD", answer=HEAD + b"Content-Length: 99\r\n\r\n")
    first, second = logged.log.lines(2)
    assert (first["status"], first["process"], first["bytes_out"]) == (418, logged.pid, 0)
    assert (second["status"], second["bytes_out"]) == (200, 0)


def test_errors_have_their_code_and_the_process_that_was_meant(logged):
    client, connection = underway(logged, b"/dies")
    connection.close()
    assert client.answer().code == "worker_closed"
    line = logged.log.line()
    assert (line["status"], line["code"], line["process"]) == (502, "worker_closed", logged.pid)
    assert line["path"] == "/dies" and line["first_byte_ms"] is None
    assert line["bytes_out"] > 0, "the error's own body"

    client = logged.send(b"/slow", headers=[b"X-Gangway-Timeout: 0.1"])
    assert client.answer().code == "total_timeout"
    line = logged.log.line()
    assert (line["status"], line["code"]) == (504, "total_timeout") and line["total_ms"] >= 100


def test_a_malformed_request_is_a_line_too(logged):
    client = logged.client()
    client.send(b"nonsense\r\n\r\n")
    assert client.answer().code == "bad_request"
    line = logged.log.line()
    assert (line["status"], line["code"]) == (400, "bad_request")


def test_an_answer_that_is_broken_off_is_broken(logged):
    client, connection = underway(logged, b"/cut")
    connection.answer(HEAD + b"Content-Length: 10\r\n\r\nhello")
    with pytest.raises(Broken):
        client.answer()
    line = logged.log.line()
    assert (line["status"], line["broken"], line["bytes_out"]) == (200, True, 5)


def test_a_client_that_leaves_in_its_answer_breaks_it(logged):
    client, connection = underway(logged)
    connection.send(HEAD + b"Content-Length: 10\r\n\r\nhello")
    assert client.head().status == 200 and client.read(5) == b"hello"
    client.close()
    line = logged.log.line()
    assert (line["status"], line["broken"], line["code"]) == (200, True, None)


def test_a_client_that_leaves_before_its_answer_got_no_status(logged):
    client, _ = underway(logged, b"/gone")
    client.close()
    line = logged.log.line()
    assert (line["status"], line["path"], line["process"]) == (0, "/gone", logged.pid)


@pytest.mark.parametrize("target, shown", [
    (b"/p?secret=1&x=2", "/p?..."), (b"/p?", "/p?..."), (b"/p", "/p"), (b"/?a?b", "/?..."),
    (b"/a;b%20", "/a;b%20")])
def test_queries_are_not_shown(logged, target, shown):
    answered(logged, target)
    assert logged.log.line()["path"] == shown


def test_queries_are_not_shown_for_the_api_either(logged):
    client = logged.client()
    client.send(b"GET /v1/processes?group=secret HTTP/1.1\r\nHost: x\r\n\r\n")
    client.answer()
    assert logged.log.line()["path"] == "/v1/processes?..."


@pytest.mark.parametrize("target", ["/p?q=1&r=%20", "/?", "/p?\"\\'<>{}", "/\"a\\b\"?c"])
def test_queries_are_shown_when_they_may_be(with_queries, target):
    answered(with_queries, target.encode())
    assert with_queries.log.line()["path"] == target


def test_who_asked_is_told_and_their_passwords_are_not(logged):
    agent = logged.agent
    secret = agent.admin.processes("?secrets=true")[0]["password"]
    logged.log.lines(1)
    callers = [
        ("password", f"X-Passenger-Connect-Password: {secret}"),
        ("full", "Authorization: " + basic("admin", agent.admin_password)),
        ("readonly", "Authorization: " + basic("ro_admin", agent.read_only_password)),
        ("none", "Authorization: " + basic("admin", "wr0ng-passw0rd")),
        ("none", "X-Passenger-Connect-Password: wr0ng-passw0rd"),
        ("root", "X-Note: 1")]
    for _, line in callers:
        client = logged.client()
        client.send(f"GET /v1/processes HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode())
        client.answer()
    lines = logged.log.lines(len(callers))
    assert [line["as"] for line in lines] == [word for word, _ in callers]
    assert {line["uid"] for line in lines} == {os.geteuid()}
    assert [line["status"] for line in lines] == [200, 200, 200, 401, 401, 200]
    for word in (secret, agent.admin_password, agent.read_only_password, "wr0ng-passw0rd",
                 basic("admin", agent.admin_password).split()[1]):
        assert word not in agent.log


def test_a_password_in_a_forwarded_request_is_not_shown(logged):
    password = logged.agent.admin.processes("?secrets=true")[0]["password"]
    logged.log.lines(1)
    answered(logged, b"/p?token=" + password.encode(),
             headers=[b"X-Passenger-Connect-Password: " + password.encode()])
    assert logged.log.line()["as"] == "password"
    assert password not in logged.agent.log


def waited_for_a_busy_process(raw):
    """The answer to a request that waited for at least 0.2 s."""
    busy, first = underway(raw, b"/busy")
    waiting = raw.send(b"/waiting", headers=[b"X-Gangway-Wait: 30"])
    wait_until(lambda: statistics(raw.agent)["requests"]["in_flight"] == 2, "both are in flight")
    time.sleep(0.2)
    first.answer(OK)
    busy.answer()
    second = raw.worker.connection()
    second.head()
    second.answer(OK)
    return waiting.answer()


def test_the_time_that_a_request_waited_is_in_the_log(logged_session):
    raw = logged_session
    waited_for_a_busy_process(raw)
    wait_until(lambda: raw.log.has('"/waiting"'), "its line")
    line = next(read_json(line) for line in raw.log.everything()[raw.log.before:] if '"/waiting"' in line)
    assert 200 <= line["queue_ms"] <= line["total_ms"]


def test_the_direct_route_is_in_the_log(new_agent):
    agent = new_agent("ruby", workers=1, config={"access_log": "json"}).ready()
    pid = agent.admin.processes()[0]["pid"]
    assert agent.admin.forward(pid, "/x", headers={"X-Gangway-Route": "direct"}).status == 200
    wait_until(lambda: '"direct"' in agent.log, "the line")
    line = next(line.split(MARK, 1)[1] for line in agent.log.splitlines()
                if MARK in line and '"direct"' in line)
    assert (read_json(line)["route"], read_json(line)["process"]) == ("direct", pid)


def test_nothing_is_logged_unless_it_is_asked_for(raw_http):
    answered(raw_http, b"/quiet")
    raw_http.agent.admin.get("/v1/pool")
    assert raw_http.client().is_usable()
    assert MARK not in raw_http.agent.log and "/quiet" not in raw_http.agent.log


# ---------------------------------------------------------------- Server-Timing

TIMING = re.compile(r"queue;dur=(\d+\.?\d*), connect;dur=(\d+\.?\d*), first_byte;dur=(\d+\.?\d*), "
                    r"total;dur=(\d+\.?\d*)")


def timing_of(value):
    match = TIMING.fullmatch(value)
    assert match, value
    return tuple(float(number) for number in match.groups())


def test_server_timing_tells_where_the_time_went(raw):
    client, connection = underway(raw)
    time.sleep(0.5)
    connection.send(HEAD + b"Content-Length: 2\r\n\r\n")
    (value,) = client.head().get("Server-Timing")
    queue, connect, first_byte, total = timing_of(value)
    assert 500 <= first_byte <= total < 15000 and queue < 450 and connect < 450
    assert queue + connect + first_byte <= total + 0.1
    connection.answer(b"ok")


def test_server_timing_comes_after_the_application_s_own(raw):
    answer = answered(raw, answer=HEAD + b"Server-Timing: db;dur=53\r\nX-A: 1\r\nServer-Timing: app;dur=1\r\n"
                      b"Content-Length: 0\r\n\r\n")
    first, second, own = answer.get("Server-Timing")
    assert (first, second) == ("db;dur=53", "app;dur=1")
    timing_of(own)


def test_server_timing_counts_waiting_for_a_busy_process_as_queue(raw_session):
    queue, _, _, total = timing_of(waited_for_a_busy_process(raw_session).get("Server-Timing")[0])
    assert 200 <= queue <= total


def test_there_is_no_server_timing_where_no_process_was_asked(raw_http):
    client = raw_http.client()
    client.send(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.answer().get("Server-Timing") == []


# ---------------------------------------------------------------- counters

class Counted:
    """What changed in the statistics, without what the questions for them change themselves."""

    def __init__(self, agent):
        self.agent = agent
        self.before = self.now()

    def now(self):
        found = statistics(self.agent)
        return {**{f"requests.{name}": found["requests"][name] for name in
                   ("answered", "forwarded", "retried", "upgraded", "aborted")},
                **{f"bytes.{name}": number for name, number in found["bytes"].items()},
                **{f"errors.{name}": number for name, number in found["errors"].items()}}

    def changes(self):
        now = self.now()
        changed = {name: number - self.before.get(name, 0) for name, number in now.items()}
        changed["requests.answered"] -= 1  # the question before
        self.before = now
        return {name: number for name, number in changed.items() if number}


def test_counters_equal_what_was_sent(raw):
    counted = Counted(raw.agent)
    assert counted.changes() == {}

    for _ in range(5):
        answered(raw)
    raw.agent.wait_for_no_sessions()
    assert counted.changes() == {"requests.answered": 5, "requests.forwarded": 5, "bytes.from_processes": 10}

    client, connection = underway(raw, b"/", b"POST", [b"Content-Length: 1000"], b"x" * 1000)
    connection.take(1000)
    connection.answer(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n")
    client.answer()
    raw.agent.wait_for_no_sessions()
    assert counted.changes() == {"requests.answered": 1, "requests.forwarded": 1,
                                 "bytes.to_processes": 1000, "bytes.from_processes": 5}

    answered(raw, answer=b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops")
    raw.agent.wait_for_no_sessions()
    assert counted.changes() == {"requests.answered": 1, "requests.forwarded": 1, "bytes.from_processes": 4}


def test_errors_are_counted_by_their_code(raw):
    counted = Counted(raw.agent)
    for content, code in ((b"", "worker_closed"), (b"nonsense\r\n\r\n", "bad_response")):
        for _ in range(2):
            client, connection = underway(raw)
            connection.answer(content)
            assert client.answer().code == code
    client = raw.send(headers=[b"X-Gangway-First-Byte-Timeout: 0.1"])
    assert client.answer().code == "first_byte_timeout"
    for content, code in ((b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", "not_found"),
                          (b"GET /v1/processes?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", "bad_parameter"),
                          (b"nonsense\r\n\r\n", "bad_request"), (raw.request(headers=[b"X-Gangway-Route: x"]),
                                                                "bad_header")):
        client = raw.client()
        client.send(content)
        assert client.answer().code == code
    raw.agent.wait_for_no_sessions()
    assert counted.changes() == {
        "requests.answered": 9, "errors.worker_closed": 2, "errors.bad_response": 2,
        "errors.first_byte_timeout": 1, "errors.not_found": 1, "errors.bad_parameter": 1,
        "errors.bad_request": 1, "errors.bad_header": 1}


def test_clients_that_leave_are_counted_as_aborted(raw):
    counted = Counted(raw.agent)
    for _ in range(2):
        client, connection = underway(raw)
        client.close()
        connection.is_closed()
    client, connection = underway(raw)
    connection.send(HEAD + b"Content-Length: 10\r\n\r\nhello")
    client.head()
    client.read(5)
    client.close()
    connection.is_closed()
    wait_until(lambda: statistics(raw.agent)["requests"]["in_flight"] == 0, "no request is in flight")
    changes = counted.changes()
    assert changes.pop("requests.answered") >= 1, "the waiting asked, too"
    assert changes == {"requests.aborted": 3, "requests.forwarded": 1, "bytes.from_processes": 5}


def test_an_answer_that_the_process_breaks_off_is_no_abortion(raw):
    counted = Counted(raw.agent)
    client, connection = underway(raw)
    connection.answer(HEAD + b"Content-Length: 10\r\n\r\nhello")
    with pytest.raises(Broken):
        client.answer()
    raw.agent.wait_for_no_sessions()
    assert counted.changes() == {"requests.answered": 1, "requests.forwarded": 1, "bytes.from_processes": 5}


def test_an_upgrade_and_its_bytes_are_counted(raw):
    counted = Counted(raw.agent)
    client, connection = underway(raw, headers=[b"Connection: upgrade", b"Upgrade: echo"])
    connection.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello")
    assert client.head().status == 101 and client.read(5) == b"hello"
    client.send(b"abc")
    assert connection.take(3) == b"abc"
    connection.close()
    assert client.is_at_end()
    client.close()
    raw.agent.wait_for_no_sessions()
    assert counted.changes() == {"requests.answered": 1, "requests.forwarded": 1, "requests.upgraded": 1,
                                 "bytes.to_processes": 3, "bytes.from_processes": 5}


def test_a_request_that_is_sent_again_is_counted_as_retried(raw_session):
    raw = raw_session
    client, connection = underway(raw)
    connection.send(HEAD + b"Content-Length: 2\r\n\r\nok")
    assert client.answer().body == b"ok"
    raw.agent.wait_for_no_sessions()
    counted = Counted(raw.agent)
    connection.close()
    answered(raw, b"/again")
    raw.agent.wait_for_no_sessions()
    assert counted.changes() == {"requests.answered": 1, "requests.forwarded": 1, "requests.retried": 1,
                                 "bytes.from_processes": 2}


def test_the_statistics_are_for_administrators(raw_http):
    agent = raw_http.agent
    password = agent.admin.processes("?secrets=true")[0]["password"]
    for credentials, may_see in (
            ({}, True), ({"user": "admin", "user_password": agent.admin_password}, True),
            ({"user": "ro_admin", "user_password": agent.read_only_password}, True),
            ({"password": password}, False)):
        answer = agent.admin.as_caller(**credentials).get("/v1/pool")
        assert answer.status == 200
        assert (answer.json["gangway"] is not None) == may_see, credentials


def test_the_statistics_have_their_documented_members(raw_http):
    found = statistics(raw_http.agent)
    assert list(found) == ["started_at", "connections", "requests", "bytes", "errors"]
    assert list(found["connections"]) == ["open", "max", "accepted", "refused"]
    assert list(found["requests"]) == ["in_flight", "max", "max_per_process", "answered", "forwarded",
                                       "retried", "upgraded", "aborted"]
    assert list(found["bytes"]) == ["to_processes", "from_processes"]
    assert found["connections"]["max"] == 256
    assert (found["requests"]["max"], found["requests"]["max_per_process"]) == (256, 64)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", found["started_at"])
    assert all(number > 0 for number in found["errors"].values())


def test_a_forwarded_request_by_its_long_target_is_logged_as_it_was_asked(logged):
    client = logged.client()
    client.send(f"GET {forwarded(logged.pid, '/p?q')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    connection = logged.worker.connection()
    connection.head()
    connection.answer(OK)
    client.answer()
    assert logged.log.line()["path"] == forwarded(logged.pid, "/p?...")
