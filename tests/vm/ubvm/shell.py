#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ubvm shell on a terminal of its own: what is typed when the prompt is there, how it ends.

    shell.py UBVM exit|signal
"""
import os
import pty
import select
import signal
import sys
import termios
import time

PATIENCE = 600


def main(ubvm, how):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(ubvm, [ubvm, 'shell', '--devices', '1'])
    said, asked, end = b'', False, time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            said += os.read(terminal, 4096)
        except OSError:
            break
        if not asked and b'@ubvm:' in said and said.endswith(b'# '):
            asked = True
            if how == 'exit':
                os.write(terminal, b'ubctl --no-header list; stty size; exit\r')
            else:
                os.kill(pid, signal.SIGTERM)
    else:
        os.kill(pid, signal.SIGKILL)
    print(said.decode(errors='replace'))
    echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    print('echo', 'on' if echoes else 'off')
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


main(*sys.argv[1:])
