# SPDX-License-Identifier: MIT
"""What a run of the benchmark leaves: bench.json, checked against its schema, and a table."""

import json
import os
import pathlib
import platform

import jsonschema


def read_word(path):
    """The chosen word of a file of sysfs: the one in brackets, or the whole."""
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"
    return text.partition("[")[2].partition("]")[0] or text


def host(accelerator, load):
    model = next((line.split(":")[1].strip()
                  for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line), "")
    return {"machine": platform.machine(), "kernel": platform.release(), "processor": model,
            "cpus": os.cpu_count(), "accelerator": accelerator, "load_before": load,
            "clock": read_word("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            "huge_pages": read_word("/sys/kernel/mm/transparent_hugepage/enabled")}


def write(document, path):
    """Whole or not at all, over the figures of before."""
    schema = pathlib.Path(__file__).with_name("schema.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(json.loads(schema)).validate(document)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def bar(row):
    if row["wanted"] is None:
        return ""
    return f"{'>=' if row['wanted_is'] == 'at least' else '<='} {row['wanted']:g}"


def verdict(row):
    if row["met"] is None:
        return ""
    return ("met" if row["met"] else "missed") + ("" if row["sure"] else ", not sure")


def print_figure(row):
    if row["value"] is None:
        print(f"{row['what']:66} {'-':>9}  {row['why']}")
        return
    spread = f"{row['smallest']:.4g} .. {row['largest']:.4g}"
    print(f"{row['what']:66} {row['value']:>9.4g} {row['unit']:1} {spread:>21}  {bar(row):>7}"
          f"  {verdict(row)}".rstrip())


def print_table(document):
    it = document["host"]
    rounds = document["rounds"]
    print(f"emulated (QEMU, {it['accelerator']}); ratios and counts; median, smallest and largest"
          f" of {rounds} round{'' if rounds == 1 else 's'} of {document['seconds']:g} s a figure")
    print(f"host: {it['processor']}, {it['cpus']} processors, Linux {it['kernel']}, clock "
          f"{it['clock']}, huge pages {it['huge_pages']}; load before {it['load_before']:.3g}, "
          f"after {document['load_after']:.3g}")
    print("guest: " + ", ".join(f"{key.removeprefix('guest_').replace('_', ' ')} {value}"
                                for key, value in document["guest"].items()) + "\n")
    print(f"{'':66} {'median':>9}   {'smallest .. largest':>21}  {'wanted':>7}")
    for row in document["figures"]:
        print_figure(row)
