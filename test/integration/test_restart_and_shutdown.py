"""Requests underway when the group is restarted or the agent exits."""

import http.client
import os
import threading
import time

import pytest

from support import system
from support.client import Answer, forwarded
from support.waiting import wait_until

DOCUMENTED_AT_RESTART = {None, "process_busy", "process_not_found", "process_not_routable",
                         "connect_failed", "worker_closed"}


class Asking(threading.Thread):
    """One forwarded request, underway."""

    def __init__(self, agent, pid, target, **options):
        super().__init__(daemon=True)
        self.connection = agent.admin.connection(timeout=60)
        self.pid, self.target, self.options = pid, target, options
        self.answer = None
        self.error = None

    def run(self):
        try:
            self.connection.request("GET", forwarded(self.pid, self.target), **self.options)
            self.answer = Answer(self.connection.getresponse())
        except (http.client.HTTPException, OSError) as error:
            self.error = error
        finally:
            self.connection.close()

    def end(self, seconds=30):
        self.join(seconds)
        assert not self.is_alive(), "the client was left hanging"
        return self


def restart_by_file(agent):
    """Passenger compares whole seconds of the file's time, at the next visit."""
    restart_file = agent.app_root / "tmp" / "restart.txt"
    before = restart_file.stat().st_mtime if restart_file.exists() else time.time()
    restart_file.touch()
    os.utime(restart_file, (before + 2, before + 2))
    agent.visit("/")


def restart_by_api(agent):
    agent.restart_group(agent.admin.get("/v1/groups").json["groups"][0]["name"])


def test_requests_underway_are_finished_when_their_group_is_restarted(agent):
    before = agent.admin.processes()
    uuid = agent.admin.get("/v1/groups").json["groups"][0]["uuid"]
    asking = [Asking(agent, row["pid"], "/sleep?seconds=2") for row in before]
    for request in asking:
        request.start()
    for row in before:
        agent.wait_for_sessions(row["pid"], 1)
    restart_by_api(agent)
    for request, row in zip(asking, before):
        request.end()
        assert request.answer is not None, request.error
        assert request.answer.status == 200 and request.answer.fields["pid"] == str(row["pid"])
    agent.ready()
    after = agent.admin.processes()
    assert not {row["gupid"] for row in before} & {row["gupid"] for row in after}
    assert agent.admin.get("/v1/groups").json["groups"][0]["uuid"] != uuid
    for row in before:
        assert agent.admin.get(f"/v1/processes/{row['gupid']}").code == "process_not_found"
        assert agent.admin.forward(row["gupid"], "/").code == "process_not_found"


@pytest.mark.parametrize("restart", [restart_by_file, restart_by_api])
def test_a_stream_of_requests_across_restarts_gets_answers_and_documented_errors(agent, restart):
    stop = threading.Event()
    wrong = []

    def keep_asking():
        while not stop.is_set():
            for row in agent.admin.processes():
                try:
                    answer = agent.admin.forward(row["gupid"], "/", headers={"X-Gangway-Wait": "1"})
                except (http.client.HTTPException, OSError) as error:
                    wrong.append(repr(error))
                    continue
                if answer.code not in DOCUMENTED_AT_RESTART or (
                        answer.code is None and answer.fields["pid"] != str(row["pid"])):
                    wrong.append(answer)

    threads = [threading.Thread(target=keep_asking, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    gupids = set()
    try:
        for _ in range(2):
            gupids |= {row["gupid"] for row in agent.admin.processes()}
            restart(agent)
            wait_until(lambda: len(agent.admin.processes()) > 0
                       and not gupids & {row["gupid"] for row in agent.admin.processes()},
                       "the processes are new ones", 30)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert wrong == []
    agent.ready()


@pytest.mark.parametrize("runtime", ["ruby", "python", "nodejs"])
def test_the_agent_exits_while_requests_are_underway(new_agent, runtime):
    """Gangway holds it for the drain timeout. Passenger itself then waits for the worker, which in
    Python hears of nothing while it sleeps."""
    agent = new_agent(runtime, workers=1, config={"drain_timeout_seconds": 1}).ready()
    pid = agent.admin.processes()[0]["pid"]
    asking = Asking(agent, pid, "/sleep?seconds=10")
    asking.start()
    agent.wait_for_sessions(pid, 1)
    begun = time.monotonic()
    agent.terminate()
    asking.end(10)
    assert 0.9 <= time.monotonic() - begun < 9, "the drain timeout is 1 s, the request's end 10 s"
    wait_until(lambda: not system.is_alive(agent.core_pid), "the core has exited", 20)
    assert isinstance(asking.error, http.client.RemoteDisconnected), (asking.error, asking.answer)
    agent.wait_for_exit()
    assert system.crash_lines(agent.log) == []


def test_a_request_that_ends_within_the_drain_timeout_is_answered(new_agent):
    agent = new_agent("python", workers=1, config={"drain_timeout_seconds": 10}).ready()
    pid = agent.admin.processes()[0]["pid"]
    asking = Asking(agent, pid, "/sleep?seconds=1.5")
    asking.start()
    agent.wait_for_sessions(pid, 1)
    agent.terminate()
    asking.end(20)
    assert asking.answer is not None, asking.error
    assert asking.answer.status == 200 and asking.answer.fields["pid"] == str(pid)
    agent.wait_for_exit()
    assert system.crash_lines(agent.log) == []


def test_the_agent_exits_in_time_with_idle_and_stuck_clients(new_agent):
    agent = new_agent("python", workers=1, config={"drain_timeout_seconds": 1}).ready()
    pid = agent.admin.processes()[0]["pid"]
    idle = [agent.admin.raw() for _ in range(3)]
    halfway = agent.admin.raw()
    halfway.sendall(b"GET /v1/proc")
    stuck = agent.admin.raw()
    stuck.sendall(f"GET {forwarded(pid, '/fixed?bytes=100000000')} HTTP/1.1\r\nHost: x\r\n\r\n"
                  .encode())
    agent.wait_for_sessions(pid, 1)
    begun = time.monotonic()
    agent.terminate()
    wait_until(lambda: not system.is_alive(agent.core_pid), "the core has exited", 15)
    assert time.monotonic() - begun < 8
    for sock in (*idle, halfway, stuck):
        sock.close()
    agent.wait_for_exit()
    assert system.crash_lines(agent.log) == []


def test_the_agent_exits_while_a_request_waits_for_a_busy_process(new_agent):
    agent = new_agent("python", workers=1, config={"drain_timeout_seconds": 1}).ready()
    pid = agent.admin.processes()[0]["pid"]
    busy = Asking(agent, pid, "/sleep?seconds=6")
    busy.start()
    agent.wait_for_sessions(pid, 1)
    waiting = Asking(agent, pid, "/", headers={"X-Gangway-Wait": "60"})
    waiting.start()
    begun = time.monotonic()
    agent.terminate()
    busy.end(10)
    waiting.end(10)
    assert time.monotonic() - begun < 5, "the drain timeout is 1 s"
    agent.wait_for_exit()
    assert system.crash_lines(agent.log) == []


def test_the_socket_is_removed_when_the_agent_exits(new_agent, tmp_path):
    path = tmp_path / "s"
    agent = new_agent("python", workers=1, config={"socket_path": str(path)})
    assert path.is_socket()
    agent.stop()
    assert not path.exists()
