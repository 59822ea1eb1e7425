#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn the benchmark's JSON lines into build/bench.json and a table of ratios and counts."""

import json
import os
import platform
import sys

MIB = 1 << 20


def read(path):
    with open(path, encoding="utf-8") as lines:
        return {row["name"]: row for row in map(json.loads, lines) if row}


def rows(got):
    """Yields (what, value, unit, bar, whether the bar is a floor)."""

    def value(name):
        return got[name]["value"] if name in got else None

    def ratio(what, over, under, bar, floor=True):
        a, b = value(over), value(under)
        if a is not None and b:
            yield what, a / b, "x", bar, floor

    for depth in (1, 32):
        yield from ratio(f"NOP, polled, depth {depth}, over NVMe passthrough",
                         f"nop_polled_depth{depth}_iops", f"nvme_passthrough_depth{depth}", 30)
    yield from ratio("copy of 1 MiB over the host's memcpy", "copy_1mib_polled_iops",
                     "host_memcpy_1mib", 0.5)
    yield from ratio("GEMM_F32 of 1024 over the host's BLAS, one thread", "gemm_1024_event_iops",
                     "host_gemm_1024", 0.8)
    for size in ("4kib", "1mib", "256mib"):
        for pages in ("small", "huge"):
            yield from ratio(f"time to register {size}, {pages} pages, over ibv_reg_mr on rxe",
                             f"ub_reg_{size}_{pages}", f"rxe_reg_{size}_{pages}", None)
    for depth in (1, 32):
        for mode in ("polled", "event"):
            for counter in ("db_traps", "interrupts", "syscalls"):
                name = f"nop_{mode}_depth{depth}_{counter}_per_command"
                bar = 0 if mode == "polled" and counter != "db_traps" else None
                if name in got:
                    yield (f"{counter} per command, {mode}, depth {depth}", value(name), "", bar,
                           False)


def met(value, bar, floor):
    if bar is None:
        return None
    return value >= bar if floor else value < bar + 0.0005


def main():
    source, target = sys.argv[1:3]
    got = read(source)
    table = [dict(what=what, value=value, unit=unit, bar=bar, met=met(value, bar, floor))
             for what, value, unit, bar, floor in rows(got)]
    with open(target, "w", encoding="utf-8") as out:
        json.dump({"schema": "ub.bench/1", "emulated": True,
                   "host": {"machine": platform.machine(), "kernel": platform.release(),
                            "cpus": os.cpu_count(), "accelerator": sys.argv[3]},
                   "ratios": table, "raw": list(got.values())}, out, indent=1)
    print(f"emulated (QEMU, {sys.argv[3]}); ratios to a peer of the same run\n")
    print(f"{'':66} {'value':>9}   {'wanted':>9}")
    for row in table:
        bar = "" if row["bar"] is None else f"{row['bar']:>9g}"
        mark = {None: "", True: "", False: "  missed"}[row["met"]]
        print(f"{row['what']:66} {row['value']:>9.4g} {row['unit']:1} {bar:>9}{mark}")
    print("\nmeasured")
    for row in got.values():
        print(f"  {row['name']:44} {row['value']:>14.6g} {row['unit']}")
    print(f"\nwritten: {target}")


if __name__ == "__main__":
    main()
