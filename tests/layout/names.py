#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each list of names stands once: what else shows it agrees.

Extended errors: libub/src/ext_errors.def against enum ub_ext_code, its comments, and docs/uapi.md.
Names: kmod/uapi/ub_names.h against the enumerations and structure they name, and docs/faults.md.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
STRING = r'"((?:[^"\\]|\\.)*)"'


def read(path):
    return (TOP / path).read_text(encoding="utf-8")


NAMES = read("kmod/uapi/ub_names.h")
HEADERS = "".join(path.read_text(encoding="utf-8") for path in sorted(TOP.glob("kmod/uapi/*.h"))
                  if path.name != "ub_names.h")


def table():
    """(name, errno, object, limit) of each row."""
    rows = re.findall(rf"^UB_EXT_ERROR\((\w+), (\w+), {STRING}, {STRING},$",
                      read("libub/src/ext_errors.def"), re.M)
    return [tuple(row) for row in rows]


def header():
    """The same of the enumeration, whose comments are "errno; object; limit" and a remark."""
    body = re.search(r"enum ub_ext_code {(.*?)\n};", HEADERS, re.S)[1]
    found = re.findall(r"UB_EXT_(\w+)\s*= (\d+),\t/\* (\w+); ([^;]+); ([^;]+?) \*/", body)
    numbers = [int(number) for _, number, *_ in found]
    assert numbers == list(range(1, len(found) + 1)), numbers
    bare = [re.sub(r"^-$", "", cell) for row in found for cell in (row[3], row[4].split(" : ")[0])]
    return [(row[0], row[2], *bare[2 * i:2 * i + 2]) for i, row in enumerate(found)]


def document():
    rows = re.findall(r"^\| (\d+) (\w+) \| (E\w+) \|(.*)\|(.*)\|$", read("docs/uapi.md"), re.M)
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    return [(row[1], row[2], *(cell.replace("`", "").strip() for cell in row[3:])) for row in rows]


def same(one, other):
    for row in sorted(set(one) ^ set(other)):
        print(f"# {'table' if row in one else 'other'}: {row}")
    return one == other and len(one) > 20


def errors_of_the_header():
    return same(table(), header())


def errors_of_the_document():
    return same(table(), document())


def names(macro, column=0):
    """A column of a list of ub_names.h."""
    body = re.search(rf"#define {macro}\(X\) (.*?[^\\])\n\n", NAMES, re.S)[1]
    rows = re.split(r"\bX\(", body.replace("\\\n", ""))[1:]
    return [row.split(",")[column].strip(' ")\t') for row in rows]


def enumerators(enum, prefix, skip=()):
    body = re.search(rf"enum {enum} {{(.*?)\n}};", HEADERS, re.S)[1]
    body = re.sub(r"/\*.*?\*/", "", body)
    return [name for name in re.findall(rf"{prefix}(\w+)", body) if name not in skip]


LISTS = (
    ("UB_HEALTH_EVENTS", "ub_health_event", "UB_HEALTH_", ()),
    ("UB_RESET_SCOPES", "ub_reset_scope", "UB_SCOPE_", ()),
    ("UB_OBJECT_NAMES", "ub_obj_type", "UB_OBJ_", ()),
    ("UB_FAULTS", "ub_fault", "UB_FAULT_", ()),
    ("UB_STALL_ENDS", "ub_stall_end", "UB_STALL_", ()),
    ("UB_CR_NAMES", "ub_cr_status", "UB_CR_", ()),
    ("UB_SUBSTATUSES", "ub_cr_substatus", "UB_SUB_", ()),
    ("UB_EVENT_NAMES", "ub_event_type", "UB_EVENT_", ("COMPLETION",)),
    ("UB_STATE_NAMES", "ub_queue_state", "UB_STATE_", ()),
    ("UB_ADMIN_STATUS_NAMES", "ub_admin_status", "UB_ADMIN_", ()),
)


def names_of_enumerations():
    wrong = [macro for macro, enum, prefix, skip in LISTS
             if names(macro) != enumerators(enum, prefix, skip)]
    for macro in wrong:
        print(f"# {macro} differs from its enumeration")
    return not wrong


def names_of_counters():
    attributes = enumerators("ub_genl_attr", "UB_A_")
    first = attributes.index("HANGS")
    listed = names("UB_HEALTH_COUNTERS")
    members = re.findall(r"__le64 (\w+);",
                         re.search(r"struct ub_hw_stats {(.*?)};", HEADERS, re.S)[1])
    return (listed == attributes[first:first + len(listed)] and
            [name.lower() for name in listed] == names("UB_HEALTH_COUNTERS", 1) and
            members == names("UB_STAT_NAMES"))


def counters_of_the_document():
    """docs/uapi.md names each counter that sysfs shows."""
    text = read("docs/uapi.md")
    missing = [name for name in names("UB_HEALTH_COUNTERS", 1) if f"`{name}`" not in text]
    for name in missing:
        print(f"# docs/uapi.md: no counter {name}")
    return not missing


def faults_of_the_document():
    """Kinds, and the names of their arguments, in the order of the numbers."""
    part = read("docs/faults.md").split("## Kinds\n", 1)[1].split("\n#", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in part.splitlines() if line.startswith("| `")]
    kinds = [row[0].strip("`") for row in rows]
    args = [list(dict.fromkeys(re.findall(r"`(\w+)`", row[2]))) for row in rows]
    wanted = [[name for name in pair if name != "0"]
              for pair in zip(names("UB_FAULTS", 5), names("UB_FAULTS", 8))]
    # An event's info is 64 bits, of which text has the halves apart.
    wanted = [["type", "tid", "info"] if "info" in pair else pair for pair in wanted]
    return kinds == names("UB_FAULTS", 1) and args == wanted


def main():
    tests = (errors_of_the_header, errors_of_the_document, names_of_enumerations, names_of_counters,
             counters_of_the_document, faults_of_the_document)
    results = [test() for test in tests]
    for test, good in zip(tests, results):
        print(f"{'ok' if good else 'not ok'} - {test.__name__}")
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
