"""`GET /v1/requests` and `gangway requests`: what every worker is doing, for whom, since when."""

import contextlib
import json
import re
import socket

import pytest

from support.command import gangway
from support.doors import FrontDoor
from support.visitor import Visitor
from support.waiting import wait_until

OK, BAD_ANSWER, USAGE = range(3)
ON_TIME = 5.0  # for a machine that has much else to do


def requests(agent, query=""):
    answer = agent.admin.get("/v1/requests" + query)
    assert answer.status == 200, answer
    assert answer.json["complete"] and answer.json["stuck_controllers"] == [], answer
    return answer.json["requests"]


def with_path(agent, path, query=""):
    return [row for row in requests(agent, query) if row["path"] == path]


def named(agent, path, query="", count=1):
    """The rows of that path, as soon as there are so many."""
    return wait_until(lambda: len(rows := with_path(agent, path, query)) == count and rows,
                      f"{count} requests of {path}", ON_TIME)


@contextlib.contextmanager
def sent(agent, content):
    """What a visitor has sent, who waits for the answer."""
    with socket.create_connection(("127.0.0.1", agent.port), 10) as visitor:
        visitor.sendall(content)
        yield visitor


# ---------------------------------------------------------------- who does what for whom

def test_a_visitors_request_is_named_beside_its_process_and_gone_when_it_ends(agent):
    visitor = Visitor(agent, "/sleep?seconds=1", headers={"X-Request-Id": "r-1"})
    row, = named(agent, "/sleep", "?query=true")
    busy, = (process for process in agent.pool_xml().processes if process.number("sessions") == 1)
    process = agent.admin.process(busy.pid)
    assert [row[name] for name in ("pid", "gupid", "group")] == [process[name] for name in ("pid", "gupid", "group")]
    assert (row["method"], row["host"], row["query"]) == ("GET", f"127.0.0.1:{agent.port}", "seconds=1")
    assert (row["state"], row["via"], row["client"], row["request_id"]) == ("waiting", "visitor", "127.0.0.1", "r-1")
    assert (row["https"], row["cut"]) == (False, [])
    assert 0 <= row["age_seconds"] <= ON_TIME
    table = gangway(agent, "requests", "--query")
    assert re.search(rf"^ *\d\.\ds  +{busy.pid}  waiting  GET     /sleep\?seconds=1  127\.0\.0\.1  visitor  127\.0\.0\.1:{agent.port} +0$",
                     table.text, re.M), table.text
    assert table.text.splitlines()[-1] == "1 request: 1 at 1 worker, 0 queued"
    visitor.wait()
    wait_until(lambda: not with_path(agent, "/sleep"), "the request is gone", ON_TIME)


def test_it_is_named_wherever_one_looks_at_the_process(agent):
    visitor = Visitor(agent, "/sleep?seconds=3&x=secret")
    row, = named(agent, "/sleep")
    pid = row["pid"]
    looks = {arguments: gangway(agent, *arguments).text for arguments in [
        ("ps",), ("requests",), ("show", pid), ("ps", "--json"), ("show", pid, "--json")]}
    process = agent.admin.process(pid)
    checked = agent.admin.get(f"/v1/processes/{pid}/health?route=pool&wait=0").json["result"]
    refused = agent.admin.forward(pid, "/", headers={"X-Gangway-Route": "pool", "X-Gangway-Wait": "0"})
    assert visitor.answer is None, "it is there all the time"
    for arguments, text in looks.items():
        assert "/sleep" in text and "secret" not in text, (arguments, text)
    line, = re.findall(rf"^ *{pid} .*$", looks["ps",], re.M)
    assert re.search(r" 1  +\d\.\ds .* GET /sleep$", line), line
    served, = process["requests"]
    assert (served["method"], served["path"], served["via"], served["client"]) == (
        "GET", "/sleep", "visitor", "127.0.0.1")
    assert served["started_at"] == row["started_at"] <= process["busy_since"]
    if process["concurrency"] != 1:  # It takes as many as there are.
        assert checked["state"] == "healthy" and refused.status == 200
    else:
        assert (checked["state"], checked["reason"], checked["requests"]) == ("busy", "busy", [served])
        assert re.fullmatch(r"The process has been busy for \d\.\ds with GET /sleep from 127\.0\.0\.1\.",
                            checked["detail"])
        assert refused.code == "process_busy" and refused.json["requests"] == [served]
    visitor.wait()
    wait_until(lambda: agent.admin.process(pid)["requests"] == [] and not with_path(agent, "/sleep")
               and "/sleep" not in gangway(agent, "ps").text, "it is gone", ON_TIME)
    assert agent.admin.process(pid)["busy_since"] is None


def test_a_check_of_gangways_own_is_among_them(python):
    pid = python.admin.processes()[0]["pid"]
    with contextlib.closing(python.admin.connection()) as caller:
        caller.request("GET", f"/v1/processes/{pid}/health?path=/sleep%3Fseconds%3D1")
        row, = named(python, "/sleep")
        assert (row["via"], row["pid"], row["state"]) == ("gangway", pid, "waiting")
        assert [served["via"] for served in python.admin.process(pid)["requests"]] == ["gangway"]
        caller.getresponse().read()
    wait_until(lambda: not with_path(python, "/sleep"), "it is gone", ON_TIME)


def test_those_that_wait_for_a_process_are_queued(python):
    visitors = [Visitor(python, "/sleep?seconds=1.5") for _ in range(4)]
    rows = named(python, "/sleep", count=4)
    assert [row["state"] for row in rows].count("queued") == 1
    queued, = requests(python, "?state=queued")
    assert queued["pid"] is queued["gupid"] is None
    table = gangway(python, "requests")
    assert re.fullmatch(r"4 requests: 3 at 3 workers, 1 queued \(oldest \d\.\ds\)", table.text.splitlines()[-1]), table
    assert [row["started_at"] for row in rows] == sorted(row["started_at"] for row in rows)
    heading = gangway(python, "ps").text.splitlines()[0]
    assert re.search(r"   3 of 3 workers   queue 1 \(oldest \d\.\ds\)   pool 3/", heading), heading
    for visitor in visitors:
        visitor.wait()


def test_one_process_may_be_at_several(new_agent):
    agent = new_agent("nodejs", workers=1, options=["--threads", "2"]).ready()
    visitors = [Visitor(agent, f"/sleep?seconds=1&n={number}") for number in range(8)]
    rows = named(agent, "/sleep", "?query=true", count=8)
    assert {row["pid"] for row in rows} == {agent.admin.processes()[0]["pid"]}
    assert {row["query"] for row in rows} == {f"seconds=1&n={number}" for number in range(8)}
    process, = agent.admin.processes()
    oldest = [row["started_at"] for row in rows][:3]
    assert [served["started_at"] for served in process["requests"]] == oldest
    assert process["busy_since"] == oldest[0] and process["sessions"] == 8
    assert re.search(r" GET /sleep \+7$", gangway(agent, "ps").text, re.M)
    for visitor in visitors:
        visitor.wait()


def test_gangways_own_are_among_them(python):
    pid = python.admin.processes()[0]["pid"]
    with contextlib.closing(python.admin.connection()) as caller:
        caller.request("POST", f"/v1/processes/{pid}/request/sleep?seconds=1", b"x")
        python.wait_for_sessions(pid, 1)
        row, = named(python, "/sleep")
        assert (row["via"], row["pid"], row["method"], row["state"]) == ("gangway", pid, "POST", "waiting")
        caller.getresponse().read()


def test_the_web_server_tells_the_client(two_groups):
    headers = [*FrontDoor(two_groups, "beta").headers[:-1], ("!~REMOTE_ADDR", "198.51.100.7"), ("!~FLAGS", "S"), ("!~", "")]
    head = b"GET /sleep?seconds=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + b"".join(
        f"{name}: {value}\r\n".encode() for name, value in headers) + b"\r\n"
    with sent(two_groups, head) as visitor:
        row, = named(two_groups, "/sleep")
        assert (row["group"], row["client"], row["https"]) == ("beta", "198.51.100.7", True)
        alpha = two_groups.admin.as_caller(password=two_groups.pool_xml().group("alpha").password)
        beta = two_groups.admin.as_caller(password=two_groups.pool_xml().group("beta").password)
        assert alpha.get("/v1/requests").json["requests"] == []
        assert [row["path"] for row in beta.get("/v1/requests").json["requests"]] == ["/sleep"]
        visitor.recv(100)


# ---------------------------------------------------------------- what visitors may send

POST = b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n%s\r\n" + b"x" * 100


def test_a_body_that_is_not_whole_yet_is_being_sent(python):
    with sent(python, POST % b""):
        row, = named(python, "/hello")
        assert (row["state"], row["method"], row["received_bytes"]) == ("sending", "POST", 100)
        assert row["pid"] in [process["pid"] for process in python.admin.processes()]
    wait_until(lambda: not with_path(python, "/hello"), "a visitor who has left is gone", ON_TIME)


def test_a_body_that_is_kept_first_is_being_read(two_groups):
    buffered = FrontDoor(two_groups, "beta", flags="B").headers
    with sent(two_groups, POST % b"".join(f"{name}: {value}\r\n".encode() for name, value in buffered)):
        row, = named(two_groups, "/hello")
        assert (row["state"], row["received_bytes"], row["pid"]) == ("reading", 100, None)


@pytest.mark.parametrize("length", [1023, 1024, 1025, 7001])
def test_a_long_path_is_cut_and_that_is_said(nodejs, length):
    path = "/" + "p" * (length - 1)
    with sent(nodejs, f"POST {path} HTTP/1.1\r\nHost: {'h' * (length // 4)}\r\nX-Request-Id: {'i' * 129}\r\n"
                      "Content-Length: 9\r\n\r\n".encode()):
        row, = named(nodejs, path[:1024])
        assert row["request_id"] == "i" * 128
        assert row["host"] == "h" * min(length // 4, 255)
        assert row["cut"] == ["path"] * (length > 1024) + ["host"] * (length // 4 > 255) + ["request_id"]


def test_odd_bytes_do_no_harm(nodejs):
    with sent(nodejs, b"POST /\"<&>' HTTP/1.1\r\nHost: \xe2\x80\xae\xff\xc3\r\nX-Request-Id: \x9b31m\r\nContent-Length: 9\r\n\r\n"):
        row, = named(nodejs, "/\"<&>'")
        assert (row["host"], row["request_id"]) == ("\u202e\ufffd\ufffd", "\ufffd31m")
        text = gangway(nodejs, "requests").text
        assert "\u202e" not in text and "\ufffd\ufffd" in text


def test_connections_without_a_request_are_none(nodejs):
    before = nodejs.admin.get("/v1/requests").json["clients"]
    with contextlib.ExitStack() as stack:
        for number in range(200):
            visitor = stack.enter_context(socket.create_connection(("127.0.0.1", nodejs.port), 10))
            if number % 2:
                visitor.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                assert visitor.recv(1000).startswith(b"HTTP/1.1 200")
        wait_until(lambda: nodejs.admin.get("/v1/requests").json["clients"] == before + 200, "200 connections")
        assert requests(nodejs) == []


def test_the_agent_ends_while_it_is_asked(new_agent):
    agent = new_agent("nodejs", workers=1).ready()
    Visitor(agent, "/sleep?seconds=1")
    named(agent, "/sleep")
    callers = [agent.admin.raw() for _ in range(20)]
    for caller in callers:
        caller.sendall(b"GET /v1/requests HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
    agent.stop()
    for caller in callers:
        caller.close()


# ---------------------------------------------------------------- the command

def test_the_command_filters(python):
    pids = [process["pid"] for process in python.admin.processes()]
    visitors = [Visitor(python, "/sleep?seconds=1.5") for _ in range(3)]
    named(python, "/sleep", count=3)
    document = json.loads(gangway(python, "requests", "--json", "--pid", pids[0]).text)
    assert [row["pid"] for row in document["requests"]] == [pids[0]]
    assert "query" not in document["requests"][0] and document["requests"][0]["has_query"]
    assert "/sleep?…" in gangway(python, "requests").text
    assert gangway(python, "requests", "--min", "60").text == "0 requests\n"
    assert gangway(python, "requests", "--limit", "1").text.splitlines()[-1] == (
        "1 request: 1 at 1 worker, 0 queued; 2 more, younger ones, are beyond the limit")
    assert gangway(python, "requests", "--group", "nobodys").text == "0 requests\n"
    for visitor in visitors:
        visitor.wait()


@pytest.mark.parametrize("arguments", [["--pid", "a/b"], ["--pid", ""], ["--min", "-1"], ["--min", ""], ["--limit", "0"],
                                       ["--group", ""], ["--watch", "0"], ["x"]], ids=" ".join)
def test_the_command_refuses_what_makes_no_sense(arguments):
    result = gangway(None, "requests", *arguments)
    assert result.code == USAGE and result.text == "", result


def test_the_command_names_a_process_that_is_not_there(python):
    result = gangway(python, "requests", "--pid", "1")
    assert result.code == BAD_ANSWER and "1" in result.errors, result
