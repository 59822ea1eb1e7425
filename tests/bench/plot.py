#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draw bench.json: latency by depth, bandwidth by size, counts by door. A point is the median of
the rounds, the band around it their smallest and largest.

  plot.py BENCH_JSON DIR"""

import json
import os
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402 (the backend is chosen first)
from matplotlib.ticker import EngFormatter, FuncFormatter  # noqa: E402

# The same text for the same data, so that two runs can be compared.
matplotlib.rcParams.update({"svg.hashsalt": "ub", "svg.fonttype": "none"})

NAMES = {"nvme_passthrough_fio": "NVMe passthrough (fio)", "nvme_io_uring_fio": "NVMe (fio)",
         "virtio_blk_fio": "virtio disk (fio)", "memcpy_host": "the host's memcpy",
         "memcpy_guest": "the guest's memcpy", "ib_write_bw": "ib_write_bw over rxe",
         "mapped": "mapped doorbell", "ioctl": "ioctl", "uring": "io_uring",
         "db_traps": "traps", "syscalls": "system calls", "interrupts": "interrupts"}


def series(rows, what, metric, axis, **fixed):
    """Sorted (axis, values of all rounds) of the rows that have these values in their other
    fields."""
    found = {}
    for row in rows:
        if (row["what"] == what and row["metric"] == metric and axis in row
                and all(row.get(key) == value for key, value in fixed.items())):
            found.setdefault(row[axis], []).append(row["value"])
    return sorted(found.items())


def line(axes, points, label, style, color):
    if not points:
        return
    places = [place for place, _ in points]
    axes.plot(places, [statistics.median(values) for _, values in points], style, marker="o",
              markersize=3, label=label, color=color)
    axes.fill_between(places, [min(values) for _, values in points],
                      [max(values) for _, values in points], color=color, alpha=0.12, linewidth=0)


def doors(rows):
    return list(dict.fromkeys(row["door"] for row in rows if row["what"] in ("nop", "write")))


def binary(value, _position):
    """A number of bytes as people write it."""
    for unit in ("B", "KiB", "MiB"):
        if value < 1024 or unit == "MiB":
            return f"{value:g} {unit}"
        value /= 1024
    return ""


def latency_by_depth(rows, axes):
    # One colour a door, one style a percentile.
    for i, door in enumerate(doors(rows)):
        for metric, style in (("latency_p50", "-"), ("latency_p99", "--"),
                              ("latency_p99_9", ":")):
            line(axes, series(rows, "nop", metric, "depth", door=door, mode="polled"),
                 f"NOP, {NAMES[door]}, {metric[8:].replace('_', '.')}", style, f"C{i}")
    for i, peer in enumerate(("nvme_passthrough_fio", "nvme_io_uring_fio", "virtio_blk_fio")):
        line(axes, series(rows, peer, "latency_p50", "depth"), f"{NAMES[peer]}, p50", "-",
             f"C{5 + i}")
    axes.set(yscale="log", xlabel="commands under way", ylabel="from post to seen completion",
             title="Latency by depth")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    # What was measured is in nanoseconds.
    axes.yaxis.set_major_formatter(FuncFormatter(
        lambda value, _: EngFormatter("s")(value * 1e-9)))


def bandwidth_by_size(rows, axes):
    for i, door in enumerate(doors(rows)):
        line(axes, series(rows, "write", "bandwidth", "size", door=door, depth=4),
             f"WRITE, {NAMES[door]}, depth 4", "-", f"C{i}")
    for i, limit in enumerate(("memcpy_host", "memcpy_guest", "ib_write_bw")):
        line(axes, series(rows, limit, "bandwidth", "size"), NAMES[limit], "--", f"C{5 + i}")
    axes.set(yscale="log", xlabel="size of a command", ylabel="bandwidth",
             title="Bandwidth by size")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(FuncFormatter(binary))
    axes.yaxis.set_major_formatter(EngFormatter("B/s"))


def counts_by_door(rows, axes):
    metrics = ("db_traps", "syscalls", "interrupts")
    bars = [(door, mode, depth) for door in doors(rows) for mode in ("polled", "event")
            for depth in (1, 64)]
    height = 0.8 / len(metrics)
    for i, metric in enumerate(metrics):
        widths = [sum(statistics.median(values) for _, values in
                      series(rows, "nop", f"{metric}_per_command", "depth", door=door, mode=mode,
                             depth=depth))
                  for door, mode, depth in bars]
        drawn = axes.barh([y + i * height for y in range(len(bars))], widths, height,
                          label=NAMES[metric])
        axes.bar_label(drawn, fmt="%.3g", fontsize=7, padding=2)
    axes.set_yticks([y + height for y in range(len(bars))],
                    [f"{NAMES[door]}, {mode}, depth {depth}" for door, mode, depth in bars])
    axes.invert_yaxis()
    axes.set(xlabel="per command", title="Counts of a NOP by door, mode and depth")


DRAWINGS = ((latency_by_depth, "nop"), (bandwidth_by_size, "copy"), (counts_by_door, "nop"))


def conditions(document):
    host, rounds = document["host"], document["rounds"]
    return (f"emulated (QEMU, {host['accelerator']}); {host['processor']}, {host['cpus']} "
            f"processors; load {host['load_before']:.3g} to {document['load_after']:.3g}; "
            f"median and spread of {rounds} round{'' if rounds == 1 else 's'} of "
            f"{document['seconds']:g} s")


def save(figure, path):
    """Whole or not at all, over the picture of before."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        figure.savefig(beside, format="svg", metadata={"Date": None})
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def draw_all(document, target):
    """The pictures of the sections that were run."""
    for draw, section in DRAWINGS:
        if section not in document["sections"]:
            continue
        figure, axes = plt.subplots(figsize=(11, 5.5), layout="constrained")
        draw(document["measured"], axes)
        axes.grid(True, which="major", alpha=0.3)
        axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        figure.supxlabel(conditions(document), fontsize=7)
        path = target / f"{draw.__name__}.svg"
        save(figure, path)
        plt.close(figure)
        print(f"written: {path}")


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    draw_all(json.loads(source.read_text(encoding="utf-8")), target)


if __name__ == "__main__":
    main()
