#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares the description for syzkaller with the header: ioctls, structures and their fields, and
that each constant exists. Prints one line a test."""

import pathlib
import re
import sys

here = pathlib.Path(__file__).resolve().parent
uapi = here.parents[2] / 'kmod/uapi'


def header_text(name):
    return re.sub(r'/\*.*?\*/', '', (uapi / name).read_text(), flags=re.S)


def header_structs(text):
    """Names of the fields by name of the structure; what is nested counts as one."""
    structs = {}
    for name, body in re.findall(r'^struct (ub_\w+) \{(.*?)^\};', text, flags=re.S | re.M):
        structs[name] = re.findall(r'(\w+)(?:\[\w+\])?\s*[;,]', body)
    return structs


def described_structs(text):
    structs = {}
    for name, body in re.findall(r'^(?:type )?(ub_\w+)(?:\[[A-Z, ]+\])? \{\n(.*?)^\}', text,
                                 flags=re.S | re.M):
        structs[name] = re.findall(r'^\t(\w+)\s', body, flags=re.M)
    return structs


ub = ''.join(header_text(name) for name in ('ub.h', 'ub_event.h', 'ub_netlink.h', 'ub_uring_cmd.h'))
hw = ''.join(header_text(path.name) for path in uapi.glob('ub_hw_*.h'))
description = re.sub(r'^#.*\n', '', (here / 'dev_ubnpu.txt').read_text(), flags=re.M)
known = set(re.findall(r'\bUB_\w+', ub + hw))
want, have = header_structs(ub), described_structs(description)
# No call takes it: it is mapped. syzkaller refuses what nothing uses.
del want['ub_status_page']
# Of a kernel queue: the same structure under another name.
variants = {'ub_ioc_create_jfc_kernel': 'ub_ioc_create_jfc',
            'ub_ioc_create_jfs_kernel': 'ub_ioc_create_jfs'}
failed = False


def check(name, wrong):
    global failed
    print(f'{"not ok" if wrong else "ok"} - {name}')
    for one in wrong:
        print(f'#   {one}')
        failed = True


ioctls = set(re.findall(r'#define (UB_IOC_(?!MAGIC)\w+)', ub))
described = set(re.findall(r'cmd const\[(UB_IOC_\w+)\]', description))
commands = set(re.findall(r'^\t(UB_CMD_\w+),', ub, flags=re.M))
commands -= {'UB_CMD_UNSPEC', 'UB_CMD_HEALTH_NTF'}
sent = set(re.findall(r'msghdr_ubnpu\[(UB_CMD_\w+)\]', description))
sizes = dict(re.findall(r'#define (UB_IOC_\w+)\s+_IOWR\(UB_IOC_MAGIC, \w+, struct (\w+)\)', ub))
taken = re.findall(r'cmd const\[(UB_IOC_\w+)\], arg ptr\[inout, (\w+)', description)

check('something_was_read', [] if len(ioctls) > 15 and len(want) > 15 else [len(ioctls), len(want)])
check('every_ioctl_is_described', sorted(ioctls ^ described))
check('every_ioctl_takes_its_structure',
      [name for name, arg in taken if variants.get(arg, arg) != sizes.get(name)])
check('every_structure_has_its_fields',
      [name for name, fields in want.items() if have.get(name) != fields] +
      [name for name, base in variants.items() if have.get(name) != want[base]])
check('every_command_of_io_uring_is_described', sorted(
    set(re.findall(r'#define (UB_URING_\w+)\s+_IOWR', ub)) ^
    set(re.findall(r'syz_io_uring_submit\$(UB_URING_\w+)\(.*ub_sqe\[\1,', description))))
check('every_netlink_command_is_described', sorted(commands ^ sent))
check('every_constant_exists', sorted(
    name for name in set(re.findall(r'\bUB_[A-Z]\w+', description)) if name not in known
    and not re.search(rf'[$]{name}\b', description)))
sys.exit(failed)
