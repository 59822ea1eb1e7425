#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn the benchmark's JSON lines into bench.json, checked against its schema, and a table.

  report.py DIR OUT --accelerator NAME --load LOAD --seconds S

DIR has lines.json, and of the counting VM sections.json and instructions (one number for each
line)."""

import argparse
import json
import os
import pathlib
import platform

import jsonschema

from figures import figures


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_sections(directory):
    """The plugin's counts, divided by the commands between its marks."""
    sections = read_lines(directory / "sections.json")
    counts = (directory / "instructions").read_text(encoding="utf-8").split()
    if len(sections) != len(counts):
        raise SystemExit(f"report: {len(sections)} sections, but {len(counts)} counts")
    for row, count in zip(sections, counts):
        row["value"] = int(count) / row["value"]
    return sections


def machine(args):
    model = next((line.split(":")[1].strip()
                  for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line), "")
    return {"machine": platform.machine(), "kernel": platform.release(), "processor": model,
            "cpus": os.cpu_count(), "accelerator": args.accelerator,
            "load_before": args.load, "seconds_per_figure": args.seconds}


def bar(row):
    if row["wanted"] is None:
        return ""
    return f"{'>=' if row['wanted_is'] == 'at least' else '<='} {row['wanted']:g}"


def print_table(document):
    host = document["host"]
    print(f"emulated (QEMU, {host['accelerator']}); ratios and counts of one run; "
          f"load before it {host['load_before']:g}\n")
    print(f"{'':68} {'value':>9}    {'wanted':>8}")
    for row in document["figures"]:
        missed = "  missed" if row["met"] is False else ""
        print(f"{row['what']:68} {row['value']:>9.4g} {row['unit']:1}  {bar(row):>8}{missed}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--accelerator", required=True)
    parser.add_argument("--load", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()
    rows = read_lines(args.dir / "lines.json") + read_sections(args.dir)
    document = {"schema": "ub.bench.report/1", "emulated": True, "host": machine(args),
                "figures": list(figures(rows)), "measured": rows}
    schema = pathlib.Path(__file__).with_name("schema.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(json.loads(schema)).validate(document)
    # Whole or not at all, over the figures of before.
    beside = args.out.with_name(f".{args.out.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        beside.replace(args.out)
    finally:
        beside.unlink(missing_ok=True)
    print_table(document)
    print(f"\nwritten: {args.out}")


if __name__ == "__main__":
    main()
