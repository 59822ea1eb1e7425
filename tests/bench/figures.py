# SPDX-License-Identifier: MIT
"""The figures of the benchmark: ratios of what was measured, counts per command, and what is wanted
of each."""

import dataclasses
import statistics

MIB = 1 << 20

# Who has to be there for a value, where that is not the device alone.
NEEDS = {"nvme_passthrough_fio": ("fio", "nvme"), "nvme_io_uring_fio": ("fio", "nvme"),
         "virtio_blk_fio": ("fio",), "nvme_passthrough_loop": ("nvme", "instructions"),
         "ib_write_lat": ("rxe", "perftest"), "ib_send_lat": ("rxe", "perftest"),
         "ib_write_bw": ("rxe", "perftest"), "ibv_reg_mr": ("rxe",), "ibv_dereg_mr": ("rxe",),
         "nop": ("instructions",), "uring_nop": ("instructions",)}


@dataclasses.dataclass(frozen=True)
class Missing:
    """Stands for what was not measured, or what would follow from that."""

    names: tuple
    doors: tuple = ()


class Measured:
    """Finds a value of one round by what was measured."""

    def __init__(self, rows):
        self.index = {self.key(row): row["value"] for row in rows}

    @staticmethod
    def key(row):
        return (row["what"], row.get("door"), row.get("mode"), row.get("depth"), row.get("size"),
                row.get("queues"), row["metric"])

    def __call__(self, what, metric, door=None, mode=None, depth=None, size=None, queues=None):
        return self.index.get((what, door, mode, depth, size, queues, metric),
                              Missing((what,), (door,) if door else ()))


def figure(what, value, unit, wanted=None, at_least=True):
    """A figure of one round."""
    return {"what": what, "value": value, "unit": unit, "wanted": wanted,
            "wanted_is": None if wanted is None else "at least" if at_least else "at most"}


def over(a, b):
    gone = [each for each in (a, b) if isinstance(each, Missing)]
    if gone:
        return Missing(sum((each.names for each in gone), ()),
                       sum((each.doors for each in gone), ()))
    return a / b if b else Missing(("a divisor that is not zero",))


def nop(got, doors):
    for depth, wanted in ((1, 50), (32, 60)):
        own = got("nop", "iops", "mapped", "polled", depth)
        yield figure(f"NOP, polled, depth {depth}, over NVMe passthrough (fio)",
                     over(own, got("nvme_passthrough_fio", "iops", depth=depth)), "x", wanted)
        yield figure(f"NOP, polled, depth {depth}, over NVMe passthrough (bare loop)",
                     over(own, got("nvme_passthrough_loop", "iops", depth=depth)), "x")
    yield figure("a bare trapped store over NOP, polled, depth 1",
                 over(got("trapped_store", "iops"), got("nop", "iops", "mapped", "polled", 1)), "x",
                 5, at_least=False)
    yield figure("NOP, polled, depth 32, over io_uring's NOP",
                 over(got("nop", "iops", "mapped", "polled", 32),
                      got("uring_nop", "iops", depth=32)), "x")
    yield figure("NOP by io_uring, depth 32, over NVMe passthrough (bare loop)",
                 over(got("nop", "iops", "uring", "polled", 32),
                      got("nvme_passthrough_loop", "iops", depth=32)), "x", 4)
    yield from counts(got, doors, COUNTS)


COUNTS = (("db_traps", "traps", 0.05), ("syscalls", "system calls", 0),
          ("interrupts", "interrupts", 0.1), ("copied_bytes", "bytes by read and write", None))
INSTRUCTIONS = (("instructions", "guest instructions", None),)


def counts(got, doors, metrics):
    for door in doors:
        for mode in ("polled", "event"):
            for depth in (1, 64):
                for metric, name, wanted in metrics:
                    bar = wanted if door == "mapped" and depth == 64 else None
                    yield figure(f"{name} per NOP, {door}, {mode}, depth {depth}",
                                 got("nop", f"{metric}_per_command", door, mode, depth), "", bar,
                                 at_least=False)


def instructions(got, doors):
    yield from counts(got, doors, INSTRUCTIONS)
    for peer in ("nvme_passthrough_loop", "uring_nop"):
        for depth in (1, 32):
            yield figure(f"guest instructions per command, {peer}, depth {depth}",
                         got(peer, "instructions_per_command", depth=depth), "")


def oneway(got, _doors):
    lat = "latency_p50"
    own = got("write_oneway", lat, "mapped", "polled", 1, 8)
    yield figure("WRITE of 8 bytes, one way, over ib_write_lat",
                 over(own, got("ib_write_lat", lat, size=8)), "x", 0.2, at_least=False)
    yield figure("WRITE of 8 bytes until seen by one thread, over ib_write_lat",
                 over(got("write_seen", lat, "mapped", "polled", 1, 8),
                      got("ib_write_lat", lat, size=8)), "x")
    for peer in ("ib_send_lat", "pipe", "eventfd"):
        depth = None if peer.startswith("ib") else 1
        yield figure(f"WRITE of 8 bytes, one way, over {peer}",
                     over(own, got(peer, lat, depth=depth, size=8)), "x")


def copy(got, _doors):
    size = 64 * 1024
    yield figure("WRITE of 64 KiB, depth 32, over ib_write_bw",
                 over(got("write", "bandwidth", "mapped", "polled", 32, size),
                      got("ib_write_bw", "bandwidth", size=size)), "x", 50)
    for size, wanted in ((MIB, 0.85), (16 * MIB, None)):
        own = got("write", "bandwidth", "mapped", "polled", 4, size)
        for where, bar in (("host", wanted), ("guest", None)):
            yield figure(f"WRITE of {size // MIB} MiB over the {where}'s memcpy",
                         over(own, got(f"memcpy_{where}", "bandwidth", size=size)), "x", bar)


def gemm(got, _doors):
    for depth, wanted in ((1, None), (2, 0.95)):
        yield figure(f"GEMM_F32 of 1024, depth {depth}, over the host's BLAS, one thread",
                     over(got("gemm_1024", "iops", "mapped", "event", depth),
                          got("gemm_1024_host", "iops")), "x", wanted)


def registration(got, _doors):
    for theirs, ours, bars in (("ibv_reg_mr", "ub_register_seg", {"huge": 3, "small": 1}),
                               ("ibv_dereg_mr", "ub_unregister_seg", {})):
        for mode in ("huge", "small"):
            for size in (4096, MIB, 256 * MIB):
                label = f"{size // MIB} MiB" if size >= MIB else f"{size // 1024} KiB"
                yield figure(f"{theirs}'s time for {label} over {ours}'s, {mode} pages",
                             over(got(theirs, "time_per_page", mode=mode, size=size),
                                  got(ours, "time_per_page", mode=mode, size=size)), "x",
                             bars.get(mode) if size == 256 * MIB else None)
    for mode in ("small", "huge"):
        yield figure(f"time per page, 256 MiB over 16 MiB, {mode} pages",
                     over(got("ub_register_seg", "time_per_page", mode=mode, size=256 * MIB),
                          got("ub_register_seg", "time_per_page", mode=mode, size=16 * MIB)), "x",
                     1.1, at_least=False)


def queues(got, _doors):
    cost = [got("busy_queues", "time_per_command", "mapped", "polled", 4, queues=2 ** i)
            for i in range(9)]
    gone = [value for value in cost if isinstance(value, Missing)]
    yield figure("time per command, the dearest over the cheapest of 1 to 256 queues",
                 gone[0] if gone else max(cost) / min(cost), "x", 1.1, at_least=False)


def tables(got, _doors):
    for size in (16 * MIB, 256 * MIB):
        made = got("page_tables", "table_bytes", mode="small", size=size)
        yield figure(f"page table memory per registered memory, {size // MIB} MiB, small pages",
                     over(made, size), "")


OF_SECTION = {"nop": nop, "oneway": oneway, "copy": copy, "gemm": gemm,
              "registration": registration, "queues": queues, "tables": tables,
              "instructions": instructions}


def is_met(value, wanted, wanted_is):
    # As printed, so that 0.85 of a limit is not missed by a rounding.
    return value >= wanted if wanted_is == "at least" else value <= wanted + 1e-9


def why_missing(names, reasons):
    for name in names:
        for peer in NEEDS.get(name, ()):
            if peer in reasons:
                return f"{peer}: {reasons[peer]}"
    return f"{', '.join(names)} was not measured"


def of_all_rounds(rounds, reasons):
    """One figure of what each round made of it: median and spread, or why it is missing."""
    one = rounds[0]
    row = {key: one[key] for key in ("what", "unit", "wanted", "wanted_is")}
    values = [each["value"] for each in rounds if not isinstance(each["value"], Missing)]
    if not values:
        return {**row, "value": None, "why": why_missing(one["value"].names, reasons)}
    value = statistics.median(values)
    row |= {"value": value, "smallest": min(values), "largest": max(values),
            "rounds": len(values), "met": None, "sure": None}
    if row["wanted"] is not None:
        bound = (row["wanted"], row["wanted_is"])
        row["met"] = is_met(value, *bound)
        row["sure"] = all(is_met(each, *bound) == row["met"] for each in values)
    return row


def figures(rows, sections, doors, reasons):
    """The figures of the sections, each from the rounds of the rows that it can be had from.

    rows: what was measured, each with its "round"; reasons: by peer, why it is missing."""
    by_round = {}
    for row in rows:
        by_round.setdefault(row["round"], []).append(row)
    for section in sections:
        made = {}
        for measured in by_round.values():
            for each in OF_SECTION[section](Measured(measured), doors):
                if set(getattr(each["value"], "doors", ())) <= set(doors):
                    made.setdefault(each["what"], []).append(each)
        for rounds in made.values():
            yield of_all_rounds(rounds, reasons)
