#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults from outside the guest: qom-set of inject-fault by QMP, while the device runs."""
import json
import os
import socket
import struct
import sys
import tempfile
import time

from qemu import DOORBELLS, REGS, RINGS, Guest, Qemu

CQE = RINGS                # ring of JFC 1
WAIT = 20


class Qmp:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        line = json.dumps({"execute": command, "arguments": arguments})
        self.socket.sendall(line.encode() + b"\n")
        while True:
            answer = json.loads(self.lines.readline())
            if "event" not in answer:
                return answer

    def fault(self, text):
        """"" or why it was refused."""
        answer = self.ask("qom-set", path="/machine/peripheral/npu", property="inject-fault",
                          value=text)
        return answer.get("error", {}).get("desc", "")


class Machine:
    def __init__(self, folder, first):
        path = os.path.join(folder, "qmp")
        self.qemu = Qemu(folder, first, ("-qmp", f"unix:{path},server=on,wait=off"))
        self.qmp = Qmp(path)
        self.guest = Guest(self.qemu, 1)
        self.done = 0

    def nop(self):
        """Post one; status and substatus of its completion, None if there is none."""
        q, pi = self.qemu, self.done
        wqe = struct.pack("<HHBBHQ", pi, 1 | 2, 0x51, 0, 0, pi).ljust(64, b"\0")
        q.put(RINGS + 8192 + pi * 64, wqe)
        q.write(RINGS + 3 * 4096 + 256, pi + 1)
        q.write(DOORBELLS + 2 * 4096 + 0x80, pi + 1)
        self.done += 1
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            head = q.read(CQE + pi * 64)
            if head >> 24 & 1:
                return head & 0xFF, head >> 8 & 0xFF
        return None


def a_fault_is_set_while_the_device_runs(machine):
    assert machine.nop() == (0, 0)
    assert machine.qmp.fault("status:id=1,status=8,substatus=6,count=2") == ""
    assert [machine.nop() for _ in range(3)] == [(8, 6), (8, 6), (0, 0)]


def a_wrong_one_is_refused_with_the_reason(machine):
    assert "status=17 is not from 1 to 16" in machine.qmp.fault("status:status=17")
    assert '"meteor" is none of status, poison' in machine.qmp.fault("meteor")
    assert machine.nop() == (0, 0)


def a_hang_holds_up_neither_stop_nor_reset(machine):
    assert machine.qmp.fault("stall:end=device") == ""
    q, pi = machine.qemu, machine.done
    q.put(RINGS + 8192 + pi * 64, struct.pack("<HHBBHQ", pi, 3, 0x51, 0, 0, pi).ljust(64, b"\0"))
    q.write(RINGS + 3 * 4096 + 256, pi + 1)
    q.write(DOORBELLS + 2 * 4096 + 0x80, pi + 1)
    end = time.monotonic() + WAIT
    while q.read(REGS + 0x128) != 1:
        assert time.monotonic() < end, "no queue is running"
    for command in ("stop", "cont"):
        assert "return" in machine.qmp.ask(command)
    assert "return" in machine.qmp.ask("system_reset")


def off_means_no_fault(machine):
    assert "inject=on" in machine.qmp.fault("fatal")
    assert machine.qemu.read(REGS + 0x30, 8) >> 62 & 1 == 0


def check(test, first=",id=npu"):
    with tempfile.TemporaryDirectory() as folder:
        machine = None
        try:
            machine = Machine(folder, first)
            test(machine)
            print(f"ok - {test.__name__}")
            return True
        except (AssertionError, RuntimeError, OSError) as error:
            print(f"not ok - {test.__name__}: {error!r}")
            return False
        finally:
            if machine:
                machine.qemu.end()


def main():
    results = [check(test) for test in (a_fault_is_set_while_the_device_runs,
                                        a_wrong_one_is_refused_with_the_reason,
                                        a_hang_holds_up_neither_stop_nor_reset)]
    results.append(check(off_means_no_fault, ",id=npu,inject=off"))
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
