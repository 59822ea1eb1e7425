# SPDX-License-Identifier: MIT
"""What a round of the benchmark does: its sections, and how long each takes.

  plan.py [PATTERN...]     prints those that the patterns name, or fails with one line"""

import dataclasses
import fnmatch
import sys


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of a round that can be run alone."""

    # What the host runs before the VM: arguments of ub-bench.
    host: tuple = ()
    # Whether in-vm.sh has a part in it; else it is a VM of its own.
    in_vm: bool = True
    # Seconds that it takes on an idle machine of 2026, to begin with; then what it took.
    guess: float = 5


SECTIONS = {
    "nop": Section(guess=50),
    "oneway": Section(guess=8),
    "copy": Section(host=(("memcpy", "host"),), guess=25),
    "gemm": Section(host=(("blas",),), guess=5),
    "registration": Section(guess=12),
    "queues": Section(guess=5),
    "tables": Section(guess=4),
    "instructions": Section(in_vm=False, guess=20),
}


def choose(patterns):
    """The names of the sections that the patterns match, in their order; all without a pattern.
    Raises ValueError for a pattern that matches none."""
    for pattern in patterns:
        if not fnmatch.filter(SECTIONS, pattern):
            raise ValueError(f"there is no section {pattern!r}; there are: {' '.join(SECTIONS)}")
    return [name for name in SECTIONS
            if not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


if __name__ == "__main__":
    try:
        print(" ".join(choose(" ".join(sys.argv[1:]).split())))
    except ValueError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(2)
