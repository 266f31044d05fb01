# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables, targets and charts of what the experiments found."""
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


def text(value, digits=1):
    """
    >>> text(None), text(2), text(1.25), text(0.98765, 3), text("x")
    ('–', '2', '1.2', '0.988', 'x')
    """
    if value is None:
        return "–"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def three(spread, digits=1):
    """
    >>> three({"p50": 1.0, "p99": 2.0, "max": 3.0})
    '1.0 / 2.0 / 3.0'
    """
    if not spread:
        return "–"
    return " / ".join(text(spread[k], digits) for k in ("p50", "p99", "max"))


def table(head, rows):
    """
    >>> print(table(["a", "b"], [["c", 1]]))
    | a | b |
    |---|---|
    | c | 1 |
    """
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(text(c) for c in row) + " |" for row in rows])


def worst(values):
    known = [v for v in values if v is not None]
    return max(known) if known else None


def middle(values):
    known = [v for v in values if v is not None]
    return statistics.median(known) if known else None


def ours(runs):
    return [r for r in runs if r["policy"] in ("shares", "none")]


class Report:
    """Collects parts, and what was promised with what came."""

    def __init__(self, result):
        self.result, self.parts, self.targets, self.charts = result, [], [], []

    def section(self, title, *parts):
        self.parts += [f"### {title}", *parts]

    def target(self, what, goal, value, met, digits=1):
        self.targets.append([what, goal, text(value, digits),
                             "–" if value is None else "yes" if met else "**no**"])


# ---- each experiment ----

def e1(report, found):
    rows = []
    for r in found["runs"]:
        errors = r["work"]["error_points"]
        rows.append([r["case"], r["policy"],
                     " : ".join(text(r["work"]["shares"][n]) for n in sorted(r["work"]["shares"])),
                     *(three(errors[t]) for t in ("1", "5", "10")),
                     text(r["work"]["evenness"], 3), text(r["cpu"]["evenness"], 3),
                     text(r["cpu"]["error_points"]["1"]["p99"]), text(r["busy_cpus"], 2),
                     text(r["done_per_s"] / 1000, 2)])
    report.section("E1: weights 1:2:4 (14.3 : 28.6 : 57.1 %)", table(
        ["case", "policy", "work, %", "error in 1 s, points", "in 5 s", "in 10 s",
         "least/greatest u/w", "the same of CPU time", "CPU error in 1 s, p99", "CPUs busy",
         "work, CPU-s alone a second"], rows),
        "Errors are p50 / p99 / greatest of all windows, of each the session that is farthest off. "
        "What is divided is the processor time of whole sessions, in which light frames cost their "
        "worker relatively more: only with equal frames work must follow the weights, too.")
    mine = ours(found["runs"])
    e1_targets(report, "work, equal frames", "work", [r for r in mine if "equal" in r["case"]])
    e1_targets(report, "processor time, all cases", "cpu", mine)
    for r in found["runs"][:2 * len({x["case"] for x in found["runs"]})]:
        report.charts.append(over_time("e1-shares.svg", f"{r['case']}: {r['policy']}",
                                       r["over_time"], (100 / 7, 200 / 7, 400 / 7)))


def e1_targets(report, what, truth, runs):
    for seconds, most in (("1", 3.5), ("5", 1.0)):
        error = worst(r[truth]["error_points"][seconds]["p99"] for r in runs)
        report.target(f"E1 share error in {seconds} s, p99: {what}", f"≤ {most:g} points", error,
                      error is not None and error <= most, 2)
    even = min((r[truth]["evenness"] for r in runs), default=None)
    report.target(f"E1 least/greatest u/w of a run: {what}", "≥ 0.97", even, (even or 0) >= 0.97, 3)


def over_time(name, title, lines, marks=()):
    return {"file": name, "title": title, "columns": 2,
            "x": {"label": "time", "unit": "s"},
            "y": {"label": "work in a second", "unit": "%", "min": 0, "max": 100},
            "marks": [{"y": round(y, 2)} for y in marks],
            "series": [{"name": n, "points": points} for n, points in sorted(lines.items())]}


def e2(report, found):
    rows = [[r["neighbours"], r["floor"], r["policy"], text(r["fps"]),
             text(r["short_windows_percent"]), three(r["interval_ms"]), text(r["cpu"]["floored"], 2),
             text(sum(v for n, v in r["cpu"].items() if n != "floored"), 2)]
            for r in found["runs"]]
    report.section("E2: a floor beside three that take all they get", table(
        ["neighbours", "floor", "policy", "frames a second", "seconds below 95 %, %",
         "between frames, ms", "its CPUs", "their CPUs"], rows))
    late = worst(r["short_windows_percent"] for r in ours(found["runs"]))
    report.target("E2 seconds below 95 % of an admitted floor", "≤ 1 %", late, (late or 0) <= 1)
    places = sorted({f"{r['neighbours']}, {r['floor']}" for r in found["runs"]})
    policies = list(dict.fromkeys(r["policy"] for r in found["runs"]))
    report.charts.append({
        "file": "e2-floors.svg", "title": "Seconds below 95 % of the floor",
        "x": {"label": "neighbours, floor", "categories": places},
        "y": {"label": "seconds", "unit": "%", "min": 0, "max": 100},
        "series": [{"name": p, "kind": "bar", "points": [
            [f"{r['neighbours']}, {r['floor']}", r["short_windows_percent"]]
            for r in found["runs"] if r["policy"] == p]} for p in policies]})


def e3(report, found):
    rows = []
    for r in found["join"]:
        for what, key in (("comes", "joined_s"), ("goes", "left_s")):
            rows.append([f"a session of twice the weight {what}", r["policy"], *settle_cells(r[key])])
    for r in found["weights"]:
        rows.append([r["what"], r["policy"], *settle_cells(r["settled_s"])])
    report.section("E3: until shares are right again", table(
        ["what", "policy", "times", "never right", "median, ms", "longest, ms"], rows),
        "Right: every window of 0.5 s from then on is within 7 points of what weights give. "
        "Beginnings of windows count.")
    every = [s for r in ours(found["join"]) for s in r["joined_s"] + r["left_s"]]
    every += [s for r in ours(found["weights"]) for s in r["settled_s"]]
    slowest = None if None in every or not every else max(every) * 1000
    report.target("E3 settled after joining, leaving, other weights, longest", "≤ 500 ms",
                  "not always" if None in every else slowest,
                  slowest is not None and slowest <= 500, 0)
    for r in found["join"] + found["weights"]:
        report.charts.append(over_time("e3-changes.svg", f"{r['what']}: {r['policy']}",
                                       r["over_time"]))


def settle_cells(values):
    known = [v * 1000 for v in values if v is not None]
    return [len(values), len(values) - len(known), text(middle(known), 0), text(worst(known), 0)]


def user_rows(runs):
    return [["alone" if r.get("alone") else r["policy"], r["answers"], three(r["key_to_drawn_ms"]),
             three(r["key_to_handed_ms"]), decoded(r), three(r["neighbour_frame_ms"]),
             text(r["neighbours_done_per_s"] / 1000, 2)] for r in runs]


USER_HEAD = ["beside", "keys", "key → drawn, ms", "key → handed over, ms",
             "key sent → decoded, ms (p50 / p95 / p99)", "neighbours' frames, ms",
             "neighbours' work, CPU-s a second"]


def decoded(r):
    d = r["key_to_decoded_ms"]
    return " / ".join(text(float(d[k])) for k in ("p50", "p95", "p99")) if d else "–"


def e4(report, found):
    report.section("E4: keys at random beside three with frames of 30 ms (p50 / p99 / greatest)",
                   table(USER_HEAD, user_rows(found["runs"])))
    alone = next(r for r in found["runs"] if r.get("alone"))["key_to_drawn_ms"]["p99"]
    mine = [r for r in ours(found["runs"]) if not r.get("alone")]
    late = middle(r["key_to_drawn_ms"]["p99"] for r in mine)
    frame = middle(r["neighbour_frame_ms"]["p50"] for r in mine)
    goal = alone + frame + 3 if None not in (alone, frame) else None
    report.target("E4 key → drawn, p99", f"≤ alone ({text(alone)}) + a neighbour's frame "
                  f"({text(frame)}) + 3 ms = {text(goal)}", late,
                  None not in (late, goal) and late <= goal)
    report.charts.append(distribution("e4-keys.svg", "Key → drawn beside heavy neighbours",
                                      found["runs"]))


def distribution(name, title, runs):
    series = []
    for r in runs:
        ordered = sorted(r["drawn_ms"])
        label = "alone" if r.get("alone") else r["policy"]
        if not ordered or label in [s["name"] for s in series]:
            continue
        series.append({"name": label, "kind": "step", "points": [
            [round(max(x, 0.1), 2), round(100 * (i + 1) / len(ordered), 2)]
            for i, x in enumerate(ordered)]})
    return {"file": name, "title": title, "x": {"label": "key → drawn", "unit": "ms", "log": True},
            "y": {"label": "answers", "unit": "%", "min": 0, "max": 100}, "series": series}


def e5(report, found):
    rows = [[r["policy"], text(r["alone"]), text(r["beside"]),
             text(100 * r["beside"] / r["alone"])] for r in found["runs"]]
    rests = [[r["policy"], r["next_frame_ms"]["n"], three(r["next_frame_ms"]),
              text(r["first_100_ms_percent"])] for r in found["rests"]]
    report.section("E5: what others leave", table(
        ["policy", "work alone, ms a second", "beside an idle one of 8 times the weight", "%"], rows),
        "A heavy session rests:", table(
            ["policy", "times", "until the other's next frame is drawn, ms",
             "the other's work in the first 100 ms, % of later"], rests))
    used = middle(r["beside"] / r["alone"] for r in ours(found["runs"]))
    report.target("E5 work beside an idle session, of that alone", "≥ 0.97", used,
                  (used or 0) >= 0.97, 3)


def e6(report, found):
    rows = []
    for what in ("one", "one greedy", "four"):
        pairs = found[what]
        for policy in pairs[0]:
            rows.append([what, policy, " ".join(text(p[policy], 0) for p in pairs), ratio_of(pairs)
                         if policy == "shares" else "–"])
    daemon = [[r["policy"], text(r["cpu_percent"], 2), text(r["fps"])] for r in found["daemon"]]
    report.section("E6: what it costs", table(
        ["sessions", "policy", "work of each run, ms a second", "median of pairs, shares : off"], rows),
        table(["8 sessions at 60 frames a second", "daemon, % of a CPU", "frames a second"], daemon))
    for what, limit in (("one", 1), ("one greedy", 1), ("four", 3)):
        if "shares" not in found[what][0]:
            continue
        lost = 100 * (1 - middle(p["shares"] / p["off"] for p in found[what]))
        report.target(f"E6 work lost, {what}", f"≤ {limit} %", lost, lost <= limit)
    cpu = worst(r["cpu_percent"] for r in ours(found["daemon"]))
    report.target("E6 daemon with 8 × 60 frames a second", "≤ 3 % of a CPU", cpu, (cpu or 9) <= 3, 2)


def ratio_of(pairs):
    each = sorted(p["shares"] / p["off"] for p in pairs)
    return f"{middle(each):.3f} ({each[0]:.3f} … {each[-1]:.3f})"


def limit(report, found):
    report.section("The limit: frames of 300 ms beside a user (p50 / p99 / greatest)",
                   table(USER_HEAD, user_rows(found["runs"])))
    report.charts.append(distribution("limit-keys.svg", "Key → drawn beside frames of 300 ms",
                                      found["runs"]))


# ---- the whole ----

def conditions(c):
    words = [c["date"], f"{c['cpus']} processors",
             f"load {c['load_before']:.1f} before" +
             (f" and {c['load_after']:.1f} after" if "load_after" in c else ""),
             f"{'quick, ' if c['quick'] else ''}{c['repeats']} repeats, seed {c['seed']}"]
    if not c["scheduler"]:
        words.append("**programs without a scheduler: baselines only**")
    return ", ".join(words)


def draw(charts, folder):
    """The names of the pictures."""
    os.makedirs(folder, exist_ok=True)
    subprocess.run([sys.executable, "-B", os.path.join(HERE, "plot.py"), "-", folder],
                   input=json.dumps({"charts": charts}), text=True, check=True)
    return list(dict.fromkeys(c["file"] for c in charts))


def make(result, svg=None):
    report = Report(result)
    for name, fn in (("E1", e1), ("E2", e2), ("E3", e3), ("E4", e4), ("E5", e5), ("E6", e6),
                     ("limit", limit)):
        if name in result:
            fn(report, result[name])
    pictures = draw(report.charts, svg) if svg and report.charts else []
    head = ["## The scheduler, with real sessions", conditions(result["conditions"]) + "."]
    if report.targets:
        head += [table(["promised", "goal", "is", "met"], report.targets)]
    tail = [f"![{p}]({os.path.join(svg, p)})" for p in pictures]
    return "\n\n".join(head + report.parts + tail) + "\n"
