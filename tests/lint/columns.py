#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Names lines of more than 100 columns in the files given; a tab ends at a multiple of 8."""
import sys
import unicodedata

LIMIT = 100


def columns(line):
    line = line.expandtabs(8)
    return sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in line)


def main(paths):
    found = 0
    for path in paths:
        with open(path, encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                width = columns(line.rstrip('\n'))
                if width > LIMIT:
                    print(f'{path}:{number}: {width} columns')
                    found += 1
    return found > 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
