#!/usr/bin/env python3
"""How long the pool's lock is held: by Gangway's listing, and by Passenger's own /pool.xml.

Both are measured in one run of a real agent with PROCESSES dummy processes, with lock_timer.c preloaded.
The pool's is the mutex that both hold, and of these the one held longest. Prints medians and their ratio.

    ./dev build
    python3 test/bench/lock_time/lock_time.py
"""
import argparse
import base64
import collections
import glob
import http.client
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def get(path, target, headers=()):
    connection = UnixConnection(path)
    connection.request("GET", target, headers=dict(headers))
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200, (target, response.status, body[:200])
    return body


def wait_for(condition, what, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise SystemExit(f"{what}: not within {seconds} s")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def visit(port):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=0.5)
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        pass


def holds(path):
    """{(thread, mutex): [nanoseconds…]} of the agent's threads."""
    result = collections.defaultdict(list)
    for line in path.read_text().splitlines():
        thread, mutex, nanoseconds = line.split()
        result[thread, mutex].append(int(nanoseconds))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--processes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--passenger-root", default=str(ROOT / "build/passenger"))
    parser.add_argument("--module", default=str(ROOT / "build/release/ext/gangway.so"))
    args = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="gw-lock-", dir="/tmp") as directory:
        directory = pathlib.Path(directory)
        times = directory / "times"
        timer = directory / "lock_timer.so"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", timer, HERE / "lock_timer.c"], check=True)
        (directory / "app/public").mkdir(parents=True)
        (directory / "app/config.ru").write_text("run lambda { |env| [200, {}, []] }\n")
        (directory / "gangway.json").write_text('{"module": "%s"}' % args.module)
        port = free_port()
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        agent = subprocess.Popen(
            [args.passenger_root + "/buildout/support-binaries/PassengerAgent", "watchdog",
             "--passenger-root", args.passenger_root, "--instance-registry-dir", directory,
             "--no-user-switching", "--default-user", user, "--log-file", directory / "log",
             "--BC", "--listen", f"tcp://127.0.0.1:{port}", "--spawn-method", "dummy",
             "--min-instances", str(args.processes), "--max-pool-size", str(args.processes),
             "--disable-security-update-check", "--disable-anonymous-telemetry", directory / "app"],
            env=dict(os.environ, GANGWAY_CONFIG=str(directory / "gangway.json"), LD_PRELOAD=str(timer),
                     LOCK_TIMES=str(times)),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            instance = wait_for(lambda: glob.glob(f"{directory}/passenger.*/agents.s/gangway"),
                                "the admin socket")[0].removesuffix("/agents.s/gangway")
            admin, api = instance + "/agents.s/gangway", instance + "/agents.s/core_api"
            password = pathlib.Path(instance, "full_admin_password.txt").read_text().strip()
            account = base64.b64encode(f"admin:{password}".encode()).decode()

            def ready():
                visit(port)
                return b'"processes":%d,' % args.processes in get(admin, "/v1/pool")
            wait_for(ready, f"{args.processes} processes")

            times.write_text("")
            size = {}
            for _ in range(args.rounds):
                size["pool.xml"] = len(get(api, "/pool.xml?secrets=true",
                                           {"Authorization": "Basic " + account}))
                size["processes"] = len(get(admin, "/v1/processes?secrets=true"))
            recorded = holds(times)
        finally:
            os.kill(agent.pid, signal.SIGTERM)
            agent.wait(60)

    both = {mutex for thread, mutex in recorded if thread == "gangway"} & {
        mutex for thread, mutex in recorded if thread == "API_event_loop"}
    pool_lock = max(both, key=lambda mutex: sum(recorded["API_event_loop", mutex]))
    # Shorter holds than the rounds' longest are other questions, such as authorization.
    xml = sorted(recorded["API_event_loop", pool_lock])[-args.rounds:]
    ours = sorted(recorded["gangway", pool_lock])[-args.rounds:]
    assert len(xml) == len(ours) == args.rounds, (len(xml), len(ours))
    print(f"{args.processes} processes, {args.rounds} rounds, median hold of the pool's lock")
    print(f"  GET /pool.xml      {statistics.median(xml) / 1000:8.1f} µs  ({size['pool.xml']} bytes)")
    print(f"  GET /v1/processes  {statistics.median(ours) / 1000:8.1f} µs  ({size['processes']} bytes)")
    print(f"  ratio              1/{statistics.median(xml) / statistics.median(ours):.0f}")


if __name__ == "__main__":
    main()
