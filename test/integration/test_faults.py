"""Workers that die, hang, or talk nonsense harm their own request and nothing else."""

import http.client
import os
import signal
import threading
import time

import pytest

from support import system
from support.client import forwarded
from support.raw_worker import fill_listen_queue
from support.waiting import wait_until


def others_answer(agent, pid):
    for row in agent.admin.processes():
        if row["pid"] != pid:
            answer = agent.admin.forward(row["pid"], "/")
            assert answer.status == 200 and answer.fields["pid"] == str(row["pid"]), answer


def wait_for_death(pid):
    wait_until(lambda: not system.is_alive(pid), f"process {pid} is dead")


def test_a_worker_killed_in_the_middle_of_an_answer_of_known_length_breaks_it_visibly(agent):
    pid = agent.admin.processes()[0]["pid"]
    with pytest.raises(http.client.IncompleteRead) as broken:
        agent.admin.forward(pid, "/die")
    assert broken.value.partial is not None
    wait_for_death(pid)
    others_answer(agent, pid)
    agent.ready()
    assert pid not in [row["pid"] for row in agent.admin.processes()]


@pytest.mark.parametrize("runtime", ["ruby", "nodejs"])
def test_a_worker_killed_in_the_middle_of_a_chunked_answer_leaves_out_its_last_chunk(
        request, runtime):
    agent = request.getfixturevalue(runtime)
    pid = agent.admin.processes()[0]["pid"]
    with pytest.raises(http.client.IncompleteRead):
        agent.admin.forward(pid, "/die?at=stream")
    wait_for_death(pid)
    others_answer(agent, pid)


def test_a_worker_killed_before_it_answered_is_worker_closed(agent):
    pid = agent.admin.processes()[0]["pid"]
    answer = agent.admin.forward(pid, "/die?at=start")
    assert answer.status == 502 and answer.code == "worker_closed", answer
    others_answer(agent, pid)


def test_a_worker_killed_between_listing_and_forwarding_is_a_documented_error(agent):
    row = agent.admin.processes()[0]
    os.kill(row["pid"], signal.SIGKILL)
    wait_for_death(row["pid"])
    seen = []
    for identity in (row["pid"], row["gupid"]):
        answer = agent.admin.forward(identity, "/")
        seen.append((answer.status, answer.code))
    assert set(seen) <= {(502, "connect_failed"), (502, "worker_closed"),
                         (503, "process_not_routable"), (404, "process_not_found")}, seen
    others_answer(agent, row["pid"])
    wait_until(lambda: row["gupid"] not in [other["gupid"] for other in agent.admin.processes()],
               "Passenger has taken the dead process out of the pool")
    assert agent.admin.get(f"/v1/processes/{row['gupid']}").code == "process_not_found"


def test_a_stopped_worker_is_given_up_and_nothing_else_suffers(agent):
    pid = agent.admin.processes()[0]["pid"]
    with system.stopped(pid):
        answers = []
        begun = time.monotonic()
        asking = threading.Thread(daemon=True, target=lambda: answers.append(
            agent.admin.forward(pid, "/", headers={"X-Gangway-First-Byte-Timeout": "4"})))
        asking.start()
        agent.wait_for_sessions(pid, 1)
        assert len(agent.admin.processes()) == 3
        others_answer(agent, pid)
        assert asking.is_alive(), "the stopped worker answered"
        asking.join(20)
        waited = time.monotonic() - begun
        assert answers[0].status == 504 and answers[0].code == "first_byte_timeout", answers
        assert waited >= 4
        agent.wait_for_no_sessions()
    assert agent.admin.forward(pid, "/", headers={"X-Gangway-Route": "pool"}).fields["pid"] == str(pid)


def test_a_worker_that_falls_silent_in_the_middle_of_its_answer_breaks_it_visibly(agent):
    pid = agent.admin.processes()[0]["pid"]
    connection = agent.admin.connection()
    try:
        connection.request("GET", forwarded(pid, "/fixed?bytes=50000000"),
                           headers={"X-Gangway-Idle-Timeout": "1"})
        response = connection.getresponse()
        assert response.status == 200
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                response.read()
            agent.wait_for_no_sessions()
        finally:
            os.kill(pid, signal.SIGCONT)
    finally:
        connection.close()


def test_a_direct_request_to_a_stopped_worker_is_given_up(ruby):
    pid = ruby.admin.processes()[0]["pid"]
    with system.stopped(pid):
        answer = ruby.admin.forward(pid, "/", headers={"X-Gangway-Route": "direct",
                                                       "X-Gangway-First-Byte-Timeout": "0.5"})
        assert answer.status == 504 and answer.code == "first_byte_timeout", answer


def test_a_slow_worker_is_not_given_up_within_its_timeout(agent):
    pid = agent.admin.processes()[0]["pid"]
    answer = agent.admin.forward(pid, "/sleep?seconds=1", headers={"X-Gangway-Timeout": "10"})
    assert answer.status == 200 and answer.fields["pid"] == str(pid)


def test_response_headers_beyond_the_limit_are_bad_response(agent):
    pid = agent.admin.processes()[0]["pid"]
    answer = agent.admin.forward(pid, "/header?bytes=30000")
    assert answer.status == 200 and len(answer.headers["x-long"]) == 30000
    answer = agent.admin.forward(pid, "/header?bytes=70000")
    assert answer.status == 502 and answer.code == "bad_response", answer
    agent.wait_for_no_sessions()
    assert agent.admin.forward(pid, "/").fields["pid"] == str(pid)


def test_first_byte_timeout_seconds_of_the_configuration_is_the_default_timeout(new_agent):
    agent = new_agent("python", workers=1, config={"first_byte_timeout_seconds": 0.5}).ready()
    pid = agent.admin.processes()[0]["pid"]
    answer = agent.admin.forward(pid, "/sleep?seconds=2")
    assert answer.status == 504 and answer.code == "first_byte_timeout", answer
    agent.wait_for_no_sessions()


def test_a_worker_that_accepts_no_connection_is_connect_timeout(new_agent):
    """Its listen queue is filled while it is stopped."""
    agent = new_agent("python", workers=1, config={"connect_timeout_seconds": 0.5}).ready()
    row = agent.admin.processes()[0]
    path = row["sockets"][0]["address"].removeprefix("unix:")
    os.kill(row["pid"], signal.SIGSTOP)
    waiting = []
    try:
        fill_listen_queue(path, waiting)
        begun = time.monotonic()
        answer = agent.admin.forward(row["pid"], "/")
        assert answer.status == 504 and answer.code == "connect_timeout", answer
        assert 0.5 <= time.monotonic() - begun < 15
        assert len(agent.admin.processes()) == 1, "a worker that is only slow was taken out"
        agent.wait_for_no_sessions()
    finally:
        for sock in waiting:
            sock.close()
        os.kill(row["pid"], signal.SIGCONT)
