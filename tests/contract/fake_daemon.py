# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon whose sessions are made up (gs-fake-daemon), one for each test case."""
import os
import subprocess
import sys
import tempfile
import time
import unittest

BIN = sys.argv[1]
DEADLINE = 60


class DaemonCase(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.dir.name, "control.sock")
        self.daemon = subprocess.Popen(
            [os.path.join(BIN, "gs-fake-daemon"), self.socket, self.dir.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(self.daemon.stdout.readline(), "ready\n")

    def tearDown(self):
        self.daemon.stdin.close()
        self.daemon.stdout.close()
        self.assertEqual(self.daemon.wait(DEADLINE), 0)
        self.dir.cleanup()

    def wait_until(self, holds):
        end = time.monotonic() + DEADLINE
        while not holds():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def tell(self, line):
        self.daemon.stdin.write(line + "\n")
        self.daemon.stdin.flush()
        self.assertEqual(self.daemon.stdout.readline(), "done\n")
