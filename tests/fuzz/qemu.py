#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A hostile guest of the whole device: a stock QEMU is driven by qtest while its processor halts.

    qemu.py SEED OPERATIONS      a run that repeats
    qemu.py --seconds N          seeds one after another, for so long

Configuration space, BARs, MSI-X table, memory, and rings that are mostly right. QEMU must live, and
the device must work after a reset.
"""
import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REGS, DOORBELLS, HBM = 0xF0000000, 0xF1000000, 0xF4000000
RAM = 64 << 20
ADMIN, EQ, TABLES, RINGS, DATA = 0x100000, 0x110000, 0x120000, 0x130000, 0x200000
VA = 0x10000000000
EID = bytes.fromhex("fd34554202000000") + struct.pack(">Q", 1)
with open(os.path.join(TOP, "kmod/uapi/ub_hw_queue.h"), encoding="utf-8") as header:
    OPCODES = [int(number, 16) for number in re.findall(r"X\(UB_OP_\w+,\s*(0x\w+),", header.read())]


def idle_rom(folder):
    """A processor that halts at once: all that happens is ours."""
    path = os.path.join(folder, "rom")
    with open(path, "wb") as rom:
        rom.write(b"\xfa\xf4\xeb\xfd".rjust(0xFFF4, b"\xf4").ljust(0x10000, b"\xf4"))
    return path


class Qemu:
    def __init__(self, folder, first="", extra=()):
        """first: more properties of the first device; extra: more arguments."""
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        path = os.path.join(folder, "qtest")
        env = dict(os.environ, LD_PRELOAD=os.path.join(TOP, "build/qemu/ubnpu.so"))
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-machine",
             "q35,accel=tcg", "-bios", idle_rom(folder), "-m", str(RAM >> 20),
             "-qtest", f"unix:{path},server=on,wait=off", "-qtest-log", "/dev/null",
             "-device", f"ubnpu,addr=4,guid-sequence=1,hbm-size=4M{first}",
             "-device", "ubnpu,addr=5,guid-sequence=2,hbm-size=4M", *extra],
            env=env, stdout=self.log, stderr=self.log)
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.05)
        self.lines = self.socket.makefile("r", encoding="ascii")

    def ask(self, command):
        self.socket.sendall(command.encode() + b"\n")
        line = self.lines.readline()
        while line and not line.startswith(("OK", "FAIL", "ERR")):
            line = self.lines.readline()
        if not line:
            raise RuntimeError(f"QEMU ended with {self.process.wait(10)} at: {command}")
        return line.split()

    def write(self, at, value, size=4):
        letter = {1: "b", 2: "w", 4: "l", 8: "q"}[size]
        self.ask(f"write{letter} 0x{at:x} 0x{value & ((1 << 8 * size) - 1):x}")

    def read(self, at, size=4):
        letter = {1: "b", 2: "w", 4: "l", 8: "q"}[size]
        return int(self.ask(f"read{letter} 0x{at:x}")[1], 0)

    def put(self, at, data):
        self.ask(f"write 0x{at:x} 0x{len(data):x} 0x{data.hex()}")

    def config(self, slot, at, value, size=4):
        self.ask(f"outl 0xcf8 0x{0x80000000 | slot << 11 | at & 0xfc:x}")
        letter = {1: "b", 2: "w", 4: "l"}[size]
        port = 0xcfc + (at & 3 & ~(size - 1))
        self.ask(f"out{letter} 0x{port:x} 0x{value & ((1 << 8 * size) - 1):x}")

    def end(self):
        self.process.kill()
        self.process.wait()


class Guest:
    def __init__(self, qemu, seed):
        self.q, self.r, self.pi, self.admin_pi, self.done = qemu, random.Random(seed), 0, 0, 0
        self.begin()

    def begin(self):
        q = self.q
        for at, value in ((0x10, REGS), (0x14, 0), (0x18, DOORBELLS), (0x1C, 0), (0x20, HBM),
                          (0x24, 0), (4, 6)):
            q.config(4, at, value)
        q.write(REGS + 0x100, 2)
        assert q.read(REGS) == 0x504E4255, "the device does not answer after a reset"
        assert q.read(REGS + 0x104) == 1, "the device is not READY after a reset"
        self.pi = self.admin_pi = 0
        for at in (ADMIN, EQ, EQ + 0x1000, *(TABLES + n * 4096 for n in range(4)),
                   *(RINGS + n * 4096 for n in range(4))):
            q.ask(f"memset 0x{at:x} 0x1000 0x0")
        q.write(REGS + 0x200, ADMIN, 8)
        q.write(REGS + 0x208, 32)
        q.write(REGS + 0x100, 1)
        self.tables()
        self.objects()

    def tables(self):
        q = self.q
        for level in (4, 3, 2):
            index = VA >> (12 + 9 * (level - 1)) & 511
            q.write(TABLES + (4 - level) * 4096 + index * 8, TABLES + (5 - level) * 4096 | 1, 8)
        for n in range(64):
            bus = RINGS + n * 4096 if n < 8 else DATA + n * 4096
            pte = (n - 60) * 4096 | 0x10F if n >= 60 else bus | 0xF
            q.write(TABLES + 3 * 4096 + n * 8, pte, 8)

    def admin(self, opcode, ident, body, rsvd=0):
        cmd = struct.pack("<BBHI", opcode, rsvd, 0, ident) + body.ljust(56, b"\0")
        self.q.put(ADMIN + self.admin_pi % 32 * 128, cmd[:64])
        self.admin_pi += 1
        self.q.write(REGS + 0x20C, self.admin_pi)

    def objects(self):
        for n in range(2):
            self.admin(0x18, n, struct.pack("<QQI", EQ + n * 4096, EQ + n * 4096 + 2048, 64))
        self.admin(0x10, 1, struct.pack("<Q", TABLES))
        segment = struct.pack("<QQQIIII", VA + 32768, VA + 32768, 56 * 4096, 1, 14, 1, 77)
        self.admin(0x14, 1, segment)
        rec = VA + 3 * 4096
        self.admin(0x24, 1, struct.pack("<QQIIII", VA, rec, 1, 64, 1, 1))
        self.admin(0x54, 1, struct.pack("<QQIIIII", VA + 4096, rec + 128, 1, 64, 1, 0, 0))
        self.admin(0x04, 1, struct.pack("<QQIIIIII", VA + 8192, rec + 256, 1, 64, 2, 1, 1, 2))

    def number(self):
        r = self.r
        return r.choice((r.randrange(64), (1 << r.randrange(64)) - r.randrange(3),
                         r.getrandbits(64))) & (1 << 64) - 1

    def wqe(self):
        r = self.r
        op, n = r.choice(OPCODES), r.randrange(4)
        ext = op in (1, 2, 0x41) or 0x20 <= op <= 0x26
        head = struct.pack("<HHBBHQ", self.pi & 0xFFFF,
                           (not self.pi & 64) | r.choice((2, 6)), op, n, 0,
                           self.pi)
        body = EID + struct.pack("<QII", VA + 32768 + r.randrange(4096) * 8, 1, 77)
        sges = b"".join(struct.pack("<IIQ", r.choice((8, 4096, 70000)), 1,
                                    VA + 32768 + r.randrange(8192) * 8) for _ in range(n))
        raw = bytearray((head + body + bytes(32 if ext else 0) + sges).ljust(256, b"\0"))
        for _ in range(r.choice((0, 0, 0, 1, 4))):
            raw[r.randrange(256)] = r.getrandbits(8)
        return raw, (48 + (32 if ext else 0) + 16 * n + 63) // 64

    def op_post(self):
        raw, blocks = self.wqe()
        for n in range(blocks):
            self.q.put(RINGS + 8192 + self.pi % 64 * 64, bytes(raw[n * 64:n * 64 + 64]))
            self.pi += 1
        self.q.write(RINGS + 3 * 4096 + 256, self.pi)
        self.q.write(DOORBELLS + 2 * 4096 + 0x80, self.pi)

    def op_take(self):
        self.q.write(RINGS + 3 * 4096, self.q.read(RINGS + 3 * 4096 + 64))

    def op_state(self):
        kind, at = self.r.choice(((0x05, 40), (0x55, 36)))
        self.admin(kind, 1, bytes(at) + bytes([self.r.randrange(5)]))

    def op_admin(self):
        r = self.r
        body = b"".join(struct.pack("<Q", r.choice((0, 1, VA, RINGS, self.number())))
                        for _ in range(7))
        self.admin(r.choice((0x10, 0x13, 0x14, 0x15, 0x17, 0x18, 0x1B, 0x24, 0x25, 0x26, 0x27, 4, 5,
                             6, 7, 0x54, 0x55, 0x56, 0x57, 0x70, 0x71, r.getrandbits(8))),
                   r.randrange(6), body)

    def op_config(self):
        at, size = self.r.randrange(256), self.r.choice((1, 2, 4))
        self.q.config(4, at & ~(size - 1), self.number(), size)

    def bar(self, base, room):
        size = self.r.choice((1, 2, 4, 8))
        at = base + self.r.randrange(room - 8)
        if self.r.randrange(4):
            at &= ~(size - 1)
        if self.r.randrange(3):
            self.q.write(at, self.number(), size)
        else:
            self.q.read(at, size)

    def op_regs(self):
        self.bar(REGS, self.r.choice((0x300, 0x400, 0x10000)))

    def op_doorbell(self):
        self.bar(DOORBELLS, self.r.choice((0x4000, 1 << 24)))

    def op_msix(self):
        """The table: where interrupts go, the device itself among it."""
        entry = REGS + 0x8000 + self.r.randrange(8) * 16
        targets = (0xFEE00000, DATA, REGS + 0x20C, DOORBELLS + 0x2080, HBM)
        self.q.write(entry, self.r.choice(targets))
        self.q.write(entry + 8, self.r.getrandbits(8))
        self.q.write(entry + 12, self.r.randrange(2))
        self.q.config(4, 0x40 + self.r.randrange(0x60), 0xFFFF, 2)

    def op_memory(self):
        data = bytes(self.r.getrandbits(8) for _ in range(self.r.randrange(1, 64)))
        base = self.r.choice((ADMIN, EQ, TABLES, TABLES + 3 * 4096, RINGS, RINGS + 3 * 4096, DATA,
                              HBM))
        self.q.put(base + self.r.randrange(4096), data)

    def op_rearm(self):
        self.q.write(DOORBELLS + 4096 + 0x40, 1 << 32 | self.r.randrange(8) << 24 | self.pi & 63, 8)

    def op_begin(self):
        if not self.r.randrange(8):
            self.begin()

    def run(self, operations):
        ops = [self.op_post] * 6 + [self.op_take, self.op_state, self.op_admin, self.op_admin,
                                    self.op_config, self.op_regs, self.op_doorbell, self.op_msix,
                                    self.op_memory, self.op_memory, self.op_rearm, self.op_begin]
        for _ in range(operations):
            self.r.choice(ops)()
        self.begin()
        # Counters outlive resets: it has worked, and not only refused.
        self.done = self.q.read(REGS + 0x300, 8)
        assert self.done > operations // 20, f"only {self.done} WQEs were executed"


def run(seed, operations):
    with tempfile.TemporaryDirectory() as folder:
        qemu = Qemu(folder)
        try:
            guest = Guest(qemu, seed)
            guest.run(operations)
            if qemu.process.poll() is not None:
                raise RuntimeError(f"QEMU ended with {qemu.process.returncode}")
            return guest.done
        except (RuntimeError, AssertionError, OSError) as error:
            qemu.log.seek(0)
            print(f"seed {seed}: {error}\n{qemu.log.read()[-2000:]}")
            return 0
        finally:
            qemu.end()


def main():
    if sys.argv[1] != "--seconds":
        seed, operations = int(sys.argv[1]), int(sys.argv[2])
        done = run(seed, operations)
        print(f"# {done} WQEs executed")
        print(f"{'ok' if done else 'not ok'} - {operations} operations of seed {seed} on QEMU")
        return not done
    end, seed, ok = time.monotonic() + float(sys.argv[2]), int(time.time()), True
    first = seed
    while ok and time.monotonic() < end:
        ok = run(seed, 5000)
        seed += 1
    found = 'no' if ok else 'a'
    print(f"{seed - first} runs of 5000 operations, seeds from {first}: {found} fault")
    return not ok


if __name__ == "__main__":
    sys.exit(main())
