#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions on the software renderer are divided by the daemon's scheduler: by weights, by weights
that change, and beside a program that draws off-screen and asks nobody.

Usage: sched_live.py BIN-DIR

What applications count themselves is looked at, until it is as it should be. That takes moments;
what never is, fails. The kernel would divide equally: all sessions have the same cpu-weight.
"""
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "bench/sched"))
import measure
from rig import Machine, Run, Spec

WINDOW_S = 4.0
NEVER_S = 40.0


def parts(run, names, since):
    """Work of each in the last seconds, none of it from before `since`; None: too early."""
    now = time.monotonic()
    begin = now - WINDOW_S
    if begin < since:
        return None
    curves = {n: measure.work_curve(run.sessions[n].frames(), 1) for n in names}
    return {n: c.between(begin, now) for n, c in curves.items()}


def until(run, what, names, right):
    since = time.monotonic()
    seen = None
    while time.monotonic() < since + NEVER_S:
        time.sleep(0.5)
        seen = parts(run, names, since)
        if seen and right(seen):
            print(f"{what}: frames in {WINDOW_S:g} s {seen}", flush=True)
            return
    sys.exit(f"{what}: not within {NEVER_S:g} s; frames in the last {WINDOW_S:g} s were {seen}")


def divided(run):
    until(run, "weights 1:2:4", ["w1", "w2", "w4"],
          lambda n: n["w1"] > 0 and n["w2"] > 1.4 * n["w1"] and n["w4"] > 1.4 * n["w2"])
    run.sessions["w1"].set("weight=400")
    run.sessions["w4"].set("weight=100")
    until(run, "the other way round", ["w1", "w2", "w4"],
          lambda n: n["w4"] > 0 and n["w2"] > 1.4 * n["w4"] and n["w1"] > 1.4 * n["w2"])


def beside_hog(run):
    """Both draw the same frames; the one that asks nobody gets its part and what is left."""
    until(run, "a neighbour of three times the hog's weight", ["hog", "nice"],
          lambda n: n["hog"] > 0 and n["nice"] > 1.4 * n["hog"])
    for _ in range(50):
        shown = run.daemon.show(run.sessions["hog"].name)["session"]
        if shown["scheduler"]["policed"]:
            return
        time.sleep(0.1)
    sys.exit(f"the hog is not said to be policed: {shown['scheduler']}")


def main():
    machine = Machine(sys.argv[1], 1000)
    Run(machine, "shares", [Spec("w1", 100), Spec("w2", 200), Spec("w4", 400)], 0,
        warm=1, steps=[(0, divided)]).run()
    Run(machine, "shares", [Spec("hog", 100, 12.0, ["--offscreen"]), Spec("nice", 300, 12.0)], 0,
        warm=1, steps=[(0, beside_hog)]).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
