#!/usr/bin/env python3
"""How long the pool's lock is held: by Gangway's listing, and by Passenger's own /pool.xml.

Both are measured in one run of a real agent with PROCESSES dummy processes, with lock_timer.c preloaded.
The pool's is the mutex that both hold, and of these the one held longest. Prints medians and their ratio.

    ./dev bench lock_time
"""
import argparse
import collections
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from measuring import positive, script, wait_for_processes  # noqa: E402
from support.passenger import Passenger  # noqa: E402


def holds(path):
    """{(thread, mutex): [nanoseconds…]} of the agent's threads."""
    result = collections.defaultdict(list)
    for line in path.read_text().splitlines():
        thread, mutex, nanoseconds = line.split()
        result[thread, mutex].append(int(nanoseconds))
    return result


def record(directory, args):
    """(what lock_timer.c wrote down while both were asked for, {name: bytes of an answer})"""
    times, timer = directory / "times", directory / "lock_timer.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", timer, HERE / "lock_timer.c"], check=True)
    with Passenger("ruby", workers=args.processes, config={}, options=["--spawn-method", "dummy"],
                   environment={"LD_PRELOAD": timer, "LOCK_TIMES": times}) as agent:
        wait_for_processes(agent, args.processes)
        times.write_text("")
        for _ in range(args.rounds):
            xml = agent.api("GET", "/pool.xml?secrets=true")
            listing = agent.admin.get("/v1/processes?secrets=true")
            assert xml.status == listing.status == 200, (xml, listing)
        recorded = holds(times)
    return recorded, {"pool.xml": len(xml.body), "processes": len(listing.body)}


def measure(args):
    with tempfile.TemporaryDirectory(prefix="gw-lock-", dir="/tmp") as directory:
        recorded, size = record(pathlib.Path(directory), args)
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


def main():
    with script("lock_time"):
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
        parser.add_argument("--processes", type=positive, default=1000)
        parser.add_argument("--rounds", type=positive, default=100)
        measure(parser.parse_args())


if __name__ == "__main__":
    main()
