"""Visitors who are underway."""

import threading
import time


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
