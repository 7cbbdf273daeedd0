"""Bodies of gigabytes pass through the agent without staying in its memory, however slow either side is."""

import re
import threading
import time

import pytest

from support.raw_worker import PROTOCOLS, shared_raw
from support.waiting import wait_until

HEAD = b"HTTP/1.1 200 OK\r\n"
OK = HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
TWO_GB = 2_000_000_000
TWO_HUNDRED_MB = 200_000_000
BLOCK = bytes(i % 251 for i in range(251 * 2088))
PIECE = 256 * 1024
MAY_GROW_KIB = 1024


@pytest.fixture(params=PROTOCOLS)
def raw(request, fleet):
    """An agent of its own, since what it has once allocated is compared with what it needs."""
    yield from shared_raw(fleet, request.param, "big")


class Memory:
    """The agent's resident and anonymous memory, in KiB. Anonymous, not private dirty: while the agent forks, its
    pages are shared for a moment."""

    def __init__(self, agent):
        self.pid = agent.core_pid
        self.first = self.now()
        self.most = self.first

    def now(self):
        with open(f"/proc/{self.pid}/smaps_rollup") as file:
            found = dict(re.findall(r"^(Rss|Anonymous):\s+(\d+) kB$", file.read(), re.MULTILINE))
        return int(found["Rss"]), int(found["Anonymous"])

    def look(self):
        self.most = tuple(map(max, self.most, self.now()))

    def assert_bounded(self):
        self.look()
        rss, anonymous = (most - first for most, first in zip(self.most, self.first))
        grown = f"rss grew by {rss} KiB, anonymous memory by {anonymous} KiB"
        assert rss <= MAY_GROW_KIB and anonymous <= MAY_GROW_KIB, grown


class Sending(threading.Thread):
    """Sends that much of the pattern; `sent` says how far it is."""

    def __init__(self, sock, size):
        super().__init__(daemon=True)
        self.sock, self.size, self.sent = sock, size, 0
        self.error = None

    def run(self):
        view = memoryview(BLOCK)
        try:
            while self.sent < self.size:
                start = self.sent % 251
                piece = view[start:start + min(PIECE, self.size - self.sent)]
                self.sent += self.sock.send(piece)
        except OSError as error:
            self.error = error

    def is_blocked(self):
        """Neither done nor getting any further."""
        before = self.sent
        time.sleep(0.2)
        return before == self.sent < self.size and self.error is None


def is_pattern(piece, position):
    """For pieces of at most PIECE bytes."""
    start = position % 251
    return piece == BLOCK[start:start + len(piece)]


def warm_up(raw):
    """Once through with both, so that what is allocated once is allocated."""
    for _ in range(3):
        upload(raw, 5_000_000)
        download(raw, 5_000_000)


def upload(raw, size, while_running=lambda: None, while_stopped=None):
    """With while_stopped, the process stops reading at first, and that is called once nothing moves."""
    client = raw.client(60)
    client.send(raw.request(b"/up", b"POST", [b"Content-Length: %d" % size]))
    connection = raw.worker.connection()
    head = connection.head()
    assert head.get("Content-Length") == [str(size)]
    connection.count_from(len(head.content))
    if while_stopped:
        connection.stop_reading()
    sending = Sending(client.sock, size)
    sending.start()
    if while_stopped:
        wait_until(sending.is_blocked, "the client is held up")
        while_stopped()
        connection.read_on()
    while sending.is_alive():
        sending.join(0.1)
        while_running()
    assert sending.error is None
    state = connection.wait(received=len(head.content) + size)
    assert state["received"] == len(head.content) + size and not state["differs"]
    connection.send(OK)
    assert client.answer().body == b"ok"
    client.close()


def download(raw, size, while_running=lambda: None, while_stopped=None):
    """With while_stopped, the client stops reading at first, and that is called once nothing moves."""
    client = raw.client(60)
    client.send(raw.request(b"/down"))
    connection = raw.worker.connection()
    connection.head()
    connection.send(HEAD + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % size)
    connection.send_pattern(size)
    if while_stopped:
        connection.wait(blocked=True)
        while_stopped()
    connection.close()
    assert client.head().get("Content-Length") == [str(size)]
    received = receive(client, size, while_running)
    assert received == size and client.is_usable()
    client.close()


def receive(client, size, while_running):
    """Reads the body and compares it with the pattern."""
    position, looked = 0, 0
    while client.buffer:
        piece = client.read(min(PIECE, len(client.buffer)))
        assert is_pattern(piece, position)
        position += len(piece)
    buffer = bytearray(PIECE)
    view = memoryview(buffer)
    while position < size:
        count = client.sock.recv_into(view[:min(PIECE, size - position)])
        assert count > 0, f"it ended after {position} bytes"
        assert is_pattern(buffer[:count] if count < PIECE else buffer, position)
        position += count
        if position - looked > 50_000_000:
            looked = position
            while_running()
    return position


def test_two_gigabytes_are_sent_to_a_process_without_staying_in_memory(raw):
    warm_up(raw)
    memory = Memory(raw.agent)
    upload(raw, TWO_GB, while_running=memory.look)
    memory.assert_bounded()


def test_two_gigabytes_are_sent_to_a_client_without_staying_in_memory(raw):
    warm_up(raw)
    memory = Memory(raw.agent)
    download(raw, TWO_GB, while_running=memory.look)
    memory.assert_bounded()


def test_a_process_that_stops_reading_holds_up_its_client_and_not_the_memory(raw):
    warm_up(raw)
    memory = Memory(raw.agent)
    upload(raw, TWO_HUNDRED_MB, while_running=memory.look, while_stopped=memory.assert_bounded)
    memory.assert_bounded()


def test_a_client_that_stops_reading_holds_up_its_process_and_not_the_memory(raw):
    warm_up(raw)
    memory = Memory(raw.agent)
    download(raw, TWO_HUNDRED_MB, while_running=memory.look, while_stopped=memory.assert_bounded)
    memory.assert_bounded()


def test_a_chunked_body_is_kept_outside_of_memory_until_its_length_is_known(fleet):
    for raw in shared_raw(fleet, "session", "big"):
        warm_up(raw)
        memory = Memory(raw.agent)
        client = raw.send(b"/chunked", b"POST", [b"Transfer-Encoding: chunked"])
        size = 400 * len(BLOCK)
        chunk = b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK)
        for _ in range(400):
            client.send(chunk)
            memory.look()
        client.send(b"0\r\n\r\n")
        connection = raw.worker.connection()
        head = connection.head()
        assert head.get("Content-Length") == [str(size)]
        assert connection.wait(received=len(head.content) + size)["received"] == len(head.content) + size
        connection.send(OK)
        assert client.answer().body == b"ok"
        memory.assert_bounded()
