"""`gangway top`, through a real pseudo-terminal, as somebody who sits before it sees it; and --batch."""

import contextlib
import fcntl
import http.client
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time

import pyte
import pytest

from support import system
from support.command import command_environment, gangway
from support.passenger import command_path
from support.visitor import Visitor
from support.waiting import wait_until

OK, BAD_ANSWER, USAGE, UNREACHABLE = range(4)
SOON = 10.0  # for a machine that has much else to do


class Terminal:
    """A terminal of that size, and the command in it. What is on its screen is in `text`. It is of the kind "linux", which is what
    pyte understands whole."""

    def __init__(self, agent, *arguments, columns=80, rows=24, **environment):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.lock = threading.Lock()
        self.fd, inner = pty.openpty()
        self.resize(columns, rows)
        env = {**command_environment(agent), "TERM": "linux", "LC_ALL": "C.UTF-8", **environment}
        self.before = termios.tcgetattr(inner)
        self.process = subprocess.Popen(
            [str(command_path()), "top", *map(str, arguments)], env=env, stdin=inner, stdout=inner, stderr=inner,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.inner = inner
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with self.lock:
            self.screen.resize(rows, columns)

    def read(self):
        with contextlib.suppress(OSError):  # Once nobody has the other end.
            while content := os.read(self.fd, 65536):
                with self.lock:
                    self.stream.feed(content)

    @property
    def lines(self):
        with self.lock:
            return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines)

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def wait_for(self, pattern, within=SOON):
        """The match, once it is on the screen."""
        try:
            return wait_until(lambda: re.search(pattern, self.text, re.M), f"{pattern!r} is shown", within)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.text}") from None

    def wait_for_none(self, pattern, within=SOON):
        wait_until(lambda: not re.search(pattern, self.text, re.M), f"{pattern!r} is gone", within)

    def colour_of(self, text):
        """Of its first character, on the screen."""
        with self.lock:
            for number, line in enumerate(self.screen.display):
                if text in line:
                    return self.screen.buffer[number][line.index(text)].fg
        return None

    def end(self):
        """Its exit code; the terminal must be as it was."""
        code = self.process.wait(SOON)
        assert termios.tcgetattr(self.inner)[:4] == self.before[:4]
        return code

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.inner)
        self.reader.join(SOON)
        assert not self.reader.is_alive()
        os.close(self.fd)


def is_served(agent):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return agent.visit("/").status == 200
    return False


def pids(agent):
    return [row["pid"] for row in agent.admin.processes()]


def shown_pids(terminal):
    return [int(pid) for pid in re.findall(r"^[ *] *(\d+)  ", terminal.text, re.M)]


# ---------------------------------------------------------------- what is shown

def test_it_shows_what_each_worker_is_at(agent):
    with Terminal(agent, "-d", "0.3") as terminal:
        terminal.wait_for(r"^gangway top ")
        terminal.wait_for(r"^3 processes, 0 busy   queue 0   pool 3/")
        terminal.wait_for(r"3 of 3 workers   queue 0")
        assert sorted(shown_pids(terminal)) == sorted(pids(agent))
        visitor = Visitor(agent, "/sleep?seconds=3&secret=1")
        row = terminal.wait_for(r"^[ *] *(\d+)  enabled .* \d\.\ds  .*GET /sleep$", 3)
        assert "secret" not in terminal.text
        assert shown_pids(terminal)[0] == int(row[1]), "the busy one comes first"
        visitor.wait()
        terminal.wait_for_none("/sleep")
        terminal.press("q")
        assert terminal.end() == OK


def test_it_shows_rates_and_who_is_new_and_who_has_left(new_agent):
    agent = new_agent("python", workers=2).ready()
    with Terminal(agent, "-d", "0.4") as terminal:
        terminal.wait_for(r"^2 processes")
        for _ in range(20):
            agent.visit("/hello")
        terminal.wait_for(r"^2 processes, \d busy .* [1-9][\d.]* req/s$")
        first, second = pids(agent)
        terminal.press(f"/{second}\r")  # The chosen one has no colour of its own.
        os.kill(first, signal.SIGKILL)
        terminal.wait_for(rf"^[ *] *{first}  DEAD ")
        assert terminal.colour_of(str(first)) == "red"
        agent.visit("/hello")
        new = wait_until(lambda: next(iter(set(pids(agent)) - {first, second}), None), "another has taken its place", 20)
        terminal.wait_for(rf"^[ *] *{new}  ")
        terminal.wait_for_none(rf"^[ *] *{first}  ")


def test_a_stopped_worker_is_told_with_what_helps(python):
    pid = pids(python)[0]
    with Terminal(python, "-d", "0.3") as terminal, system.stopped(pid):
        terminal.wait_for(rf"^[ *] *{pid}  STOPPED .*\(kill -CONT {pid}\)$")
        terminal.wait_for(", 1 sick ")


def test_there_are_no_colours_where_none_are_wanted(python):
    with Terminal(python, "-d", "0.3", NO_COLOR="1") as terminal, system.stopped(pids(python)[0]):
        terminal.wait_for("STOPPED")
        with terminal.lock:
            colours = {cell.fg for row in terminal.screen.buffer.values() for cell in row.values()}
        assert colours == {"default"}


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (20, 5), (200, 60)], ids=str)
def test_any_size_will_do(python, size):
    columns, rows = size
    with Terminal(python, "-d", "0.3", columns=columns, rows=rows) as terminal:
        terminal.wait_for("gangway top")
        if rows >= 10:
            wait_until(lambda: len(shown_pids(terminal)) == 3, "the workers are shown")
        terminal.resize(100, 30)
        terminal.wait_for("^q quit  . help")
        terminal.press("q")
        assert terminal.end() == OK


# ---------------------------------------------------------------- keys

def test_keys_sort_search_filter_and_tag(python):
    with Terminal(python, "-d", "0.3", "--sort", "pid") as terminal:
        terminal.wait_for(r"PID\^")
        wait_until(lambda: shown_pids(terminal) == sorted(pids(python)), "they are sorted by pid")
        terminal.press("I")
        terminal.wait_for("PIDv")
        wait_until(lambda: shown_pids(terminal) == sorted(pids(python), reverse=True), "the other way round")
        terminal.press(">")
        terminal.wait_for("GROUP|STATE")
        last = max(pids(python))
        terminal.press(f"\\{last}")
        terminal.wait_for(f"^show only: {last}_$")
        terminal.press("\r")
        terminal.wait_for(f"^only rows with '{last}'")
        wait_until(lambda: shown_pids(terminal) == [last], "the others are hidden")
        terminal.press("\\\r")
        wait_until(lambda: len(shown_pids(terminal)) == 3, "all are shown")
        terminal.press(f"/{last}\r")
        terminal.press(" ")
        terminal.wait_for(rf"^\* *{last}  ")
        terminal.press("U")
        terminal.wait_for_none(r"^\* ")
        terminal.press("/nothing\r")
        terminal.wait_for("^no row has 'nothing'$")
        terminal.press("g")
        terminal.wait_for("GROUP")
        terminal.press("?")
        terminal.wait_for("^Keys$")
        terminal.press("q")
        terminal.wait_for_none("^Keys$")
        terminal.press("\x03")
        assert terminal.end() == OK


def test_enter_shows_all_about_a_process_and_r_the_requests_of_all(python):
    visitor = Visitor(python, "/sleep?seconds=3")
    with Terminal(python, "-d", "0.3", rows=60) as terminal:
        pid = terminal.wait_for(r"^[ *] *(\d+)  .*GET /sleep$")[1]
        terminal.press("r")
        terminal.wait_for(rf"^ *\d\.\ds  {pid}  waiting  GET     /sleep\?…  127\.0\.0\.1")
        terminal.wait_for("^1 request: 1 at 1 worker, 0 queued$")
        terminal.press("r")
        terminal.wait_for("^3 processes, 1 busy")
        terminal.press("\r")
        terminal.wait_for(rf"^pid  +{pid}$")
        terminal.wait_for(r"^rss_bytes  ")
        terminal.wait_for("^it is not checked by itself$")
        terminal.press("q")
        terminal.wait_for("^3 processes")
    visitor.wait()


def test_h_checks_now_unless_it_is_only_to_be_read(python):
    with Terminal(python, "-d", "0.3", "--sort", "pid") as terminal:
        terminal.wait_for("^3 processes")
        terminal.press("h")
        terminal.wait_for(rf"^{min(pids(python))} is healthy$")
    before = [row["processed"] for row in python.admin.processes()]
    with Terminal(python, "-d", "0.3", "--readonly") as terminal:
        terminal.wait_for("^3 processes")
        terminal.press("h")
        terminal.wait_for("^nothing is done: --readonly$")
    assert [row["processed"] for row in python.admin.processes()] == before


# ---------------------------------------------------------------- faults

def test_it_goes_on_when_the_agent_restarts(new_agent):
    agent = new_agent("python", workers=1).ready()
    before = pids(agent)
    with Terminal(agent, "-d", "0.3") as terminal:
        terminal.wait_for("^1 process, ")
        os.kill(agent.core_pid, signal.SIGKILL)
        wait_until(lambda: is_served(agent), "another core serves", 30)
        wait_until(lambda: shown_pids(terminal) and shown_pids(terminal) != before, "its process is shown", 30)
        terminal.press("q")
        assert terminal.end() == OK
    agent.forget_log()


def test_it_needs_a_terminal_and_an_agent(python):
    result = gangway(python, "top")
    assert result.code == USAGE and "--batch" in result.errors, result
    with Terminal(python, TERM="dumb") as terminal:
        assert terminal.process.wait(SOON) == USAGE
    with Terminal(None, PASSENGER_INSTANCE_REGISTRY_DIR="/nowhere") as terminal:
        assert terminal.process.wait(SOON) == UNREACHABLE
    for arguments in (["-d", "0"], ["--sort", "x"], ["-n", "2"], ["--batch", "-n", "0"], ["--json"]):
        assert gangway(python, "top", *arguments).code == USAGE, arguments


# ---------------------------------------------------------------- --batch

def test_batch_writes_look_after_look(python):
    result = gangway(python, "top", "--batch", "-n", "2", "-d", "0.3")
    assert result.code == OK and result.text.count("3 of 3 workers") == 2, result
    assert "GROWTH/H" in result.text and "\x1b" not in result.text
    begun = time.monotonic()
    result = gangway(python, "top", "--batch", "-n", "3", "-d", "0.3", "--json")
    assert time.monotonic() - begun >= 0.6
    looks = [json.loads(line) for line in result.text.splitlines()]
    assert len(looks) == 3
    assert {row["pid"] for row in looks[0]["processes"]} == set(pids(python))
    assert looks[0]["processes"][0]["requests_per_second"] is None
    assert looks[1]["processes"][0]["requests_per_second"] == 0
    assert looks[2]["pool"]["max"] >= 3 and len(looks[2]["groups"]) == 1
