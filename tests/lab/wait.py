"""Waiting for something to become true: the only place here that lets time pass."""

import time

GUARD_SECONDS = 45.0


def wait_until(condition, what, guard=GUARD_SECONDS, every=0.05):
    """The first true value of condition(). Fails, naming `what`, when the guard runs out; nothing waits longer
    than it must, and no test depends on how long that was."""
    end = time.monotonic() + guard
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {guard:.0f} s in vain: {what}; last seen: {value!r}")
        time.sleep(every)


def pause(seconds):
    """For measurements, which must not keep step with what they measure. Tests wait for conditions."""
    time.sleep(seconds)
