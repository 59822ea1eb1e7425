#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads a `git diff -U0` and says what clang-format would make of the lines it adds; fails if that
is anything else."""
import difflib
import re
import subprocess
import sys


def added(diff):
    """{path: [(first, last)]} of the lines that a diff adds."""
    lines, path = {}, None
    for line in diff:
        if line.startswith('+++ '):
            path = line[6:].strip() if line.startswith('+++ b/') else None
        hunk = re.match(r'@@ -\S+ \+(\d+)(?:,(\d+))? @@', line)
        if hunk and path:
            count = int(hunk[2] or 1)
            if count:
                lines.setdefault(path, []).append((int(hunk[1]), int(hunk[1]) + count - 1))
    return lines


def wanted(path, ranges):
    style = 'file:kmod/.clang-format' if path.endswith('.c') else 'file'
    command = ['clang-format', f'--style={style}']
    command += [f'--lines={first}:{last}' for first, last in ranges] + [path]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    bad = False
    for path, ranges in added(sys.stdin).items():
        with open(path, encoding='utf-8') as file:
            is_now = file.read()
        diff = list(difflib.unified_diff(is_now.splitlines(), wanted(path, ranges).splitlines(),
                                         path, 'clang-format', lineterm='', n=1))
        print(*diff, sep='\n', end='\n' if diff else '')
        bad = bad or bool(diff)
    return bad


if __name__ == '__main__':
    sys.exit(main())
