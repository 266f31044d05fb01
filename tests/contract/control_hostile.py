#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the control socket does with those who are not nice. Usage: control_hostile.py BIN_DIR DOCS_DIR"""

import json
import os
import resource
import select
import socket
import subprocess
import sys
import time
import unittest

from fake_daemon import BIN, DEADLINE, DaemonCase

JSON = b"Content-Type: application/json\r\n"


class Case(DaemonCase):
    def tearDown(self):
        """Whatever was done to it, it answers, and ends in order."""
        self.assertEqual(self.status_of(b"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n"), 200)
        super().tearDown()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.socket)
        s.settimeout(DEADLINE)
        return s

    def exchange(self, request):
        s = self.connect()
        try:
            s.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = self.drain(s)
        s.close()
        return answer

    @staticmethod
    def drain(s):
        answer = b""
        try:
            while data := s.recv(65536):
                answer += data
        except ConnectionResetError:
            pass
        return answer

    def status_of(self, request):
        answer = self.exchange(request)
        return int(answer.split()[1]) if answer else 0

    def post(self, body, path=b"/v1/sessions", head=JSON):
        answer = self.exchange(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + head
                               + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        head, _, rest = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(rest)

    def test_malformed_http(self):
        for request in (b"hello\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET /v1\r\n\r\n",
                        b"GET /v1 HTTP/9.9\r\n\r\n", b"GET /v1 HTTP/1.1\r\n\r\n",
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\r\n\r\n",
                        b"GET /v1 HTTP/1.1\nHost: x\n\r\n\r\n", b"\r\n\r\n",
                        b"GET /v1 HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
                        b"GET /v1 HTTP/1.1\r\nHost : x\r\n\r\n",
                        b"GET /v1 HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
                        b"POST /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                        b"Content-Length: 2\r\n\r\n",
                        b"POST /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n",
                        b"GET /v1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: foo\r\n\r\n",
                        b"GET /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"):
            answer = self.exchange(request)
            self.assertIn(int(answer.split()[1]), (400, 501, 505), request)
            error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
            self.assertEqual(error["code"], "malformed")

    def test_in_pieces(self):
        body = b'{"name":"one","argv":["x"]}'
        s = self.connect()
        for byte in (b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\n" + JSON
                     + b"Content-Length: %d\r\n\r\n" % len(body) + body):
            s.sendall(bytes([byte]))
        self.assertIn(b" 201 ", self.drain(s))
        s.close()

    def test_odd_but_right(self):
        for request, status in (
                (b"GET /v1 HTTP/1.0\r\n\r\n", 200),
                (b"GET http://other/v1 HTTP/1.1\r\nHost: x\r\n\r\n", 200),
                (b"GET /%76%31 HTTP/1.1\r\nHost: x\r\n\r\n", 200),
                (b"GET /v1 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1,1-2\r\n\r\n", 200),
                (b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                (b"HEAD /v1 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
                (b"PUT /v1/sessions HTTP/1.1\r\nHost: x\r\n\r\n", 405),
                (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                (b"GET /v1/ HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                (b"GET //v1 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                (b"GET /v1/sessions/..%2f.. HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                (b"GET /v1/sessions/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                (b"GET /v1/sessions/%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                (b"GET /v1/sessions/" + b"a/" * 500 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                (b"GET /v1?" + b"a=1&" * 50 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400)):
            answer = self.exchange(request)
            self.assertEqual(int(answer.split()[1]), status, request[:60])
            self.assertEqual(b"\r\nAllow: GET" in answer, status == 405)

    def test_malformed_json(self):
        for body, words in (
                (b"{", "line 1"), (b"[]", "object"), (b"nul", "line 1"), (b'{"a":1,"a":2}', "line 1"),
                (b'{"name":"\xff"}', "line 1"), (b'{"name":"a\\u0000b"}', "line 1"),
                (b"[" * 60000, "deeper"), (b'{"argv":' * 17 + b"1" + b"}" * 17, "deeper"),
                (b'{"name":"\\u001b[2J","argv":["x"]}', "control characters")):
            status, answer = self.post(body)
            self.assertEqual(status, 400, body[:40])
            self.assertIn(words, answer["error"]["message"])
        self.assertEqual(self.post(b"{}", head=b"Content-Type: text/plain\r\n")[0], 415)
        self.assertEqual(self.post(b"{}", path=b"/v1/reload")[0], 400)

    def test_large(self):
        head = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\n" + JSON
        for request in (head + b"Content-Length: 65537\r\n\r\n",
                        head + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 70000,
                        head + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536
                        + b"\r\n10000\r\n" + b"x" * 65536):
            self.assertEqual(self.status_of(request), 413)
        for size in (16384, 10 ** 6):
            self.assertEqual(self.status_of(b"GET /v1 HTTP/1.1\r\nA: " + b"a" * size), 431)

    def test_half_open(self):
        """The oldest ones of a user make room for new ones; none stays longer than the deadline."""
        held = []
        for i in range(200):
            held.append(self.connect())
            held[-1].sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: x" if i % 2 else b"G")
        self.assertEqual(self.status_of(b"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n"), 200)
        for s in held:
            self.assertIn(b" 408 ", self.drain(s))
            s.close()

    def test_connections_without_a_word(self):
        for _ in range(300):
            self.connect().close()

    def test_no_descriptors(self):
        """It waits until there are some again."""
        resource.prlimit(self.daemon.pid, resource.RLIMIT_NOFILE, (len(os.listdir(
            f"/proc/{self.daemon.pid}/fd")) + 3, 4096))
        held = [self.connect() for _ in range(20)]
        time.sleep(0.3)
        for s in held:
            s.close()

    def test_all_places_taken(self):
        """Who waits for answers keeps the place; more are told so."""
        held = []
        for i in range(64):
            held.append(self.connect())
            held[-1].sendall(b"GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200", held[-1].recv(1024))
        answer = self.drain(self.connect())
        self.assertIn(b" 429 ", answer)
        self.assertIn(b'"limit"', answer)
        held.pop().close()
        deadline = time.monotonic() + DEADLINE
        while self.status_of(b"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n") != 200:
            self.assertLess(time.monotonic(), deadline)

    def test_slow_reader_of_events(self):
        """It is cut off; one that reads gets everything."""
        request = b"GET /v1/events?follow=1 HTTP/1.0\r\n\r\n"
        slow, quick = self.connect(), self.connect()
        slow.sendall(request)
        quick.sendall(request)
        for s in (slow, quick):
            self.assertIn(b"200", s.recv(10000))
        got = b""
        for _ in range(10):
            self.tell("flood 500")
            while got.count(b"\n") < 500 and (data := quick.recv(1 << 20)):
                got += data
            self.assertEqual(got.count(b"\n"), 500)
            got = b""
        self.assertLess(self.drain(slow).count(b"\n"), 5000)
        slow.close()
        quick.close()

    def test_client_gone_while_it_waits(self):
        """The session that it asked for stays."""
        body = b'{"name":"one","argv":["x"]}'
        s = self.connect()
        s.sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\n" + JSON
                  + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.wait_for(b'"session-created"')
        s.close()
        self.wait_for(b'"session-running"')
        never = b'{"name":"two","argv":["never"]}'
        waiting = self.connect()
        waiting.sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\n" + JSON
                        + b"Content-Length: %d\r\n\r\n" % len(never) + never)
        self.wait_for(b'"two"')
        self.assertEqual(self.status_of(b"DELETE /v1/sessions/two HTTP/1.1\r\nHost: x\r\n\r\n"), 200)
        self.assertIn(b" 500 ", self.drain(waiting))
        # One more is still waiting when the daemon ends.
        self.left = self.connect()
        self.left.sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\n" + JSON
                          + b"Content-Length: %d\r\n\r\n" % len(never) + never)
        self.wait_for(b'"two"')

    def wait_for(self, words):
        deadline = time.monotonic() + DEADLINE
        while words not in self.exchange(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"):
            self.assertLess(time.monotonic(), deadline, words)
            time.sleep(0.01)

    def test_log_is_followed_over_its_rotation(self):
        self.assertEqual(self.post(b'{"name":"one","argv":["x"]}')[0], 201)
        log = os.path.join(self.dir.name, "one", "app.log")
        s = self.connect()
        s.sendall(b"GET /v1/sessions/one/logs?follow=1&lines=1 HTTP/1.0\r\n\r\n")
        self.expect(s, b"three\n")
        with open(log, "a", encoding="utf-8") as file:
            file.write("four\n")
        self.expect(s, b"four\n")
        os.rename(log, log + ".1")
        with open(log, "w", encoding="utf-8") as file:
            file.write("five\n")
        self.expect(s, b"five\n")
        both = self.exchange(b"GET /v1/sessions/one/logs?lines=3 HTTP/1.0\r\n\r\n")
        self.assertTrue(both.endswith(b"\r\n\r\nthree\nfour\nfive\n"), both)
        os.unlink(log)
        os.symlink("/etc/passwd", log)
        self.exchange(b"DELETE /v1/sessions/one HTTP/1.0\r\n\r\n")
        self.assertEqual(self.drain(s), b"")

    def expect(self, s, words):
        got = b""
        while words not in got:
            self.assertTrue(select.select([s], [], [], DEADLINE)[0], got)
            data = s.recv(65536)
            self.assertTrue(data, got)
            got += data

    def test_second_daemon(self):
        """A live socket is not taken; one of a killed daemon is."""
        program = [os.path.join(BIN, "gs-fake-daemon"), self.socket, self.dir.name]
        second = subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=DEADLINE)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another gpushare-host", second.stderr)
        self.daemon.kill()
        self.daemon.wait(DEADLINE)
        self.daemon.stdin.close()
        self.daemon.stdout.close()
        self.daemon = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True)
        self.assertEqual(self.daemon.stdout.readline(), "ready\n")


unittest.main(argv=sys.argv[:1])
