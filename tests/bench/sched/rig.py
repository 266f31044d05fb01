# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions of a daemon of its own that draw what is wished, and what they did: by the frames that
the application counted, and by the processor time that the kernel counts for its threads."""
import glob
import json
import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from daemon_rig import DEADLINE, Daemon, descendants, ticks
import measure

SAMPLE_S = 0.1
READY_S = 20
CLIENT_S = 600  # clients are ended before
# The shader is what costs: small pictures, and an encoder that encodes nothing.
SESSION = "size = 160x120\nfps = 240\nencoder = null\n"


def note(*words):
    print(*words, file=sys.stderr, flush=True)


class Machine:
    """What holds for all runs: programs, what the scheduler of these knows, the speed."""

    def __init__(self, bin_dir, cpu_weight=None):
        self.bin = bin_dir
        # Of every session to the kernel, whatever the policy; more than the normal 100: also beside
        # other work on the machine. None: equal ones without the scheduler, and what it says with.
        self.cpu_weight = cpu_weight
        self.work_per_ms = json.loads(subprocess.check_output(
            [self.program("gs-load-app"), "--calibrate", "--width", "160", "--height", "120"]
        ))["work_per_ms"]
        printed = subprocess.run([self.program("gpushare-host"), "serve", "--print-config",
                                  "--config", "/dev/null"], capture_output=True, text=True).stdout
        self.scheduler = "[scheduler]" in printed

    def program(self, name):
        return os.path.join(self.bin, name)


class Spec:
    """One session to be made. cost: ms of processor time a frame; words: more options of
    gs-load-app, or with program another application altogether; keys: (wait, …) seconds between
    presses that its client sends."""

    def __init__(self, name, weight=100, cost=4.0, words=(), program=None, options=(), keys=(),
                 codec=False):
        self.name, self.weight, self.cost, self.words = name, weight, cost, list(words)
        self.program, self.options, self.keys, self.codec = program, list(options), keys, codec


class Session:
    def __init__(self, rig, spec):
        self.rig, self.spec, self.cpu = rig, spec, []
        # Control groups have the sessions' names, and other daemons of this machine theirs beside.
        self.name = f"b{os.getpid()}-{spec.name}"
        self.files = {k: rig.daemon.path(f"{spec.name}.{k}") for k in ("log", "out", "stats", "keys")}

    def command(self):
        machine, spec = self.rig.machine, self.spec
        if spec.program:
            return spec.program
        return [machine.program("gs-load-app"), "--cost", str(spec.cost), "--work-per-ms",
                str(machine.work_per_ms), "--log", self.files["log"], "--out", self.files["out"],
                "--width", "160", "--height", "120", *spec.words]

    def open(self, seconds):
        spec = self.spec
        url = self.rig.daemon.create(self.name, *self.command(), options=[
            "--set", f"weight={spec.weight}", *(["--encoder", "x264"] if spec.codec else []),
            *spec.options])
        if url is None:
            raise RuntimeError(f"session {spec.name} could not be made")
        more = [] if spec.codec else ["--decoder", "null"]
        if spec.keys:
            with open(self.files["keys"], "w") as f:
                f.writelines(f"wait {w:.3f}\nkey a\n" for w in spec.keys)
                f.write(f"wait {seconds}\n")
            more += ["--script", self.files["keys"]]
        self.client = self.rig.daemon.client(url, seconds, self.files["stats"], *more)

    def frames(self):
        """(begun, drawn, handed over, key) of each, seconds of CLOCK_MONOTONIC."""
        try:
            with open(self.files["log"]) as f:
                lines = [l.split() for l in f if l.endswith("\n")]
        except OSError:
            return []
        return [tuple(int(x) / 1e9 for x in l) for l in lines if len(l) == 4]

    def work_of_a_frame(self):
        with open(self.files["out"]) as f:
            last = json.loads(f.read().splitlines()[-1])
        return last["work"] / max(last["frames"], 1)

    def find_threads(self):
        """Those that the session has now: its worker's, its application's and what is between."""
        keeper = self.rig.daemon.show(self.name)["session"]["keeper"]
        self.threads = [t for pid in descendants(keeper)
                        for t in glob.glob(f"/proc/{pid}/task/*/schedstat")]

    def sample(self):
        now, used = time.monotonic(), 0
        for path in self.threads:
            try:
                with open(path) as f:
                    used += int(f.read().split()[0])
            except OSError:
                pass
        self.cpu.append((now, used / 1e9))

    def set(self, *settings):
        self.rig.daemon.verb("session", "set", self.name, *settings)


class Result:
    """What a session did: curves of its work and of its processor time, its frames, its client."""

    def __init__(self, session):
        self.frames = session.frames()
        self.cpu = measure.Curve(session.cpu)
        self.work = None
        if not session.spec.program and self.frames:
            self.work = measure.work_curve(self.frames, session.work_of_a_frame())
        self.shown = session.shown
        try:
            with open(session.files["stats"]) as f:
                self.client = json.load(f)
        except (OSError, ValueError):
            self.client = None


class Run:
    """With a policy, these sessions, for so long after a warm-up. steps: (after seconds, what to
    do with the rig). As a context it begins; what it found is in results, begin and end."""

    def __init__(self, machine, policy, specs, seconds, warm=3.0, steps=(), settings="",
                 scheduler="", cpu_weight=None):
        self.machine, self.seconds, self.warm, self.steps = machine, seconds, warm, steps
        if machine.scheduler:
            scheduler = f"[scheduler]\npolicy = {policy}\n{scheduler}"
            if policy in ("frame-limit", "sleep"):
                scheduler += "limit-fps = 60\n"
            cpu_weight = (cpu_weight or machine.cpu_weight or
                          ("auto" if policy == "shares" else 100))
            settings += f"cpu-weight = {cpu_weight}\n"
        self.daemon = Daemon(machine.bin, len(specs), SESSION + settings, scheduler)
        self.sessions = {s.name: Session(self, s) for s in specs}
        self.results, self.daemon_cpu = {}, []

    def sampler(self):
        while not self.over.wait(SAMPLE_S):
            for s in self.sessions.values():
                s.sample()
            self.daemon_cpu.append((time.monotonic(), ticks(self.daemon.process.pid)))

    def wait_ready(self):
        end = time.monotonic() + READY_S
        waiting = [s for s in self.sessions.values() if not s.spec.program]
        while waiting and time.monotonic() < end:
            waiting = [s for s in waiting if not s.frames()]
            time.sleep(0.05)
        if waiting:
            raise RuntimeError(f"{[s.spec.name for s in waiting]} drew nothing in {READY_S} s")

    def run(self):
        self.over = threading.Event()
        thread = threading.Thread(target=self.sampler)
        try:
            for s in self.sessions.values():
                s.open(CLIENT_S)
            self.wait_ready()
            for s in self.sessions.values():
                s.find_threads()
            thread.start()
            time.sleep(self.warm)
            self.begin = time.monotonic()
            for after, step in self.steps:
                time.sleep(max(0, self.begin + after - time.monotonic()))
                step(self)
            time.sleep(max(0, self.begin + self.seconds - time.monotonic()))
            self.end = time.monotonic()
            self.collect()
        finally:
            self.over.set()
            if thread.ident:
                thread.join()
            self.left = self.daemon.finish()
        if self.left:
            raise RuntimeError(f"{self.left} processes were left")
        return self

    def collect(self):
        for s in self.sessions.values():
            s.shown = (self.daemon.show(s.name) or {}).get("session", {})
        self.over.set()
        for s in self.sessions.values():
            s.client.terminate()
        for s in self.sessions.values():
            s.client.wait(DEADLINE)
        self.results = {n: Result(s) for n, s in self.sessions.items()}

    # ---- what came of it ----

    def work(self, *names):
        return {n: self.results[n].work for n in names or self.results}

    def cpu(self, *names):
        return {n: self.results[n].cpu for n in names or self.results}

    def rate(self, name):
        """Work in a second, in units of a millisecond alone."""
        return (self.results[name].work.between(self.begin, self.end) / (self.end - self.begin) /
                self.machine.work_per_ms)

    def fps(self, name):
        return (sum(self.begin <= f[2] <= self.end for f in self.results[name].frames) /
                (self.end - self.begin))

    def daemon_percent(self):
        curve = measure.Curve(self.daemon_cpu)
        return 100 * curve.between(self.begin, self.end) / (self.end - self.begin)


def key_waits(seed, seconds, least=0.08, most=0.2):
    """Waits at random for about so long, the same of the same seed."""
    r, waits = random.Random(seed), [2.5]
    while sum(waits) < seconds + 2.5:
        waits.append(r.uniform(least, most))
    return waits
