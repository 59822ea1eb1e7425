#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the lists of docs/visa.md of the table in ub_visa_ops.h, or checks that they are.

  lists.py TABLE DOCUMENT [--write]
"""
import argparse
import pathlib
import re
import sys
import textwrap

ARGUMENTS = {'DST': 'dst', 'ACC': 'dst', 'SRC': 'a', 'SEGMENT': 'segment', 'OFFSET': 'offset',
             'STRIDE': 'stride', 'SCALAR': 'scalar', 'LOAD_SHAPE': 'shape', 'TILE_SHAPE': 'shape',
             'MEMORY_TYPE': 'type', 'TILE_TYPE': 'type', 'CONDITION': 'condition', 'DIM': 'dim',
             'ROW': 'row', 'COLUMN': 'column', 'COUNT': 'count'}


def rows(text, name):
    """The rows of one table of the header, each a list of words, the last without its quotes."""
    body = re.search(rf'#define {name}\(X\)(.*?)(?:\n\n|\Z)', text, re.S)[1]
    return [re.split(r',\s*', row, maxsplit=5 if name == 'UB_VISA_OPS' else
                     2 if name != 'UB_VISA_FORMS' else 0)
            for row in re.findall(r'X\((.*?"|[A-Z_, \t]+)\)', body)]


def signature(kinds):
    """What a caller passes, by names: sources are a, b, c; scalars of a cas have two names."""
    names, sources = [], iter('abc')
    for kind in kinds:
        if kind == 'SRC':
            names.append(next(sources))
        elif kind != 'NONE':
            names.append(ARGUMENTS[kind])
    if names.count('scalar') == 2:
        names[names.index('scalar')] = 'compare'
    return ', '.join(names)


def item(text):
    return '\n'.join(textwrap.wrap(text, 98, subsequent_indent='  ', initial_indent='- '))


def lists(text):
    """{list's name: its lines}"""
    forms = {form[0]: form[1:] for form in rows(text, 'UB_VISA_FORMS')}
    operations = [item(f'`{name}({signature(forms[form])})`, {int(number, 0):#04x}, {form}, '
                       f'{types}, {cost}: {says.strip(chr(34))}')
                  for number, name, form, types, cost, says in rows(text, 'UB_VISA_OPS')]
    made = {'operations': operations}
    for name in ('rules', 'faults'):
        made[name] = [item(f'{number} {word}: {says.strip(chr(34))}')
                      for word, number, says in rows(text, f'UB_VISA_{name.upper()}')]
    return made


def fill(document, made):
    for name, lines in made.items():
        document = re.sub(rf'(<!-- {name} -->\n).*?(<!-- end -->)',
                          lambda m, lines=lines: m[1] + '\n'.join(lines) + '\n' + m[2], document,
                          flags=re.S)
    return document


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('table', type=pathlib.Path)
    parser.add_argument('document', type=pathlib.Path)
    parser.add_argument('--write', action='store_true')
    args = parser.parse_args()
    made = lists(args.table.read_text(encoding='utf-8'))
    document = args.document.read_text(encoding='utf-8')
    wanted = fill(document, made)
    if args.write:
        args.document.write_text(wanted, encoding='utf-8')
        return
    if wanted != document:
        print(f'not ok - lists of {args.document} are made of {args.table}')
        sys.exit(f'hint: run: {sys.argv[0]} {args.table} {args.document} --write')
    print(f'ok - lists of {args.document} are made of {args.table}, '
          f'{len(made["operations"])} operations')


if __name__ == '__main__':
    main()
