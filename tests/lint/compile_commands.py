#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a compilation database of the commands that `make --dry-run` prints."""
import json
import os
import shlex
import sys

SOURCES = ('.c', '.cpp')


def entry(line):
    """A command that compiles one source to an object, else nothing."""
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    if '-c' not in words or '-o' not in words:
        return None
    sources = [word for word in words if word.endswith(SOURCES)]
    if len(sources) != 1:
        return None
    return {'directory': os.getcwd(), 'file': sources[0], 'arguments': words,
            'output': words[words.index('-o') + 1]}


def main():
    found = {}
    for line in sys.stdin:
        made = entry(line)
        # The first is what users get; tests compile some again with sanitizers.
        if made:
            found.setdefault(made['file'], made)
    json.dump(list(found.values()), sys.stdout, indent=1)
    print()
    return not found


if __name__ == '__main__':
    sys.exit(main())
