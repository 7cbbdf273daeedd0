"""Passenger's watchdog, and with it all of one Passenger: how every program here starts one, sees that it is up, and
ends it. ./dev serve, the tests and the benchmarks do so."""

import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

SUPERVISE = Path(__file__).resolve().with_name("supervise.py")
AGENT = "buildout/support-binaries/PassengerAgent"
START_SECONDS = 30
# Passenger's library for Ruby would be compiled at the first start, into the user's home; it is optional.
ENVIRONMENT = {"PASSENGER_COMPILE_NATIVE_SUPPORT_BINARY": "0", "PASSENGER_DOWNLOAD_NATIVE_SUPPORT_BINARY": "0"}


class Failure(Exception):
    """Passenger did not do what was waited for."""


def reserve_port():
    """A socket that holds a free port of 127.0.0.1 for Passenger until it is closed: nobody else gets it, while one
    that listens may bind it, too, since both let others reuse the address (SO_REUSEADDR, socket(7))."""
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind(("127.0.0.1", 0))
    return reservation


def number_of(reservation):
    return reservation.getsockname()[1]


def status_of(pid):
    """{name: value} of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def catches(pid, number):
    """Whether the process has a handler for that signal."""
    return bool(int(status_of(pid)["SigCgt"], 16) >> (number - 1) & 1)


class Watchdog:
    """A running watchdog. It is below a supervisor of its own, which ends only when everything has ended that belongs
    to this Passenger; and which ends it when this process ends.

    `users`: the watchdog's options that say as whom everything runs. `core_options`: the core's, with the
    application's directory, if there is one. `environment`: what is added to this process's; None takes a variable
    away. `output`: a file that gets what Passenger says before it has opened its log. `stop_seconds`: how long it
    may take to end before what is left is killed.
    """

    def __init__(self, passenger_root, registry, log_path, port, *, users, core_options, environment, output,
                 stop_seconds, directory=None):
        self.registry = Path(registry)
        self.owners = {os.geteuid()}  # of its directories: this process's user, and the watchdog's own once it has changed
        self.port = port
        command = [
            Path(passenger_root) / AGENT, "watchdog", "--passenger-root", passenger_root,
            "--instance-registry-dir", registry, *users, "--log-file", log_path,
            "--BC", "--listen", f"tcp://127.0.0.1:{port}",
            "--disable-security-update-check", "--disable-anonymous-telemetry", *core_options, "--EC"]
        # Only the watchdog gets this environment: the supervisor needs no preloaded library.
        given = {**ENVIRONMENT, **environment}
        gone = [word for name, value in given.items() if value is None for word in ("-u", name)]
        added = [f"{name}={value}" for name, value in given.items() if value is not None]
        self.supervisor = subprocess.Popen(
            [sys.executable, "-I", SUPERVISE, str(stop_seconds), "env", *gone, *added, *map(str, command)],
            cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output, start_new_session=True)
        line = self.supervisor.stdout.readline()
        if not line:
            raise Failure(f"{shlex.join(map(str, command))} cannot be started.")
        self.pid = int(line)
        self.immortal = []

    # ------------------------------------------------------------ its start

    def wait_until_up(self, seconds=START_SECONDS):
        """Returns the instance directory once this Passenger can be visited, and can be ended in order."""
        deadline = time.monotonic() + seconds
        while not self.is_up():
            if self.has_ended():
                raise Failure("Passenger did not start.")
            if time.monotonic() > deadline:
                raise Failure(f"Passenger was not up after {seconds:g} seconds.")
            time.sleep(0.02)
        return self.instance_directory()

    def is_up(self):
        try:
            directory = self.instance_directory()
            # The watchdog handles SIGTERM last of all; before, it would die and leave everything behind.
            return (directory is not None and (directory / "creation_finalized").exists()
                    and catches(self.pid, signal.SIGTERM) and (directory / "agents.s/core_api").exists()
                    and self.front_door_is_open())
        except FileNotFoundError:  # It has ended meanwhile.
            return False

    def front_door_is_open(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except ConnectionRefusedError:
            return False
        return True

    def instance_directory(self):
        """None as long as there is none."""
        self.owners.add(int(status_of(self.pid)["Uid"].split()[1]))
        return next(self.directories(), None)

    def directories(self):
        """This watchdog's, finished or not, left over or not. The registry may be /tmp: nothing of another user is read."""
        for path in self.registry.glob("passenger.*"):
            try:
                found = path.lstat()
                if (stat.S_ISDIR(found.st_mode) and found.st_uid in self.owners
                        and (path / "watchdog.pid").read_text() == str(self.pid)):
                    yield path
            except (OSError, ValueError):  # Somebody else's.
                pass

    # ------------------------------------------------------------ its end

    def has_ended(self):
        """With everything below it."""
        return self.supervisor.poll() is not None

    def terminate(self):
        """Asks it to end, as an init system does."""
        self.supervisor.send_signal(signal.SIGTERM)

    def kill(self):
        """Ends everything at once."""
        self.supervisor.send_signal(signal.SIGINT)

    def wait(self, seconds=None):
        """Until everything has ended. Returns the pids of what not even SIGKILL ends; raises TimeoutExpired."""
        self.supervisor.wait(seconds)
        if not self.supervisor.stdout.closed:
            with self.supervisor.stdout as said:
                self.immortal = said.read().split()
        return self.immortal
