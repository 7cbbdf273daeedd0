#!/usr/bin/env python3
"""Serves one application in a Passenger that carries Gangway, until SIGINT or SIGTERM: what ./dev serve runs once all
is built. No process and no file is left behind, but for a log that was asked for."""

import argparse
import contextlib
import grp
import json
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from passenger_watchdog import Failure, Watchdog, number_of, reserve_port

DEV = Path(__file__).resolve().parents[1] / "dev"
READY_SECONDS = 120  # Passenger itself gives an application 90 seconds to start.
ANSWER_SECONDS = 10  # An application may never answer its /, and be up.
STOP_SECONDS = 15
LOG_LINES = 25
PROGRESS_SECONDS = 15  # between two lines where there is no terminal
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


# ---------------------------------------------------------------- what it says

def say(text):
    print(text, file=sys.stderr, flush=True)


class Progress:
    """One line that rewrites itself on a terminal, a line now and then elsewhere."""

    def __init__(self):
        self.said_at = time.monotonic()
        self.shows = False

    def tell(self, text):
        if sys.stderr.isatty():
            print(f"\r\033[K      {text}", end="", file=sys.stderr, flush=True)
            self.shows = True
        elif time.monotonic() - self.said_at >= PROGRESS_SECONDS:
            say(f"      {text}")
            self.said_at = time.monotonic()

    def clear(self):
        if self.shows:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self.shows = False


# ---------------------------------------------------------------- what it asks

class Visit:
    """GET /, as a visitor: with the first one Passenger starts the processes."""

    def __init__(self, url):
        self.begun = time.monotonic()
        self.curl = subprocess.Popen(["curl", "--silent", "--output", "/dev/null", "--max-time", str(READY_SECONDS), url])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.curl.kill()
        self.curl.wait()

    def has_ended(self):
        return self.curl.poll() is not None

    def age(self):
        return time.monotonic() - self.begun


def ask(path, target):
    """What Gangway answers; nothing where it does not, or not yet."""
    curl = subprocess.run(["curl", "--silent", "--max-time", "10", "--unix-socket", path, f"http://localhost{target}"],
                          stdout=subprocess.PIPE)
    try:
        return json.loads(curl.stdout)
    except ValueError:
        return {}


def workers_up(path):
    return len(ask(path, "/v1/processes?state=enabled&fields=pid").get("processes", []))


def is_spawning(path):
    return any(group["spawning"] or group["processes_being_spawned"] or group["restarting"]
               for group in ask(path, "/v1/groups").get("groups", []))


def configured_socket():
    """The socket that Gangway's configuration names, if it names one."""
    try:
        text = Path(os.environ.get("GANGWAY_CONFIG") or "/etc/passenger-gangway.json").read_text()
        return json.loads(text).get("socket_path")
    except (OSError, ValueError, AttributeError):
        return None


# ---------------------------------------------------------------- serving

class Serving:
    """From its start to its end; stop() undoes all that was made."""

    def __init__(self, args):
        self.args = args
        self.reservation = None if args.port else reserve_port()
        self.port = args.port or number_of(self.reservation)
        self.url = f"http://127.0.0.1:{self.port}/"
        self.directory = Path(tempfile.mkdtemp(prefix="gw.", dir="/tmp"))
        self.log_path = Path(args.log or self.directory / "log")
        self.made_registry = False
        self.watchdog = None
        self.socket_path = None
        self.progress = Progress()

    def start(self):
        """Returns when the workers are up."""
        self.directory.chmod(0o755)
        (self.directory / "tmp").mkdir(mode=0o700)
        if not self.args.registry.is_dir():
            self.args.registry.mkdir(parents=True)
            self.made_registry = True
        if not self.args.log:
            self.log_path.touch(mode=0o600)
        with no_end_meanwhile():
            self.watchdog = self.start_watchdog()
        instance = self.watchdog.wait_until_up()
        self.socket_path = configured_socket() or str(instance / "agents.s/gangway")
        self.wait_for_workers()
        name = json.loads((instance / "properties.json").read_text())["name"]
        print(f"ready http={self.url} socket={self.socket_path} instance={name}")
        print(shlex.join([str(DEV), "gangway", "ps", "--socket", self.socket_path]), flush=True)

    def start_watchdog(self):
        account = pwd.getpwuid(os.geteuid())
        interpreters = [word for option in ("ruby", "python", "nodejs")
                        for path in [getattr(self.args, option)] if path for word in (f"--{option}", path)]
        with open(self.log_path, "ab") as output:
            return Watchdog(
                self.args.passenger_root, self.args.registry, self.log_path, self.port, output=output,
                users=["--no-user-switching", "--default-user", account.pw_name,
                       "--default-group", grp.getgrgid(account.pw_gid).gr_name],
                core_options=["--min-instances", self.args.workers, "--max-pool-size", self.args.workers,
                              "--no-graceful-exit", *interpreters, *self.args.options, self.args.app],
                environment={"TMPDIR": self.directory / "tmp", "PYTHONDONTWRITEBYTECODE": "1"},
                stop_seconds=STOP_SECONDS)

    def wait_for_workers(self):
        with Visit(self.url) as visit:
            while not self.is_ready(visit):
                time.sleep(0.1)
        self.progress.clear()

    def is_ready(self, visit):
        wanted = self.args.workers
        if self.watchdog.has_ended():
            raise Failure("Passenger has ended while it started the application.")
        if visit.age() > READY_SECONDS:
            raise Failure(f"the application was not up after {READY_SECONDS} seconds.")
        is_answered = visit.has_ended()
        up = workers_up(self.socket_path)
        if up >= wanted and (is_answered or visit.age() > ANSWER_SECONDS):
            return True
        if is_answered:
            if not Path(self.socket_path).is_socket():
                raise Failure(f"Passenger serves, but Gangway's socket {self.socket_path} is not there.")
            if visit.age() > 2 and not is_spawning(self.socket_path) and workers_up(self.socket_path) < wanted:
                raise Failure(f"only {up} of {wanted} workers came up.")
        self.progress.tell(f"{up} of {wanted} workers are up")
        return False

    def fail(self, why):
        self.progress.clear()
        say("--- the last lines of Passenger's log")
        with contextlib.suppress(OSError):
            say("\n".join(self.log_path.read_text(errors="replace").splitlines()[-LOG_LINES:]))
        say("---")
        say(f"dev: {why} " + (f"The whole log: {self.log_path}" if self.args.log else "(--log FILE keeps the whole log)"))

    def stop(self):
        self.progress.clear()
        if self.watchdog is not None:
            self.watchdog.terminate()
            if left := self.watchdog.wait():
                say(f"dev: these processes do not end: {' '.join(left)}")
            for path in self.watchdog.directories():
                shutil.rmtree(path, ignore_errors=True)
        if self.made_registry:
            with contextlib.suppress(OSError):  # Somebody else uses it by now.
                self.args.registry.rmdir()
        shutil.rmtree(self.directory, ignore_errors=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passenger-root", type=Path, required=True)
    parser.add_argument("--registry", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--log")
    for name in ("ruby", "python", "nodejs"):
        parser.add_argument(f"--{name}", help="the interpreter, if there is one")
    parser.add_argument("app", type=Path)
    parser.add_argument("options", nargs=argparse.REMAINDER, help="of Passenger's core")
    return parser.parse_args()


# ---------------------------------------------------------------- its end

def end(*_):
    ignore_ending()
    sys.exit(0)


def ignore_ending():
    """What follows is the end in order."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def no_end_meanwhile():
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def main():
    args = parse_arguments()
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:  # as ./dev demo has it for Ctrl-C, which is for itself
            signal.signal(number, end)
    serving = None
    try:
        with no_end_meanwhile():
            serving = Serving(args)
        serving.start()
        serving.watchdog.wait()
        raise Failure("Passenger has ended by itself.")
    except Failure as failure:
        serving.fail(failure)
        return 1
    finally:
        ignore_ending()
        if serving is not None:
            serving.stop()


if __name__ == "__main__":
    sys.exit(main())
