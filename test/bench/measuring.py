"""What the benchmarks share: a real agent with bench_worker (forwarding/worker.cpp), proxies, CPU, h2load."""
import argparse
import collections
import contextlib
import ctypes
import http.client
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("GANGWAY_BUILD", str(ROOT / "build/release"))
os.environ.setdefault("GANGWAY_PASSENGER_ROOT", str(ROOT / "build/passenger"))
sys.path.insert(0, str(ROOT / "test/integration"))

from support.passenger import Passenger, build_dir  # noqa: E402
from support.waiting import wait_until  # noqa: E402
from supervise import end_with_parent  # noqa: E402

BODY_BYTES = 1024  # of bench_worker's answer
TOOLS = {"curl": "curl", "h2load": "nghttp2-client", "haproxy": "haproxy", "nginx": "nginx-light", "ruby": "ruby"}


class Failure(Exception):
    pass


# ---------------------------------------------------------------- CPU

def cpu_seconds(pid):
    """What the threads of a process have used so far, those that have ended too."""
    if pid is None:
        return 0
    clock = ctypes.c_int()
    if ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        raise Failure(f"process {pid} has ended")
    return time.clock_gettime(clock.value)


def thread_cpu_seconds(pid, name):
    """What the one thread of that name has used so far."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int((task / "schedstat").read_text().split()[0]) / 1e9
    raise Failure(f"process {pid} has no thread {name}")


def children_cpu_seconds():
    """What this script's children have used that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# ---------------------------------------------------------------- h2load

Load = collections.namedtuple("Load", "rate latencies")  # per second; seconds, sorted, if there is a log


def h2load(where, requests, connections, headers, what, log=None):
    """Anything but an answer with status 200 and the whole body is a failure."""
    command = ["h2load", "--h1", "-t1", f"-c{connections}", f"-n{requests}"]
    for name, value in headers:
        command += ["-H", f"{name}: {value}"]
    if log:
        log.unlink(missing_ok=True)
        command.append(f"--log-file={log}")
    try:
        run = subprocess.run(command + where, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        raise Failure(f"{what}: h2load was not through within 60 s") from None
    output = run.stdout + run.stderr

    def number(pattern):
        match = re.search(pattern, output)
        return float(match.group(1)) if match else -1

    counts = (number(r"(\d+) succeeded"), number(r"(\d+) 2xx"), number(r"\((\d+)\) data"))
    if run.returncode != 0 or counts != (requests, requests, requests * BODY_BYTES):
        raise Failure(f"{what}: not every request got its answer:\n{output}")
    latencies = sorted(int(line.split()[2]) / 1e6 for line in log.read_text().splitlines()) if log else []
    return Load(number(r"finished in [^,]*, ([\d.]+) req/s"), latencies)


# ---------------------------------------------------------------- the programs

class Agent(Passenger):
    """The agent with the module, and bench_worker as its only process."""

    def __init__(self, worker, protocol, concurrency):
        super().__init__(protocol, config={}, options=[
            "--app-start-command", f"{worker} {protocol} {concurrency}"])

    def install_app(self, runtime, name, owner=None):
        root = self.directory / name
        (root / "public").mkdir(parents=True)
        # By its other name, the protocol by which it says where it listens.
        (root / "Passengerfile.json").write_text('{"app_supports_kuria_protocol": true}\n')
        return root

    def worker(self):
        return self.admin.processes()[0]

    def worker_socket(self):
        return self.worker()["sockets"][0]["address"].removeprefix("unix:")


def wait_for_processes(agent, count):
    """Visits, without waiting for answers: processes of the spawn method "dummy" give none."""
    def started():
        with contextlib.suppress(OSError, http.client.HTTPException):
            agent.visit("/", timeout=0.5)
        return agent.admin.get("/v1/pool").json["processes"] == count

    wait_until(started, f"{count} processes", 120)


class Proxy:
    """HAProxy or nginx in the foreground, in a directory of its own; ended with this script."""

    def __init__(self, directory, command):
        self.log_path = directory / "log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, preexec_fn=end_with_parent)

    def wait_for(self, paths):
        def all_there():
            if self.process.poll() is not None:
                raise Failure(f"{self.process.args[0]} ended:\n{self.log_path.read_text()}")
            return all(path.exists() for path in paths)
        wait_until(all_there, f"{self.process.args[0]} listens")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


# ---------------------------------------------------------------- the command line

def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def some_of(words):
    def parse(text):
        chosen = text.split(",")
        unknown = set(chosen) - set(words)
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not of {', '.join(words)}")
        return [word for word in words if word in chosen]
    return parse


def built(path, target):
    """A program of the build, absolute."""
    path = pathlib.Path(path).resolve()
    if not os.access(path, os.X_OK):
        raise Failure(f"there is no {path}; build the target {target}")
    return path


def worker_path():
    return build_dir() / "test/bench/bench_worker"


def need_tools(names):
    missing = [name for name in names if name in TOOLS and not shutil.which(name)]
    if missing:
        raise Failure(f"missing: {', '.join(missing)}; in Debian: apt-get install --no-install-recommends "
                      + " ".join(TOOLS[name] for name in missing))


@contextlib.contextmanager
def script(name):
    """Around all that a benchmark does: it cleans up after a signal too, and failures are one line."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, frame: sys.exit(128 + number))
    sys.stdout.reconfigure(line_buffering=True)
    os.environ["PATH"] += ":/usr/sbin"  # where Debian has the proxies, and not everybody looks
    try:
        yield
    except (Failure, AssertionError, RuntimeError) as failure:
        sys.exit(f"{name}: {failure}")
