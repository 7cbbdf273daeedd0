#!/usr/bin/env python3
"""What health checks cost, beside the ways without Gangway: CPU, time, and what visitors feel.

A real agent runs one application many times. That is the Ruby test application, or bench_worker
(../forwarding/worker.cpp), which preloader.py starts, since Passenger's other ways take long for a thousand. A
bench_worker is announced with one socket of the protocol HTTP on a port of 127.0.0.1. For both `passenger-status
--verbose` prints URLs that curl can ask, of Ruby's processes those of their debug sockets. HAProxy asks the same.

  round       A check of each of --processes, in turn by: `passenger-status --verbose` and a curl for each URL that it
              prints; POST /v1/health by one curl; `gangway health --all`; HAProxy of one thread with `inter 1s`;
              the configuration "health" with an interval of 1 s. CPU is that of who checks: all programs that ran
              and the agent's core; for HAProxy its process; for the configuration the core's thread "gangway".
              The processes' own is in none. Once with Ruby, whose connections to the pool are kept, and once with
              bench_worker, where each check makes a connection.
  continuous  --many processes checked every 10 s by the configuration "health": CPU of the core, beside another one
              without that. Where not so many start within --start-seconds, fewer are measured, and the output says
              what that is for --many.
  site        h2load at the agent's front door, in turn without checks and with all --processes checked every second
              by the configuration; the agent whose turn it is not is stopped meanwhile.

Examples:
    ./dev bench health
    ./dev bench health --only round --rounds 9
    ./dev bench health --only continuous --many 300 --window 60
    GANGWAY_BUILD=build/release GANGWAY_PASSENGER_ROOT=build/passenger python3 test/bench/health/health.py --only site
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from measuring import (  # noqa: E402
    Agent, Failure, Passenger, Proxy, built, children_cpu_seconds, cpu_seconds, h2load, need_tools, positive,
    script, some_of, thread_cpu_seconds, worker_path)
from support.command import command_environment  # noqa: E402
from support.passenger import command_path, passenger_root  # noqa: E402
from support.waiting import wait_until  # noqa: E402

NAMES = ("round", "continuous", "site")
MANY_INTERVAL = 10
THREAD = "gangway"
WINDOWS, WINDOW_SECONDS = 3, 3  # for what checks by itself, a round a second


# ---------------------------------------------------------------- the programs

class CheckedAgent(Agent):
    """An agent with many processes: bench_workers, or of the Ruby test application where worker is None.

    every: seconds between the checks by its configuration, or None.
    """

    def __init__(self, worker, processes, every=None):
        config = {"health": [{"group": "*", "path": "/", "interval_seconds": every}]} if every else {}
        self.worker_command = worker
        Passenger.__init__(self, "ruby", workers=processes, config=config,
                           options=["--ruby", str(HERE / "preloader.py")] if worker else [],
                           environment={"BENCH_WORKER": f"{worker} http 0 tcp"} if worker else {})
        # Each start makes a folder and removes it, which a disk's file system can take most of the start's time for.
        memory = pathlib.Path("/dev/shm")
        self.spawn_directory = tempfile.mkdtemp(prefix="gw-", dir=memory if os.access(memory, os.W_OK) else "/tmp")
        self.extra_environment["TMPDIR"] = self.spawn_directory

    def destroy(self):
        super().destroy()
        shutil.rmtree(self.spawn_directory, ignore_errors=True)

    def install_app(self, runtime, name, owner=None):
        if self.worker_command is None:
            return Passenger.install_app(self, runtime, name, owner)
        root = self.directory / name
        (root / "public").mkdir(parents=True)
        (root / "config.ru").touch()  # Ruby's are the applications that get preloaders
        return root

    def process_count(self):
        return self.admin.get("/v1/pool").json["processes"]

    def is_quiet(self):
        return all(group.is_quiet for group in self.pool_xml().groups)

    def enough(self):
        """No other process is started after this."""
        (self.app_root / "enough").touch()
        wait_until(self.is_quiet, "no process is being started", 30, pause=0.2)

    def counted_checks(self):
        """Of the continuous ones. A failure, if any of the processes is not healthy."""
        document = self.admin.get("/v1/health").json
        for group in document["groups"]:
            if group["unhealthy"]:
                raise Failure(f"{group['unhealthy']} of {group['total']} processes are unhealthy")
        return sum(process["checks"] for process in document["processes"])

    def wait_for_first_checks(self, seconds):
        def all_known():
            groups = self.admin.get("/v1/health").json["groups"]
            return groups and all(group["healthy"] == group["total"] for group in groups)
        wait_until(all_known, "every process was checked", seconds, pause=0.5)

    @contextlib.contextmanager
    def stopped(self):
        """So that it takes no CPU from what is measured."""
        os.kill(self.core_pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.core_pid, signal.SIGCONT)


def start_processes(agents, seconds):
    """As many as there come to be in that time; all at once, since Passenger starts a group's one by one."""
    for agent in agents:
        agent.visit()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(agent.process_count() < agent.workers for agent in agents):
        time.sleep(0.5)
    for agent in agents:
        agent.enough()


HAPROXY = """
global
    nbthread 1
    maxconn 2000
    stats socket {directory}/stats mode 600
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
backend workers
    option httpchk
    http-check send meth GET uri / hdr X-Passenger-Connect-Password {password}
    default-server check inter 1s
{servers}
"""


class HAProxy(Proxy):
    """Checks all the processes of an agent once a second, and does nothing else."""

    def __init__(self, directory, agent):
        self.directory = directory
        processes = urls_and_passwords(agent)
        self.servers = len(processes)
        servers = "\n".join(f"    server w{number} {urllib.parse.urlsplit(url).netloc}"
                            for number, (url, _) in enumerate(processes))
        password, = {password for _, password in processes}  # the group's
        (directory / "conf").write_text(HAPROXY.format(directory=directory, password=password, servers=servers))
        super().__init__(directory, ["haproxy", "-db", "-f", directory / "conf"])

    def checked(self):
        """How many servers' last check went well."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(self.directory / "stats"))
            sock.sendall(b"show stat\n")
            text = b"".join(iter(lambda: sock.recv(65536), b"")).decode()
        return len(re.findall(r"^workers,w\d+,.*,(?:\* )?L7OK,", text, re.MULTILINE))

    def wait_for_first_checks(self):
        self.wait_for([self.directory / "stats"])
        wait_until(lambda: self.checked() == self.servers, "HAProxy has checked every process", 15, pause=0.2)


# ---------------------------------------------------------------- round

class Way:
    """One way to check all processes: CPU and wall seconds of each of its rounds."""

    def __init__(self, label):
        self.label = label
        self.cpu = []
        self.wall = []
        self.core = []  # of that CPU, the core's

    def add(self, cpu, wall=None, core=None):
        self.cpu.append(cpu)
        self.wall += [] if wall is None else [wall]
        self.core += [] if core is None else [core]

    def measure(self, agent, check_all):
        """check_all runs programs, and waits for them; the agent's core is counted as well."""
        core, children, wall = cpu_seconds(agent.core_pid), children_cpu_seconds(), time.monotonic()
        check_all(agent)
        wall = time.monotonic() - wall
        core = cpu_seconds(agent.core_pid) - core
        self.add(children_cpu_seconds() - children + core, wall, core)


def output_of(command, **options):
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **options)
    if run.returncode != 0:
        raise Failure(f"{command[0]} failed: {run.stdout[:1000]}{run.stderr[:1000]}")
    return run.stdout


def urls_and_passwords(agent):
    """As `passenger-status` shows them."""
    root = passenger_root()
    status = output_of(["ruby", "-I", root / "src/ruby_supportlib", root / "bin/passenger-status", "--verbose"],
                       env=command_environment(agent))
    found = re.findall(r"URL +: (\S+)\s+Password: (\S*)", status)
    if len(found) != agent.workers:
        raise Failure(f"passenger-status shows {len(found)} URLs of {agent.workers}")
    return found


def check_by_hand(agent):
    """What an operator can do without Gangway."""
    for url, password in urls_and_passwords(agent):
        output_of(["curl", "-sS", "--fail", "--max-time", "5", "-o", "/dev/null",
                   "-H", f"X-Passenger-Connect-Password: {password}", url])


def expect_all_healthy(agent, text):
    summary = json.loads(text)["summary"]
    if summary["healthy"] != agent.workers:
        raise Failure(f"not all of {agent.workers} are healthy: {summary}")


def check_by_post(agent):
    expect_all_healthy(agent, output_of(
        ["curl", "-sS", "--fail", "--unix-socket", agent.socket_path, "-d", "{}", "http://localhost/v1/health"]))


def check_by_command(agent):
    expect_all_healthy(agent, output_of(
        [command_path(), "health", "--all", "--json"], env=command_environment(agent)))


def in_time(turns, seconds):
    """One at least, and none that would begin later than that."""
    end = time.monotonic() + seconds
    for turn in turns:
        yield turn
        if time.monotonic() > end:
            return


def measure_haproxy(agent, way):
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/tmp") as directory:
        proxy = HAProxy(pathlib.Path(directory), agent)
        try:
            proxy.wait_for_first_checks()
            for _ in range(WINDOWS):
                before, begin = cpu_seconds(proxy.process.pid), time.monotonic()
                time.sleep(WINDOW_SECONDS)
                rounds = time.monotonic() - begin
                way.add((cpu_seconds(proxy.process.pid) - before) / rounds)
            if proxy.checked() != proxy.servers:
                raise Failure("HAProxy's checks fail")
        finally:
            proxy.stop()


def measure_continuous_rounds(agent, way):
    agent.wait_for_first_checks(15)
    for _ in range(WINDOWS):
        checks, cpu = agent.counted_checks(), thread_cpu_seconds(agent.core_pid, THREAD)
        time.sleep(WINDOW_SECONDS)
        cpu = thread_cpu_seconds(agent.core_pid, THREAD) - cpu
        way.add(cpu / (agent.counted_checks() - checks) * agent.workers)


def measure_round(plain, checked, what, args):
    by_hand = Way("passenger-status, a curl each")
    by_post = Way("POST /v1/health by curl")
    by_command = Way("gangway health --all")
    haproxy = Way("HAProxy, inter 1s")
    continuous = Way("\"health\", every 1 s")
    with plain.stopped():
        measure_continuous_rounds(checked, continuous)
    with checked.stopped():
        measure_haproxy(plain, haproxy)
        check_by_post(plain)
        for _ in in_time(range(args.rounds), args.seconds):
            by_hand.measure(plain, check_by_hand)
            for _ in range(4):
                by_post.measure(plain, check_by_post)
                by_command.measure(plain, check_by_command)
    print_ways(f"each of {plain.workers} processes of {what}", [by_hand, haproxy, by_post, by_command, continuous])
    core = statistics.median(by_post.core)

    def ratio(one, other):
        return statistics.median(one) / statistics.median(other)

    print(f"  {'passenger-status way / POST by curl':38} {ratio(by_hand.cpu, by_post.cpu):8.0f}")
    print(f"  {'passenger-status way / gangway health':38} {ratio(by_hand.cpu, by_command.cpu):8.0f}")
    print(f"  {'passenger-status way / the configuration':38} {ratio(by_hand.cpu, continuous.cpu):6.0f}")
    print(f"  {'the core of POST / HAProxy':38} {core / statistics.median(haproxy.cpu):8.2f}")
    print(f"  {'the configuration / HAProxy':38} {ratio(continuous.cpu, haproxy.cpu):8.2f}")


def print_ways(what, ways):
    print(f"\nround: a check of {what}; medians")
    print(f"  {'':30} {'CPU ms':>8} {'min':>8} {'max':>8} {'in the core':>12} {'wall ms':>8}")
    for way in ways:
        core = f"{statistics.median(way.core) * 1000:12.2f}" if way.core else f"{'':12}"
        wall = f"{statistics.median(way.wall) * 1000:8.1f}" if way.wall else ""
        print(f"  {way.label:30} {statistics.median(way.cpu) * 1000:8.2f} {min(way.cpu) * 1000:8.2f} "
              f"{max(way.cpu) * 1000:8.2f} {core} {wall}".rstrip())


# ---------------------------------------------------------------- continuous

def measure_continuous(args):
    with contextlib.ExitStack() as ends:
        plain = ends.enter_context(CheckedAgent(args.worker, args.many))
        checked = ends.enter_context(CheckedAgent(args.worker, args.many, MANY_INTERVAL))
        start_processes([plain, checked], args.start_seconds)
        checked.wait_for_first_checks(2 * MANY_INTERVAL)
        checks = checked.counted_checks()
        before = [usage(agent) for agent in (plain, checked)]
        begin = time.monotonic()
        time.sleep(args.window)
        after = [usage(agent) for agent in (plain, checked)]
        seconds = time.monotonic() - begin
        checks = checked.counted_checks() - checks
        print(f"\ncontinuous: every process checked every {MANY_INTERVAL} s, for {seconds:.0f} s; % of one core")
        print(f"  {'':30} {'processes':>9} {'core':>8} {'its thread':>11} {'µs/check':>9} {f'of {args.many}':>9}")
        for agent, label, (core, thread) in zip((plain, checked), ("without", "with \"health\""), (
                [(a - b) / seconds for a, b in zip(*pair)] for pair in zip(after, before))):
            count = agent.process_count()
            each = f"{thread * seconds / checks * 1e6:9.1f}" if agent is checked else f"{'':9}"
            print(f"  {label:30} {count:9} {core:8.2%} {thread:11.3%} {each} {thread / count * args.many:9.3%}")
        if checked.process_count() < args.many:
            print(f"  Not {args.many} started within {args.start_seconds} s: the last column is the thread's share, "
                  "scaled up.")
        for agent in (plain, checked):
            agent.assert_unharmed()


def usage(agent):
    return cpu_seconds(agent.core_pid), thread_cpu_seconds(agent.core_pid, THREAD)


# ---------------------------------------------------------------- site

def measure_site(plain, checked, args):
    agents = {"without": (plain, checked), "with \"health\", every 1 s": (checked, plain)}
    loads = {label: [] for label in agents}
    for turn in in_time(range(args.rounds + 1), args.seconds):  # the first one is not counted
        for label, (agent, other) in agents.items():
            with other.stopped():
                load = h2load([f"http://127.0.0.1:{agent.port}/"], args.requests if turn else args.requests // 10,
                              args.connections, (), f"site {label}", log=agent.directory / "h2load.log")
            if turn:
                loads[label].append(load)
    if not all(loads.values()):
        raise Failure(f"site: no round began within {args.seconds} s")
    rates = {label: [load.rate for load in loads[label]] for label in loads}
    p99s = {label: [percentile(load.latencies, 99) * 1000 for load in loads[label]] for label in loads}
    rounds = min(map(len, loads.values()))
    print(f"\nsite: {rounds} rounds of {args.requests} requests over {args.connections} connections at the front door, "
          f"{checked.workers} processes; medians")
    print(f"  {'':30} {'requests/s':>10} {'min':>8} {'max':>8} {'p99 ms':>8} {'min':>8} {'max':>8}")
    for label in loads:
        print(f"  {label:30} {statistics.median(rates[label]):10.0f} {min(rates[label]):8.0f} {max(rates[label]):8.0f} "
              f"{statistics.median(p99s[label]):8.2f} {min(p99s[label]):8.2f} {max(p99s[label]):8.2f}")
    without, with_checks = loads
    for what, figures in (("requests/s", rates), ("p99", p99s)):
        ratio = statistics.median(figures[with_checks]) / statistics.median(figures[without])
        print(f"  {'with / without, ' + what:30} {ratio:10.3f}")


def percentile(ordered, percent):
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


# ---------------------------------------------------------------- the whole

def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", type=some_of(NAMES), default=list(NAMES), metavar="NAME,…",
                        help=f"what to measure, of {', '.join(NAMES)}")
    parser.add_argument("--processes", type=positive, default=100, help="of round and site (default: 100)")
    parser.add_argument("--rounds", type=positive, default=5, help="of round and site (default: 5)")
    parser.add_argument("--seconds", type=positive, default=30,
                        help="begin no other round of either after so long (default: 30)")
    parser.add_argument("--many", type=positive, default=1000, help="processes of continuous (default: 1000)")
    parser.add_argument("--start-seconds", type=positive, default=50, metavar="SECONDS",
                        help="for their start (default: 50)")
    parser.add_argument("--window", type=positive, default=20, metavar="SECONDS",
                        help="for which continuous measures (default: 20)")
    parser.add_argument("--requests", type=positive, default=10000,
                        help="of each round of site (default: 10000)")
    parser.add_argument("--connections", type=positive, default=16, help="of site (default: 16)")
    parser.add_argument("--worker", help="default: $GANGWAY_BUILD/test/bench/bench_worker")
    args = parser.parse_args()
    args.worker = built(args.worker or worker_path(), "bench_worker")
    return args


@contextlib.contextmanager
def two_agents(worker, args):
    """Without checks, and with all processes checked every second."""
    with CheckedAgent(worker, args.processes) as plain, CheckedAgent(worker, args.processes, every=1) as checked:
        start_processes([plain, checked], args.start_seconds)
        for agent in (plain, checked):
            if agent.process_count() < args.processes:
                raise Failure(f"{args.processes} processes did not start within {args.start_seconds} s")
        yield plain, checked
        for agent in (plain, checked):
            agent.assert_unharmed()


def measure(args):
    if "round" in args.only:
        with two_agents(None, args) as (plain, checked):
            measure_round(plain, checked, "Ruby", args)
    if {"round", "site"} & set(args.only):
        with two_agents(args.worker, args) as (plain, checked):
            if "round" in args.only:
                measure_round(plain, checked, "bench_worker", args)
            if "site" in args.only:
                measure_site(plain, checked, args)
    if "continuous" in args.only:
        measure_continuous(args)


def main():
    with script("health"):
        args = parse_arguments()
        tools = {"round": ["curl", "ruby", "haproxy"], "continuous": [], "site": ["h2load"]}
        need_tools([tool for name in args.only for tool in tools[name]])
        if "round" in args.only:
            built(command_path(), "bin/gangway")
        measure(args)


if __name__ == "__main__":
    main()
