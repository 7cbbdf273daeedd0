"""The registry may be /tmp, where anybody makes what looks like an instance directory."""

import os
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dev.d"))

from passenger_watchdog import Watchdog  # noqa: E402

PID = 4711


class Directories(unittest.TestCase):
    def setUp(self):
        self.registry = tempfile.TemporaryDirectory()
        self.addCleanup(self.registry.cleanup)
        self.watchdog = Watchdog.__new__(Watchdog)  # it is looked at, and nothing is started
        self.watchdog.registry = Path(self.registry.name)
        self.watchdog.pid = PID
        self.watchdog.owners = {os.geteuid()}

    def instance(self, name, pid=PID):
        directory = self.watchdog.registry / name
        directory.mkdir()
        (directory / "watchdog.pid").write_text(str(pid))
        return directory

    def test_its_own_is_found_and_no_other(self):
        own = self.instance("passenger.own")
        self.instance("passenger.other", PID + 1)
        self.instance("something")
        (self.watchdog.registry / "passenger.file").write_text(str(PID))
        (self.watchdog.registry / "passenger.link").symlink_to(own)
        self.assertEqual([own], list(self.watchdog.directories()))

    def test_one_of_another_user_is_neither_taken_nor_read(self):
        self.watchdog.owners = {os.geteuid() + 1}
        self.instance("passenger.squatted")
        blocking = self.instance("passenger.blocking") / "watchdog.pid"
        blocking.unlink()
        os.mkfifo(blocking)  # whoever reads it waits for ever
        found = []
        looking = threading.Thread(target=lambda: found.append(list(self.watchdog.directories())), daemon=True)
        looking.start()
        looking.join(30)
        self.assertEqual([[]], found)


if __name__ == "__main__":
    unittest.main()
