#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the benchmark makes of what it measured, and what it says to bad input."""

import contextlib
import io
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import report  # noqa: E402 (its folder is named first)
from figures import figures  # noqa: E402


def copy_rows(rates, peer=1e9):
    """Rounds in which the device writes at these rates and the host copies at peer."""
    for number, rate in enumerate(rates, 1):
        for size in (1 << 20, 16 << 20):
            yield {"round": number, "what": "write", "door": "mapped", "mode": "polled",
                   "depth": 4, "size": size, "metric": "bandwidth", "value": rate, "unit": "B/s"}
            yield {"round": number, "what": "memcpy_host", "size": size, "metric": "bandwidth",
                   "value": peer, "unit": "B/s"}


def named(rows, sections, what, doors=("mapped",), reasons=None):
    found = [row for row in figures(list(rows), sections, doors, reasons or {})
             if row["what"] == what]
    assert len(found) == 1, found
    return found[0]


def judged(rates):
    row = named(copy_rows(rates), ["copy"], "WRITE of 1 MiB over the host's memcpy")
    return row["value"], report.verdict(row)


def test_a_figure_is_the_median_of_its_rounds():
    row = named(copy_rows([0.5e9, 0.9e9, 0.8e9]), ["copy"],
                "WRITE of 1 MiB over the host's memcpy")
    assert (row["smallest"], row["value"], row["largest"]) == (0.5, 0.8, 0.9)
    assert row["rounds"] == 3


def test_a_bound_that_the_spread_crosses_is_not_sure():
    assert judged([0.9e9, 0.95e9, 0.86e9]) == (0.9, "met")
    assert judged([0.9e9, 0.95e9, 0.84e9]) == (0.9, "met, not sure")
    assert judged([0.8e9, 0.95e9, 0.84e9]) == (0.84, "missed, not sure")
    assert judged([0.8e9, 0.7e9, 0.84e9]) == (0.8, "missed")


def test_a_missing_peer_says_so_and_the_rest_is_there():
    reasons = {"rxe": "rdma_rxe does not start here"}
    row = named(copy_rows([1e9]), ["copy"], "WRITE of 64 KiB, depth 32, over ib_write_bw",
                reasons=reasons)
    assert row["value"] is None and row["why"] == f"rxe: {reasons['rxe']}", row
    row = named(copy_rows([1e9]), ["registration"],
                "ibv_reg_mr's time for 1 MiB over ub_register_seg's, small pages",
                reasons=reasons)
    assert row["why"] == f"rxe: {reasons['rxe']}", row
    assert named(copy_rows([1e9]), ["copy"], "WRITE of 1 MiB over the host's memcpy")["met"]


def test_a_round_that_was_ended_gives_what_it_has():
    rows = list(copy_rows([0.9e9, 0.95e9]))[:-2]
    name = "WRITE of 16 MiB over the host's memcpy"
    assert named(rows, ["copy"], name)["rounds"] == 1
    assert named(rows, ["copy"], "WRITE of 1 MiB over the host's memcpy")["rounds"] == 2


def test_doors_that_are_not_chosen_are_left_out():
    for row in figures(list(copy_rows([1e9])), ["nop"], ("ioctl",), {}):
        assert "mapped" not in row["what"], row


def test_the_document_is_what_its_schema_says():
    rows = list(copy_rows([0.9e9, 0.7e9]))
    document = {"schema": "ub.bench.report/2", "emulated": True, "host": report.host("tcg", 0.5),
                "guest": {"guest_kernel": "6.1"}, "load_after": 1.0, "seconds": 0.2, "rounds": 2,
                "sections": ["copy"], "measured": rows,
                "figures": list(figures(rows, ["copy"], ("mapped",), {}))}
    with tempfile.TemporaryDirectory() as folder:
        report.write(document, pathlib.Path(folder) / "bench.json")
        assert [path.name for path in pathlib.Path(folder).iterdir()] == ["bench.json"]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        report.print_table(document)
    assert "missed, not sure" in said.getvalue(), said.getvalue()
    assert all(len(line) <= 132 for line in said.getvalue().splitlines()[3:]), said.getvalue()


def refused(*command):
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 2, done
    assert not done.stdout and done.stderr.count("\n") == 1, done
    return done.stderr


def test_an_unknown_section_or_option_is_one_line():
    plan, run = str(HERE / "plan.py"), str(HERE / "run.py")
    assert "registration" in refused(sys.executable, plan, "copy nonsense")
    assert "registration" in refused(sys.executable, run, "build", "nonsense")
    assert "--speed" in refused(sys.executable, run, "--speed", "9", "build")
    assert "0.01" in refused(sys.executable, run, "--seconds", "nan", "build")
    assert "rounds" in refused(sys.executable, run, "--rounds", "0", "build")
    assert "mapped" in refused(sys.executable, run, "--doors", "front", "build")


def main():
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print(f"ok - {name[5:]}")
        except AssertionError as error:
            failed = 1
            print(f"not ok - {name[5:]}: {error}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
