#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What /metrics says, and what is made of it. Usage: metrics.py BIN_DIR SOURCE_DIR

The text is read by a strict parser; the dashboard and the alert rules know only metrics, labels and
values that are in it; docs/observability.md lists them all. Where promtool is installed it is asked
as well. Exit status 77 where a library is missing."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

try:
    import yaml
except ImportError as missing:
    print(f"{missing}: scripts/deps installs it")
    sys.exit(77)

BIN, SOURCE = sys.argv[1:3]
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
import exposition  # pylint: disable=wrong-import-position

DEADLINE = 60
# What Prometheus itself adds.
FOREIGN_METRICS, FOREIGN_LABELS = {"up"}, {"instance", "job", "le"}
PROMQL = {
    "sum", "min", "max", "by", "without", "on", "and", "or", "unless", "rate", "increase", "changes",
    "histogram_quantile", "group_left", "label_values",
}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(self.path)


def ask(path, method, target, body=None):
    connection = UnixConnection(path)
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, target, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def scrape():
    """The text of a daemon with one watched session and one that only begins."""
    with tempfile.TemporaryDirectory(prefix="gs-metrics-") as folder:
        path = os.path.join(folder, "control.sock")
        with subprocess.Popen([os.path.join(BIN, "gs-fake-daemon"), path, folder], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
            assert daemon.stdout.readline() == "ready\n"
            answer, text = ask(path, "POST", "/v1/sessions", {"name": "one", "argv": ["x"]})
            assert answer.status == 201, text
            daemon.stdin.write("watch one\n")
            daemon.stdin.flush()
            assert daemon.stdout.readline() == "done\n"
            answer, text = ask(path, "GET", "/metrics")
            daemon.stdin.close()
    assert answer.status == 200, text
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return text


TEXT = scrape()
METRICS = exposition.parse(TEXT)
SAMPLES = {}  # name → {label: set of values}
for metric in METRICS.values():
    for sample_name, sample_labels, _ in metric.samples:
        known = SAMPLES.setdefault(sample_name, {})
        for label, value in sample_labels.items():
            known.setdefault(label, set()).add(value)
FIXED = {"stage", "part", "percentile", "kind"}  # labels with the same values for all sessions


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def dashboard():
    return json.loads(read("packaging", "grafana", "gpushare.json"))


def rules():
    groups = yaml.safe_load(read("packaging", "prometheus", "gpushare-alerts.yml"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


class Text(unittest.TestCase):
    def test_names(self):
        for name in METRICS:
            self.assertTrue(name.startswith("gpushare_"), name)

    def test_every_metric_has_samples(self):
        self.assertEqual([m.name for m in METRICS.values() if not m.samples], [])

    def test_parser_refuses(self):
        head = "# HELP a_total x\n# TYPE a_total counter\n"
        histogram = "# HELP h x\n# TYPE h histogram\n"
        exposition.parse(head + "a_total 1\n")
        for bad in [
            head + "a_total 1", head + "a_total -1\n", head + "a_total x\n", head + "b_total 1\n",
            "a_total 1\n", head + 'a_total{x="1} 1\n', head + 'a_total{x="1",} 1\n',
            head + 'a_total{x="\\t"} 1\n', head + "a_total 1\na_total 1\n", head + head,
            "# TYPE a_total counter\na_total 1\n", head.replace("a_total", "a"),
            head.replace("counter", "gauge"), head + "\na_total 1\n",
            histogram + 'h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n',
            histogram + 'h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
            histogram + 'h_bucket{le="+Inf"} 2\nh_sum 1\nh_count 1\n',
            histogram + 'h_bucket{le="+Inf"} 1\nh_count 1\n',
        ]:
            with self.assertRaises(exposition.Broken, msg=bad):
                exposition.parse(bad)

    def test_documented(self):
        text = read("docs", "observability.md")
        for name in METRICS:
            self.assertIn(f"`{name}`", text)
        for name in re.findall(r"`(gpushare_[a-z_]+)`", text):
            self.assertIn(name, METRICS)


class Expressions(unittest.TestCase):
    def check(self, expression):
        """Balanced, and of nothing but what is exported."""
        bare = re.sub(r'"[^"]*"', '""', expression)
        for opening, closing in ("()", "{}", "[]"):
            self.assertEqual(bare.count(opening), bare.count(closing), expression)
        names = set()
        for name, matchers in re.findall(r"(\bgpushare_\w+)(\{[^}]*\})?", expression):
            self.assertIn(name, SAMPLES, expression)
            names.add(name)
            self.check_matchers(name, matchers, expression)
        labels = {l for name in names for l in SAMPLES[name]} | FOREIGN_LABELS
        for listed in re.findall(r"\b(?:by|without|on|group_left)\s*\(([^)]*)\)", bare):
            self.assertLessEqual(set(re.split(r"\s*,\s*", listed)), labels, expression)
        rest = re.sub(r"\{[^}]*\}|\[[^]]*\]|\b(?:by|without|on|group_left)\s*\([^)]*\)", " ", bare)
        words = set(re.findall(r"[a-z_]\w*", rest)) - names - PROMQL - FOREIGN_METRICS
        self.assertEqual(words, set(), expression)
        return names

    def check_matchers(self, name, matchers, expression):
        for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers):
            self.assertIn(label, set(SAMPLES[name]) | FOREIGN_LABELS, expression)
            if label in FIXED and operator in ("=", "!="):
                self.assertIn(value, SAMPLES[name][label], expression)

    def test_a_wrong_one_is_found(self):
        for bad in ["gpushare_nonsense", 'gpushare_clients{session="x"}', "rate(gpushare_clients",
                    'gpushare_stage_seconds_sum{stage="nonsense"}', "avg_over(gpushare_clients)",
                    "sum by (nonsense) (gpushare_clients)"]:
            with self.assertRaises(AssertionError, msg=bad):
                self.check(bad)

    def test_dashboard(self):
        used = set()
        for panel in dashboard()["panels"]:
            for target in panel.get("targets", []):
                used |= self.check(target["expr"].replace("$__rate_interval", "1m"))
        for variable in dashboard()["templating"]["list"]:
            if variable["type"] == "query":
                inner = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
                names = self.check(inner[1])
                self.assertIn(inner[2], FOREIGN_LABELS.union(*(SAMPLES[n] for n in names)))
        for note in dashboard()["annotations"]["list"]:
            self.check(note["expr"])
        # Whoever looks finds all that a session measures.
        forgotten = {n for n in SAMPLES if n.startswith("gpushare_session_")} - used - {
            "gpushare_session_created_timestamp_seconds", "gpushare_session_clients",
            "gpushare_session_frames_per_second", "gpushare_session_stats_age_seconds"}
        self.assertEqual(forgotten, set())

    def test_alerts(self):
        for rule in rules():
            self.assertEqual(set(rule) - {"for"}, {"alert", "expr", "labels", "annotations"})
            self.check(rule["expr"])
            self.assertIn(rule["labels"]["severity"], ("info", "warning", "critical"))
            self.assertEqual(set(rule["annotations"]), {"summary", "description"})
            self.assertRegex(rule.get("for", "1m"), r"^[0-9]+[smh]$")
        names = [rule["alert"] for rule in rules()]
        self.assertEqual(len(set(names)), len(names))


class Dashboard(unittest.TestCase):
    def test_panels(self):
        panels, taken = dashboard()["panels"], set()
        self.assertEqual(len({p["id"] for p in panels}), len(panels))
        for panel in panels:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(taken & cells, panel["title"])
            taken |= cells
            self.assertLessEqual(at["x"] + at["w"], 24)
            refs = [t["refId"] for t in panel.get("targets", [])]
            self.assertEqual(len(set(refs)), len(refs))
            self.assertTrue(panel["type"] == "row" or refs, panel["title"])

    def test_source_is_chosen(self):
        """No data source of somebody's own is named anywhere."""
        names = {v["name"] for v in dashboard()["templating"]["list"]}
        for uid in re.findall(r'"uid": "([^"]*)"', read("packaging", "grafana", "gpushare.json")):
            self.assertIn(uid, ("${datasource}", "gpushare"))
        used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(dashboard())))
        self.assertEqual(used, names)


@unittest.skipUnless(shutil.which("promtool"), "there is no promtool; Debian's prometheus has it")
class Promtool(unittest.TestCase):
    def run_tool(self, *args, **kwargs):
        done = subprocess.run(["promtool", *args], capture_output=True, text=True, check=False,
                              timeout=DEADLINE, **kwargs)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_metrics(self):
        self.run_tool("check", "metrics", input=TEXT)

    def test_rules(self):
        folder = os.path.join(SOURCE, "packaging", "prometheus")
        self.run_tool("check", "rules", os.path.join(folder, "gpushare-alerts.yml"))
        self.run_tool("test", "rules", os.path.join(SOURCE, "tests", "contract", "alerts.yml"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
