#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/bench/sched/plot.py: what it draws of what it is given, and what it refuses."""
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

PLOT = os.path.join(os.environ["GS_SOURCE_DIR"], "tests/bench/sched/plot.py")
spec = importlib.util.spec_from_file_location("plot", PLOT)
module = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(module)
SVG = "{http://www.w3.org/2000/svg}"


def chart(**more):
    return {"file": "a.svg", "title": "Shares <of> a & b", "x": {"label": "time", "unit": "s"},
            "y": {"label": "share", "unit": "%"},
            "series": [{"name": "a", "points": [[0, 1], [1, 2], [2, None], [3, 4], [4, 5]]},
                       {"name": "b", "points": [[0, 5], [4, 50]], "dashed": True}], **more}


def plot(charts, *more):
    """(exit status, stderr, {file: root element})"""
    text = charts if isinstance(charts, str) else json.dumps({"charts": charts})
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, PLOT, *more, "-", folder], input=text, text=True,
                              capture_output=True, timeout=60, check=False)
        return done.returncode, done.stderr, {
            name: xml.parse(os.path.join(folder, name)).getroot() for name in os.listdir(folder)}


def words(root):
    return [t.text for t in root.iter(SVG + "text")]


class Plot(unittest.TestCase):
    def drawn(self, *charts):
        pictures = module.read_pictures(json.dumps({"charts": charts}))
        self.assertEqual(list(pictures), ["a.svg"])
        return xml.fromstring(module.picture(pictures["a.svg"]))

    def test_file(self):
        status, said, files = plot([chart()])
        self.assertEqual((status, said, list(files)), (0, "", ["a.svg"]))
        self.assertIn("time (s)", words(files["a.svg"]))

    def test_lines(self):
        root = self.drawn(chart(marks=[{"y": 10, "label": "asked"}]))
        for word in ("Shares <of> a & b", "a", "b", "time (s)", "share (%)", "asked", "50"):
            self.assertIn(word, words(root))
        lines = list(root.iter(SVG + "polyline"))
        self.assertEqual(len(lines), 3)  # a has a gap
        self.assertEqual([bool(e.get("stroke-dasharray")) for e in lines], [False, False, True])
        x, y = zip(*(map(float, p.split(",")) for p in lines[2].get("points").split(" ")))
        self.assertLess(x[0], x[1])
        self.assertGreater(y[0], y[1])  # more is higher

    def test_bars(self):
        bars = {"name": "p99", "kind": "bar", "points": [["shares", 1, 0.5, 2], [1, 4]]}
        root = self.drawn(chart(x={"label": "policy", "categories": ["shares", "off"]},
                                series=[bars]))
        heights = [float(e.get("height")) for e in root.iter(SVG + "rect") if e.get("height")
                   not in ("100%",) and e.get("fill", "#ffffff") != "#ffffff"]
        self.assertEqual(len(heights), 2)
        self.assertAlmostEqual(heights[1] / heights[0], 4, delta=0.1)
        self.assertIn("shares", words(root))

    def test_logarithmic(self):
        series = [{"name": "", "points": [[1, 1], [10, 10], [100, 100]]}]
        root = self.drawn(chart(x={"label": "a", "log": True}, y={"label": "b", "log": True},
                                series=series))
        points = next(root.iter(SVG + "polyline")).get("points").split(" ")
        x = [float(p.split(",")[0]) for p in points]
        self.assertAlmostEqual(x[1] - x[0], x[2] - x[1], delta=0.3)

    def test_panels_share_colours(self):
        root = self.drawn(chart(), chart(title="second"))
        self.assertIn("second", words(root))
        colors = [e.get("stroke") for e in root.iter(SVG + "polyline")]
        self.assertEqual(colors[:3], colors[3:])
        self.assertEqual(root.get("width"), "960")

    def test_empty_series(self):
        self.drawn(chart(series=[{"name": "none", "points": []}]))

    def test_check_writes_nothing(self):
        self.assertEqual(plot([chart()], "--check"), (0, "", {}))

    def test_refuses(self):
        for wrong, said in (("{", "no JSON"), ("[]", "object is needed"), ('{"charts": 1}', "list")):
            with self.assertRaisesRegex(module.Wrong, said):
                module.read_pictures(wrong)
        status, message, files = plot([{**chart(), "title": 1}])
        self.assertEqual((status, files), (2, {}))
        self.assertIn('"title" is missing', message)

    def test_refuses_charts(self):
        bad = [({"title": 1}, '"title" is missing'), ({"file": "../a.svg"}, "without folders"),
               ({"colour": "red"}, 'no "colour"'),
               ({"series": [{"name": "a", "points": [[1]]}]}, "series[0].points[0]"),
               ({"series": [{"name": "a", "points": [[1, "2"]]}]}, "a number is needed"),
               ({"series": [{"name": "a", "kind": "pie", "points": []}]}, "'pie' is none of"),
               ({"series": [{"name": "a", "kind": "bar", "points": []}]}, "x.categories"),
               ({"y": {"label": "b", "log": True}, "series": [{"name": "a", "points": [[1, 0]]}]},
                "above 0"), ({"marks": [{}]}, 'either "x" or "y"')]
        for change, said in bad:
            with self.assertRaisesRegex(module.Wrong, re.escape(said)):
                module.read_pictures(json.dumps({"charts": [{**chart(), **change}]}))

    def test_file_that_is_not_there(self):
        done = subprocess.run([sys.executable, PLOT, "/nonexistent/charts.json", "/tmp"], text=True,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/charts.json", done.stderr)


if __name__ == "__main__":
    unittest.main()
