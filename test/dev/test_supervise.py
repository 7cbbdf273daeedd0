"""Nothing that the supervised command has started is left, whoever its parent was, and however all of it ends."""

import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

SUPERVISE = Path(__file__).resolve().parents[2] / "dev.d/supervise.py"
# A grandchild that nobody waits for, in a session of its own; its pid and what it does.
ORPHAN = "import os, sys, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    print(os.getpid(), flush=True)\n"
SLEEPS = ORPHAN + "    time.sleep(600)\n  os._exit(0)\nos.wait()\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPS + "signal.pause()\n"
LONG = 600


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


class Supervised:
    """A supervised Python program. Its first line of output is read where it says one."""

    def __init__(self, program, seconds=LONG, says=True):
        self.process = subprocess.Popen(
            [sys.executable, SUPERVISE, str(seconds), sys.executable, "-c", program],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.pid = int(self.process.stdout.readline())
        self.orphan = int(self.process.stderr.readline()) if says else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        for pid in (self.pid, self.orphan):
            if pid and is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate()

    def code(self):
        return self.process.wait(60)


class Supervise(unittest.TestCase):
    def test_the_exit_code_is_the_command_s(self):
        for program, code in (("", 0), ("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)):
            with Supervised(program, says=False) as supervised:
                self.assertEqual(supervised.code(), code)

    def test_what_the_command_leaves_behind_may_end_by_itself(self):
        with Supervised(ORPHAN + "    sys.stdin.read()\n    print('done')\n  os._exit(0)\nos.wait()\n") as supervised:
            self.assertEqual(supervised.code(), 0)
            self.assertFalse(is_alive(supervised.orphan))

    def test_what_the_command_leaves_behind_is_killed_after_a_while(self):
        with Supervised(SLEEPS, seconds=0.2) as supervised:
            self.assertEqual(supervised.code(), 0)
            self.assertFalse(is_alive(supervised.orphan))

    def test_sigterm_is_passed_on(self):
        with Supervised("import signal; signal.pause()", says=False) as supervised:
            supervised.process.terminate()
            self.assertEqual(supervised.code(), 128 + signal.SIGTERM)

    def test_what_does_not_end_after_sigterm_is_killed(self):
        with Supervised(STUBBORN, seconds=0.2) as supervised:
            supervised.process.terminate()
            supervised.code()
            self.assertFalse(is_alive(supervised.pid) or is_alive(supervised.orphan))

    def test_sigint_kills_everything_at_once(self):
        with Supervised(STUBBORN) as supervised:
            supervised.process.send_signal(signal.SIGINT)
            self.assertEqual(supervised.code(), 128 + signal.SIGKILL)
            self.assertFalse(is_alive(supervised.orphan))

    def test_the_end_of_who_started_it_is_as_sigterm(self):
        starter = f"""
import subprocess, sys
supervised = subprocess.Popen([sys.executable, {str(SUPERVISE)!r}, "600", "sleep", "600"],
                              stdout=subprocess.PIPE, text=True)
print(supervised.pid, supervised.stdout.readline().strip(), flush=True)
sys.stdin.read()
"""
        with subprocess.Popen([sys.executable, "-c", starter], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as process:
            pids = [int(word) for word in process.stdout.readline().split()]
            process.kill()
            wait_until(lambda: not any(map(is_alive, pids)))

    def test_the_command_has_no_blocked_signals_and_ends_with_its_supervisor(self):
        with Supervised("import signal\nprint(0 if signal.pthread_sigmask(0, ()) else 1, flush=True)\nsignal.pause()") as supervised:
            self.assertEqual(supervised.orphan, 1)
            supervised.orphan = None
            supervised.process.kill()
            wait_until(lambda: not is_alive(supervised.pid))


if __name__ == "__main__":
    unittest.main()
