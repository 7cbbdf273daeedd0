#!/usr/bin/env python3
"""The worst that one message can cost: CPU of the module's one thread, and what another user feels of it.

A real agent with --processes dummy processes gets the worst message of each kind. `CPU` is what the thread
"gangway" used for one such message (schedstat of the thread), alone on an idle agent: the median and the largest of
--rounds. Time that the thread waited for a processor is not in it: to lose the processor is no hold. A message that
comes in several pieces is worked on in several turns, so that `hold` is less: the longest that another user, who asks
again and again for next to nothing (OPTIONS *), waited while one such message was worked on; the median of --rounds,
since a process that loses its processor waits for that, too. `Other's latency` is what root's GET /v1/pool takes while another
user sends that message on --connections connections at once, for --seconds; it includes all waiting for a processor.
Answers of a hostile process come from one process under the benchmark's control. Run by root: others are other users.
About three minutes.

Examples:
    ./dev bench worst
    ./dev bench worst --processes 200 --seconds 1
"""
import argparse
import contextlib
import multiprocessing
import os
import pathlib
import pwd
import signal
import socket
import statistics
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from measuring import wait_for_processes  # noqa: E402
from support import system  # noqa: E402
from support.client import basic  # noqa: E402
from support.passenger import Passenger  # noqa: E402
from support.raw_client import Broken  # noqa: E402
from support.raw_worker import raw_agent, scripted  # noqa: E402
from support.waiting import wait_until  # noqa: E402

USER = "games"  # of every Debian system
HEAD_BYTES = 64 * 1024


# ---------------------------------------------------------------- the messages

def message(target, headers=(), body=b"", method=b"GET"):
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: x", *headers]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines + [b"Connection: close"]) + b"\r\n\r\n" + body


def filled(unit, size):
    return unit * (size // len(unit))


def round_of(body):
    return lambda account: message(b"/v1/health", [account], body, b"POST")


def fields():
    return [b"X-%d: " % n + b"x" * 240 for n in range(240)]


def kinds(count):
    """{name: account → message}. Without an account in it: of a stranger."""
    dense = b'{"expect":{"json_pointer":"","json_value":[' + filled(b"0,", HEAD_BYTES - 1000) + b"0]}}"
    small = b'{"expect":{"json_pointer":"","json_value":[' + filled(b"0,", 3800) + b"0]}}"
    ids = b'{"processes":[' + b",".join(b'"%020d"' % n for n in range(1900)) + b"]}"
    return {
        "GET /v1/pool, to compare": lambda a: message(b"/v1/pool", [a]),
        "wrong password": lambda a: message(b"/v1/pool", [b"X-Passenger-Connect-Password: " + b"x" * 24]),
        "wrong password of 60 KiB": lambda a: message(
            b"/v1/pool", [b"X-Passenger-Connect-Password: " + b"x" * 60_000]),
        "head of one field of 60 KiB": lambda a: message(b"/v1/pool", [a, b"X-Long: " + b"x" * 60_000]),
        "head of 240 fields": lambda a: message(b"/v1/pool", [a, *fields()]),
        "head of 30,000 Connection tokens": lambda a: message(
            b"/v1/pool", [a, b"Connection: " + filled(b"a,", 60_000)]),
        "query of 20,000 parameters": lambda a: message(b"/v1/pool?" + filled(b"a=&", 60_000), [a]),
        "query percent-encoded": lambda a: message(b"/v1/processes?group=" + filled(b"%41", 60_000), [a]),
        "query of 30,000 states": lambda a: message(
            b"/v1/processes?state=" + filled(b"dead,", 60_000) + b"dead", [a]),
        "query of 15,000 fields": lambda a: message(
            b"/v1/processes?fields=" + filled(b"pid,", 60_000) + b"pid", [a]),
        f"listing of {count} rows": lambda a: message(b"/v1/processes?secrets=true", [a]),
        "many listings in one write": lambda a: b"".join(
            message(b"/v1/processes", [a]).replace(b"Connection: close\r\n", b"") for _ in range(10))
        + message(b"/v1/pool", [a]),
        "JSON body, 32,000 values": round_of(dense),
        "JSON body, 1,900 values": round_of(small[:-2] + b',"none":1}}'),
        "JSON body, nested 30,000 times": round_of(filled(b"[", 30_000)),
        "JSON body, 1,900 ids": round_of(ids),
        "regular expression of 60 KiB": round_of(b'{"expect":{"regex":"' + filled(b"(a|b)*", 60_000) + b'"}}'),
        "regular expression of 256 bytes": round_of(b'{"expect":{"regex":"' + filled(b"(a|b)*", 256) + b'"},"none":1}'),
        "regular expression, counted": round_of(b'{"expect":{"regex":"((((a{9}){9}){9}){9})"},"none":1}'),
        "regular expression of Unicode classes": round_of(rb'{"expect":{"regex":"\\p{L}+\\P{L}+(x|y)*"},"none":1}'),
        f"round over {count} processes": round_of(b'{"concurrency":256,"deadline_seconds":20}'),
    }


def hostile_answers():
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    wide = b"HTTP/1.1 %s\r\n" + b"\r\n".join(fields()) + b"\r\n"
    return {
        "answer with 240 fields": (wide % b"200 OK") + b"Content-Length: 0\r\nConnection: close\r\n\r\n",
        "answer with 30,000 Connection tokens": b"HTTP/1.1 200 OK\r\nConnection: " + filled(b"a,", 60_000)
        + b"\r\nContent-Length: 0\r\n\r\n",
        "99 interim answers of 240 fields": (wide % b"103 Early Hints" + b"\r\n") * 99 + ok,
        "answer of 20,000 one-byte chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n" + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n",
    }


# ---------------------------------------------------------------- measuring

class Thread:
    """The module's, of an agent."""

    def __init__(self, agent):
        (thread,) = system.threads_named(agent.core_pid, "gangway")
        self.path = pathlib.Path(f"/proc/{agent.core_pid}/task/{thread}/schedstat")

    def cpu_ms(self):
        return int(self.path.read_text().split()[0]) / 1e6


def say(path, content):
    """Sends content on a connection of its own, and reads to the end."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(path))
        with contextlib.suppress(OSError):  # Refused before it was read.
            connection.sendall(content)
        size = 0
        with contextlib.suppress(OSError):
            while piece := connection.recv(1 << 20):
                size += len(piece)
        return size


def become_user():
    account = pwd.getpwnam(USER)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def as_flooder(path, content, connections):
    """A process of USER that says content on so many connections at once, again and again."""
    child = os.fork()
    if child:
        return child
    try:
        become_user()

        def flood():
            while True:
                with contextlib.suppress(OSError):
                    say(path, content)

        for _ in range(connections):
            threading.Thread(target=flood, daemon=True).start()
        signal.pause()
    finally:
        os._exit(0)


def latencies(path, seconds):
    """In ms, of GET /v1/pool on one connection."""
    request = b"GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n"
    result = []
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begin = time.monotonic()
            connection.sendall(request)
            answer = connection.recv(1 << 16)
            assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
            result.append((time.monotonic() - begin) * 1000)
            time.sleep(0.001)
    return result


def ask_for_nothing(path, pipe, account):
    """In a process of USER's: for each order, asks until the next one, and answers with the longest wait in ms."""
    become_user()
    request = b"OPTIONS * HTTP/1.1\r\nHost: x\r\n" + account + b"\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        while pipe.recv():
            longest = 0.0
            pipe.send(True)
            while not pipe.poll(0):
                begin = time.monotonic()
                connection.sendall(request)
                assert connection.recv(4096).startswith(b"HTTP/1.1 204")
                longest = max(longest, time.monotonic() - begin)
            pipe.recv()
            pipe.send(longest * 1000)


@contextlib.contextmanager
def asker(agent):
    account = b"Authorization: " + basic("admin", agent.admin_password).encode()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=ask_for_nothing, args=(agent.socket_path, theirs, account), daemon=True)
    process.start()

    def while_doing(work):
        ours.send(True)
        ours.recv()
        work()
        ours.send(True)
        return ours.recv()

    yield while_doing
    ours.send(False)
    process.join()


def print_row(name, size, costs, holds, felt):
    felt = f"{statistics.median(felt):.2f} | {max(felt):.2f}" if felt else "- | -"
    print(f"| {name} | {size:,} | {statistics.median(costs):.2f} | {max(costs):.2f} | {statistics.median(holds):.2f} | {felt} |", flush=True)


def measure_requests(args):
    with Passenger("ruby", workers=args.processes, config={"max_requests": 1000}, user_switching=True,
                   options=["--spawn-method", "dummy"]) as agent:
        wait_for_processes(agent, args.processes)
        thread = Thread(agent)
        account = b"Authorization: " + basic("admin", agent.admin_password).encode()
        for name, make in kinds(args.processes).items():
            content = make(account)
            costs = []
            for _ in range(args.rounds if "round over" not in name else 3):
                before = thread.cpu_ms()
                assert say(agent.socket_path, content) > 0, name
                costs.append(thread.cpu_ms() - before)
            with asker(agent) as while_doing:
                holds = [while_doing(lambda: say(agent.socket_path, content)) for _ in costs]
            child = as_flooder(agent.socket_path, content, args.connections)
            try:
                time.sleep(0.3)  # Until it is under way.
                felt = latencies(agent.socket_path, args.seconds)
            finally:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            wait_until(lambda: agent.admin.get("/v1/pool").json["gangway"]["connections"]["open"] == 1,
                       "the flood is over", 60)
            print_row(name, len(content), costs, holds, felt)


def measure_answers(args):
    agent = raw_agent("http")
    with agent:
        agent.ready()
        thread = Thread(agent)
        with scripted(agent, "http") as raw:
            for name, content in hostile_answers().items():
                def exchange():
                    client = raw.send(headers=[b"Connection: close"])
                    connection = raw.worker.connection()
                    connection.head()
                    before = thread.cpu_ms()
                    connection.answer(content)
                    with contextlib.suppress(Broken, OSError):
                        client.rest()
                    client.close()
                    return thread.cpu_ms() - before

                costs = [exchange() for _ in range(args.rounds)]
                with asker(agent) as while_doing:
                    holds = [while_doing(exchange) for _ in costs]
                print_row(name, len(content), costs, holds, None)


def measure_upload(args):
    """A chunked body for a process of the session protocol: kept in a file, then sent from there."""
    piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    with Passenger("python", workers=1) as agent:
        pid = agent.ready().admin.processes()[0]["pid"]
        thread = Thread(agent)
        head = message(b"/v1/processes/%d/request/" % pid, [
            b"Authorization: " + basic("admin", agent.admin_password).encode(), b"Transfer-Encoding: chunked"],
            method=b"POST")
        content = head + piece * (args.spooled_mib * 16) + b"0\r\n\r\n"

        def upload():
            before = thread.cpu_ms()
            assert say(agent.socket_path, content) > 0
            return thread.cpu_ms() - before

        costs = [upload() for _ in range(3)]
        with asker(agent) as while_doing:
            holds = [while_doing(upload) for _ in costs]
        print_row(f"chunked body of {args.spooled_mib} MiB, spooled", len(content), costs, holds, None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--processes", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--spooled-mib", type=int, default=256)
    args = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("worst: must be run by root, since it measures what one user can do to another")
    print("| message | bytes | CPU ms, median | CPU ms, max | hold ms | other's latency ms, median | max |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    measure_requests(args)
    measure_answers(args)
    measure_upload(args)


if __name__ == "__main__":
    main()
