# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads Prometheus' text exposition format 0.0.4, and takes nothing that the format, or the naming
rules that it recommends, would not have."""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\+Inf)")
TYPES = ("counter", "gauge", "histogram")
SMALL_UNITS = re.compile(r"_(ms|us|ns|milliseconds|kb|mb|kbps|percent)(_|$)")


class Broken(Exception):
    pass


class Metric:
    def __init__(self, name, kind, text):
        self.name, self.kind, self.help = name, kind, text
        self.samples = []  # (name, {label: value}, number)

    def value(self, **labels):
        """Of the one sample that has these labels, and maybe others; None: there is none."""
        found = [n for _, have, n in self.samples if labels.items() <= have.items()]
        if len(found) > 1:
            raise Broken(f"{self.name}{labels}: {len(found)} samples")
        return found[0] if found else None


def unescape(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


def read_labels(text):
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match or match[1] in labels or match[1].startswith("__"):
            raise Broken(f"labels: {text}")
        labels[match[1]] = unescape(match[2])
        at = match.end()
        if at < len(text):
            if text[at] != "," or at + 1 == len(text):
                raise Broken(f"labels: {text}")
            at += 1
    return labels


def read_sample(line):
    match = re.fullmatch(rf"({NAME})(?:\{{(.+)\}})? ([^ ]+)", line)
    if not match or not NUMBER.fullmatch(match[3]):
        raise Broken(f"no sample: {line}")
    return match[1], read_labels(match[2] or ""), float(match[3])


def belongs(metric, name):
    if metric.kind != "histogram":
        return name == metric.name
    return name in [metric.name + s for s in ("_bucket", "_sum", "_count")]


def check_name(metric):
    if metric.kind not in TYPES or not metric.help:
        raise Broken(f"{metric.name}: type {metric.kind}, help '{metric.help}'")
    if (metric.kind == "counter") != metric.name.endswith("_total"):
        raise Broken(f"{metric.name} is a {metric.kind}")
    if SMALL_UNITS.search(metric.name) or re.search(r"_(bucket|sum|count)$", metric.name):
        raise Broken(f"{metric.name} is no good name")


def check_histogram(metric):
    series = {}
    for name, labels, number in metric.samples:
        key = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        one = series.setdefault(key, {"_bucket": []})
        suffix = name[len(metric.name):]
        if suffix == "_bucket":
            one["_bucket"].append((float(labels["le"].replace("+Inf", "inf")), number))
        else:
            one[suffix] = number
    for key, one in series.items():
        bounds = [le for le, _ in one["_bucket"]]
        counts = [n for _, n in one["_bucket"]]
        if bounds != sorted(set(bounds)) or not bounds or bounds[-1] != math.inf:
            raise Broken(f"{metric.name}{key}: bounds {bounds}")
        if counts != sorted(counts) or counts[-1] != one.get("_count") or "_sum" not in one:
            raise Broken(f"{metric.name}{key}: counts {counts}, {one}")


def check(metric):
    check_name(metric)
    seen = [(name, tuple(sorted(labels.items()))) for name, labels, _ in metric.samples]
    if len(set(seen)) != len(seen):
        raise Broken(f"{metric.name}: a sample is there twice")
    if metric.kind == "histogram":
        check_histogram(metric)


def parse(text):
    """{name: Metric}. Raises Broken."""
    if not text.endswith("\n"):
        raise Broken("the last line does not end")
    metrics, current, header = {}, None, None
    for line in text[:-1].split("\n"):
        words = line.split(" ", 3)
        if line.startswith("# HELP ") and len(words) == 4 and not header:
            header = words
        elif line.startswith("# TYPE ") and len(words) == 4 and header and header[2] == words[2]:
            if words[2] in metrics or not re.fullmatch(NAME, words[2]):
                raise Broken(f"{words[2]} is there twice, or no name")
            current = metrics[words[2]] = Metric(words[2], words[3], header[3])
            header = None
        elif line.startswith("#") or header or not current:
            raise Broken(f"not here: {line}")
        else:
            sample = read_sample(line)
            if not belongs(current, sample[0]):
                raise Broken(f"{sample[0]} among {current.name}")
            current.samples.append(sample)
    for metric in metrics.values():
        check(metric)
    return metrics
