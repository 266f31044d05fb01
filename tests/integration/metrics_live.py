#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""/metrics and the log of a daemon with a real worker, an application and a client. Usage: metrics_live.py
BIN_DIR SOURCE_DIR"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BIN, SOURCE = sys.argv[1:3]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
import exposition  # pylint: disable=wrong-import-position

HOST, CLIENT, APP = (os.path.join(BIN, n)
                     for n in ("gpushare-host", "gpushare-client", "gs-test-app"))
DEADLINE = 60
CONFIG = """[server]
state-dir = {0}/state
runtime-dir = {0}/run
log-dir = {0}/log
[network]
listen = 127.0.0.1
advertise = 127.0.0.1
port = {1}
metrics-listen = 127.0.0.1:{2}
[session]
sandbox = none
size = 320x240
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Live(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="gs-live-")
        self.config = os.path.join(self.dir.name, "host.conf")
        self.socket = os.path.join(self.dir.name, "run", "control.sock")
        self.port, self.client = free_port(), None
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(self.dir.name, free_port(), self.port))
        self.log = open(os.path.join(self.dir.name, "err"), "w+", encoding="utf-8")
        self.serve()

    def serve(self):
        self.daemon = subprocess.Popen([HOST, "serve", "--config", self.config], stderr=self.log)
        self.wait_for(self.answers)

    def answers(self):
        self.assertIsNone(self.daemon.poll(), self.said())
        try:
            return self.ask()[0] == 200
        except ConnectionRefusedError:
            return False

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def tearDown(self):
        if self.client:
            self.client.terminate()
            self.client.wait(DEADLINE)
        self.daemon.send_signal(signal.SIGINT)
        self.assertEqual(self.daemon.wait(DEADLINE), 0, self.said())
        self.log.close()
        self.dir.cleanup()

    def wait_for(self, question):
        until = time.monotonic() + DEADLINE
        while True:
            answer = question()
            if answer:
                return answer
            self.assertLess(time.monotonic(), until, f"{question.__name__}: {self.said()}")
            time.sleep(0.1)

    def ask(self, method="GET", target="/metrics"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request(method, target)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def scrape(self):
        status, _, text = self.ask()
        self.assertEqual(status, 200)
        return exposition.parse(text)

    def run_verb(self, *args):
        return subprocess.run([HOST, "session", *args[:1], "--socket", self.socket, *args[1:]],
                              check=True, capture_output=True, text=True, timeout=DEADLINE).stdout

    def frames(self):
        """Metrics, once the session's have come and there are frames among them."""
        metrics = self.scrape()
        return metrics if metrics["gpushare_session_frames_total"].value(session="live") else None

    def create(self):
        url = self.run_verb("create", "live", "--", APP, "--mode=counter").split()[-1]
        self.client = subprocess.Popen([CLIENT, "--headless", url], stderr=subprocess.DEVNULL)

    def test_a_session_comes_and_goes(self):
        self.assertEqual(self.scrape()["gpushare_session_info"].samples, [])
        self.create()
        first = self.wait_for(self.frames)
        self.assertEqual(first["gpushare_sessions"].value(state="running"), 1)
        self.assertEqual(first["gpushare_session_info"].value(
            session="live", app="", encoder="x264", converter="cpu"), 1)

        def more():
            """All that grows with each frame has grown."""
            now = self.scrape()
            grown = all(
                now[name].value(session="live", **labels) > first[name].value(
                    session="live", **labels)
                for name, labels in [
                    ("gpushare_session_commits_total", {}), ("gpushare_session_frames_total", {}),
                    ("gpushare_session_bytes_total", {}), ("gpushare_session_packets_total", {}),
                    ("gpushare_session_cpu_seconds_total", {"part": "worker"})])
            return now if grown else None

        now = self.wait_for(more)
        for name, metric in first.items():
            if metric.kind != "gauge":
                for sample, labels, number in metric.samples:
                    later = [n for s, l, n in now[name].samples if (s, l) == (sample, labels)]
                    self.assertEqual(len(later), 1, f"{sample} {labels}")
                    self.assertGreaterEqual(later[0], number, f"{sample} {labels}")
        counts = [n for s, l, n in now["gpushare_stage_seconds"].samples
                  if s.endswith("_count") and l["stage"] == "total"]
        self.assertEqual(len(counts), 1)
        self.assertGreater(counts[0], 0)
        self.wait_for(lambda: self.scrape()["gpushare_session_viewers"].value(session="live") == 1)
        self.assertEqual(now["gpushare_clients"].value(), 1)
        self.run_verb("close", "live")
        self.wait_for(lambda: 'session="live"' not in self.ask()[2])
        self.assertEqual(self.scrape()["gpushare_sessions_ended_total"].value(), 1)
        for event in ["session-created", "session-running", "client-joined", "session-ended"]:
            self.assertRegex(self.said(),
                             rf"info  gpushare-host session=live user=\S+: {event}: ")
        self.assertRegex(self.said(), r"info  gpushare-session session=live user=\S+: ")

    def test_another_daemon(self):
        """What a session has counted is not lost with the daemon."""
        self.create()
        first = self.wait_for(self.frames)["gpushare_session_frames_total"].value(session="live")
        self.daemon.kill()
        self.daemon.wait(DEADLINE)
        self.serve()
        again = self.wait_for(self.frames)
        self.assertGreaterEqual(again["gpushare_session_frames_total"].value(session="live"), first)
        self.assertEqual(again["gpushare_sessions_adopted_total"].value(), 1)
        self.assertEqual(again["gpushare_sessions_created_total"].value(), 0)

    def test_what_else_is_asked(self):
        status, headers, text = self.ask("HEAD")
        self.assertEqual((status, text), (200, ""))
        self.assertGreater(int(headers["Content-Length"]), 1000)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        status, headers, _ = self.ask("POST")
        self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"))
        for target in ["/", "/v1", "/v1/sessions", "/metrics/", "/metrics/../v1"]:
            self.assertEqual(self.ask("GET", target)[0], 404, target)
        self.assertEqual(self.ask("GET", "/metrics?x=1")[0], 200)

    def test_connections_that_say_nothing(self):
        """They hold up neither the daemon nor, beyond their number, who really asks."""
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(40)]
        silent[0].sendall(b"GET /metr")
        self.assertEqual(self.ask()[0], 200)
        self.assertEqual(json.loads(self.run_verb("list", "--json"))["sessions"], [])
        with socket.create_connection(("127.0.0.1", self.port)) as large:
            large.sendall(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\nx")
            large.settimeout(DEADLINE)
            self.assertTrue(large.recv(4096).startswith(b"HTTP/1.1 413 "))
        for s in silent:
            s.close()

    def test_port_is_taken(self):
        with open(self.config, encoding="utf-8") as file:
            text = file.read().replace(self.dir.name, os.path.join(self.dir.name, "second"))
        os.mkdir(os.path.join(self.dir.name, "second"))
        other = os.path.join(self.dir.name, "other.conf")
        lines = [f"port = {free_port()}" if l.startswith("port") else l for l in text.split("\n")]
        with open(other, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        done = subprocess.run([HOST, "serve", "--config", other], capture_output=True, text=True,
                              timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"cannot serve /metrics on 127.0.0.1:{self.port}", done.stderr)
        self.assertIn("change metrics-listen", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
