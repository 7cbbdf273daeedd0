"""WebSockets and other upgraded connections, to a Node.js and to a Ruby server.

What Passenger's front door can do as well is tried there, too, so that it is known that these tests ask for
nothing special.
"""

import asyncio
import base64
import contextlib
import hashlib
import itertools
import os
import random
import signal
import socket
import struct
import time

import pytest
import websockets

from support.doors import FrontDoor, GangwayDoor
from support.journal import Journal
from support.passenger import Passenger
from support.waiting import wait_until
from support.wire import Head, Tunnel, WholeAnswer, request_bytes, upgrade_headers

SERVERS = ("websocket_node", "websocket_ruby")
PROMPTLY = 5
SILENCE = 0.5
TUNNEL_SILENCE = 2
RFC_6455_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

names = (f"connection-{number}" for number in itertools.count(1))


class Server:
    """A process that speaks WebSocket, behind one of the two doors."""

    def __init__(self, agent, door):
        self.agent = agent
        self.pid = agent.admin.processes()[0]["pid"]
        self.journal = Journal(agent.app_root)
        self.door = GangwayDoor(agent, self.pid) if door == "gangway" else FrontDoor(agent)

    def websocket(self, target, **options):
        return self.door.websocket(target, max_size=None, ping_interval=None, **options)

    def tunnel(self, target):
        return Tunnel(self.door, target)

    def wait_for(self, name, event):
        return wait_until(lambda: event in self.journal.of(name),
                          f"the application has seen: {name} {event}", PROMPTLY)

    def answers(self):
        """The process still serves ordinary requests."""
        answer = self.agent.admin.forward(self.pid, "/")
        assert answer.status == 200 and answer.fields["pid"] == str(self.pid), answer


def server(module_fleet, runtime, door):
    agent = module_fleet.get(runtime, lambda: Passenger(runtime, workers=1, config={}))
    yield Server(agent, door)
    agent.assert_unharmed()


@pytest.fixture(params=SERVERS)
def gangway(request, module_fleet):
    yield from server(module_fleet, request.param, "gangway")


@pytest.fixture(params=[(runtime, door) for door in ("gangway", "front_door") for runtime in SERVERS],
                ids=lambda param: "-".join(param))
def either(request, module_fleet):
    """Through Gangway, and through the front door."""
    yield from server(module_fleet, *request.param)


@pytest.fixture(params=SERVERS)
def short(request, module_fleet):
    """Bounds that are short: silence in general, and silence in tunnels."""
    bounds = {"idle_timeout_seconds": SILENCE, "tunnel_timeout_seconds": TUNNEL_SILENCE}
    agent = module_fleet.get(request.param + "_short",
                      lambda: Passenger(request.param, workers=1, config=bounds))
    yield Server(agent, "gangway")
    agent.assert_unharmed()


def run(conversation):
    """Runs a coroutine, within bounds."""
    async def bounded():
        return await asyncio.wait_for(conversation, 40)

    return asyncio.run(bounded())


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize("message", [
    "hello", "Grüße ☃", "", "x" * 125, "x" * 126, "y" * 65535, "z" * 65536, b"\0\xff\r\n\r\n", bytes(70000)],
    ids=lambda message: f"{type(message).__name__}-{len(message)}")
def test_a_message_comes_back_as_it_was(either, message):
    async def conversation():
        async with either.websocket(f"/echo?name={next(names)}") as socket:
            await socket.send(message)
            assert await socket.recv() == message

    run(conversation())


def test_many_messages_come_back_in_order(either):
    async def conversation():
        async with either.websocket(f"/echo?name={next(names)}") as socket:
            sent = [f"message {number}" if number % 3 else bytes([number % 256]) * number
                    for number in range(300)]

            async def send_all():
                for message in sent:
                    await socket.send(message)

            sending = asyncio.create_task(send_all())
            assert [await socket.recv() for _ in sent] == sent
            await sending

    run(conversation())


def test_a_message_in_fragments_comes_back_whole(either):
    async def conversation():
        async with either.websocket(f"/echo?name={next(names)}") as socket:
            await socket.send(["one ", "two ", "", "three"])
            assert await socket.recv() == "one two three"

    run(conversation())


def test_megabytes_flow_both_ways_at_once(either):
    """Messages of 1 MB are sent without waiting for those that come back."""
    messages = [random.Random(number).randbytes(1_000_000) for number in range(5)]

    async def conversation():
        async with either.websocket(f"/echo?name={next(names)}", compression=None) as socket:
            async def send_all():
                for message in messages:
                    await socket.send(message[start:start + 100_000] for start in range(0, 1_000_000, 100_000))

            sending = asyncio.create_task(send_all())
            for message in messages:
                assert await socket.recv() == message
            await sending

    run(conversation())


def test_compressed_messages_are_passed_on_as_they_are(either):
    """ws agrees to permessage-deflate, websocket-driver does not: either way is the servers' and the client's own."""
    async def conversation():
        async with either.websocket(f"/echo?name={next(names)}", compression="deflate") as socket:
            text = "compressible " * 20000
            await socket.send(text)
            assert await socket.recv() == text
            return [extension.name for extension in socket.extensions]

    agreed = run(conversation())
    assert agreed == (["permessage-deflate"] if either.agent.runtime == "websocket_node" else [])


def test_pings_are_answered_in_both_directions(either):
    async def conversation():
        async with either.websocket(f"/echo?name={next(names)}") as socket:
            pong = await socket.ping(b"are you there?")
            await asyncio.wait_for(pong, PROMPTLY)
            await socket.send("ping, please")
            assert await socket.recv() == "pong: are you there?"

    run(conversation())


# ---------------------------------------------------------------- the end


def test_the_client_closes_and_the_server_learns_its_code(either):
    name = next(names)

    async def conversation():
        socket = await either.websocket(f"/echo?name={name}")
        await socket.close(4321, "enough")
        return socket.close_code

    assert run(conversation()) == 4321
    either.wait_for(name, "closed 4321")
    either.agent.wait_for_no_sessions()
    either.answers()


def test_the_server_closes_and_the_client_learns_its_code(either):
    name = next(names)

    async def conversation():
        async with either.websocket(f"/echo?name={name}") as socket:
            await socket.send("close, please")
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            return closed.value.rcvd.code, closed.value.rcvd.reason

    assert run(conversation()) == (4001, "as you asked")
    either.wait_for(name, "closed 4001")
    either.agent.wait_for_no_sessions()
    either.answers()


def test_the_end_of_what_the_client_sends_reaches_the_server_which_may_still_answer(either):
    name = next(names)
    with either.tunnel(f"/bytes?name={name}") as tunnel:
        tunnel.sock.sendall(b"x" * 1000)
        tunnel.sock.shutdown(socket.SHUT_WR)
        assert tunnel.read_to_end() == b"x" * 1000 + b"\n1000 bytes came\n"
    either.wait_for(name, "closed 1000")
    either.agent.wait_for_no_sessions()


def test_the_end_of_what_the_server_sends_reaches_the_client_which_may_still_send(gangway):
    """Passenger's front door ends both directions then."""
    name = next(names)
    with gangway.tunnel(f"/finish_first?name={name}") as tunnel:
        assert tunnel.read_to_end() == b"that was all\n"
        gangway.agent.wait_for_sessions(gangway.pid, 1)
        for _ in range(100):
            tunnel.sock.sendall(b"y" * 10_000)
        tunnel.sock.shutdown(socket.SHUT_WR)
        wait_until(lambda: len(gangway.journal.of(name)) == 2, "the application has seen the end", PROMPTLY)
    assert gangway.journal.of(name) == ["open", f"closed {100 * 10_000}"]
    gangway.agent.wait_for_no_sessions()


def test_the_server_learns_at_once_that_the_client_is_gone(either):
    name = next(names)
    with either.tunnel(f"/bytes?name={name}") as tunnel:
        tunnel.sock.sendall(b"hello")
        assert tunnel.read(5) == b"hello"
    either.wait_for(name, "closed 5")
    either.agent.wait_for_no_sessions()
    either.answers()


def test_what_a_client_sends_right_before_it_leaves_still_arrives(either):
    """A close frame, masked with zeros, and gone: the server need not take it for a broken connection."""
    for _ in range(10):
        name = next(names)
        with either.door.connect() as sock:
            sock.sendall(request_bytes(either.door, "GET", f"/echo?name={name}", upgrade_headers()))
            assert Head(sock).status == 101
            sock.sendall(b"\x88\x82" + bytes(4) + struct.pack(">H", 1001))
        wait_until(lambda: len(either.journal.of(name)) == 2, "the application has seen the end", PROMPTLY)
        assert either.journal.of(name) == ["open", "closed 1001"]
        either.agent.wait_for_no_sessions()


def test_bytes_that_are_underway_when_both_have_ended_their_directions_still_arrive(gangway):
    """More than fits into the sockets' buffers, after the server's end and with the client's own."""
    for _ in range(5):
        name = next(names)
        with gangway.tunnel(f"/finish_first?name={name}") as tunnel:
            assert tunnel.read_to_end() == b"that was all\n"
            tunnel.sock.sendall(b"y" * 3_000_000)
        wait_until(lambda: len(gangway.journal.of(name)) == 2, "the application has seen the end", PROMPTLY)
        assert gangway.journal.of(name) == ["open", "closed 3000000"]
        gangway.agent.wait_for_no_sessions()


def test_the_server_learns_at_once_that_a_client_has_aborted_amid_data(gangway):
    """The client leaves with data unread and unsent, which resets a Unix socket's connection."""
    name = next(names)
    with gangway.tunnel(f"/bytes?name={name}") as tunnel:
        tunnel.sock.settimeout(1)
        with pytest.raises(TimeoutError):  # Nothing is read: at some point every buffer is full.
            while True:
                tunnel.sock.send(b"z" * 65536)
    wait_until(lambda: any(line.startswith("closed ") for line in gangway.journal.of(name)),
               "the application has seen the end", PROMPTLY)
    gangway.agent.wait_for_no_sessions()
    gangway.answers()


def test_the_client_learns_at_once_that_the_server_was_killed(either):
    name = next(names)

    async def conversation():
        async with either.websocket(f"/echo?name={name}") as socket:
            await socket.send("hello")
            assert await socket.recv() == "hello"
            os.kill(either.pid, signal.SIGKILL)
            begun = time.monotonic()
            with pytest.raises(websockets.ConnectionClosedError) as closed:
                await socket.recv()
            assert closed.value.rcvd is None, "a close frame came from a dead process"
            return time.monotonic() - begun

    assert run(conversation()) < PROMPTLY
    either.agent.wait_for_no_sessions()
    # Passenger finds out by itself, in its own time, or at the next request to it.
    wait_until(lambda: either.pid not in [row["pid"] for row in either.agent.ready().admin.processes()],
               "Passenger has replaced the process", 30)


def test_a_tunnel_ends_with_its_process_though_its_client_stays(new_agent):
    """The client hears of the end, and neither closes nor sends anything."""
    for runtime in SERVERS:
        server = Server(new_agent(runtime, workers=1, config={}).ready(), "gangway")
        with server.tunnel(f"/bytes?name={next(names)}") as tunnel:
            server.agent.wait_for_sessions(server.pid, 1)
            os.kill(server.pid, signal.SIGKILL)
            assert tunnel.read_to_end() == b""
            server.agent.wait_for_no_sessions()


def test_a_tunnel_ends_as_the_front_door_s_does_where_its_process_is_to_leave(new_agent):
    """By abort_websockets_on_process_shutdown, which is on where nothing is said."""
    agent = new_agent("websocket_node", workers=1, config={}).ready()
    old = agent.admin.processes()[0]["pid"]
    with Server(agent, "gangway").tunnel(f"/bytes?name={next(names)}") as ours, \
            Server(agent, "front_door").tunnel(f"/bytes?name={next(names)}") as visitors:
        agent.wait_for_sessions(old, 2)
        agent.restart_group(agent.pool_xml().groups[0].name)
        assert visitors.read_to_end() == b"" and ours.read_to_end() == b""
    wait_until(lambda: old not in [row["pid"] for row in agent.admin.processes()], "the old process has left")


def test_a_tunnel_lives_on_with_a_process_that_is_to_leave_where_the_option_is_off(new_agent):
    agent = new_agent("websocket_ruby", workers=1, config={},
                      options=["--no-abort-websockets-on-process-shutdown"]).ready()
    server = Server(agent, "gangway")
    with server.tunnel(f"/bytes?name={next(names)}") as tunnel:
        agent.wait_for_sessions(server.pid, 1)
        agent.restart_group(agent.pool_xml().groups[0].name)
        wait_until(lambda: agent.admin.process(server.pid)["state"] == "detached", "the process is to leave")
        tunnel.sock.sendall(b"hello")
        assert tunnel.read(5) == b"hello"
    wait_until(lambda: server.pid not in [row["pid"] for row in agent.admin.processes()],
               "the old process has left")


# ---------------------------------------------------------------- sessions and time


def test_a_tunnel_counts_as_a_session_until_it_ends(gangway):
    name = next(names)
    row = gangway.agent.admin.process(gangway.pid)
    with gangway.tunnel(f"/bytes?name={name}") as tunnel:
        tunnel.sock.sendall(b"hello")
        assert tunnel.read(5) == b"hello"
        gangway.agent.wait_for_sessions(gangway.pid, 1)
        assert gangway.agent.admin.process(gangway.pid)["sessions"] == 1
    gangway.agent.wait_for_no_sessions()
    after = gangway.agent.admin.process(gangway.pid)
    assert after["sessions"] == 0 and after["processed"] == row["processed"] + 1


def test_a_ruby_process_is_busy_while_it_has_a_tunnel_and_a_nodejs_process_is_not(gangway):
    pool = {"X-Gangway-Route": "pool", "X-Gangway-Wait": "0"}
    with gangway.tunnel(f"/bytes?name={next(names)}"):
        gangway.agent.wait_for_sessions(gangway.pid, 1)
        answer = gangway.agent.admin.forward(gangway.pid, "/", headers=pool)
        if gangway.agent.runtime == "websocket_ruby":
            assert answer.status == 503 and answer.code == "process_busy", answer
            assert [request["path"] for request in answer.json["requests"]] == ["/bytes"]
        else:
            assert answer.status == 200, answer
    gangway.agent.wait_for_no_sessions()
    assert gangway.agent.admin.forward(gangway.pid, "/", headers=pool).status == 200


@pytest.mark.parametrize("gangway", ["websocket_node"], indirect=True)
def test_many_tunnels_to_one_process_are_open_at_once(gangway):
    with contextlib.ExitStack() as stack:
        tunnels = [stack.enter_context(gangway.tunnel(f"/bytes?name={next(names)}")) for _ in range(20)]
        gangway.agent.wait_for_sessions(gangway.pid, 20)
        for number, tunnel in enumerate(tunnels):
            tunnel.sock.sendall(b"tunnel %04d" % number)
        for number, tunnel in enumerate(tunnels):
            assert tunnel.read(11) == b"tunnel %04d" % number
    gangway.agent.wait_for_no_sessions()


def test_a_silent_tunnel_outlives_the_idle_timeout_and_ends_with_its_own(short):
    name = next(names)
    begun = time.monotonic()
    with short.tunnel(f"/bytes?name={name}") as tunnel:
        assert tunnel.read_to_end() == b""
        waited = time.monotonic() - begun
    assert TUNNEL_SILENCE <= waited < TUNNEL_SILENCE + PROMPTLY
    short.wait_for(name, "closed 0")
    short.agent.wait_for_no_sessions()


def test_a_tunnel_with_traffic_lives_on_and_silence_is_counted_from_the_last_byte(short):
    name = next(names)
    begun = time.monotonic()
    with short.tunnel(f"/bytes?name={name}") as tunnel:
        sent = 0
        last = begun
        while last - begun < TUNNEL_SILENCE * 1.5:
            last = time.monotonic()
            tunnel.sock.sendall(b"x")
            assert tunnel.read(1) == b"x"
            sent += 1
        assert tunnel.read_to_end() == b""
        assert time.monotonic() - last >= TUNNEL_SILENCE * 0.99
    short.wait_for(name, f"closed {sent}")


def test_silence_in_one_direction_ends_a_tunnel_whose_other_one_has_ended(short):
    """The server has ended its direction, and the client, which stays, sends nothing."""
    name = next(names)
    with short.tunnel(f"/finish_first?name={name}") as tunnel:
        assert tunnel.read_to_end() == b"that was all\n"
        short.wait_for(name, "closed 0")
        short.agent.wait_for_no_sessions()
    short.answers()


def test_traffic_in_one_direction_keeps_a_tunnel_open(short):
    """The server has ended its direction: only the client still sends."""
    name = next(names)
    begun = time.monotonic()
    sent = 0
    with short.tunnel(f"/finish_first?name={name}") as tunnel:
        assert tunnel.read_to_end() == b"that was all\n"
        while time.monotonic() - begun < TUNNEL_SILENCE * 1.5:
            tunnel.sock.sendall(b"x" * 10)
            sent += 10
        tunnel.sock.shutdown(socket.SHUT_WR)
        short.wait_for(name, f"closed {sent}")


# ---------------------------------------------------------------- the handshake


def handshake(door, target, extra=()):
    with door.connect() as sock:
        sock.sendall(request_bytes(door, "GET", target, [*upgrade_headers(), *extra]))
        head = Head(sock)
        assert head.rest == b""
    return head


# What Gangway adds to every answer, and what the front door adds of its own.
ADDED_BY_GANGWAY = {"x-gangway-route", "x-gangway-process", "server-timing", "date"}
ADDED_BY_THE_FRONT_DOOR = {"status", "date", "server", "x-powered-by"}


def test_the_handshake_is_answered_as_at_the_front_door(gangway):
    target = f"/echo?name={next(names)}"
    ours = handshake(gangway.door, target)
    gangway.agent.wait_for_no_sessions()
    theirs = handshake(FrontDoor(gangway.agent), target)
    gangway.agent.wait_for_no_sessions()
    assert ours.status == theirs.status == 101

    def own(head, added):
        return sorted((name.lower(), value.lower() if name.lower() in ("connection", "upgrade") else value)
                      for name, value in head.headers if name.lower() not in added)

    assert own(ours, ADDED_BY_GANGWAY) == own(theirs, ADDED_BY_THE_FRONT_DOOR)
    accepted = hashlib.sha1((dict(upgrade_headers())["Sec-WebSocket-Key"] + RFC_6455_GUID).encode()).digest()
    assert ours.values("Sec-WebSocket-Accept") == [base64.b64encode(accepted).decode()]


def test_the_answer_to_a_handshake_says_who_gave_it(gangway):
    head = handshake(gangway.door, f"/echo?name={next(names)}")
    gangway.agent.wait_for_no_sessions()
    row = gangway.agent.admin.process(gangway.pid)
    assert head.values("X-Gangway-Process") == [f"{row['pid']} {row['gupid']}"]
    assert head.values("X-Gangway-Route") == ["pool"]
    assert head.values("Transfer-Encoding") == [] and head.values("Content-Length") == []


def test_bytes_sent_with_the_handshake_are_not_lost(gangway):
    """They wait for the 101, and come first."""
    name = next(names)
    with gangway.door.connect() as sock:
        sock.sendall(request_bytes(gangway.door, "GET", f"/bytes?name={name}", upgrade_headers("bytes"),
                                   b"early bird\n"))
        head = Head(sock)
        assert head.status == 101, head
        sock.sendall(b"late bird\n")
        sock.shutdown(socket.SHUT_WR)
        received = head.rest
        while piece := sock.recv(4096):
            received += piece
    assert received == b"early bird\nlate bird\n\n21 bytes came\n"
    gangway.wait_for(name, "closed 21")


def test_a_frame_split_into_single_bytes_is_passed_on(gangway):
    """A text frame "Hi", masked with zeros, in one write a byte."""
    name = next(names)
    with gangway.door.connect() as sock:
        sock.sendall(request_bytes(gangway.door, "GET", f"/echo?name={name}", upgrade_headers()))
        head = Head(sock)
        assert head.status == 101, head
        for byte in b"\x81\x82" + bytes(4) + b"Hi":
            sock.sendall(bytes([byte]))
        received = head.rest
        while len(received) < 4:
            received += sock.recv(100)
        assert received == b"\x81\x02Hi"
        sock.sendall(b"\x88\x82" + bytes(4) + struct.pack(">H", 1000))
        assert sock.recv(100).startswith(b"\x88\x02" + struct.pack(">H", 1000))
    gangway.wait_for(name, "closed 1000")


@pytest.mark.parametrize("refusal", ["by_path", "by_version"])
def test_a_refused_upgrade_is_an_ordinary_answer_and_the_connection_goes_on(gangway, refusal):
    headers = upgrade_headers()
    if refusal == "by_version":
        headers = [(name, "7" if name == "Sec-WebSocket-Version" else value) for name, value in headers]
    target = "/refuse" if refusal == "by_path" else f"/echo?name={next(names)}"
    with gangway.door.connect() as sock:
        sock.sendall(request_bytes(gangway.door, "GET", target, headers))
        refused = WholeAnswer(sock)
        # What the library of Node.js says to a version that it does not know.
        status = 400 if (gangway.agent.runtime, refusal) == ("websocket_node", "by_version") else 426
        assert refused.status == status and not refused.closes, refused
        assert refused.values("X-Gangway-Error") == [] and refused.values("X-Gangway-Route") == ["pool"]
        sock.sendall(request_bytes(gangway.door, "GET", "/"))
        again = WholeAnswer(sock)
        assert again.status == 200 and again.body == f"pid={gangway.pid}\nupgrade=\n".encode()
        name = next(names)
        sock.sendall(request_bytes(gangway.door, "GET", f"/bytes?name={name}", upgrade_headers("bytes")))
        assert Head(sock).status == 101
        sock.sendall(b"on the same connection")
        assert sock.recv(100) == b"on the same connection"
    gangway.wait_for(name, "closed 22")


def test_an_upgrade_comes_after_other_requests_on_the_same_connection(gangway):
    name = next(names)
    with gangway.door.connect() as sock:
        for _ in range(3):
            sock.sendall(request_bytes(gangway.door, "GET", "/"))
            assert WholeAnswer(sock).status == 200
        sock.sendall(request_bytes(gangway.door, "GET", f"/bytes?name={name}", upgrade_headers("bytes")))
        assert Head(sock).status == 101
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"
    gangway.wait_for(name, "closed 5")


@pytest.mark.parametrize("what", ["body", "http_1_0", "no_connection_header"])
def test_what_cannot_be_upgraded_is_passed_on_without_the_upgrade(gangway, what):
    headers, body, version = upgrade_headers("bytes"), b"", "1.1"
    if what == "body":
        headers, body = [*headers, ("Content-Length", "5")], b"hello"
    elif what == "http_1_0":
        version = "1.0"
    else:
        headers = headers[1:]
    with gangway.door.connect() as sock:
        sock.sendall(request_bytes(gangway.door, "POST" if body else "GET", "/bytes", headers, body, version))
        answer = WholeAnswer(sock)
    assert answer.status == 200 and answer.body == f"pid={gangway.pid}\nupgrade=\n".encode(), answer


def test_a_handshake_needs_the_same_credentials_as_any_request(gangway):
    with gangway.door.connect() as sock:
        sock.sendall(request_bytes(gangway.door, "GET", "/bytes", [
            *upgrade_headers("bytes"), ("X-Passenger-Connect-Password", "wrong")]))
        answer = WholeAnswer(sock)
    assert answer.status == 401 and answer.values("X-Gangway-Error") == ["unauthorized"], answer


def test_an_agent_that_exits_ends_its_tunnels(new_agent):
    agent = new_agent("websocket_node", workers=1, config={"drain_timeout_seconds": 0.5}).ready()
    server = Server(agent, "gangway")
    with server.tunnel(f"/bytes?name={next(names)}") as tunnel:
        tunnel.sock.sendall(b"hello")
        assert tunnel.read(5) == b"hello"
        agent.terminate()
        tunnel.sock.settimeout(30)
        assert tunnel.read_to_end() == b""
        agent.wait_for_exit()
