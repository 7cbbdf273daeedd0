"""What /proc tells about processes, threads, descriptors and sockets."""

import os
import re
import signal
from contextlib import contextmanager
from pathlib import Path

from support.waiting import wait_until

PF_EXITING = 4


def stat_of(pid):
    """What stands in /proc/PID/stat from the state on; nothing where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_alive(pid):
    stat = stat_of(pid)
    return bool(stat) and stat[0] not in "ZX"


def is_ending(pid):
    """Whether it is dead, or has begun to die: its sockets may be closed then, though it is still alive."""
    stat = stat_of(pid)
    return not stat or stat[0] in "ZX" or int(stat[6]) & PF_EXITING != 0


def has_ended(pid):
    """Whether every thread has: the last one closes what all had open."""
    return not any(is_alive(task.name) for task in Path(f"/proc/{pid}/task").glob("*"))


def is_stopped(pid):
    """Whether every thread has stopped: each does so when it next gets the processor."""
    return all(task.read_text().rpartition(")")[2].split()[0] in "TZX"
               for task in Path(f"/proc/{pid}/task").glob("*/stat"))


@contextmanager
def stopped(pid):
    """The process does nothing meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: is_stopped(pid), f"process {pid} has stopped")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def owner_of(pid):
    """The uid that it runs as."""
    return os.stat(f"/proc/{pid}").st_uid


def command_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def environment_of(pid):
    return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def parents():
    """{process: its parent}"""
    parents = {}
    for other in all_pids():
        try:
            parents[other] = parent_of(other)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return parents


def children(pid):
    return [child for child, parent in parents().items() if parent == pid]


def descendants(pid):
    """Every process below pid."""
    of = parents()
    found = []
    newest = [pid]
    while newest:
        newest = [child for child, parent in of.items() if parent in newest]
        found += newest
    return found


def descriptors(pid):
    """What each descriptor of a process refers to: {number: target}."""
    result = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            result[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass
    return result


def unix_sockets_at(path):
    """The inodes of every socket bound to a path: the listening one and its accepted connections."""
    inodes = set()
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split(None, 7)
        if len(fields) == 8 and fields[7] == str(path):
            inodes.add(int(fields[6]))
    return inodes


def threads_named(pid, prefix):
    """{thread id: its /proc status as a dict} of the threads whose name begins with prefix."""
    result = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            if not (task / "comm").read_text().startswith(prefix):
                continue
            lines = (task / "status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        result[int(task.name)] = {
            name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return result


def start_time(pid, thread):
    """Of a thread, in clock ticks since the machine was booted; never if it has ended."""
    try:
        stat = Path(f"/proc/{pid}/task/{thread}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return float("inf")
    return int(stat.rpartition(")")[2].split()[19])


def context_switches(status):
    return int(status["voluntary_ctxt_switches"])


def blocked_signals(status):
    """The numbers of the blocked signals."""
    mask = int(status["SigBlk"], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


def crash_lines(log):
    """Lines of a Passenger log that speak of a crash or a failed assertion."""
    signs = re.compile(r"Assertion .* failed|signo=SIG(ABRT|SEGV|BUS|FPE|ILL)|\*\*\* .*BUG|"
                       r"terminate called|AddressSanitizer|ThreadSanitizer|"
                       r"crashed|dumped core", re.IGNORECASE)
    return [line for line in log.splitlines() if signs.search(line)]


def crash_reports(log):
    """The directories that a crashing agent has written to, as its log names them."""
    return set(re.findall(r"/var/tmp/passenger-crash-log\.[\w.]+", log))
