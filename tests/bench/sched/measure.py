# SPDX-License-Identifier: GPL-2.0-or-later
"""The arithmetic of the experiments: what was done when, and how far shares are from weights."""
import bisect
import math
import statistics


def percentile(values, p):
    """Nearest rank.

    >>> [percentile([3, 1, 2, 4], p) for p in (50, 99, 100)]
    [2, 4, 4]
    >>> percentile([], 50) is None
    True
    """
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(p / 100 * len(ordered)) - 1)]


def spread(values):
    """
    >>> spread([1.0, 2.0, 4.0])
    {'n': 3, 'p50': 2.0, 'p99': 4.0, 'max': 4.0}
    """
    return {"n": len(values), "p50": percentile(values, 50), "p99": percentile(values, 99),
            "max": max(values, default=None)}


class Curve:
    """What was done up to a moment, straight between the points that are known.

    >>> c = Curve([(1, 0), (2, 10), (4, 14)])
    >>> [c.at(t) for t in (0, 1, 1.5, 3, 9)]
    [0, 0.0, 5.0, 12.0, 14]
    >>> c.between(1.5, 3)
    7.0
    """

    def __init__(self, points):
        self.times = [t for t, _ in points]
        self.values = [v for _, v in points]

    def at(self, t):
        i = bisect.bisect_right(self.times, t)
        if i == 0:
            return self.values[0] if self.values else 0
        if i == len(self.times):
            return self.values[-1]
        t0, t1 = self.times[i - 1], self.times[i]
        v0, v1 = self.values[i - 1], self.values[i]
        return v0 + (v1 - v0) * (t - t0) / (t1 - t0)

    def between(self, begin, end):
        return self.at(end) - self.at(begin)


def work_curve(frames, work):
    """frames: (begun, drawn, …) in order; each is `work`, done evenly while it was drawn.

    >>> c = work_curve([(0, 2), (4, 6)], 8)
    >>> [c.at(t) for t in (1, 2, 3, 5, 7)]
    [4.0, 8.0, 8.0, 12.0, 16]
    """
    points, done = [], 0
    for begun, drawn, *_ in frames:
        if points and begun <= points[-1][0]:
            begun = points[-1][0] + 1e-9
        points.append((begun, done))
        done += work
        points.append((max(drawn, begun + 1e-9), done))
    return Curve(points)


def windows(begin, end, length, step):
    """
    >>> windows(0, 3, 2, 0.5)
    [(0.0, 2.0), (0.5, 2.5), (1.0, 3.0)]
    """
    n = int((end - begin - length) / step + 1e-6) + 1
    return [(begin + i * step + 0.0, begin + i * step + length) for i in range(max(n, 0))]


def share_errors(curves, weights, begin, end, length, step=0.1):
    """Of each window the greatest distance of a session's part from what its weight gives, points.

    >>> even = {"a": Curve([(0, 0), (10, 10)]), "b": Curve([(0, 0), (10, 30)])}
    >>> [round(x, 6) for x in share_errors(even, {"a": 1, "b": 3}, 0, 2, 1, 1)]
    [0.0, 0.0]
    >>> [round(x, 6) for x in share_errors(even, {"a": 1, "b": 1}, 0, 2, 1, 1)]
    [25.0, 25.0]
    """
    total = sum(weights.values())
    errors = []
    for w in windows(begin, end, length, step):
        used = {n: c.between(*w) for n, c in curves.items()}
        all_used = sum(used.values())
        if all_used <= 0:
            errors.append(100.0)
            continue
        errors.append(100 * max(abs(used[n] / all_used - weights[n] / total) for n in used))
    return errors


def evenness(curves, weights, begin, end):
    """Least over greatest use for a weight: 1 is exact.

    >>> two = {"a": Curve([(0, 0), (10, 10)]), "b": Curve([(0, 0), (10, 40)])}
    >>> evenness(two, {"a": 1, "b": 2}, 0, 10)
    0.5
    """
    each = [c.between(begin, end) / weights[n] for n, c in curves.items()]
    return min(each) / max(each) if max(each) > 0 else 0


def shares(curves, begin, end):
    """
    >>> shares({"a": Curve([(0, 0), (10, 10)]), "b": Curve([(0, 0), (10, 30)])}, 0, 10)
    {'a': 25.0, 'b': 75.0}
    """
    used = {n: c.between(begin, end) for n, c in curves.items()}
    total = sum(used.values()) or 1
    return {n: 100 * u / total for n, u in used.items()}


def settled(curves, weights, changed, end, length=0.5, within=7.0, step=0.02):
    """Seconds from a change until every window from then on is within so many points of what the
    weights give; None where that never is.

    >>> a = Curve([(0, 0), (1, 1), (3, 2)])
    >>> b = Curve([(0, 0), (1, 1), (3, 4)])
    >>> 0.3 < settled({"a": a, "b": b}, {"a": 1, "b": 3}, 0.5, 3) < 0.4
    True
    """
    errors = share_errors(curves, weights, changed, end, length, step)
    last = max((i for i, e in enumerate(errors) if e > within), default=-1)
    return None if last == len(errors) - 1 else (last + 1) * step


def intervals(frames, begin, end, key=2):
    """Milliseconds between one frame handed over and the next.

    >>> intervals([(0, 1, 1), (2, 3, 3), (4, 5, 5), (9, 9, 9)], 0, 6)
    [2000, 2000]
    """
    at = [f[key] for f in frames if begin <= f[key] <= end]
    return [(b - a) * 1000 for a, b in zip(at, at[1:])]


def short_windows(frames, begin, end, fps, part=0.95, length=1.0, step=0.1):
    """Percent of windows with fewer frames than that part of fps.

    >>> even = [(t / 10, t / 10, t / 10) for t in range(100)]
    >>> short_windows(even, 0, 9, 10), short_windows(even, 0, 9, 20)
    (0.0, 100.0)
    """
    at = [f[2] for f in frames]
    few, all_of_them = 0, windows(begin, end, length, step)
    for b, e in all_of_them:
        n = bisect.bisect_left(at, e - 1e-9) - bisect.bisect_left(at, b - 1e-9)
        few += n < math.floor(part * fps * length + 1e-9)
    return 100 * few / len(all_of_them) if all_of_them else None


def ratio(pairs):
    """Median of b/a with the least and the greatest: pairs of runs made one after the other.

    >>> ratio([(2, 1), (4, 4), (1, 2)])
    {'median': 1.0, 'min': 0.5, 'max': 2.0, 'n': 3}
    """
    each = [b / a for a, b in pairs]
    return {"median": statistics.median(each), "min": min(each), "max": max(each), "n": len(each)}
