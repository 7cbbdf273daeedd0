#!/usr/bin/env python3
"""How fast Gangway forwards requests to one process, beside HAProxy and nginx doing the same.

A real agent runs bench_worker (worker.cpp) as its application. HAProxy and nginx, of one thread each, are
pointed at the same process's Unix socket; h2load asks each in turn, over a Unix socket too. One agent has
been told that the worker speaks the session protocol, over which Passenger's pool keeps connections; another
one that it speaks HTTP, for which Passenger makes a connection for each request. For that one HAProxy and
nginx are measured both with and without keep-alive to the worker.

CPU is that of the process that forwards; Gangway's is that of the agent's core. A ratio is the median of the
rounds' ratios, since a busy machine slows a whole round down.

    ./dev bench forwarding
    GANGWAY_BUILD=build/release GANGWAY_PASSENGER_ROOT=build/passenger python3 test/bench/forwarding/forwarding.py
"""
import argparse
import contextlib
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from measuring import (  # noqa: E402
    BODY_BYTES, Agent, Proxy, built, cpu_seconds, h2load, need_tools, positive, script, some_of, worker_path)
from support import system  # noqa: E402
from support.waiting import wait_until  # noqa: E402

NAMES = ("direct", "haproxy", "nginx", "gangway")
PROTOCOLS = ("session", "http")


# ---------------------------------------------------------------- what gets measured

class Case:
    """One way to the worker: where h2load connects, what it sends, and which process forwards."""

    def __init__(self, protocol, name, kept, path, pid=None, headers=()):
        self.protocol = protocol
        self.name = name
        self.label = f"{name}, {'keep-alive' if kept else 'a connection each'}"
        self.path = path
        self.pid = pid
        self.headers = headers
        self.rates = []
        self.cpu = []

    def measure(self, requests, connections):
        before = cpu_seconds(self.pid)
        rate = h2load([f"--base-uri=unix:{self.path}", "http://localhost/"], requests, connections,
                      self.headers, f"{self.protocol}: {self.label}").rate
        after = cpu_seconds(self.pid)
        return rate, (after - before) / requests * 1e6


# ---------------------------------------------------------------- the programs

HAPROXY_GLOBAL = """
global
    nbthread 1
    maxconn 2000
defaults
    mode http
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s
"""
HAPROXY_ROUTE = """
frontend f_{name}
    bind unix@{path} mode 600
    default_backend b_{name}
backend b_{name}
    option {option}
    server worker unix@{worker}
"""
NGINX_MAIN = """
{user}
daemon off;
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log;
events {{
    worker_connections 2000;
}}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {routes}
}}
"""
NGINX_KEEPALIVE = "keepalive {connections}; keepalive_requests 1000000000;"
NGINX_ROUTE = """
    upstream {name} {{
        server unix:{worker};
        {keepalive}
    }}
    server {{
        listen unix:{path};
        location / {{
            proxy_pass http://{name};
            proxy_http_version 1.1;
            proxy_set_header Connection "{connection}";
        }}
    }}
"""


def listening(directory, routes):
    """Where a proxy listens for each of the routes: {(protocol, keeps the worker's connections): path}."""
    return {(protocol, kept): directory / f"{protocol}-{'kept' if kept else 'new'}" for protocol, kept in routes}


def start_haproxy(directory, routes, connections):
    text = HAPROXY_GLOBAL
    for route, path in listening(directory, routes).items():
        text += HAPROXY_ROUTE.format(name=path.name, path=path, worker=routes[route],
                                     option="http-keep-alive" if route[1] else "http-server-close")
    (directory / "conf").write_text(text)
    return Proxy(directory, ["haproxy", "-db", "-f", directory / "conf"])


def start_nginx(directory, routes, connections):
    text = ""
    keepalive = NGINX_KEEPALIVE.format(connections=2 * connections)
    for route, path in listening(directory, routes).items():
        text += NGINX_ROUTE.format(name=path.name, path=path, worker=routes[route],
                                   keepalive=keepalive if route[1] else "",
                                   connection="" if route[1] else "close")
    # Without that it would be nobody, who may not use the worker's socket.
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "conf").write_text(NGINX_MAIN.format(directory=directory, routes=text, user=user))
    return Proxy(directory, ["nginx", "-p", directory, "-e", directory / "error.log", "-c", directory / "conf"])


PROXIES = {"haproxy": ("HAProxy", start_haproxy), "nginx": ("nginx", start_nginx)}


class Stage:
    """Everything that runs during the measurements, and the cases that it offers."""

    def __init__(self, args):
        self.args = args
        self.ends = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as ends:
            self.agents = {protocol: self.start_agent(ends, protocol) for protocol in self.args.protocol}
            self.routes = {}
            for protocol, agent in self.agents.items():
                self.routes[protocol, True] = agent.worker_socket()
            if "http" in self.agents:
                self.routes["http", False] = self.routes["http", True]
            self.directory = pathlib.Path(ends.enter_context(
                tempfile.TemporaryDirectory(prefix="gw-", dir="/tmp")))
            self.proxies = {name: self.start_proxy(ends, name) for name in PROXIES if name in self.args.only}
            self.ends = ends.pop_all()
        return self

    def __exit__(self, *error):
        return self.ends.__exit__(*error)

    def start_agent(self, ends, protocol):
        # Passenger keeps as many idle connections as the worker's concurrency says: none where that is 0,
        # unlimited.
        concurrency = 2 * self.args.connections if protocol == "session" else 0
        return ends.enter_context(Agent(self.args.worker, protocol, concurrency)).ready()

    def start_proxy(self, ends, name):
        directory = self.directory / name
        directory.mkdir()
        proxy = PROXIES[name][1](directory, self.routes, self.args.connections)
        ends.callback(proxy.stop)
        proxy.wait_for(listening(directory, self.routes).values())
        return proxy

    def forwarding_pid(self, name):
        pid = self.proxies[name].process.pid
        if name == "nginx":
            return wait_until(lambda: system.descendants(pid), "nginx's worker")[0]
        return pid

    def cases(self):
        """All get the same request: the header that names the process goes to everybody."""
        for protocol, agent in self.agents.items():
            headers = [("X-Passenger-Process", agent.worker()["pid"])]
            if "direct" in self.args.only:
                yield Case(protocol, "direct", True, self.routes[protocol, True], headers=headers)
            for name in self.proxies:
                for route, path in listening(self.directory / name, self.routes).items():
                    if route[0] == protocol:
                        yield Case(protocol, PROXIES[name][0], route[1], path, self.forwarding_pid(name), headers)
            if "gangway" in self.args.only:
                yield Case(protocol, "Gangway", protocol == "session", agent.socket_path, agent.core_pid, headers)

    def check(self):
        for agent in self.agents.values():
            agent.assert_unharmed()


# ---------------------------------------------------------------- the table

def print_group(cases, protocol):
    print(f"\nworker announced as {protocol}")
    print(f"  {'':28} {'requests/s':>10} {'min':>8} {'max':>8} {'CPU µs/request':>15}")
    for case in cases:
        cpu = f"{statistics.median(case.cpu):15.1f}" if case.pid else f"{'':15}"
        print(f"  {case.label:28} {statistics.median(case.rates):10.0f} {min(case.rates):8.0f} "
              f"{max(case.rates):8.0f} {cpu}")
    gangway = [case for case in cases if case.name == "Gangway"]
    for case in cases:
        if gangway and case is not gangway[0]:
            ratio = statistics.median(ours / theirs for ours, theirs in zip(gangway[0].rates, case.rates))
            print(f"  {'Gangway / ' + case.label:38} {ratio:6.2f}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)

    parser.add_argument("--rounds", type=positive, default=5, help="default: 5")
    parser.add_argument("--requests", type=positive, default=40000,
                        help="of each case in each round (default: 40000)")
    parser.add_argument("--connections", type=positive, default=16, help="default: 16")
    parser.add_argument("--only", type=some_of(NAMES), default=list(NAMES), metavar="NAME,…",
                        help=f"what to measure, of {', '.join(NAMES)}")
    parser.add_argument("--protocol", type=some_of(PROTOCOLS), default=list(PROTOCOLS), metavar="NAME,…",
                        help="what the worker is announced as: session, http")
    parser.add_argument("--seconds", type=positive, default=100,
                        help="begin no other round after so long (default: 100)")
    parser.add_argument("--worker", help="default: $GANGWAY_BUILD/test/bench/bench_worker")
    args = parser.parse_args()
    args.worker = built(args.worker or worker_path(), "bench_worker")
    return args


def measure(stage, args):
    cases = list(stage.cases())
    begin = time.monotonic()
    for case in cases:
        case.measure(max(args.requests // 10, args.connections), args.connections)
    rounds = 0
    while rounds < args.rounds and (rounds == 0 or time.monotonic() - begin < args.seconds):
        for case in cases:
            rate, cpu = case.measure(args.requests, args.connections)
            case.rates.append(rate)
            case.cpu.append(cpu)
        rounds += 1
    stage.check()
    print(f"{rounds} rounds of {args.requests} requests over {args.connections} connections, "
          f"answers of {BODY_BYTES} bytes; medians")
    for protocol in args.protocol:
        print_group([case for case in cases if case.protocol == protocol], protocol)


def main():
    with script("forwarding"):
        args = parse_arguments()
        need_tools(["h2load", *args.only])
        with Stage(args) as stage:
            measure(stage, args)


if __name__ == "__main__":
    main()
