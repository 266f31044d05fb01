# SPDX-License-Identifier: GPL-2.0-or-later
"""One run: a system with a scene, looked at from outside."""
import json
import os
import struct
import time

import procs
from procs import Failure
from systems import HEIGHT, WIDTH

SETTLE_S = 1.5     # after the first picture, before anything is measured
SHARP_S = 1.0      # after the last change a still picture should be sharp
QUIET_S = 2.0      # after that, before idleness is measured
SHOT_GAP_S = 0.35  # no multiple of a frame


class Sample:
    """What the kernel has counted so far for server, client and the wire."""

    def __init__(self, server, client):
        self.time = time.monotonic_ns()
        self.cpu = {"server": {p: procs.cpu_ns(p) for p in server},
                    "client": {p: procs.cpu_ns(p) for p in client}}
        self.wakeups = {"server": sum(map(procs.wakeups, server)),
                        "client": sum(map(procs.wakeups, client))}
        self.bytes = procs.loopback_bytes()


class Run:
    def __init__(self, system, references, options):
        self.system, self.references, self.options = system, references, options
        self.place = system.place
        self.values = {}

    # ---- tools ----

    def probe(self, *args):
        """Starts the probe and waits until it is connected."""
        p = self.system.keep(self.place.start([self.place.program("gs-compare-probe"), *args]))
        p.line(10)
        return p

    def result(self, process, timeout):
        value = json.loads(process.line(timeout))
        self.system.processes.remove(process)
        process.stop()
        return value

    def app_pid(self):
        with open(self.system.log, "rb") as f:
            return struct.unpack("=i", f.read(4))[0]

    def await_app(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                with open(self.system.log, "rb") as f:
                    if struct.unpack("=iI", f.read(8))[1] > 0:
                        return
            except (OSError, struct.error):
                pass
            time.sleep(0.02)
        raise Failure(f"{self.system.name}: the application showed nothing within 20 s")

    def input_args(self):
        display = self.system.input_display
        return ["--input", display] if display else []

    # ---- a run ----

    def begin(self):
        """Until the viewer shows the application."""
        if os.path.exists(self.system.log):
            os.unlink(self.system.log)
        screen, self.display = self.place.screen()
        self.system.keep(screen)
        self.server_roots = self.system.start_server()
        if self.server_roots:
            self.await_app()
        self.view = ["--view", self.display]
        first = self.probe("await", *self.view, "--number", "-1", "--seconds", "20")
        start = time.monotonic_ns()
        self.viewer = self.system.start_viewer(self.display)
        self.values["first_picture_ms"] = (self.result(first, 25)["ns"] - start) / 1e6
        if not self.server_roots:
            self.await_app()
        self.server = procs.tree(*self.server_roots, without=[self.app_pid()])
        self.client = procs.tree(self.viewer.pid)
        time.sleep(SETTLE_S)

    def cost(self, before, frames=None):
        """Adds what was used since `before`."""
        after = Sample(self.server, self.client)
        seconds = (after.time - before.time) / 1e9
        v = self.values
        v["traffic_bytes_s"] = (after.bytes - before.bytes) / seconds
        for side in ("server", "client"):
            used = {p: after.cpu[side][p] - before.cpu[side][p] for p in after.cpu[side]}
            total = sum(used.values()) / 1e6
            v[f"{side}_cpu_percent"] = total / seconds / 10
            v[f"{side}_wakeups_s"] = (after.wakeups[side] - before.wakeups[side]) / seconds
            if frames:
                v[f"{side}_cpu_ms_per_frame"] = total / frames
                by_name = {}
                for pid, ns in used.items():
                    name = procs.name_of(pid)
                    by_name[name] = by_name.get(name, 0) + ns / 1e6 / frames
                v[f"{side}_parts_ms_per_frame"] = by_name

    def memory(self):
        for side, pids in (("server", self.server), ("client", self.client)):
            found = [procs.pss_kb(p) for p in pids]
            self.values[f"{side}_pss_mb"] = (
                sum(found) / 1000 if found and None not in found else None)

    def shoot(self, count):
        """Pictures of the viewer's screen against what the application drew: SSIM and the worst
        tile of 64 × 64."""
        out = os.path.join(self.place.tmp, "seen")
        probe = self.probe("shoot", *self.view, "--out", out, "--count", str(count), "--seconds",
                           str(SHOT_GAP_S))
        numbers = self.result(probe, 20)["numbers"]
        found = [self.references.compare(self.system.scene, n, f"{out}.{i}")
                 for i, n in enumerate(numbers) if n >= 0]
        if not found:
            raise Failure(f"{self.system.name}: no picture on the viewer's screen can be read")
        self.values["ssim"] = sum(f["ssim"] for f in found) / len(found)
        self.values["ssim_worst_tile"] = min(f["worst"] for f in found)

    # ---- scenes ----

    def click(self):
        probe = self.probe("click", *self.view, *self.input_args(), "--count",
                           str(self.options.clicks))
        got = self.result(probe, 20 + self.options.clicks * 1.2)
        if not got["ms"]:
            raise Failure(f"{self.system.name}: no click changed the picture")
        self.values.update(click_ms=got["ms"], clicks_lost=got["lost"])
        self.memory()

    def moving(self):
        before = Sample(self.server, self.client)
        probe = self.probe("frames", *self.view, "--log", self.system.log, "--seconds",
                           str(self.options.seconds))
        got = self.result(probe, self.options.seconds + 20)
        if not got["ms"]:
            raise Failure(f"{self.system.name}: the picture does not move")
        seconds = got["seconds"]
        self.values.update(latency_ms=got["ms"], seen_fps=len(got["ms"]) / seconds,
                           drawn_fps=got["drawn"] / seconds, backwards=got["backwards"])
        elapsed = (time.monotonic_ns() - before.time) / 1e9
        self.cost(before, self.values["seen_fps"] * elapsed)
        self.memory()
        self.shoot(3)

    def still(self):
        probe = self.probe("await", *self.view, *self.input_args(), "--press", "--number", "1",
                           "--seconds", "10")
        self.result(probe, 15)
        time.sleep(SHARP_S)
        self.shoot(1)
        time.sleep(QUIET_S)
        before = Sample(self.server, self.client)
        time.sleep(self.options.idle)
        self.cost(before)
        self.memory()


SCENES = {"click": Run.click, "3d": Run.moving, "scroll": Run.moving, "still": Run.still}


class References:
    """Pictures as the application draws them, taken from a screen of its own."""

    def __init__(self, place):
        self.place, self.apps = place, {}
        self.screens = []

    def app(self, scene):
        if scene not in self.apps:
            screen, display = self.place.screen()
            app = self.place.start(
                [self.place.program("gs-compare-app"), "--scene", scene, "--step"], stdin=True,
                env={"DISPLAY": display, "XAUTHORITY": None})
            self.screens += [screen, app]
            self.apps[scene] = (app, display)
        return self.apps[scene]

    def compare(self, scene, number, path):
        app, display = self.app(scene)
        out = os.path.join(self.place.tmp, "drawn")
        app.tell(f"{number}\n")
        app.line(10)
        probe = self.place.program("gs-compare-probe")
        shot = self.place.start([probe, "shoot", "--view", display, "--out", out, "--count", "1"])
        shot.line(10)
        shot.line(10)
        shot.stop()
        judge = self.place.start([probe, "ssim", out + ".0", path, "--width", str(WIDTH),
                                  "--height", str(HEIGHT)])
        value = json.loads(judge.line(20))
        judge.stop()
        return value

    def stop(self):
        for process in reversed(self.screens):
            process.stop()
        self.screens, self.apps = [], {}


def measure(system, references, options):
    """All values of one run."""
    run = Run(system, references, options)
    try:
        run.begin()
        SCENES[system.scene](run)
    finally:
        system.stop()
    return run.values
