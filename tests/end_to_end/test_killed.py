#!/usr/bin/env python3
"""The daemon is killed with SIGKILL at 100 points of a scenario, spread evenly over every call that leaves a mark on
the disk or the network, and started again: exactly the right messages arrive. tests/bench/long has the longer run."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from crash import points  # noqa: E402

POINTS = 100


class KilledEverywhere(unittest.TestCase):
    def test_no_message_is_lost_and_every_repeat_is_marked(self):
        result = points.run(os.environ["NETHEALTH"], os.environ["NETHEALTH_KILL_AT"], points.evenly(POINTS))
        self.assertEqual(result.failures, [], "\n".join(result.failures[:3]))
        self.assertGreater(result.killed, POINTS // 2, result)


if __name__ == "__main__":
    unittest.main(verbosity=2)
