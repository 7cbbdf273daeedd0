"""What continuous checks know, and processes that fall ill when the test wants it (test/apps/sick_*)."""

import http.client
import json
import os
import signal
import socket
import threading
from contextlib import contextmanager, suppress

from support.client import UnixConnection
from support.passenger import Passenger
from support.pool_xml import from_rfc3339
from support.waiting import wait_until

SICK = ("sick_rack", "sick_wsgi", "sick_node")
INTERVAL = 0.2
TIMEOUT = 1


def plan(**keys):
    """An entry of "health": quick checks of every group."""
    return {"group": "*", "path": "/health", "interval_seconds": INTERVAL, "timeout_seconds": TIMEOUT,
            "rise": 2, "fall": 2, **keys}


def watched_agent(runtime, workers=3, options=(), **keys):
    """An agent whose processes are checked all the time."""
    return Passenger(runtime, workers=workers, config={"health": [plan(**keys)]}, options=options)


def seconds_between(earlier, later):
    return (from_rfc3339(later) - from_rfc3339(earlier)).total_seconds()


# ---------------------------------------------------------------- what is known

def health(agent, query=""):
    answer = agent.admin.get("/v1/health" + query)
    assert answer.status == 200, answer
    return answer.json


def group(agent):
    """The only group."""
    (row,) = health(agent)["groups"]
    return row


def tracks(agent):
    """{pid: row}"""
    return {row["pid"]: row for row in health(agent)["processes"]}


def standings(agent):
    return {pid: row["state"] for pid, row in tracks(agent).items()}


def wait_for_row(agent, pid, condition, what):
    """The first row of that process of which condition(row) holds."""
    def row_if_so():
        row = tracks(agent).get(pid)
        return row if row is not None and condition(row) else None

    return wait_until(row_if_so, f"{what}: {pid}")


def wait_for_standing(agent, pid, state):
    return wait_for_row(agent, pid, lambda row: row["state"] == state, state)


def wait_for_checks(agent, pids, count):
    """So many more checks of each."""
    wanted = {pid: tracks(agent)[pid]["checks"] + count for pid in pids}
    for pid in pids:
        wait_for_row(agent, pid, lambda row: row["checks"] >= wanted[pid], f"{count} checks more")


def wait_for_failures(agent, pid, count):
    """So many more failures."""
    wanted = tracks(agent)[pid]["failures"] + count
    return wait_for_row(agent, pid, lambda row: row["failures"] >= wanted, f"{count} failures more")


def all_healthy(agent):
    """Waits until each process is known to be healthy; gives back their pids, in order."""
    def pids_if_so():
        states = standings(agent)
        return sorted(states) if len(states) == agent.workers and set(
            states.values()) == {"healthy"} else None

    return wait_until(pids_if_so, f"{agent.workers} healthy processes")


def pids_of(agent):
    return sorted(row["pid"] for row in agent.admin.processes() if row["state"] == "enabled")


# ---------------------------------------------------------------- falling ill

def fall_ill(agent, pid, how):
    path = agent.app_root / f"sick.{pid}"
    new = path.with_name(f"new.{pid}")
    new.write_text(how)
    new.rename(path)  # It is never seen empty.


def get_well(agent):
    for path in agent.app_root.glob("sick.*"):
        path.unlink()


@contextmanager
def sick(agent, pid, how):
    """The process is ill that way; "stop": it is stopped by a signal."""
    if how == "stop":
        os.kill(pid, signal.SIGSTOP)
    else:
        fall_ill(agent, pid, how)
    try:
        yield
    finally:
        if how == "stop":
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        get_well(agent)


# ---------------------------------------------------------------- events

class Listener:
    """GET /v1/events, read by a thread of its own. Listens once the constructor has returned."""

    def __init__(self, agent, headers=None):
        self.events = []  # (name, data)
        self.comments = 0
        self.ended = False
        self.connection = UnixConnection(agent.socket_path, timeout=60)
        self.connection.connect()
        self.sock = self.connection.sock
        self.connection.request("GET", "/v1/events", headers=headers or {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        wait_until(lambda: self.comments, "the stream has begun")

    def read(self):
        fields = {}
        try:
            while line := self.response.readline():
                self.take(line.decode().rstrip("\n"), fields)
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # Closed, from either side.
        self.ended = True

    def take(self, line, fields):
        name, _, value = line.partition(": ")
        if line.startswith(":"):
            self.comments += 1
        elif name:
            fields[name] = value
        elif fields:
            self.events.append((fields.pop("event"), json.loads(fields.pop("data"))))
            assert not fields, fields

    def of(self, name=None, pid=None):
        """The data of those events so far."""
        return [data for event, data in self.events
                if name in (None, event) and pid in (None, data.get("pid"))]

    def names(self, pid=None):
        return [event for event, data in list(self.events) if pid in (None, data.get("pid"))]

    def wait_for(self, name, pid=None, count=1, seconds=20):
        """The count-th of those events."""
        wait_until(lambda: len(self.of(name, pid)) >= count, f"event {name} of {pid}: {self.events}", seconds)
        return self.of(name, pid)[count - 1]

    def close(self):
        with suppress(OSError):  # It has ended from the other side.
            self.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.response.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def health_lines(agent):
    """Of the log, without what Passenger puts before them."""
    return [line.partition("[gangway] ")[2] for line in agent.log.splitlines()
            if "[gangway] health: " in line]
