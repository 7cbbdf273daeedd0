"""A worker whose every byte a test decides.

Passenger's loader for Python imports this file, as it would an application. Instead of giving the loader
something to call, it announces a socket of its own and never returns. The environment says which:

    RAW_PROTOCOL     "http" or "session"
    RAW_CONCURRENCY  what is announced as the socket's concurrency; 0 is unlimited

At first it serves: each request is answered with 200 and `Connection: close`. A test that wants to say
something else connects to the Unix socket `control.PID` beside this file and sends one JSON object a
line; each is answered with one. Bytes are strings, a character a byte. Connections have numbers, from 1.

    {"do": "script"}                        from now on nothing is answered; connections are numbered anew
    {"do": "serve"}                         answers again by itself; forgets what was received
    {"do": "connections"}                   {"connections": [STATE…]}
    {"do": "accept", "on": false}           leaves new connections in the listen queue, and makes that as
                                            short as it can be
    {"do": "wait", "connection": N, CONDITION}      answered when it holds, or never can: STATE + {"held": …}
        "accepted": true                    there is such a connection
        "received": B                       at least B bytes have come
        "text": T, "from": B                that text has come, at or behind byte B; + {"at": its place}
        "end": true                         the other side sends no more, or the connection was reset
        "closed": true                      the other side takes no more, either
        "sent": true                        the kernel has taken all that was to be sent
        "blocked": true                     the kernel takes no more of it, and nothing has been read since
    {"do": "data", "connection": N, "from": A, "to": B}     {"data": …}
    {"do": "read", "connection": N, "limit": B}     reads no further than byte B; null: all there is.
                                            Without a connection: that holds for those to come
    {"do": "count", "connection": N, "from": B}     from byte B on, what comes is not kept but compared with
                                            the pattern: byte i of it is i mod 251. STATE has "differs"
    {"do": "send", "connection": N, "data": …}
    {"do": "send_pattern", "connection": N, "bytes": B}
    {"do": "half_close", "connection": N}   when all is sent
    {"do": "close", "connection": N}        when all is sent
    {"do": "reset", "connection": N}        closes as soon as there is something unread, which is what makes
                                            the other side see a reset

STATE: {"number", "open", "received", "end": null or "eof" or "reset", "closed", "unsent", "broken", "differs"}.
"""

import array
import fcntl
import json
import os
import select
import socket
import struct
import sys
import termios
import time

BLOCK = bytes(i % 251 for i in range(251 * 2088))
READ_SIZE = 256 * 1024
STILL_SECONDS = 0.2
SERVED = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
EVERYTHING = 1 << 62


class Pattern:
    """What is to be sent, made as it is needed."""

    def __init__(self, size):
        self.position = 0
        self.size = size

    def next_piece(self):
        start = self.position % 251
        return memoryview(BLOCK)[start:start + min(READ_SIZE, self.size - self.position)]

    def advance(self, size):
        self.position += size
        return self.position < self.size


class Text:
    def __init__(self, content):
        self.content = memoryview(content)

    def next_piece(self):
        return self.content

    def advance(self, size):
        self.content = self.content[size:]
        return len(self.content) > 0


class Connection:
    def __init__(self, number, sock, limit):
        self.number = number
        self.sock = sock
        self.limit = limit
        self.data = bytearray()
        self.received = 0
        self.count_from = EVERYTHING
        self.differs = False
        self.end = None
        self.closed = False
        self.to_send = []
        self.broken = False
        self.then = None  # "half_close", "close", "reset": once all is sent
        self.last_moved = time.monotonic()
        self.served_from = 0

    def state(self):
        return {"number": self.number, "open": self.sock is not None, "received": self.received,
                "end": self.end, "closed": self.closed, "unsent": bool(self.to_send),
                "broken": self.broken, "differs": self.differs}

    def can_read(self):
        return self.end is None and self.received < self.limit

    def can_write(self):
        return bool(self.to_send) and not self.broken

    def events(self):
        """What epoll has to report of it."""
        mask = select.EPOLLOUT if self.can_write() else 0
        return mask | select.EPOLLIN if self.can_read() or self.then == "reset" else mask

    def read(self):
        try:
            piece = self.sock.recv(min(READ_SIZE, self.limit - self.received))
        except BlockingIOError:
            return
        except ConnectionResetError:
            self.end = "reset"
            return
        if not piece:
            self.end = "eof"
            return
        self.last_moved = time.monotonic()
        keep = max(0, min(len(piece), self.count_from - self.received))
        self.data += piece[:keep]
        if keep < len(piece):
            start = (self.received + keep - self.count_from) % 251
            self.differs = self.differs or piece[keep:] != BLOCK[start:start + len(piece) - keep]
        self.received += len(piece)

    def write(self):
        try:
            while self.to_send:
                sent = self.sock.send(self.to_send[0].next_piece())
                self.last_moved = time.monotonic()
                if not self.to_send[0].advance(sent):
                    self.to_send.pop(0)
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self.broken = True

    def unread(self):
        size = array.array("i", [0])
        fcntl.ioctl(self.sock, termios.FIONREAD, size)
        return size[0]

    def is_blocked(self):
        return bool(self.to_send) and time.monotonic() - self.last_moved >= STILL_SECONDS


class Control:
    """One test's connection. It has at most one command that waits."""

    def __init__(self, sock):
        self.sock = sock
        self.input = b""
        self.waiting = None

    def answer(self, **members):
        self.sock.setblocking(True)
        self.sock.sendall(json.dumps(members).encode() + b"\n")
        self.sock.setblocking(False)


class Worker:
    def __init__(self, protocol):
        self.protocol = protocol
        self.epoll = select.epoll()
        self.handlers = {}
        self.masks = {}
        self.connections = {}
        self.controls = []
        self.serving = True
        self.new_limit = EVERYTHING
        self.ended = False

    # ------------------------------------------------------------ sockets

    def listen(self, path):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind(path)
        sock.listen(1000)
        sock.setblocking(False)
        return sock

    def watch(self, fd, handler, mask=select.EPOLLIN):
        self.handlers[fd] = handler
        self.masks[fd] = mask
        self.epoll.register(fd, mask)

    def unwatch(self, fd):
        if self.handlers.pop(fd, None):
            del self.masks[fd]
            self.epoll.unregister(fd)

    def run(self, path, control_path):
        self.server = self.listen(path)
        control = self.listen(control_path)
        self.watch(self.server.fileno(), lambda _: self.accept())
        self.watch(control.fileno(), lambda _: self.accept_control(control))
        self.watch(sys.stdin.fileno(), lambda _: self.owner_is_gone())
        self.announce(path)
        while not self.ended:
            waiting = any(control.waiting and "blocked" in control.waiting for control in self.controls)
            for fd, events in self.epoll.poll(STILL_SECONDS / 4 if waiting else -1):
                if fd in self.handlers:
                    self.handlers[fd](events)
            self.settle()

    def announce(self, path):
        """As Passenger's own loader does it."""
        directory = os.environ["PASSENGER_SPAWN_WORK_DIR"] + "/response/"
        with open(directory + "properties.json", "w") as file:
            json.dump({"sockets": [{"name": "main", "address": "unix:" + path, "protocol": self.protocol,
                                    "concurrency": int(os.environ["RAW_CONCURRENCY"]),
                                    "accept_http_requests": True}]}, file)
        with open(directory + "finish", "w") as file:
            file.write("1")

    def owner_is_gone(self):
        self.ended = not os.read(sys.stdin.fileno(), 4096)

    def accept(self):
        try:
            sock, _ = self.server.accept()
        except BlockingIOError:
            return
        sock.setblocking(False)
        number = len(self.connections) + 1
        connection = Connection(number, sock, self.new_limit)
        self.connections[number] = connection
        self.watch(sock.fileno(), lambda events: self.on_event(connection, events), connection.events())

    @staticmethod
    def on_event(connection, events):
        connection.closed = connection.closed or bool(events & select.EPOLLHUP)
        if connection.can_read() and events & (select.EPOLLIN | select.EPOLLHUP):
            connection.read()
        if connection.can_write() and events & (select.EPOLLOUT | select.EPOLLHUP):
            connection.write()

    def drop(self, connection):
        self.unwatch(connection.sock.fileno())
        connection.sock.close()
        connection.sock = None

    def settle(self):
        """What follows from what has happened."""
        for connection in self.connections.values():
            if connection.sock is not None and self.serving:
                self.serve(connection)
            if connection.sock is not None and (not connection.to_send or connection.broken):
                self.finish(connection)
            if connection.sock is not None:
                self.update(connection)
        for control in self.controls:
            if control.waiting:
                self.try_to_answer(control)

    def update(self, connection):
        fd, mask = connection.sock.fileno(), connection.events()
        if connection.closed and not mask:
            self.unwatch(fd)  # It would be reported for ever.
        elif fd not in self.handlers:
            self.watch(fd, lambda events: self.on_event(connection, events), mask)
        elif self.masks[fd] != mask:
            self.masks[fd] = mask
            self.epoll.modify(fd, mask)

    def finish(self, connection):
        if connection.then == "half_close":
            connection.then = None
            try:
                connection.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        elif connection.then == "close" or (
                connection.then == "reset" and (connection.unread() > 0 or connection.closed)):
            self.drop(connection)

    # ------------------------------------------------------------ serving by itself

    def serve(self, connection):
        if connection.then is None and self.has_request(connection):
            connection.to_send.append(Text(SERVED))
            connection.then = "close"
        elif connection.then is None and connection.end is not None:
            self.drop(connection)

    def has_request(self, connection):
        data = connection.data[connection.served_from:]
        if self.protocol == "http":
            return b"\r\n\r\n" in data
        return len(data) >= 4 and len(data) >= 4 + struct.unpack(">I", data[:4])[0]

    # ------------------------------------------------------------ control

    def accept_control(self, server):
        sock, _ = server.accept()
        sock.setblocking(False)
        control = Control(sock)
        self.controls.append(control)
        self.watch(sock.fileno(), lambda _: self.read_control(control))

    def read_control(self, control):
        piece = control.sock.recv(1 << 20)
        if not piece:
            self.unwatch(control.sock.fileno())
            self.controls.remove(control)
            control.sock.close()
            return
        control.input += piece
        while b"\n" in control.input:
            line, _, control.input = control.input.partition(b"\n")
            command = json.loads(line)
            try:
                self.obey(control, command)
            except (KeyError, AttributeError, OSError) as error:
                control.answer(error=f"{command}: {error!r}")

    def obey(self, control, command):
        verb = command.pop("do")
        if verb == "wait":
            control.waiting = command
            return
        connection = None
        if "connection" in command:
            connection = self.connections[command["connection"]]
        control.answer(**(getattr(self, "do_" + verb)(connection, command) or {}))

    def do_script(self, _connection, _command):
        open_ones = [each.number for each in self.connections.values() if each.sock is not None]
        if not open_ones:
            self.serving = False
            self.connections.clear()
            self.new_limit = EVERYTHING
        return {"open": open_ones}

    def do_serve(self, _connection, _command):
        self.serving = True
        self.new_limit = EVERYTHING
        self.do_accept(None, {"on": True})
        for connection in self.connections.values():
            connection.limit = EVERYTHING
            connection.served_from = len(connection.data)

    def do_connections(self, _connection, _command):
        return {"connections": [connection.state() for connection in self.connections.values()]}

    def do_accept(self, _connection, command):
        self.unwatch(self.server.fileno())
        self.server.listen(1000 if command["on"] else 0)
        if command["on"]:
            self.watch(self.server.fileno(), lambda _: self.accept())

    def do_data(self, connection, command):
        return {"data": connection.data[command["from"]:command["to"]].decode("latin-1")}

    def do_read(self, connection, command):
        limit = EVERYTHING if command["limit"] is None else command["limit"]
        if connection is None:
            self.new_limit = limit
        else:
            connection.limit = limit

    def do_count(self, connection, command):
        if connection.received > command["from"]:
            raise OSError("it has come further already")
        connection.count_from = command["from"]

    def do_send(self, connection, command):
        if command["data"]:
            connection.to_send.append(Text(command["data"].encode("latin-1")))

    def do_send_pattern(self, connection, command):
        connection.to_send.append(Pattern(command["bytes"]))

    def do_half_close(self, connection, _command):
        connection.then = "half_close"

    def do_close(self, connection, _command):
        connection.then = "close"

    def do_reset(self, connection, _command):
        connection.limit = connection.received
        connection.then = "reset"

    def try_to_answer(self, control):
        command = control.waiting
        connection = self.connections.get(command["connection"])
        if connection is None:
            return
        held, more = self.holds(connection, command)
        hopeless = connection.sock is None or (
            connection.broken if "sent" in command or "blocked" in command else
            connection.end is not None and "closed" not in command)
        if held or hopeless:
            control.waiting = None
            control.answer(held=held, **connection.state(), **more)

    @staticmethod
    def holds(connection, command):
        if "received" in command:
            return connection.received >= command["received"], {}
        if "text" in command:
            at = connection.data.find(command["text"].encode("latin-1"), command["from"])
            return at >= 0, {"at": at}
        if "end" in command:
            return connection.end is not None, {}
        if "closed" in command:
            return connection.closed, {}
        if "sent" in command:
            return not connection.to_send, {}
        if "blocked" in command:
            return connection.is_blocked(), {}
        return True, {}


def socket_path():
    with open(os.environ["PASSENGER_SPAWN_WORK_DIR"] + "/args.json") as file:
        return json.load(file)["socket_dir"] + f"/raw.{os.getpid()}"


def main():
    control_path = os.path.join(os.getcwd(), f"control.{os.getpid()}")
    path = socket_path()
    try:
        Worker(os.environ["RAW_PROTOCOL"]).run(path, control_path)
    finally:
        for leftover in (path, control_path):
            if os.path.exists(leftover):
                os.unlink(leftover)
    os._exit(0)


main()
