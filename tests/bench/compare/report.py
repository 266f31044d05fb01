# SPDX-License-Identifier: GPL-2.0-or-later
"""Medians and tables."""
import json
import math
import os
import statistics

DASH = "–"
# Of a moving scene: latency in ms, CPU of server and client in ms a frame, Mb/s.
GOALS = {"3d": ("6 / 8 / 10", "4", "1.8", "15"), "scroll": ("", "3", "1.5", "3")}


def percentile(values, p):
    """
    >>> [percentile(range(200), p) for p in (50, 95, 99)]
    [100, 190, 198]
    >>> percentile([7], 99)
    7
    """
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))]


def processor():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return "unknown processor"


def median_of(runs, key):
    found = [r[key] for r in runs if isinstance(r.get(key), (int, float))]
    return statistics.median(found) if found else None


def latency(runs):
    """The median over the runs of each percentile: a slow moment spoils one run only."""
    found = [r["latency_ms"] for r in runs if r.get("latency_ms")]
    return [statistics.median(percentile(f, p) for f in found) for p in (50, 95, 99)] if found \
        else None


def clicks(runs, off=0.0):
    """Percentiles of all clicks together: one run alone has too few for the 99th."""
    found = [c for r in runs for c in r.get("click_ms", [])]
    return [percentile(found, p) - off for p in (50, 95, 99)] if found else None


def rate_at(points, ssim):
    """Mb/s at an SSIM, between measured (SSIM, Mb/s); None where it lies outside of them.

    >>> [round(rate_at([(0.99, 10), (0.9, 1)], s), 3) for s in (0.9, 0.96837722, 0.99)]
    [1.0, 3.162, 10.0]
    >>> rate_at([(0.99, 10), (0.9, 1)], 0.995), rate_at([(1.0, 10), (0.9, 1)], 0.95)
    (None, None)
    """
    points = sorted(p for p in points if None not in p and p[0] < 1 and p[1] > 0)
    for (a, low), (b, high) in zip(points, points[1:]):
        if a <= ssim <= b and b > a:
            # In decibels both are close to lines.
            x, y, z = (-math.log10(1 - v) for v in (a, ssim, b))
            return low * (high / low) ** ((y - x) / (z - x))
    return None


def number(value, digits):
    return DASH if value is None else f"{value:.{digits}f}"


def triple(values, digits=1):
    return " / ".join(number(v, digits) for v in values) if values else DASH


def megabits(runs):
    value = median_of(runs, "traffic_bytes_s")
    return None if value is None else value * 8 / 1e6


def summary(scene, run):
    """The few words for the progress line of a run."""
    runs = [run]
    if scene == "click":
        return "click " + triple(clicks(runs)) + " ms"
    if scene == "still":
        return (f"SSIM {number(run['ssim'], 4)}, {run['traffic_bytes_s']:.0f} B/s, first picture "
                f"{run['first_picture_ms']:.0f} ms")
    return (f"latency {triple(latency(runs))} ms, {run['seen_fps']:.1f} fps, CPU "
            f"{run['server_cpu_ms_per_frame']:.1f} + {run['client_cpu_ms_per_frame']:.1f} ms, "
            f"{megabits(runs):.1f} Mb/s, SSIM {run['ssim']:.4f}")


class Results:
    def __init__(self, systems, scenes):
        self.systems, self.scenes = systems, scenes
        self.runs = {(a, b): [] for a in systems for b in scenes}
        self.rates = {}  # (system, scene) → runs at other qualities

    def add(self, system, scene, values):
        if values:
            self.runs[system, scene].append(values)

    def add_quality(self, system, scene, quality, values):
        if values:
            self.rates.setdefault((system, scene), []).append({**quality, **values})

    def of(self, system, scene):
        return self.runs.get((system, scene), [])

    def bare_click(self):
        values = clicks(self.of("bare", "click"))
        return values[0] if values else None

    def equal_rate(self, system, scene):
        """Its Mb/s at the SSIM that gpushare has."""
        ssim = median_of(self.of("gpushare", scene), "ssim")
        if ssim is None or system.startswith("gpushare"):
            return None if ssim is None else megabits(self.of(system, scene))
        groups = [self.of(system, scene)] + [[r] for r in self.rates.get((system, scene), [])]
        return rate_at([(median_of(g, "ssim"), megabits(g)) for g in groups], ssim)

    def all_of(self, system):
        return [r for scene in self.scenes for r in self.of(system, scene)]

    def rows(self):
        """(title, goal, function of a system that gives a cell)."""
        bare = self.bare_click()
        rows = []
        if "click" in self.scenes:
            title = "click → changed pixel, ms"
            rows.append((title, "", lambda s: triple(clicks(self.of(s, "click")))))
            if bare is not None:
                rows.append((f"the same less the application's own {bare:.1f} ms", "5 / 7 / 8",
                             lambda s: triple(clicks(self.of(s, "click"), bare))))
        for scene in ("3d", "scroll"):
            if scene in self.scenes:
                rows += self.moving_rows(scene)
        if "still" in self.scenes:
            rows += self.still_rows()
        rows.append(("viewer's start → first picture, ms", "100",
                     lambda s: number(median_of(self.all_of(s), "first_picture_ms"), 0)))
        return rows

    def moving_rows(self, scene):
        def cell(key, digits=2):
            return lambda s: number(median_of(self.of(s, scene), key), digits)
        latency_goal, server_goal, client_goal, rate_goal = GOALS[scene]
        return [
            (f"{scene}: drawn → on the screen, ms", latency_goal,
             lambda s: triple(latency(self.of(s, scene)))),
            (f"{scene}: frames a second seen / drawn", "60 / 60",
             lambda s: triple([median_of(self.of(s, scene), k)
                               for k in ("seen_fps", "drawn_fps")])),
            (f"{scene}: server CPU, ms a frame", server_goal,
             cell("server_cpu_ms_per_frame")),
            (f"{scene}: client CPU, ms a frame", client_goal,
             cell("client_cpu_ms_per_frame")),
            (f"{scene}: Mb/s on the wire", rate_goal,
             lambda s: number(megabits(self.of(s, scene)), 1)),
            (f"{scene}: SSIM-Y", "", cell("ssim", 4)),
            (f"{scene}: Mb/s at the SSIM-Y of gpushare", "",
             lambda s: number(self.equal_rate(s, scene), 1)),
            (f"{scene}: PSS of server / client, MB", "40 / 40",
             lambda s: triple([median_of(self.of(s, scene), k)
                               for k in ("server_pss_mb", "client_pss_mb")])),
        ]

    def still_rows(self):
        def pair(keys, digits):
            return lambda s: triple([median_of(self.of(s, "still"), k) for k in keys], digits)
        both = ("server_", "client_")
        return [
            ("still: SSIM-Y after 1 s / worst tile of 64 × 64", "0.9998",
             pair(("ssim", "ssim_worst_tile"), 4)),
            ("still: bytes a second", "125", pair(("traffic_bytes_s",), 0)),
            ("still: CPU of server / client, %", "0.3 / 0.3",
             pair([b + "cpu_percent" for b in both], 2)),
            ("still: wake-ups a second of server / client", "",
             pair([b + "wakeups_s" for b in both], 1)),
            ("still: PSS of server / client, MB", "40 / 40",
             pair([b + "pss_mb" for b in both], 1)),
        ]

    def markdown(self):
        shown = [s for s in self.systems if s != "bare"] or self.systems
        lines = ["| p50 / p95 / p99 where there are three | goal | " + " | ".join(shown) + " |",
                 "|---" * (len(shown) + 2) + "|"]
        for title, goal, cell in self.rows():
            lines.append("| " + " | ".join([title, goal] + [cell(s) for s in shown]) + " |")
        return "\n".join(lines)

    def write_json(self, path, options, isolated):
        with open(path, "w") as f:
            json.dump({
                "v": 1, "processor": processor(), "cores": os.cpu_count(),
                "own_network": isolated, "seconds": options.seconds, "repeats": options.repeats,
                "runs": [{"system": a, "scene": b, "repeats": r}
                         for (a, b), r in self.runs.items()],
                "other_qualities": [{"system": a, "scene": b, "repeats": r}
                                    for (a, b), r in self.rates.items()],
            }, f, indent=1)
            f.write("\n")
