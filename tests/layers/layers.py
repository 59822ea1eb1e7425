#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds a tree to its list of layers: no call and no #include runs up.

  layers.py TREE OBJECTS [--list FILE]

TREE is a folder of sources with a file `layers`; OBJECTS the folder of what was built of them, with
the same names below it. A line of the list names a folder and its files without their endings,
lowest first, in both directions: a file may call those before it on its line and those of lines
above; `.` is the tree itself.

  base: ids params
  hw: admin
  .: module
  exception base/ids -> hw/admin: why this one call must run up

What calls, or takes the address of, a symbol that a later file defines fails, and so does an
#include of a later folder's header, a file that is not in the list, and an exception that is not
needed. At most two exceptions are allowed.
"""
import argparse
import pathlib
import re
import subprocess
import sys

MOST_EXCEPTIONS = 2
SOURCES = ('.c', '.cpp')
HEADERS = ('.h', '.hpp')


def read_list(path):
    """The files in order, the folders in order, {(caller, callee): reason}."""
    files, folders, exceptions = [], [], {}
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        line = line.split('#', 1)[0].rstrip()
        if not line:
            continue
        allowed = re.fullmatch(r'exception (\S+) -> (\S+): (\S.*)', line)
        layer = re.fullmatch(r'(\S+):\s*(.*)', line)
        if allowed:
            exceptions[allowed[1], allowed[2]] = allowed[3]
        elif layer:
            folder = '' if layer[1] == '.' else layer[1] + '/'
            folders.append(folder)
            files += [folder + name for name in layer[2].split()]
        else:
            sys.exit(f'{path}:{number}: neither "FOLDER: FILES" nor "exception A -> B: WHY"')
    return files, folders, exceptions


def symbols(path):
    """What an object defines for others, and what it needs of them."""
    out = subprocess.run(['nm', '-P', path], check=True, capture_output=True, text=True).stdout
    defined, needed = set(), set()
    for line in out.splitlines():
        name, kind = line.split()[:2]
        if kind == 'U':
            needed.add(name)
        elif kind in 'TDBRC':
            defined.add(name)
    return defined, needed


def shown(name):
    """A symbol as people write it."""
    if not name.startswith('_Z'):
        return name
    done = subprocess.run(['c++filt', name], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def calls_up(files, objects):
    """(caller, callee, symbol) of what a file needs of a later one."""
    table = {name: symbols(objects / f'{name}.o') for name in files}
    owner = {symbol: name for name in files for symbol in table[name][0]}
    place = {name: i for i, name in enumerate(files)}
    return sorted((name, owner[symbol], symbol) for name in files for symbol in table[name][1]
                  if symbol in owner and place[owner[symbol]] > place[name])


def includes_up(tree, folders):
    """(file, header) of what includes a header of a later folder."""
    place = {folder: i for i, folder in enumerate(folders)}
    found = []
    for path in sorted(tree.rglob('*')):
        name = path.relative_to(tree).as_posix()
        folder = name.rpartition('/')[0] + '/' if '/' in name else ''
        if path.suffix not in SOURCES + HEADERS or folder not in place:
            continue
        for header in re.findall(r'^#include "([^"]+)"', path.read_text(encoding='utf-8'), re.M):
            of = header.rpartition('/')[0] + '/' if '/' in header else ''
            # A header without a folder is of the same one, or else of the tree's.
            if of == '' and (path.parent / header).exists():
                continue
            if of and of in place and place[of] > place[folder]:
                found.append((name, header))
    return found


def check(name, wrong):
    print(f'{"not ok" if wrong else "ok"} - {name}')
    for line in wrong:
        print(f'#   {line}')
    return not wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('tree', type=pathlib.Path)
    parser.add_argument('objects', type=pathlib.Path)
    parser.add_argument('--list', type=pathlib.Path)
    args = parser.parse_args()
    files, folders, exceptions = read_list(args.list or args.tree / 'layers')
    sources = {path.relative_to(args.tree).with_suffix('').as_posix()
               for path in args.tree.rglob('*') if path.suffix in SOURCES}
    tree = args.tree.as_posix()
    good = check(f'{tree}: each of {len(sources)} files is in the list once',
                 [f'{name}: not in the list' for name in sorted(sources - set(files))] +
                 [f'{name}: in the list, not in the tree'
                  for name in sorted(set(files) - sources)] +
                 [f'{name}: in the list twice'
                  for name in sorted({n for n in files if files.count(n) > 1})])
    up = calls_up([name for name in files if name in sources], args.objects)
    pairs = {(caller, callee) for caller, callee, _ in up}
    good &= check(f'{tree}: no call runs up',
                  [f'{caller} needs {shown(symbol)} of {callee}, which is above it'
                   for caller, callee, symbol in up if (caller, callee) not in exceptions])
    good &= check(f'{tree}: no #include runs up',
                  [f'{name} includes {header}, which is above it'
                   for name, header in includes_up(args.tree, folders)])
    good &= check(f'{tree}: {len(exceptions)} exceptions, each needed, at most {MOST_EXCEPTIONS}',
                  [f'{a} -> {b}: not needed' for a, b in sorted(set(exceptions) - pairs)] +
                  ([f'{len(exceptions)} exceptions'] if len(exceptions) > MOST_EXCEPTIONS else []))
    sys.exit(not good)


if __name__ == '__main__':
    main()
