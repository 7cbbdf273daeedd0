"""`gangway requests --profile`: which routes hold the workers, from exact begins and ends; and slow requests in the log."""

import json
import re
import threading

import pytest

from support.command import gangway
from support.visitor import Visitor
from support.waiting import wait_until
from support.watching import Listener

OK, BAD_ANSWER, USAGE = range(3)


def wait_for_profiles(agent, count):
    """So many count: their connections are there, and the samples of requests that they began with have been taken."""
    open_connections = lambda: agent.admin.get("/v1/pool").json["gangway"]["connections"]["open"]  # noqa: E731
    wait_until(lambda: open_connections() > count, f"{count} profiles run")
    for _ in range(2):
        agent.admin.get("/v1/requests")


class Profile:
    """GET /v1/requests/profile, read by a thread of its own; counting once the constructor has returned."""

    def __init__(self, agent, seconds, query=""):
        self.answer = None
        self.thread = threading.Thread(target=self.run, args=(agent, seconds, query), daemon=True)
        self.thread.start()
        wait_for_profiles(agent, 1)

    def run(self, agent, seconds, query):
        self.answer = agent.admin.get(f"/v1/requests/profile?seconds={seconds}{query}", timeout=seconds + 20)

    def result(self):
        self.thread.join(60)
        assert self.answer.status == 200, self.answer
        return self.answer.json


def route(document, name):
    found, = (row for row in document["routes"] if row["route"] == name)
    return found


def test_it_tells_which_routes_hold_the_workers(agent):
    profile = Profile(agent, 2)
    for number in range(3):
        assert agent.visit(f"/hello/{number}?secret=1").status == 200
    assert agent.visit("/sleep?seconds=0.5").status == 200
    document = profile.result()
    slow, quick = document["routes"]
    assert (slow["route"], quick["route"]) == ("/sleep", "/hello/:n")
    assert slow["method"] == "GET" and slow["group"] == agent.pool_xml().groups[0].name
    assert slow["requests"] == 1 and quick["requests"] == 3 and document["requests"] == 4
    assert 0.5 <= slow["worker_seconds"] == slow["longest_seconds"] < 1
    assert slow["share"] > 0.5 and document["lost"] == 0
    pids = {row["pid"] for row in agent.admin.processes()}
    assert {worker["pid"] for worker in quick["workers"]} <= pids
    assert sum(worker["requests"] for worker in quick["workers"]) == 3
    assert "secret" not in json.dumps(document)


def test_those_that_wait_and_those_that_do_not_end_are_counted(python):
    early = [Visitor(python, "/sleep?seconds=3") for _ in range(2)]
    wait_until(lambda: len(python.admin.get("/v1/requests").json["requests"]) == 2, "two are served")
    profile = Profile(python, 1.5)
    late = [Visitor(python, "/sleep?seconds=2&late=1") for _ in range(2)]  # One has to wait.
    document = profile.result()
    row = route(document, "/sleep")
    assert (row["requests"], row["began_early"], row["under_way"]) == (4, 2, 2), row
    # Two for the whole time, one for nearly so long.
    assert 3 < row["worker_seconds"] < 5 and 0.3 < row["queued_seconds"] < 1.7, row
    assert 1.5 < row["longest_seconds"] < 3 and len(row["workers"]) == 3
    for visitor in early + late:
        visitor.wait()


def test_those_that_are_refused_are_counted(new_agent):
    agent = new_agent("python", workers=1, options=["--max-request-queue-size", "1"]).ready()
    profile = Profile(agent, 2)
    visitors = [threading.Thread(target=agent.visit, args=("/sleep?seconds=1",)) for _ in range(5)]
    for visitor in visitors:
        visitor.start()
    row = route(profile.result(), "/sleep")
    assert row["requests"] == 5 and row["refused"] == 3, row
    for visitor in visitors:
        visitor.join()


def test_nothing_is_left_of_it(agent):
    """Requests that begin before, and end during or after; and the agent that serves on."""
    visitor = Visitor(agent, "/sleep?seconds=1")
    wait_until(lambda: agent.admin.get("/v1/requests").json["requests"], "it is there")
    Profile(agent, 0.2).result()
    visitor.wait()
    visitor = Visitor(agent, "/sleep?seconds=1")
    for _ in range(3):
        Profile(agent, 0.1).result()
    visitor.wait()
    assert agent.visit("/hello").status == 200
    agent.wait_for_no_sessions()


def test_the_agent_exits_in_the_middle_of_it(new_agent):
    agent = new_agent("nodejs", workers=1).ready()
    profile = Profile(agent, 600)
    Visitor(agent, "/sleep?seconds=5")
    wait_until(lambda: agent.admin.get("/v1/requests").json["requests"], "it is there")
    agent.stop()
    profile.thread.join(20)
    assert not profile.thread.is_alive()


# ---------------------------------------------------------------- the command

def test_the_command_shows_a_table_and_stacks(python):
    results = {}
    threads = [threading.Thread(target=lambda form=form: results.update({form: gangway(
        python, "requests", "--profile", "4s", *form)})) for form in ((), ("--folded",), ("--json",),
                                                                         ("--route", "/hello/*"))]
    for thread in threads:
        thread.start()
    wait_for_profiles(python, len(threads))
    for path in ("/hello/world", "/sleep?seconds=0.3"):
        assert python.visit(path).status == 200
    for thread in threads:
        thread.join()
    table = results[()].text.splitlines()
    assert table[0].split() == "SHARE BUSY REQUESTS MEAN LONGEST QUEUED REFUSED METHOD ROUTE".split()
    assert re.fullmatch(r" *\d\d\.\d%  +0\.\ds +1  +[3-9]\d\dms +[3-9]\d\dms +\d+(\.\d)?ms +0  GET     /sleep", table[1]), table
    assert re.match(r"2 requests in [4-9]\.\ds: workers were at them for 0\.[3-9]s, 0\.[01] at a time;", table[-1]), table
    group = python.pool_xml().groups[0].name
    assert re.search(rf"^{re.escape(group)};worker \d+;GET /sleep [3-9]\d{{5}}$", results["--folded",].text, re.M)
    assert route(json.loads(results["--json",].text), "/sleep")["requests"] == 1
    assert "/hello/*" in results["--route", "/hello/*"].text


@pytest.mark.parametrize("arguments", [
    ["--profile", "0"], ["--profile", "601"], ["--profile", "11m"], ["--profile", "x"], ["--folded"], ["--route", "/a"],
    ["--profile", "1", "--watch"], ["--profile", "1", "--query"], ["--profile", "1", "--min", "1"]], ids=" ".join)
def test_the_command_refuses_what_makes_no_sense(arguments):
    result = gangway(None, "requests", *arguments)
    assert result.code == USAGE and result.text == "", result


def test_the_command_says_what_is_wrong_with_a_route(python):
    result = gangway(python, "requests", "--profile", "1", "--route", "a")
    assert result.code == BAD_ANSWER or result.code == USAGE, result
    assert "begins with '/'" in result.errors


# ---------------------------------------------------------------- all the time

def test_it_may_be_kept_all_the_time(new_agent):
    agent = new_agent("python", workers=1, config={"accounting": True, "routes": ["/blog/:name"]}).ready()
    for path in ("/blog/a", "/blog/b"):
        agent.visit(path)
    wait_until(lambda: [row["requests"] for row in agent.admin.get("/v1/requests/routes").json["routes"]
                        if row["route"] == "/blog/:name"] == [2], "they are counted")


def test_a_slow_request_is_told_once(new_agent):
    agent = new_agent("python", workers=1, config={"slow_request_seconds": 1}).ready()
    group = agent.pool_xml().groups[0].name
    pid = agent.admin.processes()[0]["pid"]
    listener = Listener(agent)
    visitor = Visitor(agent, "/sleep?seconds=3.5&secret=1")
    line = rf"\[gangway\] requests: slow: GET /sleep from 127\.0\.0\.1 takes [1-3]\.\ds already, at process {pid} \(\S+\) of {re.escape(group)}"
    wait_until(lambda: re.search(line, agent.log), "it is logged", 5)
    event = wait_until(lambda: [data for name, data in listener.events if name == "request_slow"], "it is told", 5)
    visitor.wait()
    assert len(re.findall("requests: slow", agent.log)) == 1 and "secret" not in agent.log
    assert [(data["pid"], data["method"], data["path"], data["client"]) for data in event] == [
        (pid, "GET", "/sleep", "127.0.0.1")]
    assert 1 <= event[0]["age_seconds"] <= 3.5
