#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draw bench.json: latency by depth, bandwidth by size, counts by door.

  plot.py BENCH_JSON DIR"""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402 (the backend is chosen first)

# The same text for the same data, so that two runs can be compared.
matplotlib.rcParams.update({"svg.hashsalt": "ub", "svg.fonttype": "none"})


def series(rows, what, metric, axis, **fixed):
    """Sorted (axis, value) pairs of the rows that have these values in their other fields."""
    return sorted((row[axis], row["value"]) for row in rows
                  if row["what"] == what and row["metric"] == metric and axis in row
                  and all(row.get(key) == value for key, value in fixed.items()))


def line(axes, points, label, style="-", color=None):
    if points:
        axes.plot(*zip(*points), style, marker="o", markersize=3, label=label, color=color)


def doors(rows):
    return list(dict.fromkeys(row["door"] for row in rows if row["what"] == "nop"))


def latency_by_depth(rows, axes):
    # One colour a door, one style a percentile.
    for i, door in enumerate(doors(rows)):
        for metric, style in (("latency_p50", "-"), ("latency_p99", "--"),
                              ("latency_p99_9", ":")):
            line(axes, series(rows, "nop", metric, "depth", door=door, mode="polled"),
                 f"NOP, {door}, {metric[8:].replace('_', '.')}", style, f"C{i}")
    for i, peer in enumerate(("nvme_passthrough_fio", "nvme_io_uring_fio", "virtio_blk_fio")):
        line(axes, series(rows, peer, "latency_p50", "depth"), f"{peer}, p50", "-", f"C{5 + i}")
    axes.set(xscale="log", yscale="log", xlabel="commands under way", ylabel="ns",
             title="Latency by depth")
    axes.set_xscale("log", base=2)


def bandwidth_by_size(rows, axes):
    for door in doors(rows):
        line(axes, series(rows, "write", "bandwidth", "size", door=door, depth=4),
             f"WRITE, {door}, depth 4")
    for limit in ("memcpy_host", "memcpy_guest", "ib_write_bw"):
        line(axes, series(rows, limit, "bandwidth", "size"), limit, "--")
    axes.set(yscale="log", xlabel="bytes", ylabel="bytes/s", title="Bandwidth by size")
    axes.set_xscale("log", base=2)


def counts_by_door(rows, axes):
    metrics = ("db_traps", "syscalls", "interrupts")
    bars = [(door, mode, depth) for door in doors(rows) for mode in ("polled", "event")
            for depth in (1, 64)]
    width = 0.8 / len(metrics)
    for i, metric in enumerate(metrics):
        heights = [sum(value for _, value in series(rows, "nop", f"{metric}_per_command", "depth",
                                                    door=door, mode=mode, depth=depth))
                   for door, mode, depth in bars]
        drawn = axes.bar([x + i * width for x in range(len(bars))], heights, width, label=metric)
        axes.bar_label(drawn, fmt="%.3g", fontsize=7)
    axes.set_xticks([x + width for x in range(len(bars))],
                    [f"{door}, {mode}, {depth}" for door, mode, depth in bars], rotation=45,
                    ha="right")
    axes.set(ylabel="per command", title="Counts by door, mode and depth, NOP")


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    rows = json.loads(source.read_text(encoding="utf-8"))["measured"]
    for draw in (latency_by_depth, bandwidth_by_size, counts_by_door):
        figure, axes = plt.subplots(figsize=(10, 5))
        draw(rows, axes)
        axes.grid(True, which="major", alpha=0.3)
        axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
        figure.tight_layout()
        path = target / f"{draw.__name__}.svg"
        figure.savefig(path, metadata={"Date": None})
        print(f"written: {path}")


if __name__ == "__main__":
    main()
