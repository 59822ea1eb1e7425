#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the benchmark: rounds of host limits, a VM with the device and its peers, and a slower VM
that counts instructions; then report and plots. Each figure is the median of its rounds.

  run.py [--seconds S] [--rounds N] [--doors "DOOR..."] BUILD ["SECTION..."]

SECTION is a pattern; all by default. A run that is ended by a signal reports what it has."""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import report
from figures import figures
from plan import SECTIONS, choose

HERE = pathlib.Path(__file__).parent
DOORS = ("mapped", "ioctl", "uring")


class Ended(Exception):
    """A signal ended the run."""


class Failed(Exception):
    """A part of the benchmark failed."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"bench: {message}\n")


def number(kind, lowest):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = -1
        if not lowest <= value <= 1000:
            raise argparse.ArgumentTypeError(f"{text}: a number from {lowest} to 1000 is wanted")
        return value
    return parse


def parse_arguments():
    parser = Parser(prog="bench")
    parser.add_argument("--seconds", type=number(float, 0.01), default=0.2)
    parser.add_argument("--rounds", type=number(int, 1), default=5)
    parser.add_argument("--doors", type=str.split, default=list(DOORS))
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("sections", nargs="*")
    args = parser.parse_args()
    for door in args.doors:
        if door not in DOORS:
            parser.error(f"there is no door {door!r}; there are: {' '.join(DOORS)}")
    try:
        args.sections = choose(" ".join(args.sections).split())
    except ValueError as error:
        parser.error(error)
    return args


class Progress:
    """Says on standard error what is done now, and how long is left."""

    def __init__(self, rounds, sections):
        self.rounds, self.sections = rounds, sections
        self.cost = {name: SECTIONS[name].guess for name in sections}
        self.round, self.section, self.began = 0, None, time.monotonic()
        self.left = ""

    def begin(self, number_, section):
        self.end()
        self.round, self.section, self.began = number_, section, time.monotonic()
        seconds = (self.rounds - number_) * sum(self.cost.values())
        seconds += sum(self.cost[name] for name in self.sections[self.sections.index(section):])
        minutes, seconds = divmod(round(seconds), 60)
        print(f"bench: round {number_} of {self.rounds}: {section}; about {minutes} min "
              f"{seconds:2} s left", file=sys.stderr)

    def end(self):
        if self.section:
            self.cost[self.section] = time.monotonic() - self.began
        self.section = None


class Run:
    """The rows measured so far, the peers that are missing and the guest's conditions."""

    def __init__(self, args, accelerator):
        self.args, self.accelerator = args, accelerator
        self.bench = args.build / "bench" / "ub-bench"
        self.out = args.build / "bench"
        self.progress = Progress(args.rounds, args.sections)
        self.rows, self.missing, self.guest, self.rounds = [], {}, {}, 0

    def take(self, text, number_):
        line = json.loads(text)
        if "section" in line:
            self.progress.begin(number_, line["section"])
        elif "missing" in line:
            self.missing[line["missing"]] = line["why"]
        elif "condition" in line:
            self.guest[line["condition"]] = line["value"]
        else:
            self.rows.append({"round": number_, **line})

    def lines(self, command, number_, take=None):
        """Gives each line of a command's output to take(), by default self.take()."""
        with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                              text=True) as process:
            try:
                for text in process.stdout:
                    (take or self.take)(text, number_)
            except Ended:
                process.terminate()
                raise
        if process.returncode:
            raise Failed(f"{command[0]} ended with status {process.returncode}")

    def disks(self):
        for name, device in (("nvme0", "nvme,serial=peer"), ("virtio0", "virtio-blk-pci")):
            image = self.out / f"{name}.img"
            with open(image, "wb") as file:
                file.truncate(256 << 20)
            drive = f"file={image},if=none,id={name},format=raw,cache=writeback"
            for word in ("-drive", drive, "-device", f"{device},drive={name}"):
                yield from ("--qemu-arg", word)

    def vm(self, memory, *arguments):
        return ("qemu_device/ubvm", "run", "--devices", "1", "--mem", memory, "--timeout", "1200",
                *self.disks(), *arguments)

    def host_limits(self, number_):
        for name in self.args.sections:
            for part in SECTIONS[name].host:
                self.lines((self.bench, "--seconds", self.args.seconds, *part), number_)

    def in_vm(self, number_):
        names = [name for name in self.args.sections if SECTIONS[name].in_vm]
        if names:
            self.lines(self.vm("3G", "--", HERE / "in-vm.sh", self.bench, self.args.seconds,
                               " ".join(self.args.doors), *names), number_)

    def count_instructions(self, number_):
        """The plugin's counts, one for each row, divided by the commands between its marks."""
        if "instructions" not in self.args.sections:
            return
        if self.accelerator != "tcg":
            self.missing["instructions"] = "a TCG plugin counts them, and this VM runs by KVM"
            return
        self.progress.begin(number_, "instructions")
        counts, rows = self.out / "instructions", []
        script = ('modprobe nvme; for _ in $(seq 100); do [ -e /dev/ng0n1 ] && break; sleep 0.1; '
                  'done; exec "$@"')
        self.lines(self.vm("2G", "--qemu-arg", "-plugin", "--qemu-arg",
                           f"file={self.out}/insn_plugin.so,out={counts}", "--", "sh", "-c", script,
                           "sh", self.bench, "sections", "ub0", "/dev/ng0n1", *self.args.doors),
                   number_, lambda text, _: rows.append(json.loads(text)))
        numbers = counts.read_text(encoding="utf-8").split()
        if len(numbers) != len(rows):
            raise Failed(f"{len(rows)} stretches, but {len(numbers)} counts of instructions")
        for row, count in zip(rows, numbers):
            self.rows.append({"round": number_, **row, "value": int(count) / row["value"]})

    def all_rounds(self):
        for number_ in range(1, self.args.rounds + 1):
            self.host_limits(number_)
            self.in_vm(number_)
            self.count_instructions(number_)
            self.progress.end()
            self.rounds = number_

    def document(self, load):
        return {"schema": "ub.bench.report/2", "emulated": True,
                "host": report.host(self.accelerator, load), "guest": self.guest,
                "load_after": os.getloadavg()[0], "seconds": self.args.seconds,
                "rounds": self.rounds, "sections": self.args.sections,
                "figures": list(figures(self.rows, self.args.sections, self.args.doors,
                                        self.missing)),
                "measured": self.rows}


def draw(document, target):
    # Only who draws needs it, and it takes a while to load.
    import plot  # pylint: disable=import-outside-toplevel
    plot.draw_all(document, target)


def end(signum, _frame):
    raise Ended(signum)


def main():
    args = parse_arguments()
    load = os.getloadavg()[0]
    accelerator = subprocess.run(["qemu_device/ubvm", "accel"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.strip()
    run, status = Run(args, accelerator), 0
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, end)
    try:
        run.all_rounds()
    except Ended as ended:
        status = 128 + ended.args[0]
        print(f"bench: ended in round {run.rounds + 1}", file=sys.stderr)
    except Failed as failed:
        status = 1
        print(f"bench: round {run.rounds + 1}: {failed}", file=sys.stderr)
    if run.rows:
        document = run.document(load)
        report.write(document, args.build / "bench.json")
        report.print_table(document)
        print(f"\nwritten: {args.build}/bench.json")
        draw(document, run.out)
    return status


if __name__ == "__main__":
    sys.exit(main())
