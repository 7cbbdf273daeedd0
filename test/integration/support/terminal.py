"""The command as somebody runs it who sits at a terminal."""

import os
import pty
import select
import signal
import subprocess
import termios
import time

from support.command import command_environment
from support.passenger import command_path

CTRL_C = b"\x03"
TERMINAL = object()


def at_terminal(terminal):
    """In the child: that terminal is its own, and Ctrl-C there a signal to it."""
    def prepare():
        os.setsid()
        os.close(os.open(os.ttyname(terminal), os.O_RDWR))  # the first one opened becomes its own
        # A test run in a shell's background ignores it, and what is ignored is inherited.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return prepare


class AtTerminal:
    """The command, its standard error on a terminal, its standard output on a pipe unless told otherwise:
    a file, or TERMINAL."""

    def __init__(self, agent, *arguments, stdout=subprocess.PIPE):
        self.ours, theirs = pty.openpty()
        self.settings = termios.tcgetattr(self.ours)
        self.shown = ""
        self.process = subprocess.Popen(
            [str(command_path()), *map(str, arguments)], stdin=theirs,
            stdout=theirs if stdout is TERMINAL else stdout, stderr=theirs,
            env={**command_environment(agent), "TERM": "xterm"}, preexec_fn=at_terminal(theirs))
        self.theirs = theirs  # kept open, so that what was written last can still be read

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        os.close(self.ours)
        os.close(self.theirs)

    def read(self, seconds=0.0):
        """Takes what the terminal shows by now, waiting so long for anything."""
        while select.select([self.ours], [], [], seconds)[0]:
            self.shown += os.read(self.ours, 65536).decode(errors="replace")
            seconds = 0.0

    def wait_to_show(self, text, seconds=20):
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < deadline, f"not within {seconds} s: {text!r} in {self.shown!r}"
            self.read(0.2)

    def press_ctrl_c(self):
        os.write(self.ours, CTRL_C)

    def end(self, seconds=20):
        """Its exit code. What it wrote to standard output is not read before."""
        code = self.process.wait(seconds)
        self.read()
        return code

    @property
    def settings_are_kept(self):
        return termios.tcgetattr(self.ours) == self.settings

    @property
    def last_line(self):
        """What stands in the terminal's last line that is not empty, once what was erased is gone."""
        line = [line for line in self.shown.replace("\r\n", "\n").split("\n") if line][-1]
        return line.rpartition("\r\x1b[K")[2]
