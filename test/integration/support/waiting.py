"""Waiting for conditions, always with a bound."""

import time


def wait_until(condition, what, seconds=20.0, pause=0.02):
    """Returns the first true value of condition(); fails, saying what it waited for, after seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(pause)
