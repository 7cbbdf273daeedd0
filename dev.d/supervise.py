#!/usr/bin/env python3
"""Runs a command, and ends when that and all that it started has ended. What loses its parent becomes a child of this
process, so that nothing gets away.

    supervise.py SECONDS COMMAND [ARGUMENT…]

SIGTERM, and the end of who started this, asks the command to end. From then on, or from when it has ended by itself,
there are SECONDS for everything to end; what is left is killed. SIGINT kills everything at once.
The command's output goes to standard error. Standard output is for who started this: a line with the command's pid,
and in the end the pids of those that not even SIGKILL ends. The exit code is the command's, or 128 and its signal.
"""

import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
HEARD = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
KILL_SECONDS = 2
LONG_SECONDS = 3600.0


def end_with_parent():
    """Whoever calls this gets SIGTERM when its parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def take_orphans():
    """What descends from this process becomes its child when its own parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def begin_command():
    end_with_parent()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def children():
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_bytes().rpartition(b")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid():
            found.append(int(path.parent.name))
    return found


def collect(codes):
    """Adds the exit codes of who has ended. Whether anybody is left."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        codes[pid] = os.waitstatus_to_exitcode(status)


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def supervise(seconds, arguments):
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    end_with_parent()
    take_orphans()
    command = subprocess.Popen(arguments, stdout=sys.stderr, preexec_fn=begin_command).pid
    codes = {}
    deadline = math.inf
    try:
        print(command, flush=True)
    except BrokenPipeError:  # Who started this had ended before it could be noticed.
        send(os.getpid(), signal.SIGTERM)
    while collect(codes):
        now = time.monotonic()
        if command in codes:
            deadline = min(deadline, now + seconds)
        pause = min(deadline - now, LONG_SECONDS)
        if now >= deadline:
            left = children()
            if now >= deadline + KILL_SECONDS:
                print(*left)
                break
            for pid in left:
                send(pid, signal.SIGKILL)
            pause = 0.1
        heard = signal.sigtimedwait(HEARD, pause)
        if heard and heard.si_signo == signal.SIGTERM:
            deadline = min(deadline, time.monotonic() + seconds)
            if command not in codes:
                send(command, signal.SIGTERM)
        elif heard and heard.si_signo == signal.SIGINT:
            deadline = min(deadline, time.monotonic())
    code = codes.get(command, 1)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(supervise(float(sys.argv[1]), sys.argv[2:]))
