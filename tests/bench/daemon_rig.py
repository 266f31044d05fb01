# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon of its own, in a folder of its own and on free ports of the loopback interface, and what
can be seen of processes. Everything is ended and removed by finish()."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEADLINE = 120


def descendants(pid):
    """Ids of all processes below pid."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def ticks(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def files_below(folder):
    return sum(len(names) for _, _, names in os.walk(folder))


def marked(mark):
    """Ids of all processes but this one with that in their environment."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/environ", "rb") as f:
                    if mark.encode() in f.read().split(b"\0"):
                        found.append(int(entry))
            except OSError:
                continue
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Daemon:
    """settings: lines of [session]; more: further sections of its configuration."""

    def __init__(self, bin_dir, sessions, settings="size = 640x360\nfps = 15\n", more=""):
        self.bin = bin_dir
        self.dir = tempfile.mkdtemp(prefix="gs-bench-")
        self.mark = f"GS_TEST_MARK=bench-{os.getpid()}"
        self.env = dict(os.environ, GS_TEST_MARK=f"bench-{os.getpid()}",
                        XDG_RUNTIME_DIR=self.path("run"))
        os.mkdir(self.path("run"), 0o700)
        with open(self.path("host.conf"), "w") as f:
            f.write(f"[server]\nstate-dir = {self.path('state')}\n"
                    f"runtime-dir = {self.path('run/gpushare')}\nlog-dir = {self.path('log')}\n"
                    f"[network]\nlisten = 127.0.0.1\nport = {free_port()}\n"
                    f"udp-ports = 42000-42999\n"
                    f"[limits]\nsessions = {sessions + 10}\nsessions-per-user = {sessions + 10}\n"
                    f"[session]\nsandbox = none\n{settings}{more}")
        self.socket = self.path("run/gpushare/control.sock")
        self.start()

    def path(self, name):
        return os.path.join(self.dir, name)

    def program(self, name):
        return os.path.join(self.bin, name)

    def start(self):
        self.log = open(self.path("daemon.log"), "ab")
        self.process = subprocess.Popen(
            [self.program("gpushare-host"), "serve", "--config", self.path("host.conf")],
            env=self.env, stdout=self.log, stderr=self.log)
        end = time.monotonic() + DEADLINE
        while self.verb("session", "list", "--json", quiet=True) is None:
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.path("daemon.log")) as f:
                    sys.exit(f"the daemon does not start:\n{f.read()}")
            time.sleep(0.02)

    def verb(self, *words, quiet=False, after=()):
        """What a verb prints; None where it failed."""
        done = subprocess.run([self.program("gpushare-host"), *words, "--socket", self.socket, *after],
                              env=self.env, capture_output=True, text=True, timeout=DEADLINE)
        if done.returncode != 0:
            if not quiet:
                print(f"{' '.join(words)}: {done.stderr}", file=sys.stderr)
            return None
        return done.stdout

    def create(self, name, *app, options=()):
        out = self.verb("session", "create", name, *options, after=["--", *app])
        return out.split("connect: ", 1)[1].strip() if out else None

    def show(self, name):
        out = self.verb("session", "show", name, "--json")
        return json.loads(out) if out else None

    def client(self, url, seconds, stats, *options):
        return subprocess.Popen(
            [self.program("gpushare-client"), url, "--headless", "--duration", str(seconds), "--stats",
             stats, *options], env=self.env, stdout=subprocess.DEVNULL,
            stderr=open(stats + ".log", "w"))

    def finish(self):
        """How many processes had to be killed."""
        listed = self.verb("session", "list", "--json", quiet=True)
        for s in json.loads(listed)["sessions"] if listed else []:
            self.verb("session", "close", s["name"], quiet=True)
        self.process.terminate()
        self.process.wait(DEADLINE)
        self.log.close()
        left = marked(self.mark)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)
        return len(left)
