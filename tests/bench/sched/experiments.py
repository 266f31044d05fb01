# SPDX-License-Identifier: GPL-2.0-or-later
"""The experiments E1 to E6 and one on the limit of it all. Each takes a Plan and gives back a dict
of figures, and tables and charts for the report."""
import time

import measure
from rig import Run, Spec, key_waits, note


class Plan:
    """How long and how often. policies: those that this tree has."""

    def __init__(self, machine, quick, seed, repeats):
        self.machine, self.quick, self.seed, self.repeats = machine, quick, seed, repeats
        self.base = "off" if machine.scheduler else "none"
        self.ours = "shares" if machine.scheduler else "none"
        self.both = [self.base, self.ours] if machine.scheduler else [self.base]
        self.all = ["off", "frame-limit", "sleep", "shares"] if machine.scheduler else ["none"]

    def pick(self, quick, full):
        return quick if self.quick else full

    def run(self, policy, specs, seconds, **more):
        note(f"  {policy}: {', '.join(s.name for s in specs)}, {seconds:g} s")
        return Run(self.machine, policy, specs, seconds, **more).run()


# ---- E1: shares ----

# Who is to have more than one of two processors could not use that with frames of 4 ms, at the
# ceiling of 240 frames a second: so they cost 8.
E1_WEIGHTS = {"w1": 100, "w2": 200, "w4": 400}
E1_CASES = {
    "equal frames, 8 ms": {"w1": (8, []), "w2": (8, []), "w4": (8, [])},
    "frames of 2, 8 and 32 ms": {"w1": (2, []), "w2": (8, []), "w4": (32, [])},
    "the lightest greedy (interval 0, 32 ms)": {"w1": (32, ["--interval", "0"]), "w2": (8, []),
                                                "w4": (8, [])},
}


# What each half of it does by itself: who may begin a frame, and what the kernel gives.
E1_HALVES = {"grants alone": ("shares", 100), "the kernel's weights alone": ("off", "auto")}


def e1_one(plan, name, case, seconds):
    policy, cpu_weight = E1_HALVES.get(name, (name, None))
    run = plan.run(policy, [Spec(n, E1_WEIGHTS[n], cost, words)
                            for n, (cost, words) in E1_CASES[case].items()], seconds,
                   cpu_weight=cpu_weight)
    found = {"policy": name, "case": case}
    for truth, curves in (("work", run.work()), ("cpu", run.cpu())):
        found[truth] = {
            "shares": measure.shares(curves, run.begin, run.end),
            "evenness": measure.evenness(curves, E1_WEIGHTS, run.begin, run.end),
            "error_points": {str(t): measure.spread(measure.share_errors(
                curves, E1_WEIGHTS, run.begin, run.end, t)) for t in (1, 5, 10)}}
    found["busy_cpus"] = sum(c.between(run.begin, run.end)
                             for c in run.cpu().values()) / (run.end - run.begin)
    found["done_per_s"] = sum(run.rate(n) for n in run.results)
    found["fps"] = {n: run.fps(n) for n in run.results}
    found["scheduler"] = {n: r.shown.get("scheduler")
                       for n, r in run.results.items()}
    found["over_time"] = {n: [[round(b - run.begin, 2), round(v, 2)] for b, v in share_line(run, n)]
                          for n in run.results}
    return found


def share_line(run, name):
    for b, e in measure.windows(run.begin, run.end, 1.0, 0.25):
        yield (b + e) / 2, measure.shares(run.work(), b, e)[name]


def e1(plan):
    seconds, found = plan.pick(12, 25), []
    for i in range(plan.repeats):
        for case in E1_CASES:
            for policy in plan.both if i == 0 else [plan.ours]:
                found.append(e1_one(plan, policy, case, seconds))
    if plan.machine.scheduler:
        found += [e1_one(plan, name, next(iter(E1_CASES)), seconds) for name in E1_HALVES]
    return {"runs": found}


# ---- E2: floors ----

E2_FLOORS = {60: 10.0, 30: 20.0}  # frames a second: ms each, 0.6 processors both


def e2_neighbours(machine, kind):
    if kind == "off-screen":
        return [Spec(f"n{i}", 100, 15.0, ["--offscreen"]) for i in range(3)]
    return [Spec(f"n{i}", 100, program=["glmark2-es2-wayland", "--run-forever", "-s", "160x120",
                                        "--swap-mode", "immediate", "-b", "jellyfish"])
            for i in range(3)]


def e2_one(plan, policy, floor, kind, seconds):
    options = ["--set", f"floor={floor}"] if plan.machine.scheduler else []
    floored = Spec("floored", 100, E2_FLOORS[floor], options=["--set", f"fps={floor}", *options])
    run = plan.run(policy, [floored, *e2_neighbours(plan.machine, kind)], seconds)
    frames = run.results["floored"].frames
    return {"policy": policy, "floor": floor, "neighbours": kind, "fps": run.fps("floored"),
            "short_windows_percent": measure.short_windows(frames, run.begin, run.end, floor),
            "interval_ms": measure.spread(measure.intervals(frames, run.begin, run.end)),
            "cpu": {n: c.between(run.begin, run.end) / (run.end - run.begin)
                    for n, c in run.cpu().items()},
            "scheduler": {n: r.shown.get("scheduler")
                       for n, r in run.results.items()}}


def e2(plan):
    seconds = plan.pick(6, 12)
    policies = {60: plan.all, 30: plan.both if plan.quick else plan.all}
    return {"runs": [e2_one(plan, policy, floor, kind, seconds) for kind in ("glmark2", "off-screen")
                     for floor in E2_FLOORS for policy in policies[floor]]}


# ---- E3: joining, leaving, other weights ----

def e3_join(plan, policy, seconds):
    """Two that draw all the time, and one of twice the weight that comes and goes."""
    run = plan.run(policy, [Spec("a", 100), Spec("b", 100),
                            Spec("c", 200, words=["--burst", "4000/4000"])], seconds)
    comes, goes = turns_of(run, "c")
    with_c, without = {"a": 1, "b": 1, "c": 2}, {"a": 1, "b": 1}
    return {"policy": policy, "what": "a session of twice the weight comes and goes",
            "joined_s": [measure.settled(run.work(), with_c, t, t + 3.5) for t in comes],
            "left_s": [measure.settled(run.work("a", "b"), without, t, t + 3.5) for t in goes],
            "over_time": {n: [[round(b - run.begin, 2), round(v, 2)] for b, v in share_line(run, n)]
                          for n in run.results}}


def turns_of(run, name):
    """When it came and when it went, where there are four more seconds to look at."""
    frames = run.results[name].frames
    comes, goes = [], []
    for before, after in zip(frames, frames[1:]):
        if after[0] - before[2] > 2:
            goes.append(before[2])
            comes.append(after[0])
    inside = lambda at: [t for t in at if run.begin <= t <= run.end - 4]
    return inside(comes), inside(goes)


def e3_weights(plan, policy, seconds):
    run_marks = []

    def change(a, b):
        def step(run):
            run.sessions["a"].set(f"weight={a}")
            run.sessions["b"].set(f"weight={b}")
            run_marks.append((time.monotonic(), {"a": a, "b": b}))
        return step

    weights = [(100, 300), (300, 100), (100, 100)]
    steps = [(2 + 4 * i, change(*weights[i % 3])) for i in range(int((seconds - 2) / 4))]
    run = plan.run(policy, [Spec("a", 100, 8.0), Spec("b", 100, 8.0)], seconds, steps=steps)
    return {"policy": policy, "what": "weights changed while both draw",
            "settled_s": [measure.settled(run.work(), w, t, min(t + 3, run.end))
                          for t, w in run_marks],
            "over_time": {n: [[round(b - run.begin, 2), round(v, 2)] for b, v in share_line(run, n)]
                          for n in run.results}}


def e3(plan):
    return {"join": [e3_join(plan, p, plan.pick(20, 44)) for p in plan.both],
            "weights": [e3_weights(plan, p, plan.pick(14, 26)) for p in plan.both]}


# ---- E4: who works beside heavy neighbours ----

def e4_one(plan, policy, seconds, neighbours, seed):
    keys = key_waits(seed, seconds)
    user = Spec("user", 100, 4.0, ["--respond"], keys=keys, codec=True)
    run = plan.run(policy, [user, *neighbours], seconds)
    return user_latency(run, policy)


def user_latency(run, policy):
    answers = [(f[3], f[0], f[1], f[2]) for f in run.results["user"].frames
               if f[3] > 0 and run.begin <= f[3] <= run.end]
    drawn = [(a[2] - a[0]) * 1000 for a in answers]
    client = run.results["user"].client or {}
    heavy = [(f[1] - f[0]) * 1000 for n, r in run.results.items() if n != "user"
             for f in r.frames if run.begin <= f[0] <= run.end]
    return {"policy": policy, "answers": len(answers),
            "key_to_drawn_ms": measure.spread(drawn),
            "key_to_handed_ms": measure.spread([(a[3] - a[0]) * 1000 for a in answers]),
            "key_to_decoded_ms": client.get("input_latency_ms"),
            "neighbour_frame_ms": measure.spread(heavy),
            "neighbours_done_per_s": sum(run.rate(n) for n in run.results if n != "user"),
            "drawn_ms": [round(x, 2) for x in drawn]}


def e4(plan):
    seconds = plan.pick(12, 30)
    heavy = [Spec("n0", 100, 30.0), Spec("n1", 100, 30.0, ["--interval", "0"]),
             Spec("n2", 100, 30.0)]
    found = [dict(e4_one(plan, plan.base, seconds, [], plan.seed), alone=True)]
    for i in range(plan.repeats):
        found += [e4_one(plan, p, seconds, heavy, plan.seed + i) for p in plan.both]
    return {"runs": found}


# ---- E5: what others do not use ----

def e5(plan):
    seconds, found = plan.pick(6, 10), []
    for _ in range(plan.repeats):
        for policy in plan.both:
            alone = plan.run(policy, [Spec("a", 100)], seconds)
            beside = plan.run(policy, [Spec("a", 100), Spec("idle", 800, words=["--respond"])],
                              seconds)
            found.append({"policy": policy, "alone": alone.rate("a"), "beside": beside.rate("a")})
    return {"runs": found, "rests": [e5_rests(plan, p, plan.pick(12, 24)) for p in plan.both]}


def e5_rests(plan, policy, seconds):
    """A heavy session rests: how soon does the other one use what is free?"""
    run = plan.run(policy, [Spec("a", 100), Spec("b", 800, words=["--burst", "1500/1500"])], seconds)
    frames_a, frames_b = run.results["a"].frames, run.results["b"].frames
    rests = [(b[2], n[0]) for b, n in zip(frames_b, frames_b[1:])
             if n[0] - b[2] > 0.8 and run.begin < b[2] and n[0] < run.end]
    waits, early, late = [], [], []
    work = run.results["a"].work
    for begin, end in rests:
        first = next((f for f in frames_a if f[2] > begin), None)
        if first:
            waits.append((first[2] - begin) * 1000)
        early.append(work.between(begin, begin + 0.1) / 0.1)
        late.append(work.between(begin + 0.4, end) / (end - begin - 0.4))
    return {"policy": policy, "next_frame_ms": measure.spread(waits),
            "first_100_ms_percent": 100 * sum(early) / sum(late) if late and sum(late) else None}


# ---- E6: what it costs ----

def e6_pairs(plan, specs, seconds, pairs):
    """Each policy first by turns, so that what drifts falls on both."""
    found = []
    for i in range(pairs):
        order = plan.both if i % 2 == 0 else plan.both[::-1]
        runs = {p: plan.run(p, [make() for make in specs], seconds, warm=2.0) for p in order}
        found.append({p: sum(r.rate(n) for n in r.results) for p, r in runs.items()})
    return found


def e6(plan):
    seconds, pairs = plan.pick(4, 8), plan.pick(2, 4)
    one = [lambda: Spec("a", 100)]
    greedy = [lambda: Spec("a", 100, 2.0, ["--interval", "0"])]
    four = [lambda n=n: Spec(n, 100) for n in "abcd"]
    many = [Spec(f"s{i}", 100, 0.5, options=["--set", "fps=60"]) for i in range(8)]
    result = {"one": e6_pairs(plan, one, seconds, pairs),
              "one greedy": e6_pairs(plan, greedy, seconds, pairs),
              "four": e6_pairs(plan, four, seconds, pairs), "daemon": []}
    for policy in plan.both:
        run = plan.run(policy, many, plan.pick(6, 20))
        result["daemon"].append({"policy": policy, "cpu_percent": run.daemon_percent(),
                                 "fps": sum(run.fps(n) for n in run.results) / len(run.results)})
    return result


# ---- the limit: a frame can't be interrupted ----

def limit(plan):
    seconds = plan.pick(12, 20)
    keys = key_waits(plan.seed, seconds, 0.15, 0.4)
    found = []
    for policy in plan.both:
        run = plan.run(policy, [Spec("user", 100, 4.0, ["--respond"], keys=keys, codec=True),
                                Spec("long", 100, 300.0)], seconds)
        found.append(user_latency(run, policy))
    return {"runs": found}


EXPERIMENTS = {"E1": e1, "E2": e2, "E3": e3, "E4": e4, "E5": e5, "E6": e6, "limit": limit}
