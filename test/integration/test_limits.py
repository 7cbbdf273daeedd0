"""How much there may be at once: the error beyond each limit, its counter, and that nothing is left over."""

import os

import pytest

from support.raw_client import Broken
from support.raw_worker import raw_agent, scripted, shared_raw, statistics
from support.waiting import wait_until

HEAD = b"HTTP/1.1 200 OK\r\n"
OK = HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"


def errors(agent, code):
    return statistics(agent)["errors"].get(code, 0)


def requests(agent):
    return statistics(agent)["requests"]


def wait_for_none_in_flight(agent):
    wait_until(lambda: requests(agent)["in_flight"] == 0, "no request is in flight")


def underway(raw, count, **options):
    """Requests that the worker has heard and not answered: [(client, connection)…]."""
    result = []
    for _ in range(count):
        client = raw.send(**options)
        connection = raw.worker.connection()
        connection.head()
        result.append((client, connection))
    return result


def finish(pairs):
    for client, connection in pairs:
        connection.answer(OK)
        assert client.answer().body == b"ok"


def assert_refused(client, code):
    answer = client.answer()
    assert (answer.status, answer.code) == (503, code), answer
    assert answer.json["code"] == code and answer.json["status"] == 503


# ---------------------------------------------------------------- forwarded requests

@pytest.fixture
def few_requests(fleet):
    yield from shared_raw(fleet, "http", "few", config={"max_requests": 3})


def test_requests_beyond_max_requests_are_refused_and_counted(few_requests):
    raw = few_requests
    before = errors(raw.agent, "too_many_requests")
    pairs = underway(raw, 3)
    client = raw.send(b"/fourth")
    assert_refused(client, "too_many_requests")
    now = statistics(raw.agent)
    assert now["requests"]["in_flight"] == now["requests"]["max"] == 3
    assert now["errors"]["too_many_requests"] == before + 1
    assert client.is_usable(), "the connection goes on, and the lists are no forwarded requests"
    finish(pairs[:1])
    wait_until(lambda: requests(raw.agent)["in_flight"] == 2, "one is over")
    pairs += underway(raw, 1)
    finish(pairs[1:])
    wait_for_none_in_flight(raw.agent)
    assert len(raw.worker.connections()) == 4, "the refused one has reached nobody"


def test_a_place_is_free_again_however_a_request_ends(few_requests):
    raw = few_requests

    def client_leaves(client, _connection):
        client.close()

    def worker_closes(client, connection):
        connection.close()
        assert client.answer().code == "worker_closed"

    def worker_breaks_off(client, connection):
        connection.answer(HEAD + b"Content-Length: 5\r\n\r\n")
        with pytest.raises(Broken):
            client.answer()

    def worker_talks_nonsense(client, connection):
        connection.answer(b"nonsense\r\n\r\n")
        assert client.answer().code == "bad_response"

    def nobody_says_anything(client, _connection):
        assert client.answer().code == "total_timeout"

    for end in (client_leaves, worker_closes, worker_breaks_off, worker_talks_nonsense, nobody_says_anything):
        headers = [b"X-Gangway-Timeout: 0.2"] if end is nobody_says_anything else []
        for client, connection in underway(raw, 3, headers=headers):
            end(client, connection)
        wait_for_none_in_flight(raw.agent)
    for _ in range(5):
        client = raw.send(headers=[b"X-Gangway-Wait: never"])
        assert client.answer().code == "bad_header"
    finish(underway(raw, 3))


@pytest.fixture
def pair(fleet):
    """Two workers, and a limit for each."""
    agent = fleet.get("raw pair", lambda: raw_agent("http", workers=2,
                                                    config={"max_requests_per_process": 2}))
    with scripted(agent, "http", 0) as first, scripted(agent, "http", 1) as second:
        yield first, second
    agent.assert_unharmed()


def test_requests_beyond_max_requests_per_process_are_refused_for_that_process_only(pair):
    full, other = pair
    before = errors(full.agent, "process_overloaded")
    pairs = underway(full, 2)
    assert_refused(full.send(), "process_overloaded")
    assert_refused(full.send(), "process_overloaded")
    now = statistics(full.agent)
    assert now["errors"]["process_overloaded"] == before + 2
    assert now["requests"]["max_per_process"] == now["requests"]["in_flight"] == 2
    pairs += underway(other, 2)
    assert_refused(other.send(), "process_overloaded")
    finish(pairs)
    wait_for_none_in_flight(full.agent)
    finish(underway(full, 2))
    assert len(full.worker.connections()) == 4


@pytest.fixture
def few_for_session(fleet):
    yield from shared_raw(fleet, "session", "few", config={"max_requests_per_process": 2})


def test_requests_that_wait_for_a_busy_process_count_too(few_for_session):
    raw = few_for_session
    served = underway(raw, 1)
    waiting = raw.send(b"/waiting", headers=[b"X-Gangway-Wait: 30"])
    wait_until(lambda: requests(raw.agent)["in_flight"] == 2, "both are in flight")
    assert_refused(raw.send(), "process_overloaded")
    finish(served)
    connection = raw.worker.connection()
    assert connection.head().target == "/waiting"
    finish([(waiting, connection)])
    wait_for_none_in_flight(raw.agent)


# ---------------------------------------------------------------- connections

@pytest.fixture
def few_connections(fleet):
    yield from shared_raw(fleet, "http", "connections", config={"max_connections": 4})


def test_connections_are_counted_and_refused_beyond_max_connections(few_connections):
    raw = few_connections
    asking = raw.client()

    def connections():
        asking.send(b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n")
        return asking.answer().json["gangway"]["connections"]

    wait_until(lambda: connections()["open"] == 1, "only this one is open")
    before = connections()
    assert before["max"] == 4
    held = [raw.client() for _ in range(3)]
    assert all(client.is_usable() for client in held)
    now = connections()
    assert (now["open"], now["refused"]) == (4, before["refused"])
    assert now["accepted"] == before["accepted"] + 3
    for _ in range(2):
        client = raw.client()
        assert_refused(client, "too_many_connections")
        assert client.is_at_end()
    now = connections()
    assert (now["open"], now["refused"]) == (4, before["refused"] + 2)
    for client in held:
        client.close()
    wait_until(lambda: connections()["open"] == 1, "the others are closed")
    assert raw.client().is_usable()


# ---------------------------------------------------------------- headers

@pytest.fixture
def short_headers(fleet):
    yield from shared_raw(fleet, "http", "short", config={"max_header_bytes": 1024})


def test_a_request_s_header_beyond_the_limit_is_refused_and_counted(short_headers):
    raw = short_headers
    before = errors(raw.agent, "header_too_large")
    finish(underway(raw, 1, headers=[b"X-Long: " + b"x" * 800]))
    client = raw.send(headers=[b"X-Long: " + b"x" * 1100])
    answer = client.answer()
    assert (answer.status, answer.code) == (431, "header_too_large"), answer
    assert client.is_at_end()
    assert errors(raw.agent, "header_too_large") == before + 1
    assert len(raw.worker.connections()) == 1


def test_an_answer_s_header_beyond_the_limit_is_bad_response_and_counted(short_headers):
    raw = short_headers
    before = errors(raw.agent, "bad_response")
    answer = raw.exchange(HEAD + b"X-Long: " + b"x" * 900 + b"\r\nContent-Length: 2\r\n\r\nok")
    assert answer.body == b"ok"
    for content in (HEAD + b"X-Long: " + b"x" * 1100 + b"\r\nContent-Length: 2\r\n\r\nok",
                    HEAD + b"X-A: 12345678901234\r\n" * 60 + b"Content-Length: 2\r\n\r\nok"):
        answer = raw.exchange(content)
        assert (answer.status, answer.code) == (502, "bad_response"), answer
    assert errors(raw.agent, "bad_response") == before + 2


def test_each_interim_answer_s_header_has_the_limit_for_itself(short_headers):
    client = short_headers.send()
    connection = short_headers.worker.connection()
    connection.head()
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: <" + b"x" * 800 + b">\r\n\r\n"
    connection.answer(interim * 4 + OK)
    for _ in range(4):
        assert client.head().status == 103
    assert client.answer().body == b"ok"


# ---------------------------------------------------------------- bodies kept until their length is known

@pytest.fixture
def spooling(fleet, tmp_path_factory):
    """The directory is made once, with the agent."""
    def make():
        directory = tmp_path_factory.mktemp("spool")
        agent = raw_agent("session", config={"spool_directory": str(directory), "max_spool_bytes": 100_000})
        agent.spool_directory = directory
        return agent

    agent = fleet.get("raw spooling", make)
    with scripted(agent, "session") as raw:
        yield raw
    assert os.listdir(agent.spool_directory) == []
    agent.assert_unharmed()


def chunked(size):
    return b"%x\r\n" % size + b"x" * size + b"\r\n"


def test_a_chunked_body_as_large_as_the_limit_arrives(spooling):
    client = spooling.send(b"/", b"POST", [b"Transfer-Encoding: chunked"],
                           chunked(60_000) + chunked(40_000) + b"0\r\n\r\n")
    connection = spooling.worker.connection()
    assert connection.head().get("Content-Length") == ["100000"]
    assert connection.take(100_000) == b"x" * 100_000
    finish([(client, connection)])


def test_a_chunked_body_beyond_the_limit_is_refused(spooling):
    before = errors(spooling.agent, "body_too_large")
    client = spooling.send(b"/", b"POST", [b"Transfer-Encoding: chunked"], chunked(60_000) + chunked(40_001))
    answer = client.answer()
    assert (answer.status, answer.code) == (413, "body_too_large"), answer
    assert client.is_at_end()
    assert errors(spooling.agent, "body_too_large") == before + 1
    spooling.nothing_reached_the_worker()


def test_a_body_of_known_length_is_not_kept_and_has_no_limit(spooling):
    client = spooling.send(b"/", b"POST", [b"Content-Length: 300000"], b"x" * 300_000)
    connection = spooling.worker.connection()
    connection.head()
    connection.take(300_000)
    finish([(client, connection)])


def test_a_kept_body_has_no_name_in_the_file_system(spooling):
    client = spooling.send(b"/", b"POST", [b"Transfer-Encoding: chunked"], chunked(90_000))
    files = wait_until(lambda: kept_files(spooling.agent), "the body is in a file")
    assert len(files) == 1 and os.listdir(spooling.agent.spool_directory) == []
    client.send(b"0\r\n\r\n")
    connection = spooling.worker.connection()
    connection.head()
    connection.take(90_000)
    finish([(client, connection)])
    wait_until(lambda: not kept_files(spooling.agent), "the file is gone")


def kept_files(agent):
    directory = f"/proc/{agent.core_pid}/fd"
    found = []
    for name in os.listdir(directory):
        try:
            target = os.readlink(f"{directory}/{name}")
        except FileNotFoundError:
            continue
        if target.startswith(str(agent.spool_directory)):
            found.append(target)
    return found


def test_a_kept_body_whose_client_leaves_is_thrown_away(spooling):
    client = spooling.send(b"/", b"POST", [b"Transfer-Encoding: chunked"], chunked(90_000))
    wait_until(lambda: kept_files(spooling.agent), "the body is in a file")
    client.close()
    wait_until(lambda: not kept_files(spooling.agent), "the file is gone")
    wait_for_none_in_flight(spooling.agent)
    spooling.nothing_reached_the_worker()


@pytest.fixture
def sharing(fleet, tmp_path_factory):
    """The directory is made once, with the agent."""
    def make():
        directory = tmp_path_factory.mktemp("shared")
        agent = raw_agent("session", config={"spool_directory": str(directory), "max_spool_bytes_per_user": 100_000})
        agent.spool_directory = directory
        return agent

    agent = fleet.get("raw sharing", make)
    with scripted(agent, "session") as raw:
        yield raw
    agent.assert_unharmed()


def kept_bytes(agent):
    """In the files, to which the first 64 KiB of a body do not go."""
    directory = f"/proc/{agent.core_pid}/fd"
    total = 0
    for name in os.listdir(directory):
        try:
            if os.readlink(f"{directory}/{name}").startswith(str(agent.spool_directory)):
                total += os.stat(f"{directory}/{name}").st_size
        except FileNotFoundError:
            continue
    return total


def test_the_bodies_that_are_kept_for_one_user_have_a_limit_together(sharing):
    before = errors(sharing.agent, "too_many_requests")
    first = sharing.send(b"/", b"POST", [b"Transfer-Encoding: chunked"], chunked(70_000))
    wait_until(lambda: kept_bytes(sharing.agent) == 70_000 - 64 * 1024, "the whole of the first is kept")
    second = sharing.send(b"/", b"POST", [b"Transfer-Encoding: chunked"], chunked(30_001))
    assert_refused(second, "too_many_requests")
    assert errors(sharing.agent, "too_many_requests") == before + 1
    third = sharing.send(b"/", b"POST", [b"Content-Length: 200000"], b"x" * 200_000)
    connection = sharing.worker.connection()
    connection.head()
    connection.take(200_000)
    finish([(third, connection)])
    first.send(b"0\r\n\r\n")
    connection = sharing.worker.connection()
    assert connection.head().get("Content-Length") == ["70000"]
    connection.take(70_000)
    finish([(first, connection)])
    wait_for_none_in_flight(sharing.agent)
    fourth = sharing.send(b"/", b"POST", [b"Transfer-Encoding: chunked"], chunked(70_000) + b"0\r\n\r\n")
    connection = sharing.worker.connection()
    connection.head()
    connection.take(70_000)
    finish([(fourth, connection)])
