#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn what fio and perftest wrote, in files WHAT.DEPTH.fio and WHAT.SIZE.perftest, into lines as
ub-bench prints them."""

import json
import pathlib
import sys


def line(point, metric, value, unit):
    print(json.dumps({**point, "metric": metric, "value": value, "unit": unit}))


def fio(what, depth, text):
    read = json.loads(text[text.index("{"):])["jobs"][0]["read"]
    point = {"what": what, "depth": int(depth)}
    line(point, "iops", read["iops"], "1/s")
    for rank, metric in (("50.0", "p50"), ("99.0", "p99"), ("99.9", "p99_9")):
        line(point, f"latency_{metric}", read["clat_ns"]["percentile"][f"{rank:0<9}"], "ns")


def perftest(what, size, text):
    """The last line of figures; its columns are named by the line that begins with #bytes."""
    figures = [row.split() for row in text.splitlines() if row.split()[:1] == [size]][-1]
    point = {"what": what, "size": int(size)}
    if what.endswith("_lat"):
        # bytes iterations t_min t_max t_typical t_avg t_stdev p99 p99.9, in microseconds
        for column, metric in ((4, "p50"), (7, "p99"), (8, "p99_9")):
            line(point, f"latency_{metric}", float(figures[column]) * 1e3, "ns")
    else:
        # bytes iterations peak average, in MB of 2^20 bytes per second
        line(point, "bandwidth", float(figures[3]) * 2**20, "B/s")


def main():
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.*.*")):
        what, number, kind = path.name.split(".")
        {"fio": fio, "perftest": perftest}[kind](what, number, path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
