#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print the results of matrix.sh as a table, write them as JSON; exit 1 unless every cell passed.

table.py OUT JSON SUITE...
"""
import json
import shlex
import sys


def facts(out, suite):
    with open(f'{out}/{suite}/facts', encoding='utf-8') as lines:
        return dict(shlex.split(line)[0].split('=', 1) for line in lines)


def read_cells(out):
    with open(f'{out}/results', encoding='utf-8') as lines:
        for line in lines:
            kernel, qemu, tests, *counts = line.split()
            passed, failed, skipped = (int(count) for count in counts)
            yield {'kernel': kernel, 'qemu': qemu, 'tests': tests, 'passed': passed,
                   'failed': failed, 'skipped': skipped}


def cell_text(cell):
    if cell['tests'] == 'not-built':
        return 'not built'
    return '{passed}/{failed}/{skipped} {tests}'.format(**cell)


def print_table(suites, about, cells):
    texts = {(cell['kernel'], cell['qemu']): cell_text(cell) for cell in cells}
    rows = [['passed/failed/skipped'] + [f'QEMU {about[s]["qemu"]} ({s})' for s in suites]]
    rows += [[f'Linux {about[kernel]["kernel"]} ({kernel})'] +
             [texts[kernel, qemu] for qemu in suites] for kernel in suites]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print('  '.join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


def suite_json(suite, about):
    gcc, clang, sparse = about['compilers'].split(maxsplit=2)
    return {'suite': suite, 'kernel': about['kernel'], 'qemu': about['qemu'], 'gcc': gcc,
            'clang': clang, 'sparse': sparse, 'driver_builds': 'kernel_fails' not in about,
            'plugin_builds': 'qemu_fails' not in about}


def main():
    out, path, *suites = sys.argv[1:]
    about = {suite: facts(out, suite) for suite in suites}
    cells = list(read_cells(out))
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({'schema': 'ub.matrix/1', 'suites': [suite_json(s, about[s]) for s in suites],
                   'cells': cells}, file, indent=2)
        file.write('\n')
    print_table(suites, about, cells)
    sys.exit(any(cell['failed'] or not cell['passed'] for cell in cells))


if __name__ == '__main__':
    main()
