"""What those get who have shown nothing, and one user who takes all he can, while others are served. Collected
for root only (conftest.py): an unprivileged user cannot become somebody else."""

import contextlib
import json
import os
import pwd
import resource
import select
import socket
import time

import pytest

from support.raw_client import RawClient
from support.visitor import unfinished_visit
from support.waiting import wait_until
from test_other_users import ALPHA_USER, BETA_USER, STRANGER, as_user, ask, make_agent, pids_of
from test_startup import serves_without_gangway


@contextlib.contextmanager
def busy_as(user, action):
    """A process of that user that runs action() and stays, with what it holds, to the end of the block.
    Gives what action() returned."""
    account = pwd.getpwnam(user)
    result_end, child_result = os.pipe()
    child_go, go = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(go)
            os.close(result_end)
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            held, value = action()
            os.write(child_result, json.dumps(value).encode())
            os.close(child_result)
            os.read(child_go, 1)
            del held
        finally:
            os._exit(0)
    os.close(child_result)
    os.close(child_go)
    try:
        with os.fdopen(result_end) as stream:
            text = stream.read()
        assert text, "the action failed"
        yield json.loads(text)
    finally:
        os.close(go)
        os.waitpid(child, 0)


def taken(path, count, content=b"", answers=0):
    """So many connections, each with that content sent; and how many of them were accepted, and not refused. So many
    answers are waited for."""
    def action():
        held = []
        for _ in range(count):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(20)
            connection.connect(path)
            with contextlib.suppress(OSError):  # Refused in the middle of a body.
                connection.sendall(content)
            held.append(connection)
        silent, deadline = held, time.monotonic() + 20
        while len(silent) > count - answers and time.monotonic() < deadline:
            answered, _, _ = select.select(silent, [], [], 1)
            silent = [connection for connection in silent if connection not in answered]
        kept = 0
        for connection in held:
            connection.settimeout(0.01)
            try:
                connection.recv(1)
            except TimeoutError:
                kept += 1
            except OSError:
                pass
        return held, kept
    return action


def greeting(path):
    """The answer to a connection that is refused before it has asked."""
    answer = RawClient(path, 20).answer()
    return [answer.status, answer.body.decode()]


@pytest.fixture
def switching(fleet):
    agent = fleet.get("switching", make_agent)
    yield agent
    agent.assert_unharmed()


def test_a_stranger_s_connections_lock_nobody_out(switching):
    path = str(switching.socket_path)
    with busy_as(STRANGER, taken(path, 300, answers=300 - 64)) as kept:
        assert 0 < kept <= 64, kept
        assert ask(switching, ALPHA_USER, "/v1/pool")[0] == 200
        assert ask(switching, BETA_USER, "/v1/pool")[0] == 200
        status, text = as_user(STRANGER, lambda: greeting(path))
        assert status == 503 and "max_connections_per_user" in text, text
    wait_until(lambda: as_user(STRANGER, lambda: taken(path, 1)()[1]) == 1, "they are counted no more")


@pytest.fixture
def impatient(fleet):
    agent = fleet.get("switching, impatient", lambda: make_agent({"authorization_timeout_seconds": 0.3}))
    yield agent
    agent.assert_unharmed()


def test_only_who_has_shown_nothing_must_hurry(impatient):
    path = str(impatient.socket_path)

    def ask_and_wait():
        known = RawClient(path, 20)
        known.send(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n")
        first = known.answer().status
        for content in (b"", b"GET /v1/pool HT"):
            stranger = RawClient(path, 20)
            stranger.send(content)
            if content:
                assert stranger.answer().status == 408
            assert stranger.is_at_end()
        known.send(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n")
        return [first, known.answer().status]

    assert as_user(ALPHA_USER, ask_and_wait) == [200, 200]


def test_who_guesses_gets_three_answers_a_connection(switching):
    path = str(switching.socket_path)
    request = b"GET /v1/pool HTTP/1.1\r\nHost: x\r\nX-Passenger-Connect-Password: wrong\r\n\r\n"
    good = b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n"

    def guess(requests):
        client = RawClient(path, 20)
        answers = []
        for content in requests:
            client.send(content)
            answer = client.answer()
            answers.append([answer.status, answer.is_last])
        return answers

    assert as_user(STRANGER, lambda: guess([request] * 3)) == [[401, False], [401, False], [401, True]]
    known = [request, request, good, request, request, good]
    assert as_user(ALPHA_USER, lambda: guess(known)) == [[status, False] for status in
                                                         (401, 401, 200, 401, 401, 200)]


def test_a_refused_request_whose_end_is_not_known_ends_the_connection(switching):
    """What follows its head may be its body; to take that for a request would be to act on it."""
    hidden = b"GET /v1/processes?secrets=true HTTP/1.1\r\nHost: x\r\n\r\n"
    for doubt in (b"Transfer-Encoding: gzip\r\n", b"Transfer-Encoding: chunked, gzip\r\n", b"Host: y\r\n"):
        client = RawClient(str(switching.socket_path), 20)
        client.send(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\nX-Passenger-Connect-Password: wrong\r\n" + doubt +
                    b"\r\n" + hidden)
        answer = client.answer()
        assert (answer.status, answer.is_last) == (401, True), (doubt, answer)
        assert client.is_at_end(), doubt


def test_one_user_has_so_many_event_streams(switching):
    request = b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"

    def listen():
        clients = [RawClient(str(switching.socket_path), 20) for _ in range(17)]
        statuses = []
        for client in clients:
            client.send(request)
            statuses.append(client.head().status)
        return clients, statuses

    with busy_as(ALPHA_USER, listen) as statuses:
        assert statuses == [200] * 16 + [503]
        assert as_user(BETA_USER, lambda: listen()[1][0]) == 200
    wait_until(lambda: as_user(ALPHA_USER, lambda: listen()[1][0]) == 200, "they are counted no more")


def test_one_user_s_checks_leave_room_for_others(fleet):
    agent = fleet.get("switching, 120 connections", lambda: make_agent({"max_connections_per_user": 120}))
    path = str(agent.socket_path)
    body = b'{"timeout_seconds":60,"wait_seconds":60}'
    request = b"POST /v1/health HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with unfinished_visit(agent, "alpha"), busy_as(ALPHA_USER, taken(path, 100, request, answers=4)) as kept:
        assert kept == 96
        assert ask(agent, BETA_USER, f"/v1/processes/{pids_of(agent)['beta']}/health")[0] == 200
    agent.assert_unharmed()


def answered(path, count):
    """So many connections, each of which has had an answer; how many had, and what the last was told."""
    def action():
        held, good = [], 0
        for _ in range(count):
            client = RawClient(path, 20)
            with contextlib.suppress(OSError):  # Refused before it has asked.
                client.send(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = client.answer()
            good += answer.status == 200
            held.append(client)
        return held, [good, answer.status, answer.body.decode()]
    return action


def test_strangers_make_room_for_who_may(fleet):
    """However many users conspire."""
    config = {"max_connections": 8, "max_connections_per_user": 8, "authorization_timeout_seconds": 60}
    agent = fleet.get("switching, few connections", lambda: make_agent(config))
    path = str(agent.socket_path)
    with busy_as(STRANGER, taken(path, 8)) as kept:
        assert kept == 8
        with busy_as(ALPHA_USER, answered(path, 8)) as told:
            assert told[0] == 8, told
            status, text = as_user(BETA_USER, lambda: greeting(path))
            assert status == 503 and "max_connections" in text, "who has shown that he may keeps his place"
    agent.assert_unharmed()


def test_visitors_find_descriptors_whatever_a_stranger_opens(fleet):
    """Here nothing but the reserve stands in his way."""
    config = {"max_connections": 65536, "max_connections_per_user": 65536, "authorization_timeout_seconds": 60}
    agent = fleet.get("switching, any connections", lambda: make_agent(config))
    resource.prlimit(agent.core_pid, resource.RLIMIT_NOFILE, (256, 256))
    with busy_as(STRANGER, taken(str(agent.socket_path), 400)) as kept:
        assert kept > 0
        for _ in range(20):
            assert agent.visit("/", group="alpha").status == 200
        assert agent.admin.get("/v1/pool").status == 200, "root is not locked out either"
        with busy_as(ALPHA_USER, answered(str(agent.socket_path), 200)) as told:
            good, status, text = told
            assert 0 < good < 200 and status == 503 and "reserved_descriptors" in text, told
            assert agent.visit("/", group="alpha").status == 200
            assert agent.admin.get("/v1/pool").status == 200
    agent.assert_unharmed()


def memory(agent):
    with open(f"/proc/{agent.core_pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


# What is refused, and the largest that is not: what is understood of it is kept for as long as its checks take.
@pytest.mark.parametrize(["size", "values", "kept"], [[512 * 1024, 262_000, 0], [64 * 1024, 32_000, 0],
                                                      [64 * 1024, 1_900, 12]],
                         ids=["512 KiB", "64 KiB", "64 KiB of 1,900 values"])
def test_the_bodies_of_one_user_take_neither_memory_nor_the_turns_of_others(switching, size, values, kept):
    begin, end = b'{"wait_seconds":60,"timeout_seconds":60,"expect":{"json_pointer":"","json_value":[', b"0]}}"
    body = (begin + b"0," * values + end).ljust(size)
    request = (b"POST /v1/health HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
    before = memory(switching)
    # So that what is understood of a body is kept: the checks take their time.
    with unfinished_visit(switching, "alpha"), \
            busy_as(ALPHA_USER, taken(str(switching.socket_path), 12, request, 12 - kept)) as unanswered:
        assert unanswered == kept
        for _ in range(20):
            status, text = ask(switching, BETA_USER, "/v1/groups")
            assert status == 200 and [row["name"] for row in json.loads(text)["groups"]] == ["beta"]
        assert memory(switching) - before < 50 * 1024 * 1024

@pytest.mark.parametrize(["owner", "mode", "said"], [[(1, 0), 0o755, "its directory belongs to user 1"],
                                                     [(0, 1), 0o775, "group 1 may write to its directory"]])
def test_a_directory_in_which_others_may_put_another_socket_is_refused(new_agent, tmp_path, owner, mode, said):
    path = tmp_path / "foreign" / "s"
    path.parent.mkdir()
    os.chown(path.parent, *owner)
    path.parent.chmod(mode)
    serves_without_gangway(new_agent("python", config={"socket_path": str(path)}), said)
    assert list(path.parent.iterdir()) == []
