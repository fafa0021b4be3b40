"""Which calls to be killed at, and many runs side by side (they wait more than they work)."""

import concurrent.futures
import dataclasses
import random
import tempfile

from crash import scenario

AT_ONCE = 6


@dataclasses.dataclass
class Result:
    calls: int = 0
    killed: int = 0
    failures: list = dataclasses.field(default_factory=list)


def evenly(count):
    return lambda last: [1 + i * (last - 1) // max(1, count - 1) for i in range(count)]


def at_random(count, seed):
    chooser = random.Random(seed)
    return lambda last: [chooser.randint(1, last) for _ in range(count)]


def one(binary, shim, point):
    with tempfile.TemporaryDirectory(prefix="nethealth-killed-") as folder:
        try:
            return scenario.play(folder, binary, shim, point), ""
        except (AssertionError, OSError, ValueError) as error:
            return False, f"point {point}: {error}"


def run(binary, shim, choose, tell=lambda text: None):
    """`choose` picks the points from the number of the last one."""
    calls, failure = one(binary, shim, 0)
    if failure:
        return Result(failures=[failure])
    result = Result(calls=calls)
    with concurrent.futures.ProcessPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(one, binary, shim, point) for point in choose(2 * calls)]
        for number, future in enumerate(concurrent.futures.as_completed(futures), 1):
            killed, failure = future.result()
            result.killed += bool(killed)
            if failure:
                result.failures.append(failure)
                tell(failure)
            if number % 50 == 0:
                tell(f"{number} of {len(futures)}, {len(result.failures)} failures")
    return result
