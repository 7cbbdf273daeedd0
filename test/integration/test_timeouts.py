"""Each bound on time has its own code, and nobody is blamed for another's slowness."""

import select
import threading
import time
from contextlib import contextmanager

import pytest

from support.pool_xml import from_rfc3339
from support.raw_client import Broken
from support.raw_worker import PROTOCOLS, shared_raw, statistics
from support.waiting import wait_until

HEAD = b"HTTP/1.1 200 OK\r\n"
OK = HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
BOUND = 0.5
LONG = [b"X-Gangway-First-Byte-Timeout: 60", b"X-Gangway-Idle-Timeout: 60"]


@pytest.fixture(params=PROTOCOLS)
def hasty(request, fleet):
    """Every bound on the process is short by the configuration; there is none on the whole."""
    config = {"connect_timeout_seconds": BOUND, "first_byte_timeout_seconds": BOUND,
              "idle_timeout_seconds": BOUND, "wait_seconds": BOUND}
    yield from shared_raw(fleet, request.param, "hasty", config=config)


@pytest.fixture(params=PROTOCOLS)
def bounded_in_all(request, fleet):
    yield from shared_raw(fleet, request.param, "bounded", config={"total_timeout_seconds": BOUND})


@contextmanager
def lasting(at_least, below=15.0):
    begun = time.monotonic()
    yield
    lasted = time.monotonic() - begun
    assert at_least <= lasted < below, f"it took {lasted:.3f} s"


def let_time_pass(seconds):
    """Nothing can be waited for where nothing may happen."""
    time.sleep(seconds)


def assert_timed_out(answer, code):
    assert (answer.status, answer.code) == (504, code), answer
    assert answer.json["code"] == code


def breaks_off(client):
    try:
        client.answer()
    except Broken:
        return True
    return False


# ---------------------------------------------------------------- first byte

def first_byte_times_out(raw, headers):
    client = raw.client()
    with lasting(BOUND):
        client.send(raw.request(headers=headers))
        connection = raw.worker.connection()
        connection.head()
        answer = client.answer()
    assert_timed_out(answer, "first_byte_timeout")
    connection.is_closed()
    assert client.is_usable()


def test_no_byte_of_an_answer_is_first_byte_timeout(raw):
    first_byte_times_out(raw, [b"X-Gangway-First-Byte-Timeout: %g" % BOUND])


def test_the_bound_on_the_first_byte_is_that_of_the_configuration(hasty):
    first_byte_times_out(hasty, [])


def test_the_first_byte_may_take_longer_than_the_others(hasty):
    client = hasty.send(headers=[b"X-Gangway-First-Byte-Timeout: 30"])
    connection = hasty.worker.connection()
    connection.head()
    let_time_pass(2 * BOUND)
    connection.answer(OK)
    assert client.answer().body == b"ok"


def test_an_interim_answer_is_not_the_end_of_waiting(raw):
    """It is a sign of life, and silence after it is still silence before the answer's first byte."""
    client = raw.send(headers=[b"X-Gangway-First-Byte-Timeout: %g" % BOUND])
    connection = raw.worker.connection()
    connection.head()
    connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    assert client.head().status == 103
    assert_timed_out(client.answer(), "first_byte_timeout")
    connection.is_closed()


# ---------------------------------------------------------------- silence

SILENT_IN_HEADER = [b"H", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nX-A: 1", OK[:-3]]
SILENT_IN_BODY = [HEAD + b"Content-Length: 10\r\n\r\n", HEAD + b"Content-Length: 10\r\n\r\nhello",
                  HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                  HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", HEAD + b"\r\nhello"]


def falls_silent(raw, content, headers):
    client = raw.client()
    client.send(raw.request(headers=headers))
    connection = raw.worker.connection()
    connection.head()
    connection.send(content)
    return client, connection


@pytest.mark.parametrize("content", SILENT_IN_HEADER, ids=["one byte", "line", "header", "but one byte"])
def test_silence_in_the_header_is_idle_timeout(raw, content):
    with lasting(BOUND):
        client, connection = falls_silent(raw, content, [b"X-Gangway-Idle-Timeout: %g" % BOUND])
        answer = client.answer()
    assert_timed_out(answer, "idle_timeout")
    connection.is_closed()
    assert client.is_usable()


@pytest.mark.parametrize("content", SILENT_IN_BODY,
                         ids=["at once", "length", "chunked", "before the last line", "until the end"])
def test_silence_in_the_body_breaks_the_answer_visibly(raw, content):
    with lasting(BOUND):
        client, connection = falls_silent(raw, content, [b"X-Gangway-Idle-Timeout: %g" % BOUND])
        assert breaks_off(client)
    connection.is_closed()


def test_the_bound_on_silence_is_that_of_the_configuration(hasty):
    with lasting(BOUND):
        client, connection = falls_silent(hasty, SILENT_IN_HEADER[1], [])
        assert_timed_out(client.answer(), "idle_timeout")
    with lasting(BOUND):
        client, connection = falls_silent(hasty, SILENT_IN_BODY[1], [])
        assert breaks_off(client)


def test_a_process_that_goes_on_is_not_silent(raw):
    """It takes longer than the bound, but no pause does."""
    client, connection = falls_silent(raw, HEAD, [b"X-Gangway-Idle-Timeout: 2"])
    for piece in (b"X-A: 1\r\n", b"Content-Length: 6\r\n\r\n", b"a", b"b", b"c", b"d", b"e", b"f"):
        let_time_pass(0.3)
        connection.send(piece)
    assert client.answer().body == b"abcdef"


def test_a_process_that_takes_no_more_of_a_body_is_given_up(raw):
    """Neither a byte of an answer comes nor does the body move."""
    client = raw.client()
    client.send(raw.request(b"/", b"POST", [b"Content-Length: 100000000",
                                            b"X-Gangway-Idle-Timeout: %g" % BOUND]))
    connection = raw.worker.connection()
    connection.head()
    connection.stop_reading()
    client.sock.setblocking(False)
    send_until_nothing_moves(client)
    client.sock.settimeout(20)
    assert_timed_out(client.answer(), "idle_timeout")
    raw.agent.wait_for_no_sessions()


def send_until_nothing_moves(client):
    """A socket that is full for a moment only shows that nobody had time to read."""
    while select.select([], [client.sock], [], BOUND / 2)[1]:
        try:
            client.sock.send(b"x" * 65536)
        except BlockingIOError:
            pass


# ---------------------------------------------------------------- the whole request

def test_the_whole_request_has_a_bound_before_the_answer_begins(raw):
    with lasting(BOUND):
        client = raw.send(headers=[b"X-Gangway-Timeout: %g" % BOUND])
        connection = raw.worker.connection()
        connection.head()
        answer = client.answer()
    assert_timed_out(answer, "total_timeout")
    connection.is_closed()


def drip(client, connection, is_enough):
    """A byte comes from the process every few milliseconds, until what the client got is enough."""
    client.sock.settimeout(0.01)
    received = b""
    deadline = time.monotonic() + 6
    while not is_enough(received):
        assert time.monotonic() < deadline, f"it went on and on: {received[-200:]!r}"
        connection.send(b"x")
        try:
            piece = client.sock.recv(65536)
        except TimeoutError:
            continue
        except ConnectionResetError:
            piece = b""
        received += piece
        if not piece:
            return received
        time.sleep(0.01)
    return received


def test_the_bound_on_the_whole_holds_while_bytes_keep_coming(raw):
    with lasting(2 * BOUND):
        client = raw.send(headers=[b"X-Gangway-Timeout: %g" % (2 * BOUND), *LONG])
        connection = raw.worker.connection()
        connection.head()
        connection.send(HEAD + b"Content-Length: 100000\r\n\r\n")
        received = drip(client, connection, lambda _: False)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    connection.is_closed()


def test_the_bound_on_the_whole_holds_while_a_header_keeps_coming(raw):
    with lasting(BOUND):
        client = raw.send(headers=[b"X-Gangway-Timeout: %g" % BOUND, *LONG])
        connection = raw.worker.connection()
        connection.head()
        connection.send(HEAD + b"X-A: ")
        received = drip(client, connection, lambda received: b"\r\n\r\n" in received)
    assert received.startswith(b"HTTP/1.1 504 ") and b"X-Gangway-Error: total_timeout\r\n" in received


def test_the_bound_on_the_whole_counts_the_body_of_the_request_too(raw):
    with lasting(BOUND):
        client = raw.send(b"/", b"POST", [b"Content-Length: 10", b"X-Gangway-Timeout: %g" % BOUND], b"hello")
        connection = raw.worker.connection()
        connection.head()
        answer = client.answer()
    assert_timed_out(answer, "total_timeout")


def test_the_bound_on_the_whole_counts_waiting_for_a_busy_process_too(raw_session):
    busy = raw_session.send(b"/busy")
    connection = raw_session.worker.connection()
    connection.head()
    with lasting(BOUND):
        client = raw_session.send(headers=[b"X-Gangway-Wait: 60", b"X-Gangway-Timeout: %g" % BOUND])
        answer = client.answer()
    assert_timed_out(answer, "total_timeout")
    connection.answer(OK)
    assert busy.answer().status == 200


def test_the_bound_on_the_whole_is_that_of_the_configuration(bounded_in_all):
    with lasting(BOUND):
        client = bounded_in_all.send()
        connection = bounded_in_all.worker.connection()
        connection.head()
        answer = client.answer()
    assert_timed_out(answer, "total_timeout")


def test_the_bound_on_the_whole_of_a_request_replaces_that_of_the_configuration(bounded_in_all):
    client = bounded_in_all.send(headers=[b"X-Gangway-Timeout: 30"])
    connection = bounded_in_all.worker.connection()
    connection.head()
    let_time_pass(2 * BOUND)
    connection.answer(OK)
    assert client.answer().body == b"ok"


def test_the_bound_on_the_whole_replaces_the_others_unless_they_are_given(hasty):
    client = hasty.send(headers=[b"X-Gangway-Timeout: 30"])
    connection = hasty.worker.connection()
    connection.head()
    let_time_pass(1.5 * BOUND)
    connection.send(OK[:20])
    let_time_pass(1.5 * BOUND)
    connection.answer(OK[20:])
    assert client.answer().body == b"ok"
    first_byte_times_out_again(hasty)


def first_byte_times_out_again(hasty):
    client = hasty.send(headers=[b"X-Gangway-Timeout: 30", b"X-Gangway-First-Byte-Timeout: %g" % BOUND])
    hasty.worker.connection().head()
    assert_timed_out(client.answer(), "first_byte_timeout")
    client = hasty.send(headers=[b"X-Gangway-Timeout: 30", b"X-Gangway-Idle-Timeout: %g" % BOUND])
    connection = hasty.worker.connection()
    connection.head()
    connection.send(OK[:20])
    assert_timed_out(client.answer(), "idle_timeout")


def test_the_bound_on_the_whole_is_over_with_the_answer(raw):
    """The connection goes on, and its next request has a time of its own."""
    client = raw.client()
    for _ in range(3):  # Together they take longer than the bound.
        client.send(raw.request(headers=[b"X-Gangway-Timeout: 2.5"]))
        connection = raw.worker.connection()
        connection.head()
        let_time_pass(1)
        connection.answer(OK)
        assert client.answer().body == b"ok"


# ---------------------------------------------------------------- connecting

def test_a_connection_that_is_not_accepted_is_connect_timeout(raw):
    with raw.worker.with_a_full_listen_queue():
        client = raw.client()
        with lasting(BOUND):
            client.send(raw.request(headers=[b"X-Gangway-Connect-Timeout: %g" % BOUND]))
            answer = client.answer()
        assert_timed_out(answer, "connect_timeout")
        assert client.is_usable()
    assert [row["pid"] for row in raw.agent.admin.processes()] == [raw.pid]


def test_the_bound_on_connecting_is_that_of_the_configuration(hasty):
    with hasty.worker.with_a_full_listen_queue():
        with lasting(BOUND):
            assert_timed_out(hasty.send().answer(), "connect_timeout")


def test_a_stopped_process_whose_queue_has_room_is_first_byte_timeout(hasty):
    """The kernel has made the connection."""
    with hasty.worker.stopped():
        with lasting(BOUND):
            assert_timed_out(hasty.send().answer(), "first_byte_timeout")


def test_a_connection_that_is_accepted_in_time_is_used(raw):
    with raw.worker.with_a_full_listen_queue():
        client = raw.send(headers=[b"X-Gangway-Connect-Timeout: 30"])
        let_time_pass(BOUND)
    # Those that filled the queue were accepted first.
    wait_until(lambda: any(state["received"] for state in raw.worker.connections()),
               "the request has arrived")
    number = next(state["number"] for state in raw.worker.connections() if state["received"])
    raw.worker.taken = number - 1
    raw.worker.connection().answer(OK)
    assert client.answer().body == b"ok"


# ---------------------------------------------------------------- waiting for a busy process

def test_a_busy_process_tells_which_of_gangway_s_requests_it_serves(raw_session):
    begun = time.time()
    busy = raw_session.send(b"/a/b%20c;d?password=secret", b"POST", [b"Content-Length: 0"])
    connection = raw_session.worker.connection()
    connection.head()
    with lasting(BOUND):
        answer = raw_session.send(headers=[b"X-Gangway-Wait: %g" % BOUND]).answer()
    assert (answer.status, answer.code) == (503, "process_busy")
    assert answer.json["sessions"] == 1
    (request,) = answer.json["requests"]
    assert set(request) == {"method", "path", "via", "client", "started_at"}
    assert (request["method"], request["path"]) == ("POST", "/a/b%20c;d")
    assert (request["via"], request["client"]) == ("gangway", None)
    assert begun - 1 <= from_rfc3339(request["started_at"]).timestamp() <= time.time() + 1
    assert b"secret" not in answer.body
    connection.answer(OK)
    assert busy.answer().status == 200


def test_a_busy_process_tells_which_visitor_it_serves(new_agent):
    """The raw worker answers visitors by itself, so this one is Passenger's Python application."""
    agent = new_agent("python", workers=1, config={}).ready()
    pid = agent.admin.processes()[0]["pid"]
    visitor = threading.Thread(target=lambda: agent.visit("/sleep?seconds=1"), daemon=True)
    visitor.start()
    agent.wait_for_sessions(pid, 1)
    answer = agent.admin.forward(pid, "/", headers={"X-Gangway-Wait": "0"})
    assert answer.code == "process_busy", answer
    (request,) = answer.json["requests"]
    assert (request["method"], request["path"], request["via"]) == ("GET", "/sleep", "visitor")
    assert request["client"] == "127.0.0.1"
    visitor.join(20)


def test_the_wait_for_a_busy_process_is_no_silence_of_it(raw_session):
    busy = raw_session.send(b"/busy")
    first = raw_session.worker.connection()
    first.head()
    client = raw_session.send(b"/waits", headers=[b"X-Gangway-Wait: 30",
                                                  b"X-Gangway-First-Byte-Timeout: %g" % BOUND])
    let_time_pass(2 * BOUND)
    first.answer(OK)
    assert busy.answer().status == 200
    connection = raw_session.worker.connection()
    assert connection.head().target == "/waits"
    connection.answer(OK)
    assert client.answer().status == 200


# ---------------------------------------------------------------- slow clients

def test_a_process_is_not_blamed_for_a_client_that_is_slow_with_its_body(hasty):
    client = hasty.send(b"/", b"POST", [b"Content-Length: 10"], b"hello")
    connection = hasty.worker.connection()
    connection.head()
    assert connection.take(5) == b"hello"
    let_time_pass(2 * BOUND)
    client.send(b"world")
    assert connection.take(5) == b"world"
    connection.answer(OK)
    assert client.answer().body == b"ok"


def test_a_process_is_not_blamed_for_a_client_that_is_slow_to_take_its_answer(hasty):
    size = 8_000_000
    client, connection = falls_silent(hasty, HEAD + b"Content-Length: %d\r\n\r\n" % size, [])
    connection.send_pattern(size)
    connection.wait(blocked=True)
    let_time_pass(2 * BOUND)
    connection.close()
    assert len(client.answer().body) == size


# ---------------------------------------------------------------- clients that leave

def test_a_client_that_leaves_before_the_answer_ends_its_request_at_once(raw):
    client = raw.send()
    connection = raw.worker.connection()
    connection.head()
    with lasting(0):
        client.close()
        connection.is_closed()
        raw.agent.wait_for_no_sessions()


def test_a_client_that_leaves_in_the_answer_ends_its_request_at_once(raw):
    client, connection = falls_silent(raw, HEAD + b"Content-Length: 10\r\n\r\nhello", [])
    assert client.head().status == 200
    assert client.read(5) == b"hello"
    with lasting(0):
        client.close()
        connection.is_closed()


def test_a_client_that_leaves_while_much_is_sent_to_it_ends_its_request_at_once(raw):
    client, connection = falls_silent(raw, HEAD + b"Content-Length: 100000000\r\n\r\n", [])
    connection.send_pattern(100_000_000)
    assert client.head().status == 200
    connection.wait(blocked=True)
    with lasting(0):
        client.close()
        connection.is_closed()


@pytest.mark.parametrize("framing, body", [(b"Content-Length: 10", b"hello"),
                                           (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n")])
def test_a_client_that_leaves_in_its_body_ends_its_request_at_once(raw_http, framing, body):
    client = raw_http.send(b"/", b"POST", [framing], body)
    connection = raw_http.worker.connection()
    connection.head()
    connection.take_to(b"hello")
    client.close()
    connection.is_closed()
    assert not connection.everything().endswith(b"0\r\n\r\n")


def test_a_body_that_a_session_process_gets_is_visibly_cut_short_when_the_client_leaves(raw_session):
    client = raw_session.send(b"/", b"POST", [b"Content-Length: 10"], b"hello")
    connection = raw_session.worker.connection()
    assert connection.head().get("Content-Length") == ["10"]
    assert connection.take(5) == b"hello"
    client.close()
    connection.is_closed()
    assert connection.take_all() == b""


def in_flight(raw):
    return statistics(raw.agent)["requests"]["in_flight"]


def test_a_client_that_leaves_while_it_waits_for_a_busy_process_is_never_served(raw_session):
    busy = raw_session.send(b"/busy")
    connection = raw_session.worker.connection()
    connection.head()
    gone = raw_session.send(b"/gone", headers=[b"X-Gangway-Wait: 60"])
    wait_until(lambda: in_flight(raw_session) == 2, "the agent has read the other's request")
    gone.close()
    wait_until(lambda: in_flight(raw_session) == 1, "the agent has noticed")
    connection.answer(OK)
    assert busy.answer().status == 200
    client = raw_session.send(b"/marker")
    second = raw_session.worker.connection()
    assert second.head().target == "/marker"
    second.answer(OK)
    assert client.answer().status == 200


def test_a_client_that_only_stops_sending_gets_its_answer(raw):
    client = raw.send()
    client.half_close()
    connection = raw.worker.connection()
    connection.head()
    assert raw.client().is_usable(), "the agent has had its turn"
    assert connection.state["end"] is None
    connection.answer(OK)
    assert client.answer().body == b"ok"
