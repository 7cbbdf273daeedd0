"""Server-sent events: what the application sends arrives while it is still sending, and it learns of the end."""

import contextlib
import http.client
import os
import time

import pytest

from support.client import forwarded
from support.journal import Journal, pipe_to
from support.passenger import Passenger
from support.waiting import wait_until

PROMPTLY = 5
SILENCE = 1


class Stream:
    """One stream of events, asked for over a connection of its own."""

    def __init__(self, agent, headers):
        self.agent = agent
        self.pid = agent.admin.processes()[0]["pid"]
        self.journal = Journal(agent.app_root)
        self.begun = self.journal.lines.count("begun")
        self.pipe = pipe_to(agent.app_root / "next")
        self.connection = agent.admin.connection(timeout=PROMPTLY)
        self.connection.request("GET", forwarded(self.pid, "/events"), headers=headers)
        self.number = 0
        wait_until(lambda: self.journal.lines.count("begun") == self.begun + 1, "the application has begun")

    def let_one_be_sent(self):
        os.write(self.pipe, b"x")

    def open(self):
        """Reads the header of the answer. Some applications send it with the first event only."""
        self.let_one_be_sent()
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        return self.response

    def read_event(self):
        """The next event, which must be there although the application is waiting to be told to go on."""
        self.number += 1
        lines = [self.response.readline() for _ in range(3)]
        assert lines == [b"id: %d\n" % self.number, b"data: event %d\n" % self.number, b"\n"]

    def end(self):
        """The application comes to the end of its stream: its pipe has no writer any more."""
        os.close(self.pipe)
        self.pipe = None

    @property
    def has_ended(self):
        return self.journal.lines.count("ended") == self.begun + 1

    def close(self):
        self.connection.close()
        if self.pipe is not None:
            os.close(self.pipe)
        wait_until(lambda: self.has_ended, "the application has ended its stream")


@contextlib.contextmanager
def stream_of(agent, headers=()):
    stream = Stream(agent, dict(headers))
    try:
        yield stream
    finally:
        stream.close()


@pytest.fixture(params=["rack", "flask", "express"])
def site(request, module_fleet):
    agent = module_fleet.get(request.param, lambda: Passenger(request.param, workers=1, config={}))
    yield agent
    agent.assert_unharmed()


def test_each_event_arrives_before_the_next_is_sent(site):
    with stream_of(site) as stream:
        response = stream.open()
        assert response.getheader("Content-Type").startswith("text/event-stream")
        assert response.getheader("Content-Length") is None
        stream.read_event()
        for _ in range(50):
            stream.let_one_be_sent()
            stream.read_event()
        stream.end()
        assert response.read() == b""


def test_events_arrive_at_an_http_1_0_client_one_by_one_too(site):
    """Without chunks: the end of the connection is the end of the stream."""
    pid = site.admin.processes()[0]["pid"]
    pipe = pipe_to(site.app_root / "next")
    with site.admin.raw(PROMPTLY) as sock:
        sock.sendall(f"GET {forwarded(pid, '/events')} HTTP/1.0\r\n\r\n".encode())
        os.write(pipe, b"x")
        response = http.client.HTTPResponse(sock)
        response.begin()
        assert response.status == 200 and response.getheader("Transfer-Encoding") is None
        for number in range(1, 11):
            assert [response.readline() for _ in range(3)][0] == b"id: %d\n" % number
            if number < 10:
                os.write(pipe, b"x")
        os.close(pipe)
        assert response.read() == b""
        response.close()


def test_a_stream_that_is_left_ends_at_the_application(site):
    with stream_of(site) as stream:
        stream.open()
        stream.read_event()
        site.wait_for_sessions(stream.pid, 1)
        stream.connection.close()
        site.wait_for_no_sessions(PROMPTLY)
        if site.runtime == "express":  # Node.js sees the end by itself, the others when they write.
            wait_until(lambda: stream.has_ended, "the application has seen the end", PROMPTLY)
        wait_until(lambda: stream.has_ended or stream.let_one_be_sent(), "the application has seen the end", PROMPTLY)
    assert site.admin.forward(stream.pid, "/").fields["pid"] == str(stream.pid)


def test_a_stream_is_a_session_until_its_end(site):
    before = site.admin.processes()[0]
    with stream_of(site) as stream:
        stream.open()
        stream.read_event()
        assert site.admin.process(stream.pid)["sessions"] == 1
        stream.end()
        assert stream.response.read() == b""
    site.wait_for_no_sessions()
    assert site.admin.process(stream.pid)["processed"] == before["processed"] + 1


def test_the_connection_goes_on_after_the_end_of_a_stream(site):
    with stream_of(site) as stream:
        stream.open()
        stream.read_event()
        sock = stream.connection.sock
        stream.end()
        assert stream.response.read() == b""
        stream.connection.request("GET", forwarded(stream.pid, "/"))
        response = stream.connection.getresponse()
        assert response.status == 200 and response.read() == f"pid={stream.pid}\n".encode()
        assert stream.connection.sock is sock, "the connection was not kept"


def test_a_stream_that_falls_silent_is_broken_visibly(site):
    """Its last chunk is missing, so nobody takes it for a stream that has come to its end."""
    with stream_of(site, {"X-Gangway-Idle-Timeout": str(SILENCE)}) as stream:
        stream.open()
        stream.read_event()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            stream.response.read()
        site.wait_for_no_sessions(PROMPTLY)
        wait_until(lambda: stream.has_ended or stream.let_one_be_sent(), "the application has seen the end", PROMPTLY)


def test_a_stream_lasts_no_longer_than_its_time_though_it_is_never_silent(site):
    with stream_of(site, {"X-Gangway-Timeout": str(SILENCE)}) as stream:
        begun = time.monotonic()
        stream.open()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            while time.monotonic() - begun < SILENCE + PROMPTLY:
                assert stream.response.read1(), "the stream came to an end that looks like its own"
                stream.let_one_be_sent()
        assert time.monotonic() - begun >= SILENCE * 0.9
        site.wait_for_no_sessions(PROMPTLY)
        wait_until(lambda: stream.has_ended or stream.let_one_be_sent(), "the application has seen the end", PROMPTLY)


def test_two_streams_of_a_nodejs_process_do_not_wait_for_each_other(nodejs):
    """One is left unread, and the other goes on."""
    pid = nodejs.admin.processes()[0]["pid"]
    with nodejs.admin.raw() as unread:
        unread.sendall(f"GET {forwarded(pid, '/fixed?bytes=50000000')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert unread.recv(100).startswith(b"HTTP/1.1 200")
        answer = nodejs.admin.forward(pid, "/stream?pieces=1000&bytes=1000")
        assert answer.status == 200 and len(answer.body) == 1_000_000
        nodejs.wait_for_sessions(pid, 1)
