"""Where applications of test/apps and the tests meet besides requests: files in the application's folder."""

import os


class Journal:
    """What an application under test/apps writes down of its connections, in its own folder."""

    def __init__(self, app_root):
        self.path = app_root / "journal"

    @property
    def lines(self):
        return self.path.read_text().splitlines() if self.path.exists() else []

    def of(self, name):
        return [line.removeprefix(name + " ") for line in self.lines if line.startswith(name + " ")]


def pipe_to(path):
    """The writing end of a named pipe; opened for both, so that opening waits for nobody."""
    if not path.exists():
        os.mkfifo(path)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK)
