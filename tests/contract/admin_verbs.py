#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs that administer, on a daemon whose sessions are none: what they print, and how they end.
Usage: admin_verbs.py BIN_DIR DOCS_DIR"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import unittest

from fake_daemon import BIN, DEADLINE, DaemonCase

HOST = os.path.join(BIN, "gpushare-host")
DONE, FAILED, USAGE, REFUSED, NOT_REACHABLE = range(5)


class Case(DaemonCase):
    def command(self, verb, *args):
        return [HOST, *verb.split(), "--socket", self.socket, *args]

    def run_verb(self, verb, *args, status=DONE, says=None):
        """Gives what is on stdout; where it fails, one line on stderr that begins with the verb."""
        done = subprocess.run(self.command(verb, *args), capture_output=True, text=True,
                              timeout=DEADLINE, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, done.stderr)
        if status == DONE:
            self.assertEqual(done.stderr, "")
            return done.stdout
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith(f"gpushare-host {verb}: "), done.stderr)
        if says:
            self.assertIn(says, done.stderr)
        return done.stderr

    def create(self, name="one"):
        return self.run_verb("session create", name, "--", "gears", "-x")

    def test_create(self):
        self.assertRegex(self.create(), r"^connect: gpushare://\S+/one\?ticket=\S+\n$")
        shown = self.run_verb("session create", "two", "--size", "800x600", "--set", "fps=24",
                              "--env", "A=b=c", "--ticket-ttl", "2h", "--ticket-uses", "3",
                              "--view-only", "--json", "--", "x", "--size", "ü")
        made = json.loads(shown)
        self.assertEqual(made["session"]["argv"], ["x", "--size", "ü"])
        self.assertEqual(made["session"]["settings"]["fps"], 24)
        self.assertEqual(made["ticket"]["expires"] - made["ticket"]["created"], 7200)
        self.assertEqual((made["ticket"]["uses_left"], made["ticket"]["view"]), (3, True))
        self.assertEqual(self.run_verb("session create", "three", "--no-ticket", "--", "x"), "")
        self.assertIn("/four?", self.run_verb("session create", "four", "--app", "glxgears"))

    def test_create_refused(self):
        self.create()
        for status, says, args in (
                (REFUSED, "already", ["one", "--", "x"]),
                (USAGE, "something is missing", []),
                (USAGE, "nothing is said to run", ["two"]),
                (USAGE, "../up", ["../up", "--", "x"]),
                (USAGE, "63 bytes", ["n" * 5000, "--", "x"]),
                (USAGE, "fps=0", ["two", "--fps", "0", "--", "x"]),
                (USAGE, "fps=99999999999999999999", ["two", "--fps", "9" * 20, "--", "x"]),
                (USAGE, "size=huge", ["two", "--size", "huge", "--", "x"]),
                (USAGE, "colour=red", ["two", "--set", "colour=red", "--", "x"]),
                (USAGE, "--set fps", ["two", "--set", "fps", "--", "x"]),
                (USAGE, "--set =5", ["two", "--set", "=5", "--", "x"]),
                (USAGE, "--env A", ["two", "--env", "A", "--", "x"]),
                (USAGE, "'1A'", ["two", "--env", "1A=b", "--", "x"]),
                (USAGE, "--ticket-ttl", ["two", "--ticket-ttl", "soon", "--", "x"]),
                (USAGE, "--ticket-ttl", ["two", "--ticket-ttl", "-5", "--", "x"]),
                (USAGE, "--ticket-ttl", ["two", "--ticket-ttl", "99999999d", "--", "x"]),
                (USAGE, "'uses'", ["two", "--ticket-uses", "-1", "--", "x"]),
                (USAGE, "--nonsense", ["two", "--nonsense", "--", "x"]),
                (FAILED, "'none'", ["two", "--app", "none"]),
                (FAILED, "ended at once", ["two", "--", "fails"]),
                (FAILED, "space", ["disk-full", "--", "x"])):
            self.run_verb("session create", *args, status=status, says=says)
        self.assertEqual(self.run_verb("session list", "--names"), "one\n")

    def test_shares_are_settings(self):
        made = json.loads(self.run_verb(
            "session create", "one", "--weight", "200", "--floor", "30", "--cap", "50",
            "--cpu-weight", "auto", "--json", "--", "x"))["session"]["settings"]
        self.assertEqual([made[k] for k in ("weight", "floor", "cap")], [200, 30, 50])
        self.run_verb("session set", "one", "weight=50", "floor=0", "cap=10")
        shown = json.loads(self.run_verb("session show", "one", "--json"))["session"]["settings"]
        self.assertEqual([shown[k] for k in ("weight", "floor", "cap")], [50, 0, 10])

    def queue(self, name):
        """A creation that waits, until its session is seen to."""
        process = subprocess.Popen(
            self.command("session create", name, "--queue", "--", "never"), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(process.stderr.readline(),
                         "waits: 1st in the queue, floor 30 fps does not fit\n")
        return process

    def test_queue(self):
        waits = self.queue("one")
        row = self.run_verb("session list").splitlines()[1]
        self.assertIn("queued, 1.", row)
        self.assertTrue(row.endswith("floor 30 fps does not fit"), row)
        self.assertRegex(self.run_verb("session show", "one"), r"queue +place 1, for 5 s\n")
        self.run_verb("session close", "one")
        out, said = waits.communicate(timeout=DEADLINE)
        self.assertEqual((out, waits.returncode), ("", FAILED))
        self.assertIn("gpushare-host session create: ", said)

    def test_who_stops_waiting_leaves_the_queue(self):
        for stop in (signal.SIGINT, signal.SIGKILL):
            waits = self.queue("one")
            waits.send_signal(stop)
            waits.communicate(timeout=DEADLINE)
            self.wait_until(lambda: self.run_verb("session list", "--names") == "")

    def test_argument_that_is_no_text(self):
        done = subprocess.run([os.fsencode(a) for a in self.command("session create", "one", "--")]
                              + [b"\xff\xfe"], capture_output=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(b"UTF-8", done.stderr)

    def test_limit(self):
        for i in range(40):
            self.create(f"s{i}")
        self.run_verb("session create", "more", "--", "x", status=REFUSED, says="at most 40")

    def test_list_and_show(self):
        self.assertEqual(self.run_verb("session list").splitlines()[0].split()[0], "NAME")
        self.create("one")
        self.create("another")
        rows = [line.split()[0] for line in self.run_verb("session list").splitlines()]
        self.assertEqual(rows, ["NAME", "another", "one"])
        self.assertEqual(json.loads(self.run_verb("session list", "--json"))["v"], 1)
        self.tell("watch one")
        shown = self.run_verb("session show", "one")
        self.assertRegex(shown, r"command +gears -x\n")
        for words in ("running", "8.2 Mb/s", "192.0.2.33", "1280x720", "all sessions of user anna",
                      "12 frames: 9 by render-farm, 3 its own", "620 ms/s"):
            self.assertIn(words, shown)
        self.assertEqual(json.loads(self.run_verb("session show", "one", "--json"))
                         ["session"]["clients"][0]["id"], 7)

    def test_show_quotes(self):
        self.run_verb("session create", "one", "--", "x", "a b", "", "$HOME")
        self.assertRegex(self.run_verb("session show", "one"), r"command +x 'a b' '' '\$HOME'\n")

    def test_set(self):
        self.create()
        self.assertEqual(self.run_verb("session set", "one", "fps=24", "size=640x480"), "")
        self.assertRegex(self.run_verb("session show", "one"), r"fps +24\n")
        self.run_verb("session set", "one", "fps=5", "encoder=x", status=USAGE, says="encoder=x")
        self.assertRegex(self.run_verb("session show", "one"), r"fps +24\n")
        self.run_verb("session set", "one", status=USAGE, says="something is missing")
        self.run_verb("session set", "one", "fps", status=USAGE, says="KEY=VALUE")

    def test_unknown_session(self):
        for verb, args in (("show", []), ("set", ["fps=5"]), ("close", []), ("ticket", []),
                           ("ticket", ["--list"]), ("ticket", ["--revoke", "all"]), ("logs", [])):
            for name in ("gone", "a/b", "..", "%00", "ü", " ", ""):
                self.run_verb(f"session {verb}", name, *args, status=FAILED,
                              says=f"there is no session '{name}'")

    def test_close(self):
        for name in ("a", "b", "c"):
            self.create(name)
        self.run_verb("session close", "a")
        self.assertIn("there is no session 'a'",
                      self.run_verb("session close", "a", "b", status=FAILED))
        self.assertEqual(self.run_verb("session list", "--names"), "c\n")

    def test_ticket(self):
        self.create()
        self.assertRegex(self.run_verb("session ticket", "one", "--ttl", "90s", "--uses", "1"),
                         r"^connect: gpushare://\S+\n$")
        rows = self.run_verb("session ticket", "one", "--list").splitlines()
        self.assertEqual([r.split()[0] for r in rows], ["ID", "t1", "t2"])
        self.assertNotIn("secret", "".join(rows))
        self.run_verb("session ticket", "one", "--revoke", "t1")
        self.run_verb("session ticket", "one", "--revoke", "t1", status=FAILED, says="'t1'")
        self.run_verb("session ticket", "one", "--revoke", "../x", status=FAILED, says="'../x'")
        self.run_verb("session ticket", "one", "--revoke", "..", status=FAILED, says="'..'")
        self.run_verb("session ticket", "one", "--ttl", "x", status=USAGE, says="--ttl x")
        self.run_verb("session ticket", "one", "--uses", "-1", status=USAGE, says="'uses'")
        self.run_verb("session ticket", "one", "--list", "--revoke", "t2", status=USAGE)

    def test_logs(self):
        self.create()
        self.assertEqual(self.run_verb("session logs", "one"), "one\ntwo\nthree\n")
        self.assertEqual(self.run_verb("session logs", "one", "-n", "1"), "three\n")
        self.assertEqual(self.run_verb("session logs", "one", "--worker"), "started\n")
        self.run_verb("session logs", "one", "-n", "-1", status=USAGE, says="'lines'")
        follower = subprocess.Popen(self.command("session logs", "one", "-f", "-n", "0"),
                                    stdout=subprocess.PIPE, text=True)
        log = os.path.join(self.dir.name, "one", "app.log")
        line = ""
        while not line:  # until it follows
            with open(log, "a", encoding="utf-8") as file:
                file.write("more\n")
            if select.select([follower.stdout], [], [], 0.2)[0]:
                line = follower.stdout.readline()
        self.assertEqual(line, "more\n")
        self.run_verb("session close", "one")
        self.assertEqual(follower.wait(DEADLINE), DONE)
        follower.stdout.close()

    def test_events(self):
        self.create()
        self.assertIn("session-running", self.run_verb("events", "--once"))
        self.assertEqual(self.run_verb("events", "--once", "--since", "99"), "")
        self.run_verb("events", "--since", "yesterday", status=USAGE, says="--since yesterday")
        follower = subprocess.Popen(self.command("events", "--since", "0", "--json"),
                                    stdout=subprocess.PIPE, text=True)
        kinds = [json.loads(follower.stdout.readline())["kind"] for _ in range(3)]
        self.assertEqual(kinds, ["session-created", "session-running", "ticket-issued"])
        self.tell("event session-hung one it does not answer")
        self.assertEqual(json.loads(follower.stdout.readline())["text"], "it does not answer")
        follower.kill()
        follower.wait(DEADLINE)
        follower.stdout.close()

    def test_apps(self):
        self.assertIn("Gears", self.run_verb("apps"))
        self.assertEqual(self.run_verb("apps", "--names"), "glxgears\nprivate\n")
        self.assertEqual(len(json.loads(self.run_verb("apps", "--json"))["apps"]), 2)

    def test_top(self):
        self.create()
        self.create("two")
        self.tell("watch one")
        rows = self.run_verb("top", "--once", "--interval", "0.2").splitlines()
        self.assertEqual([r.split()[0] for r in rows], ["gpushare:", "GPU:", "SESSION", "one",
                                                         "two"])
        self.assertEqual(rows[1], "GPU: software 62 % used, 40 % promised")
        self.assertIn("6.2/9.9", rows[3])
        self.assertIn(" 31/45 ", rows[3])
        self.assertTrue(rows[3].endswith("12 (render-farm)"), rows[3])
        self.assertNotIn("\033", "".join(rows))
        self.assertEqual(len(json.loads(self.run_verb("top", "--once", "--json"))["sessions"]), 2)
        self.run_verb("top", "--interval", "0", status=USAGE, says="0.2 to 3600")
        self.run_verb("top", "--interval", "nan", status=USAGE)
        self.run_verb("top", "extra", status=USAGE, says="too much")

    def on_terminal(self, rows, columns, keys):
        """What `top` writes on a terminal of that size until the keys end it."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(HOST, self.command("top", "--interval", "0.2"))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        written = b""
        while written.count(b"SESSION") < 3:  # the size holds from the second one on
            self.assertTrue(select.select([terminal], [], [], DEADLINE)[0])
            written += os.read(terminal, 65536)
        os.write(terminal, keys)
        try:
            while data := os.read(terminal, 65536):
                written += data
        except OSError:
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        return status, written.decode()

    def test_top_on_a_terminal(self):
        for i in range(20):
            self.create(f"session-{i:02}")
        for keys in (b"q", b"\x03"):
            status, written = self.on_terminal(10, 40, keys)
            self.assertEqual(status, DONE)
            self.assertTrue(written.rstrip().endswith("\033[?25h"), repr(written[-40:]))
            last = re.sub(r"\033\[[0-9?]*[A-Za-z]", "", written.split("\033[H")[-1])
            lines = last.rstrip().splitlines()
            self.assertLessEqual(len(lines), 9)
            self.assertLessEqual(max(len(line) for line in lines), 40)
            self.assertIn("(15 more)", lines[-1])

    def test_top_ends_with_its_daemon(self):
        top = subprocess.Popen(self.command("top", "--interval", "0.2"), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        self.assertIn("sessions", top.stdout.readline())
        os.rename(self.socket, self.socket + ".away")
        self.assertEqual(top.wait(DEADLINE), NOT_REACHABLE)
        self.assertIn("nobody answers", top.communicate()[1])

    def test_module_is_missing(self):
        done = subprocess.run(self.command("apps"), capture_output=True, text=True,
                              timeout=DEADLINE, env={**os.environ, "GPUSHARE_MODULES": "/nowhere"})
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("gpushare-host-http is not installed", done.stderr)

    def test_no_daemon(self):
        self.socket += ".none"
        for verb, args in (("session create", ["a", "--", "x"]), ("session list", []),
                           ("session show", ["a"]), ("session set", ["a", "fps=5"]),
                           ("session close", ["a"]), ("session ticket", ["a"]),
                           ("session logs", ["a"]), ("apps", []), ("top", []), ("events", [])):
            self.run_verb(verb, *args, status=NOT_REACHABLE, says="“gpushare-host serve” running?")
        self.socket = "/" + "x" * 200
        self.run_verb("apps", status=USAGE, says="107 bytes")

    def test_somebody_else_answers(self):
        """What is no answer of ours is said to be none, and nothing hangs on it."""
        for answer, status in ((b"", NOT_REACHABLE), (b"SSH-2.0-x\r\n", NOT_REACHABLE),
                               (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", FAILED),
                               (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", FAILED),
                               (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}", FAILED),
                               (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", FAILED)):
            path = os.path.join(self.dir.name, "other")
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(path)
                other.listen()
                thread = threading.Thread(target=self.answer_once, args=(other, answer))
                thread.start()
                mine, self.socket = self.socket, path
                self.run_verb("session list", status=status)
                self.socket = mine
                thread.join(DEADLINE)
            os.unlink(path)

    @staticmethod
    def answer_once(other, answer):
        connection, _ = other.accept()
        connection.recv(65536)
        connection.sendall(answer)
        connection.close()

    def test_verbs_that_are_none(self):
        for args in (["session"], ["session", "open"], ["sessions"], [""]):
            done = subprocess.run([HOST, *args], capture_output=True, text=True, timeout=DEADLINE)
            self.assertEqual(done.returncode, USAGE, args)
            self.assertIn("there is no verb", done.stderr)
        done = subprocess.run([HOST, "session", "--help"], capture_output=True, text=True,
                              timeout=DEADLINE)
        self.assertEqual((done.returncode, done.stderr), (DONE, ""))
        self.assertIn("session create", done.stdout)

    def test_closed_stdout(self):
        """Nobody reads any more: it ends, by the signal or by itself."""
        for verb in ("events --since 0", "top --interval 0.2"):
            name, *args = verb.split()
            process = subprocess.Popen(self.command(name, *args), stdout=subprocess.PIPE,
                                       preexec_fn=lambda: signal.signal(signal.SIGPIPE,
                                                                        signal.SIG_DFL))
            self.create(f"for-{name}")
            process.stdout.readline()
            process.stdout.close()
            self.create(f"more-{name}")
            self.assertIn(process.wait(DEADLINE), (DONE, FAILED, -signal.SIGPIPE))


unittest.main(argv=sys.argv[:1])
