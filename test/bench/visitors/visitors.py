#!/usr/bin/env python3
"""What visitors feel of somebody who watches what the workers do.

h2load at the front door of a real agent with bench_worker (../forwarding/worker.cpp) behind it, in each round, in turn and in
an order that changes:

  nobody   watches
  top      `gangway top` runs: the processes and what each is at, once a second
  profile  GET /v1/requests/profile runs: each request is counted

and with --clients, what one look at so many idle connections costs a controller.

Examples:
    ./dev bench visitors
    ./dev bench visitors --rounds 9 --requests 20000
    ./dev bench visitors --clients 10,1000,10000
"""
import argparse
import contextlib
import pathlib
import random
import resource
import socket
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from measuring import Agent, Failure, built, cpu_seconds, h2load, need_tools, positive, script, worker_path  # noqa: E402
from support.command import command_environment  # noqa: E402
from support.passenger import command_path  # noqa: E402
from support.waiting import wait_until  # noqa: E402

KINDS = ("nobody", "top", "profile")


@contextlib.contextmanager
def watched(agent, kind):
    if kind == "top":
        command = subprocess.Popen([command_path(), "top", "--batch", "-d", "1"], env=command_environment(agent),
                                   stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            command.terminate()
            command.wait()
    elif kind == "profile":
        connection = agent.admin.connection()
        connection.request("GET", "/v1/requests/profile?seconds=600")
        try:
            yield
        finally:
            connection.close()
    else:
        yield


def p99(latencies):
    return latencies[len(latencies) * 99 // 100]


def measure_load(agent, options):
    loads = {kind: [] for kind in KINDS}
    costs = {kind: [] for kind in KINDS}  # CPU of the core, microseconds a request
    log = agent.directory / "h2load"
    where = [f"http://127.0.0.1:{agent.port}/"]
    for number in range(options.rounds + 1):
        for kind in random.Random(number).sample(KINDS, len(KINDS)):
            with watched(agent, kind):
                before = cpu_seconds(agent.core_pid)
                load = h2load(where, options.requests, options.connections, [], kind, log)
                cpu = cpu_seconds(agent.core_pid) - before
            if number > 0:  # The first is to warm up.
                loads[kind].append(load)
                costs[kind].append(cpu / options.requests * 1e6)
    print(f"{options.rounds} rounds of {options.requests} requests over {options.connections} connections; medians\n")
    print(f"{'':10}{'requests/s':>12}{'min':>9}{'max':>9}{'p99 ms':>9}{'CPU us/request':>16}")
    rates = {kind: statistics.median(load.rate for load in loads[kind]) for kind in KINDS}
    tails = {kind: statistics.median(p99(load.latencies) for load in loads[kind]) for kind in KINDS}
    for kind in KINDS:
        each = [load.rate for load in loads[kind]]
        print(f"{kind:10}{rates[kind]:12.0f}{min(each):9.0f}{max(each):9.0f}{tails[kind] * 1000:9.2f}"
              f"{statistics.median(costs[kind]):16.1f}")
    for kind in KINDS[1:]:
        pairs = statistics.median(load.rate / none.rate for load, none in zip(loads[kind], loads["nobody"]))
        print(f"{kind} / nobody: rate {rates[kind] / rates['nobody']:.3f} (of each round {pairs:.3f}), "
              f"p99 {tails['nobody'] / tails[kind]:.3f} (nobody's / its)")


def measure_clients(agent, count):
    """Idle connections: they have had an answer, and are kept."""
    for pid in (0, agent.core_pid):
        _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(2 * count + 1000, most), most))
    clients = []
    try:
        while len(clients) < count:
            client = socket.create_connection(("127.0.0.1", agent.port), 10)
            clients.append(client)
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.recv(65536)
        wait_until(lambda: agent.admin.get("/v1/requests").json["clients"] >= count, f"{count} clients")
        costs = []
        for _ in range(50):
            document = agent.admin.get("/v1/requests").json
            if not document["complete"]:
                raise Failure("the sample is not whole")
            costs.append(max(document["cost_seconds"]))
        print(f"{count:6} clients: {statistics.median(costs) * 1e6:7.0f} us a look, {max(costs) * 1e6:7.0f} at most")
    finally:
        for client in clients:
            client.close()


def main():
    with script("visitors"):
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
        parser.add_argument("--rounds", type=positive, default=40)
        parser.add_argument("--requests", type=positive, default=10000)
        parser.add_argument("--connections", type=positive, default=16)
        parser.add_argument("--clients", help="instead: what a look costs, with so many; separated by commas")
        options = parser.parse_args()
        need_tools(["h2load"])
        with Agent(built(worker_path(), "bench_worker"), "http", 0) as agent:
            agent.ready()
            if options.clients:
                for count in options.clients.split(","):
                    measure_clients(agent, int(count))
            else:
                measure_load(agent, options)


if __name__ == "__main__":
    main()
