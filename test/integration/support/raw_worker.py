"""The test's side of test/apps/raw: a worker that says and hears exactly what the test wants."""

import json
import os
import signal
import socket
import struct
from contextlib import contextmanager

from support.passenger import Passenger
from support.raw_client import RawClient
from support.waiting import wait_until

PROTOCOLS = ("http", "session")
WAIT_SECONDS = 20


def latin1(content):
    return content.decode("latin-1")


def raw_agent(protocol, workers=1, concurrency=None, environment=None, **options):
    """An agent whose processes are raw workers."""
    if concurrency is None:
        concurrency = 0 if protocol == "http" else 1
    announced = {"RAW_PROTOCOL": protocol, "RAW_CONCURRENCY": str(concurrency)}
    return Passenger("raw", workers=workers, environment={**announced, **(environment or {})}, **options)


def fill_listen_queue(path, waiting):
    """Connects until the kernel takes no more; the sockets are left in `waiting`."""
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        waiting.append(sock)
        try:
            sock.connect(path)
        except BlockingIOError:
            return


class HttpHead:
    """A request's head, as a worker of the http protocol got it."""

    def __init__(self, content):
        self.content = content
        lines = latin1(content).split("\r\n")
        assert lines[-2:] == ["", ""], content
        self.line = lines[0]
        self.method, self.target, self.version = self.line.split(" ")
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:-2]]

    def get(self, name):
        """Every value that came under that name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class SessionHead:
    """A request's head, as a worker of the session protocol got it."""

    def __init__(self, content):
        self.content = content
        words = latin1(content[4:]).split("\0")
        assert words.pop() == "" and len(words) % 2 == 0, content
        self.pairs = list(zip(words[::2], words[1::2]))
        self.variables = dict(self.pairs)
        assert len(self.variables) == len(self.pairs), f"a variable is given twice: {self.pairs}"
        self.method = self.variables["REQUEST_METHOD"]
        self.target = self.variables["REQUEST_URI"]

    def get(self, name):
        name = name.upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = "HTTP_" + name
        return [self.variables[name]] if name in self.variables else []


class WorkerConnection:
    """One connection that Gangway made to the worker. Waits are bounded by the control's timeout."""

    def __init__(self, worker, number):
        self.worker = worker
        self.number = number
        self.position = 0  # what the test has taken of what was received

    def do(self, verb, **members):
        return self.worker.ask(verb, connection=self.number, **members)

    def wait(self, **condition):
        """Waits, and fails when the condition can never hold any more."""
        state = self.do("wait", **condition)
        assert state["held"], f"{condition} never came: {state}, {self.everything()!r}"
        return state

    @property
    def state(self):
        return self.worker.connections()[self.number - 1]

    # ------------------------------------------------------------ what was received

    def data(self, start, end):
        return self.do("data", **{"from": start, "to": end})["data"].encode("latin-1")

    def everything(self):
        return self.data(0, None)

    def take(self, size):
        """The next `size` bytes."""
        self.wait(received=self.position + size)
        self.position += size
        return self.data(self.position - size, self.position)

    def take_to(self, text):
        """All up to and with that text."""
        end = self.wait(text=latin1(text), **{"from": self.position})["at"] + len(text)
        start, self.position = self.position, end
        return self.data(start, end)

    def head(self):
        """The head of the next request."""
        if self.worker.protocol == "http":
            return HttpHead(self.take_to(b"\r\n\r\n"))
        prefix = self.take(4)
        return SessionHead(prefix + self.take(struct.unpack(">I", prefix)[0]))

    def chunked_body(self):
        """A chunked body to its end: (chunks, trailer lines)."""
        chunks = []
        while size := int(self.chunk_line(), 16):
            chunks.append(self.take(size))
            assert self.take(2) == b"\r\n"
        trailers = []
        while line := self.take_to(b"\r\n")[:-2]:
            trailers.append(line)
        return chunks, trailers

    def chunk_line(self):
        return latin1(self.take_to(b"\r\n")[:-2])

    def take_all(self):
        """All to the end, once there is one."""
        self.wait(end=True)
        rest = self.data(self.position, None)
        self.position += len(rest)
        return rest

    def ends(self):
        """Waits until the other side sends no more: "eof" or "reset"."""
        return self.wait(end=True)["end"]

    def is_closed(self):
        """Waits until the other side has closed, not only half."""
        self.wait(closed=True)

    def count_from(self, position):
        """From there on, what comes is not kept but compared with the pattern."""
        self.do("count", **{"from": position})

    # ------------------------------------------------------------ what is to be done

    def send(self, content):
        self.do("send", data=latin1(content))

    def send_pattern(self, size):
        self.do("send_pattern", bytes=size)

    def answer(self, content):
        """A whole answer, and the end of the connection."""
        self.send(content)
        self.close()

    def half_close(self):
        self.do("half_close")

    def close(self):
        self.do("close")

    def reset(self):
        self.do("reset")

    def read_to(self, limit):
        self.do("read", limit=limit)

    def stop_reading(self):
        self.read_to(0)

    def read_on(self):
        self.read_to(None)


class RawWorker:
    """The control of one process."""

    def __init__(self, agent, pid, protocol):
        self.agent = agent
        self.pid = pid
        self.protocol = protocol
        self.taken = 0
        self.sock = None

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(WAIT_SECONDS)
        self.sock.connect(str(self.agent.app_root / f"control.{self.pid}"))
        self.stream = self.sock.makefile("rb")

    def disconnect(self):
        self.stream.close()
        self.sock.close()
        self.sock = None

    def ask(self, verb, **members):
        if self.sock is None:
            self.connect()
        self.sock.sendall(json.dumps({"do": verb, **members}).encode() + b"\n")
        try:
            answer = json.loads(self.stream.readline())
        except TimeoutError:
            self.disconnect()
            raise AssertionError(f"the worker waited in vain: {verb} {members}") from None
        assert "error" not in answer, answer
        return answer

    def script(self):
        """Takes over: connections are numbered from 1, and nothing is answered but by the test."""
        wait_until(lambda: not self.ask("script")["open"], "the worker's connections are closed")
        self.taken = 0

    def release(self):
        """Makes it serve again, with no connection left, neither here nor in Passenger."""
        self.ask("serve")
        if self.protocol == "session":
            # One that Passenger keeps alive ends with the answer on it, and a stale one is found out.
            self.agent.admin.forward(self.pid, "/")
            self.agent.wait_for_no_sessions()
        wait_until(lambda: not any(connection["open"] for connection in self.connections()),
                   "Gangway has closed its connections")
        self.disconnect()

    def connections(self):
        return self.ask("connections")["connections"]

    def connection(self):
        """The next connection: waits for it."""
        self.taken += 1
        connection = WorkerConnection(self, self.taken)
        connection.wait(accepted=True)
        return connection

    def received(self):
        """Every byte of every connection."""
        return b"".join(WorkerConnection(self, state["number"]).everything()
                        for state in self.connections())

    def read_new_to(self, limit):
        """How far connections that are still to come are read."""
        self.ask("read", limit=limit)

    @property
    def socket_path(self):
        address = self.agent.admin.process(self.pid)["sockets"][0]["address"]
        return address.removeprefix("unix:")

    def accept(self, on):
        self.ask("accept", on=on)

    @contextmanager
    def with_a_full_listen_queue(self):
        """It accepts nothing, and the kernel takes no more connections for it."""
        self.accept(False)
        waiting = []
        try:
            fill_listen_queue(self.socket_path, waiting)
            yield
        finally:
            for sock in waiting:
                sock.close()
            self.accept(True)

    @contextmanager
    def stopped(self):
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


def statistics(agent):
    """The member "gangway" of GET /v1/pool."""
    answer = agent.admin.get("/v1/pool")
    assert answer.status == 200, answer
    return answer.json["gangway"]


class Raw:
    """What a test gets: an agent and one of its raw workers, under the test's control."""

    def __init__(self, agent, protocol, index=0):
        self.agent = agent
        self.protocol = protocol
        self.pid = sorted(row["pid"] for row in agent.admin.processes())[index]
        self.worker = RawWorker(agent, self.pid, protocol)
        self.worker.script()
        self.clients = []

    def client(self, timeout=WAIT_SECONDS):
        """A connection to the admin socket; closed with the test."""
        client = RawClient(self.agent.socket_path, timeout)
        self.clients.append(client)
        return client

    def request(self, target=b"/", method=b"GET", headers=(), body=b"", version=b"1.1", host=b"x"):
        """A request for the worker, as it goes over the wire. `headers` are whole lines without their end."""
        lines = [method + b" " + target + b" HTTP/" + version]
        if host is not None:
            lines.append(b"Host: " + host)
        lines += [b"X-Passenger-Process: %d" % self.pid, *headers]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def send(self, *args, **options):
        """A client that has sent that request."""
        client = self.client()
        client.send(self.request(*args, **options))
        return client

    def exchange(self, answer, *args, method=b"GET", **options):
        """One request without a body, and the worker's exact bytes for it: what the client gets."""
        client = self.send(*args, method=method, **options)
        connection = self.worker.connection()
        connection.head()
        connection.answer(answer)
        return client.answer(method)

    def nothing_reached_the_worker(self):
        """A request that comes after all others is the first one that the worker hears of."""
        client = self.send(b"/marker")
        connection = self.worker.connection()
        assert connection.number == 1
        assert connection.head().target == "/marker"
        connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        assert client.answer().status == 200
        assert len(self.worker.connections()) == 1

    def close(self):
        for client in self.clients:
            client.close()
        self.agent.wait_for_no_sessions()
        self.worker.release()


@contextmanager
def scripted(agent, protocol, index=0):
    """The worker with that index in the order of pids."""
    raw = Raw(agent, protocol, index)
    try:
        yield raw
    finally:
        try:
            raw.close()
        except BaseException:
            os.kill(raw.pid, signal.SIGKILL)  # The next test gets another process.
            raise


def shared_raw(fleet, protocol, name="", **options):
    """For fixtures: a raw worker of an agent that tests share. `name` tells agents of other options apart."""
    agent = fleet.get(f"raw {protocol} {name}", lambda: raw_agent(protocol, **{"config": {}, **options}))
    with scripted(agent, protocol) as worker:
        yield worker
    agent.assert_unharmed()
