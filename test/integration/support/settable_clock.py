"""A machine's clock that a test may set, as far as an agent sees it (settable_clock/)."""

import struct
import tempfile

from support.passenger import build_dir


class SettableClock:
    """Give `environment` to the agent; then set_ahead() sets the clock it sees. Timers that a clock's being
    set cancels are cancelled."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="gw-clock-", buffering=0)
        self.set_ahead(0)
        library = build_dir() / "test" / "integration" / "settable_clock" / "settable_clock.so"
        assert library.exists(), f"{library} is not built"
        self.environment = {"LD_PRELOAD": str(library), "SETTABLE_CLOCK": self.file.name}

    def set_ahead(self, seconds):
        """By so much of the machine's clock; behind it when negative."""
        self.file.seek(0)
        self.file.write(struct.pack("q", seconds))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
