"""Visitors who are underway."""

import contextlib
import threading
import time

from support.doors import FrontDoor


class Visitor:
    """A visitor's request that is underway."""

    def __init__(self, agent, target="/", **options):
        self.answer = None
        self.ended_at = None
        self.thread = threading.Thread(target=self.run, args=(agent, target), kwargs=options, daemon=True)
        self.thread.start()

    def run(self, agent, target, **options):
        self.answer = agent.visit(target, **options)
        self.ended_at = time.monotonic()

    def wait(self):
        self.thread.join(20)
        assert self.answer is not None and self.answer.status == 200, self.answer
        return self.answer


@contextlib.contextmanager
def unfinished_visit(agent, group=None):
    """Keeps a process busy until the end of the block: its body is not whole, and the process is free when he leaves."""
    door = FrontDoor(agent, group)
    headers = b"".join(f"{name}: {value}\r\n".encode() for name, value in door.headers)
    with door.connect() as visitor:
        visitor.sendall(b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n" + headers + b"\r\nx")
        yield
