#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws charts as SVG files. Nothing but Python's own library is needed.

Usage: tests/bench/sched/plot.py [--check] CHARTS.json DIR     (CHARTS.json "-": standard input)

CHARTS.json:
  {"charts": [CHART, …]}

CHART, those with the same "file" become one picture, side by side, two in a row ("columns"):
  "file"      name in DIR, ends in .svg
  "title"     said above it; "subtitle": a smaller line below that, optional
  "x", "y"    axes: {"label": text, "unit": text, optional, "min", "max": numbers, optional,
              "log": true, optional, "categories": [text, …] instead of numbers, x only}
  "series"    [SERIES, …]
  "marks"     lines across, optional: [{"y": number, or "x", "label": text, optional}, …]
  "columns"   of the picture, optional; said by its first chart
  "width", "height"  of this chart in pixels, optional; said by its first chart for all

SERIES:
  "name"      for the legend; the same name has the same colour in all charts of a picture
  "kind"      "line" (left out: this one), "step", "points", "bar"
  "points"    [[x, y], …], or [x, y, low, high] with a whisker from low to high. With categories x
              is one of them, or its place from 0 on. y null: a gap
  "dashed"    true: so is the line, optional
  "color"     "#rrggbb", optional

Exit status: 0, 1 (a file can't be read or written), 2 (wrong usage, or not what is said above:
the message says where). --check: only looks whether the charts are right.
"""
import argparse
import json
import math
import os
import re
import sys
from xml.sax.saxutils import escape

COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#5f6b6d",
          "#8c6d31", "#1f2933"]
INK, FAINT, GRID, MARK = "#1f2933", "#616e7c", "#e4e7eb", "#9b1c1c"
FONT = "DejaVu Sans, Verdana, Helvetica, sans-serif"
HALO = ' stroke="#ffffff" stroke-width="3" paint-order="stroke"'
KINDS = ("line", "step", "points", "bar")
LEFT, RIGHT, BOTTOM = 62, 18, 48


class Wrong(Exception):
    """The input is not as it should be."""


# ---- input ----

def number(value, where):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Wrong(f"{where}: a number is needed, not {value!r}")
    return float(value)


def need(holder, key, kind, where):
    if not isinstance(holder, dict):
        raise Wrong(f"{where}: an object is needed")
    if not isinstance(holder.get(key), kind):
        raise Wrong(f'{where}: "{key}" is missing, or not a {kind.__name__}')
    return holder[key]


def only(holder, keys, where):
    for key in holder:
        if key not in keys:
            raise Wrong(f'{where}: there is no "{key}"; there are {", ".join(keys)}')


def check_axis(axis, where, categories_too):
    need(axis, "label", str, where)
    keys = ["label", "unit", "min", "max", "log"] + (["categories"] if categories_too else [])
    only(axis, keys, where)
    for key in ("min", "max"):
        if key in axis:
            axis[key] = number(axis[key], f"{where}.{key}")
            if axis.get("log") and axis[key] <= 0:
                raise Wrong(f"{where}.{key}: above 0 on a logarithmic axis")
    if "categories" in axis and not need(axis, "categories", list, where):
        raise Wrong(f"{where}: no categories")


def check_point(point, chart, kind, where):
    """As (x, y, low, high); low and high may be None."""
    if not isinstance(point, list) or len(point) not in (2, 4):
        raise Wrong(f"{where}: [x, y] or [x, y, low, high] is needed")
    x = point[0]
    categories = chart["x"].get("categories")
    if categories is not None and x in categories:
        x = categories.index(x)
    x = number(x, f"{where}, x")
    if chart["x"].get("log") and x <= 0:
        raise Wrong(f"{where}: x above 0 on a logarithmic axis")
    if point[1] is None:
        return (x, None, None, None)
    y = number(point[1], f"{where}, y")
    low, high = (number(v, where) for v in point[2:]) if len(point) == 4 else (None, None)
    least = y if low is None else min(y, low)
    if chart["y"].get("log") and least <= 0 and kind != "bar":
        raise Wrong(f"{where}: y above 0 on a logarithmic axis")
    return (x, y, low, high)


def check_series(series, chart, where):
    need(series, "name", str, where)
    only(series, ["name", "kind", "points", "dashed", "color"], where)
    kind = series.setdefault("kind", "line")
    if kind not in KINDS:
        raise Wrong(f"{where}: kind {kind!r} is none of {', '.join(KINDS)}")
    if kind == "bar" and "categories" not in chart["x"]:
        raise Wrong(f"{where}: bars need x.categories")
    points = need(series, "points", list, where)
    series["points"] = [check_point(p, chart, kind, f"{where}.points[{i}]")
                        for i, p in enumerate(points)]


def check_chart(chart, where):
    for key in ("file", "title"):
        need(chart, key, str, where)
    only(chart, ["file", "title", "subtitle", "x", "y", "series", "marks", "columns", "width",
                 "height"], where)
    if os.path.basename(chart["file"]) != chart["file"] or not chart["file"].endswith(".svg"):
        raise Wrong(f'{where}: "file" is a name that ends in .svg, without folders')
    check_axis(need(chart, "x", dict, where), f"{where}.x", True)
    check_axis(need(chart, "y", dict, where), f"{where}.y", False)
    for i, series in enumerate(need(chart, "series", list, where)):
        check_series(series, chart, f"{where}.series[{i}]")
    for i, mark in enumerate(chart.get("marks", [])):
        at = f"{where}.marks[{i}]"
        only(mark, ["x", "y", "label"], at)
        if ("x" in mark) == ("y" in mark):
            raise Wrong(f'{at}: either "x" or "y" is needed')
        number(mark.get("x", mark.get("y")), at)


def read_pictures(text):
    """{file: [chart, …]}"""
    try:
        data = json.loads(text)
    except ValueError as e:
        raise Wrong(f"no JSON: {e}") from e
    pictures = {}
    for i, chart in enumerate(need(data, "charts", list, "the file")):
        check_chart(chart, f"charts[{i}]")
        pictures.setdefault(chart["file"], []).append(chart)
    return pictures


# ---- axes ----

def text_width(text, size):
    return sum(0.4 if c in "il.,:;|'!ftr1 ()" else 0.95 if c in "mwMW%" else 0.62
               for c in text) * size


def nice_step(span, n):
    raw = span / max(n, 1)
    power = 10 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)


def label_of(value, step=None):
    if value and (abs(value) >= 1e6 or abs(value) < 1e-4):
        return f"{value:g}"
    if step is None:
        return f"{value:g}"
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if step * 10 ** digits % 1 > 1e-6:
        digits += 1
    return f"{value + 0.0:,.{digits}f}".replace(",", "\u2009")


class Axis:
    """From values to pixels, with ticks."""

    def __init__(self, said, values, from_px, to_px, zero):
        self.log, self.categories = bool(said.get("log")), said.get("categories")
        self.from_px, self.to_px = from_px, to_px
        if self.categories:
            self.low, self.high, self.ticks = -0.5, len(self.categories) - 0.5, []
            return
        values = [v for v in values if not self.log or v > 0] or [1 if self.log else 0]
        low, high = said.get("min", min(values)), said.get("max", max(values))
        if self.log:
            self.set_log(low, high, said)
        else:
            self.set_linear(low, high, said, zero)

    def set_log(self, low, high, said):
        if "min" not in said:
            low = 10 ** math.floor(math.log10(low) + 1e-9)
        if "max" not in said:
            high = 10 ** math.ceil(math.log10(high) - 1e-9)
        self.low, self.high = low, high if high > low else low * 10
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        few = math.log10(self.high / self.low) <= 2.5
        ticks = [m * 10.0 ** e for e in decades for m in ((1, 2, 5) if few else (1,))]
        self.ticks = [(t, label_of(t)) for t in ticks
                      if self.low * 0.999 <= t <= self.high * 1.001]

    def set_linear(self, low, high, said, zero):
        each_px = 45 if zero else 70  # upwards, along
        if zero and "min" not in said and low > 0 and low < 0.6 * high:
            low = 0.0
        if high <= low:
            high = low + (abs(low) if low else 1.0)
        step = nice_step(high - low, abs(self.to_px - self.from_px) / each_px)
        if "min" not in said:
            low = math.floor(low / step + 1e-9) * step
        if "max" not in said:
            high = math.ceil(high / step - 1e-9) * step
        self.low, self.high = low, high
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        self.ticks = [(i * step, label_of(i * step, step)) for i in range(first, last + 1)]

    def px(self, value):
        if self.log:
            value = max(value, self.low)
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.from_px + part * (self.to_px - self.from_px)


# ---- drawing ----

def text(x, y, words, size=11, anchor="start", color=INK, extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{color}"{extra}>{escape(words)}</text>')


def line(x1, y1, x2, y2, color, width=1.0, extra=""):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
            f'stroke-width="{width}"{extra}/>')


def axis_title(said):
    return f'{said["label"]} ({said["unit"]})' if said.get("unit") else said["label"]


def wrap(words, size, width, also_at_hyphens=False):
    """Words as lines that are no wider."""
    lines = [""]
    for word in re.findall(r"[^ -]*[ -]*" if also_at_hyphens else "[^ ]* *", words):
        longer = lines[-1] + word
        if lines[-1] and text_width(longer.rstrip(), size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [line.rstrip() for line in lines]


class Panel:
    """One chart in its rectangle."""

    def __init__(self, chart, box, colors):
        self.chart, self.colors, self.out = chart, colors, []
        self.x0, self.y0, width, height = box
        self.right = self.x0 + width - RIGHT
        self.top = self.head(width)
        categories = chart["x"].get("categories")
        self.cut = self.category_lines(categories, width) if categories else []
        deep = max([len(c) for c in self.cut], default=1)
        self.bottom = self.y0 + height - BOTTOM - 13 * (deep - 1)
        points = [p for s in chart["series"] for p in s["points"] if p[1] is not None]
        marks = chart.get("marks", [])
        xs = [p[0] for p in points] + [float(m["x"]) for m in marks if "x" in m]
        ys = [v for p in points for v in p[1:] if v is not None]
        ys += [float(m["y"]) for m in marks if "y" in m]
        self.x = Axis(chart["x"], xs, self.x0 + LEFT, self.right, False)
        self.y = Axis(chart["y"], ys, self.bottom, self.top, True)
        bars = any(s["kind"] == "bar" for s in chart["series"])
        if bars and not self.y.log and self.y.low > 0 and "min" not in chart["y"]:
            self.y = Axis(dict(chart["y"], min=0.0), ys, self.bottom, self.top, True)

    def category_lines(self, categories, width):
        each = (width - LEFT - RIGHT) / len(categories)
        return [wrap(str(c), 10.5, each - 6, True) for c in categories]

    def head(self, width):
        """Title, subtitle and legend; where the plot begins."""
        y = self.y0 + 20
        for part in wrap(self.chart["title"], 14, width - 24):
            self.out.append(text(self.x0 + 12, y, part, 14, extra=' font-weight="bold"'))
            y += 18
        for part in wrap(self.chart.get("subtitle", ""), 11, width - 24):
            if part:
                self.out.append(text(self.x0 + 12, y - 1, part, 11, color=FAINT))
                y += 15
        names = [s for s in self.chart["series"] if s["name"]]
        x = self.x0 + 12
        for series in names if len(names) > 1 or len(self.chart["series"]) > 1 else []:
            wide = text_width(series["name"], 11) + 36
            if x > self.x0 + 12 and x + wide > self.x0 + width - 8:
                x, y = self.x0 + 12, y + 16
            self.sample(x, y, series)
            self.out.append(text(x + 22, y + 4, series["name"], 11))
            x += wide
        return y + (16 if names else 4)

    def color(self, series):
        return series.get("color") or self.colors[series["name"]]

    def dash(self, series):
        return ' stroke-dasharray="5 3"' if series.get("dashed") else ""

    def sample(self, x, y, series):
        color = self.color(series)
        if series["kind"] == "bar":
            self.out.append(f'<rect x="{x:.1f}" y="{y - 5:.1f}" width="14" height="10" '
                            f'fill="{color}"/>')
        elif series["kind"] == "points":
            self.out.append(f'<circle cx="{x + 8:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>')
        else:
            self.out.append(line(x, y, x + 17, y, color, 2.2, self.dash(series)))

    def grid(self):
        for value, label in self.y.ticks:
            y = self.y.px(value)
            self.out.append(line(self.x0 + LEFT, y, self.right, y, GRID))
            self.out.append(text(self.x0 + LEFT - 6, y + 4, label, 10.5, "end", FAINT))
        for value, label in self.x.ticks:
            x = self.x.px(value)
            self.out.append(line(x, self.top, x, self.bottom, GRID))
            self.out.append(text(x, self.bottom + 15, label, 10.5, "middle", FAINT))
        for i, parts in enumerate(self.cut):
            for j, part in enumerate(parts):
                self.out.append(text(self.x.px(i), self.bottom + 15 + 13 * j, part, 10.5, "middle",
                                     FAINT))
        self.out.append(line(self.x0 + LEFT, self.bottom, self.right, self.bottom, FAINT))
        middle = (self.x0 + LEFT + self.right) / 2
        deep = max([len(c) for c in self.cut], default=1)
        self.out.append(text(middle, self.bottom + 33 + 13 * (deep - 1),
                             axis_title(self.chart["x"]), 11, "middle"))
        y, x = (self.top + self.bottom) / 2, self.x0 + 15
        self.out.append(text(x, y, axis_title(self.chart["y"]), 11, "middle",
                             extra=f' transform="rotate(-90 {x:.1f} {y:.1f})"'))

    def path(self, series):
        """What is drawn of a line or of steps: pieces between gaps."""
        pieces, piece = [], []
        for x, y, _, _ in series["points"]:
            if y is None:
                pieces.append(piece)
                piece = []
                continue
            at = (self.x.px(x), self.y.px(y))
            if series["kind"] == "step" and piece:
                piece.append((at[0], piece[-1][1]))
            piece.append(at)
        for piece in pieces + [piece]:
            if piece:
                points = " ".join(f"{x:.1f},{y:.1f}" for x, y in piece)
                self.out.append(f'<polyline points="{points}" fill="none" stroke-linejoin="round" '
                                f'stroke="{self.color(series)}" stroke-width="1.7"'
                                f'{self.dash(series)}/>')

    def whisker(self, x, low, high, color):
        top, bottom = self.y.px(high), self.y.px(low)
        self.out.append(line(x, top, x, bottom, color, 1.2))
        for y in (top, bottom):
            self.out.append(line(x - 3, y, x + 3, y, color, 1.2))

    def bar(self, series, place, n):
        each = abs(self.x.px(1) - self.x.px(0)) * 0.8 / n
        wide = min(each, 46)
        ground = self.y.px(self.y.low if self.y.log or self.y.low > 0 else 0.0)
        for x, y, low, high in series["points"]:
            if y is None:
                continue
            middle = self.x.px(x) + (place - (n - 1) / 2) * wide
            top = self.y.px(max(y, self.y.low) if self.y.log else y)
            self.out.append(f'<rect x="{middle - wide * 0.46:.1f}" y="{min(top, ground):.1f}" '
                            f'width="{wide * 0.92:.1f}" height="{abs(ground - top):.1f}" '
                            f'fill="{self.color(series)}"/>')
            if low is not None:
                self.whisker(middle, low, high, INK)

    def dots(self, series):
        for x, y, low, high in series["points"]:
            if y is not None:
                if low is not None:
                    self.whisker(self.x.px(x), low, high, self.color(series))
                self.out.append(f'<circle cx="{self.x.px(x):.1f}" cy="{self.y.px(y):.1f}" r="2.6" '
                                f'fill="{self.color(series)}"/>')

    def mark(self, mark):
        if "y" in mark:
            y = self.y.px(mark["y"])
            self.out.append(line(self.x0 + LEFT, y, self.right, y, MARK, 1.1,
                                 ' stroke-dasharray="2 3"'))
            self.out.append(text(self.right - 3, y - 4, mark.get("label", ""), 10, "end", MARK, HALO))
        else:
            x = self.x.px(mark["x"])
            self.out.append(line(x, self.top, x, self.bottom, MARK, 1.1, ' stroke-dasharray="2 3"'))
            self.out.append(text(x + 4, self.top + 10, mark.get("label", ""), 10, "start", MARK,
                                 HALO))

    def draw(self, clip):
        self.grid()
        self.out.append(f'<clipPath id="{clip}"><rect x="{self.x0 + LEFT:.1f}" '
                        f'y="{self.top - 2:.1f}" width="{self.right - self.x0 - LEFT:.1f}" '
                        f'height="{self.bottom - self.top + 3:.1f}"/></clipPath>'
                        f'<g clip-path="url(#{clip})">')
        bars = [s for s in self.chart["series"] if s["kind"] == "bar"]
        for series in self.chart["series"]:
            if series["kind"] == "bar":
                self.bar(series, bars.index(series), len(bars))
            elif series["kind"] == "points":
                self.dots(series)
            else:
                self.path(series)
        self.out.append("</g>")
        for mark in self.chart.get("marks", []):
            self.mark(mark)
        return "\n".join(self.out)


def picture(charts):
    columns = min(int(charts[0].get("columns", 2)), len(charts)) or 1
    width = int(charts[0].get("width", 480 if len(charts) > 1 else 720))
    height = int(charts[0].get("height", 320 if len(charts) > 1 else 400))
    rows = (len(charts) + columns - 1) // columns
    names = dict.fromkeys(s["name"] for c in charts for s in c["series"])
    colors = {n: COLORS[i % len(COLORS)] for i, n in enumerate(names)}
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * columns}" '
           f'height="{height * rows}" viewBox="0 0 {width * columns} {height * rows}" '
           f'font-family="{FONT}">', '<rect width="100%" height="100%" fill="#ffffff"/>']
    for i, chart in enumerate(charts):
        box = (i % columns * width, i // columns * height, width, height)
        out.append(Panel(chart, box, colors).draw(f"c{i}"))
    return "\n".join(out + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("charts")
    parser.add_argument("dir")
    args = parser.parse_args()
    try:
        if args.charts == "-":
            pictures = read_pictures(sys.stdin.read())
        else:
            with open(args.charts, encoding="utf-8") as f:
                pictures = read_pictures(f.read())
        if args.check:
            return 0
        os.makedirs(args.dir, exist_ok=True)
        for file, charts in pictures.items():
            with open(os.path.join(args.dir, file), "w", encoding="utf-8") as f:
                f.write(picture(charts))
    except Wrong as e:
        print(f"plot.py: {args.charts}: {e}", file=sys.stderr)
        return 2
    except OSError as e:
        print(f"plot.py: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
