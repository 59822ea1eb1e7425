#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/faults.md names every completion status, asynchronous event and kind of fault of the
contract, under its number, and each test that it names is there."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
TEXT = (TOP / "docs/faults.md").read_text(encoding="utf-8")
HEADER = "".join(path.read_text(encoding="utf-8") for path in TOP.glob("kmod/uapi/ub_hw_*.h"))


def enum(name, prefix):
    body = re.search(rf"enum {name} {{(.*?)\n}};", HEADER, re.S).group(1)
    return {m[1]: int(m[2], 0) for m in re.finditer(rf"{prefix}(\w+)\s*=\s*(\w+)", body)}


def rows(heading):
    """Cells of the first table after a heading."""
    part = TEXT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    part = part.split("\n### ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def numbered(heading):
    return {row[1]: int(row[0]) for row in rows(heading)}


def every_status():
    return numbered("The 17 completion statuses") == enum("ub_cr_status", "UB_CR_")


def every_event():
    events = {k: v for k, v in enum("ub_event_type", "UB_EVENT_").items() if k != "COMPLETION"}
    return numbered("The asynchronous events") == events


def every_kind():
    kinds = {k.lower().replace("_", "-").replace("lost-db", "lost-doorbell")
             for k in enum("ub_fault", "UB_FAULT_")}
    return len(kinds) == 12 and {row[0].strip("`") for row in rows("Kinds")} == kinds


def every_test_named_exists():
    sources = "\n".join(path.read_text(encoding="utf-8")
                        for path in (TOP / "tests").glob("**/*.c"))
    named = [row[-1].strip("`") for heading in
             ("Kinds", "The 17 completion statuses", "The asynchronous events")
             for row in rows(heading)]
    prose = re.findall(r"`(\w+_\w+)`(?=[,. ])", TEXT.split("Tests:", 1)[1].split("\n##", 1)[0])
    missing = [name for name in named + prose
               if not re.search(rf"^static void {name}\(void \*\*state\)", sources, re.M)]
    for name in missing:
        print(f"# no test is named {name}")
    return not missing and len(prose) >= 5


def main():
    tests = (every_status, every_event, every_kind, every_test_named_exists)
    results = [test() for test in tests]
    for test, ok in zip(tests, results):
        print(f"{'ok' if ok else 'not ok'} - {test.__name__}")
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
