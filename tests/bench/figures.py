# SPDX-License-Identifier: MIT
"""The figures of the benchmark: ratios of what was measured, counts per command, and what is wanted
of each."""

MIB = 1 << 20
METRICS = ("latency_p50", "latency_p99", "latency_p99_9")


class Measured:
    """Finds a value by what was measured; None if it was not."""

    def __init__(self, rows):
        self.rows = rows
        self.index = {self.key(row): row["value"] for row in rows}

    @staticmethod
    def key(row):
        return (row["what"], row.get("door"), row.get("mode"), row.get("depth"), row.get("size"),
                row.get("queues"), row["metric"])

    def __call__(self, what, metric, door=None, mode=None, depth=None, size=None, queues=None):
        return self.index.get((what, door, mode, depth, size, queues, metric))

    def doors(self):
        return list(dict.fromkeys(row["door"] for row in self.rows if row["what"] == "nop"))


def figure(what, value, unit, wanted=None, at_least=True):
    """One line of the table, or None where a part of it was not measured."""
    if value is None:
        return None
    met = None
    if wanted is not None:
        # As printed, so that 0.85 of a limit is not missed by a rounding.
        met = value >= wanted if at_least else value <= wanted + 1e-9
    return {"what": what, "value": value, "unit": unit, "wanted": wanted,
            "wanted_is": None if wanted is None else "at least" if at_least else "at most",
            "met": met}


def over(a, b):
    return None if a is None or not b else a / b


def speed(got):
    for depth, wanted in ((1, 50), (32, 60)):
        nop = got("nop", "iops", "mapped", "polled", depth)
        yield figure(f"NOP, polled, depth {depth}, over NVMe passthrough (fio)",
                     over(nop, got("nvme_passthrough_fio", "iops", depth=depth)), "x", wanted)
        yield figure(f"NOP, polled, depth {depth}, over NVMe passthrough (bare loop)",
                     over(nop, got("nvme_passthrough_loop", "iops", depth=depth)), "x")
    yield figure("a bare trapped store over NOP, polled, depth 1",
                 over(got("trapped_store", "iops"), got("nop", "iops", "mapped", "polled", 1)), "x",
                 5, at_least=False)
    yield figure("NOP, polled, depth 32, over io_uring's NOP",
                 over(got("nop", "iops", "mapped", "polled", 32),
                      got("uring_nop", "iops", depth=32)), "x")
    yield figure("NOP by io_uring, depth 32, over NVMe passthrough (bare loop)",
                 over(got("nop", "iops", "uring", "polled", 32),
                      got("nvme_passthrough_loop", "iops", depth=32)), "x", 4)


def one_way(got):
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


def bandwidth(got):
    size = 64 * 1024
    yield figure("WRITE of 64 KiB, depth 32, over ib_write_bw",
                 over(got("write", "bandwidth", "mapped", "polled", 32, size),
                      got("ib_write_bw", "bandwidth", size=size)), "x", 50)
    yield figure("WRITE of 1 MiB over the host's memcpy",
                 over(got("write", "bandwidth", "mapped", "polled", 4, MIB),
                      got("memcpy_host", "bandwidth", size=MIB)), "x", 0.85)
    yield figure("WRITE of 1 MiB over the guest's memcpy",
                 over(got("write", "bandwidth", "mapped", "polled", 4, MIB),
                      got("memcpy_guest", "bandwidth", size=MIB)), "x")
    for depth, wanted in ((1, None), (2, 0.95)):
        yield figure(f"GEMM_F32 of 1024, depth {depth}, over the host's BLAS, one thread",
                     over(got("gemm_1024", "iops", "mapped", "event", depth),
                          got("gemm_1024_host", "iops")), "x", wanted)


COUNTS = (("db_traps", "traps", 0.05), ("syscalls", "system calls", 0),
          ("interrupts", "interrupts", 0.1), ("copied_bytes", "bytes by read and write", None),
          ("instructions", "guest instructions", None))


def counts(got):
    for door in got.doors():
        for mode in ("polled", "event"):
            for depth in (1, 64):
                for metric, name, wanted in COUNTS:
                    bar = wanted if door == "mapped" and depth == 64 else None
                    yield figure(f"{name} per NOP, {door}, {mode}, depth {depth}",
                                 got("nop", f"{metric}_per_command", door, mode, depth), "", bar,
                                 at_least=False)
    for peer in ("nvme_passthrough_loop", "uring_nop"):
        for depth in (1, 32):
            yield figure(f"guest instructions per command, {peer}, depth {depth}",
                         got(peer, "instructions_per_command", depth=depth), "")


def registration(got):
    for mode, wanted in (("huge", 3), ("small", 1)):
        for size in (4096, MIB, 256 * MIB):
            label = f"{size // MIB} MiB" if size >= MIB else f"{size // 1024} KiB"
            yield figure(f"ibv_reg_mr's time for {label} over ub_register_seg's, {mode} pages",
                         over(got("ibv_reg_mr", "time_per_page", mode=mode, size=size),
                              got("ub_register_seg", "time_per_page", mode=mode, size=size)), "x",
                         wanted if size == 256 * MIB else None)


def scale(got):
    cost = [got("busy_queues", "time_per_command", "mapped", "polled", 4, queues=2 ** i)
            for i in range(9)]
    if None not in cost:
        yield figure("time per command, the dearest over the cheapest of 1 to 256 queues",
                     max(cost) / min(cost), "x", 1.1, at_least=False)
    for mode in ("small", "huge"):
        yield figure(f"time per page, 256 MiB over 16 MiB, {mode} pages",
                     over(got("ub_register_seg", "time_per_page", mode=mode, size=256 * MIB),
                          got("ub_register_seg", "time_per_page", mode=mode, size=16 * MIB)), "x",
                     1.1, at_least=False)
    for size in (16 * MIB, 256 * MIB):
        made = got("page_tables", "table_bytes", mode="small", size=size)
        yield figure(f"page table memory per registered memory, {size // MIB} MiB, small pages",
                     over(made, size), "")


def figures(rows):
    got = Measured(rows)
    for part in (speed, one_way, bandwidth, counts, registration, scale):
        yield from filter(None, part(got))
