#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the command line tests compare with: schemas, CRC-32C and matrices, without the tool.

  helper.py schemas [--some] SCHEMA_DIR DIR
                                        every document of DIR is what its schema says, and
                                        without --some every schema has one
  helper.py get PATH                    prints a value of standard input's JSON, as data.0.crc32c
  helper.py crc32c FILE
  helper.py npy ROWS COLS SEED FILE
  helper.py npy-header ROWS COLS FILE   a matrix of zeros, as a file with holes
  helper.py npy-identity SIDE FILE
  helper.py some-npy KIND FILE          the same matrix, as NumPy and others write it
  helper.py bad-npy KIND FILE
  helper.py pty COLUMNS COMMAND...      runs it in a terminal, and prints what it wrote there
  helper.py gemm ALPHA BETA TRANS_A TRANS_B A B C OUT    C may be -
"""
import json
import pathlib
import random
import struct
import sys


def no_more_keys(schema):
    """Users of a schema must accept keys added later; we must declare what we print."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema["additionalProperties"] = False
        for value in schema.values():
            no_more_keys(value)
    if isinstance(schema, list):
        for value in schema:
            no_more_keys(value)


def check_schemas(*args):
    """Each document is valid, no key undeclared; each schema that needs no driver is used."""
    schema_dir, document_dir = args[-2:]
    import jsonschema  # slow to load, and no other command needs it
    schemas, unused, failed = {}, set(), 0
    for path in pathlib.Path(schema_dir).glob("*.json"):
        schema = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        no_more_keys(schema)
        schemas[schema["title"]] = schema
        unused.add(schema["title"])
    for path in sorted(pathlib.Path(document_dir).glob("*.json")):
        try:
            document = json.loads(path.read_text())
            jsonschema.Draft202012Validator(schemas[document["schema"]]).validate(document)
            unused.discard(document["schema"])
            print(f"ok - valid_{path.stem}")
        except (ValueError, KeyError, jsonschema.ValidationError) as error:
            failed = 1
            print(f"not ok - valid_{path.stem}\n# {str(error)[:500]}")
    # These need a driver, or one that is root.
    unused -= {"ub.device.reset/1", "ub.event/1", "ub.health.inject/1", "ub.health.faults/1",
               "ub.health.dump/1"}
    if "--some" in args:
        unused.clear()
    print(f"{'not ok' if unused else 'ok'} - every_schema_is_used {' '.join(unused)}".rstrip())
    sys.exit(bool(failed or unused))


def get(path):
    value = json.load(sys.stdin)
    for word in path.split("."):
        value = value[int(word)] if isinstance(value, list) else value[word]
    print(len(value) if isinstance(value, list) else value)


def crc32c(path):
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    crc = 0xFFFFFFFF
    with open(path, "rb") as file:
        for byte in file.read():
            crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    print(crc ^ 0xFFFFFFFF)


def npy(shape, data, descr="'<f4'", order="False", version=1, pad=64, after=""):
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}{after}"
    size = 2 if version == 1 else 4
    header += " " * (-(8 + size + len(header) + 1) % pad) + "\n"
    start = b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(size, "little")
    return start + header.encode() + data


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def floats(values):
    return struct.pack(f"<{len(values)}f", *values)


def make_npy(rows, cols, seed, path):
    rand = random.Random(int(seed))
    count = int(rows) * int(cols)
    write(path, npy(f"({rows}, {cols})", floats([rand.uniform(-1, 1) for _ in range(count)])))


def npy_header(rows, cols, path):
    """A matrix of zeros that takes no space."""
    write(path, npy(f"({rows}, {cols})", b""))
    with open(path, "ab") as file:
        file.truncate(file.tell() + int(rows) * int(cols) * 4)


def npy_identity(side, path):
    side = int(side)
    write(path, npy(f"({side}, {side})",
                    floats([float(i % (side + 1) == 0) for i in range(side * side)])))


def some_npy(kind, path):
    """NumPy 1.24 reads each of them as the same matrix."""
    values = [float(i) for i in range(12)]
    shape, data = "(3, 4)", floats(values)
    columns = floats([values[row * 4 + column] for column in range(4) for row in range(3)])
    kinds = {
        "plain": npy(shape, data),
        "version2": npy(shape, data, version=2),
        "version3": npy(shape, data, version=3),
        "python2": npy("(3L, 4L)", data, descr="u'<f4'"),
        "native": npy(shape, data, descr="'=f4'"),
        "bare": npy(shape, data, descr="'f4'"),
        "float32": npy(shape, data, descr="'float32'"),
        "single": npy(shape, data, descr="'single'"),
        "any": npy(shape, data, descr="'|f4'"),
        "big-endian": npy(shape, struct.pack(">12f", *values), descr="'>f4'"),
        "fortran": npy(shape, columns, order="True"),
        "hex": npy("(0x3, 4)", data),
        "plus": npy("(+3, 4)", data),
        "comment": npy(shape, data, after=" # made by hand"),
        "no-padding": npy(shape, data, pad=1),
    }
    write(path, kinds[kind])


def bad_npy(kind, path):
    data = floats([1.0] * 12)
    good = npy("(3, 4)", data)
    kinds = {
        "good": lambda: good,
        "version2": lambda: npy("(3, 4)", data, version=2),
        "empty": lambda: b"",
        "short": lambda: good[:9],
        "magic": lambda: b"PK" + good[2:],
        "version9": lambda: good[:6] + b"\x09\x00" + good[8:],
        "truncated": lambda: good[:-1],
        "long": lambda: good + b"\0",
        "header-cut": lambda: good[:40],
        "header-huge": lambda: b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + good[10:],
        "dtype": lambda: npy("(3, 4)", data * 2, descr="'<f8'"),
        "big-endian-double": lambda: npy("(3, 4)", data * 2, descr="'>f8'"),
        "bytes-dtype": lambda: npy("(3, 4)", data, descr="b'<f4'"),
        "structured": lambda: npy("(3, 4)", data, descr="[('x', '<f4')]"),
        "order-number": lambda: npy("(3, 4)", data, order="0"),
        "order-word": lambda: npy("(3, 4)", data, order="Falsehood"),
        "garbage-after": lambda: npy("(3, 4)", data, after=" garbage"),
        "nul-after": lambda: npy("(3, 4)", data, after="\0"),
        "two-matrices": lambda: good + good,
        "shape-list": lambda: npy("[3, 4]", data),
        "shape-underscore": lambda: npy("(3, 0_4)", data),
        "extra-key": lambda: npy("(3, 4), 'comment': 'x'", data),
        "one-dimension": lambda: npy("(12,)", data),
        "three-dimensions": lambda: npy("(3, 2, 2)", data),
        "zero": lambda: npy("(0, 4)", b""),
        "shape-huge": lambda: npy("(4294967296, 4294967296)", data),
        "shape-overflow": lambda: npy("(99999999999999999999999, 4)", data),
        "shape-negative": lambda: npy("(-3, -4)", data),
        "many-dimensions": lambda: npy("(" + "1, " * 1000 + ")", data),
        "key-twice": lambda: npy("(3, 4), 'shape': (1, 1)", data),
        "no-brace": lambda: good[:10] + good[10:-49].replace(b"{", b" ") + good[-49:],
        "nul": lambda: good[:11] + b"\0" * 20 + good[31:],
    }
    write(path, kinds[kind]())


def read_npy(path):
    with open(path, "rb") as file:
        data = file.read()
    end = 10 + int.from_bytes(data[8:10], "little")
    header = eval(data[10:end], {"__builtins__": {}})  # written by this program or the tool
    rows, cols = header["shape"]
    assert header["descr"] == "<f4" and not header["fortran_order"] and end % 64 == 0
    assert len(data) == end + rows * cols * 4
    values = struct.unpack(f"<{rows * cols}f", data[end:])
    return [values[i * cols:(i + 1) * cols] for i in range(rows)]


def gemm(alpha, beta, trans_a, trans_b, a_path, b_path, c_path, out_path):
    a, b, out = read_npy(a_path), read_npy(b_path), read_npy(out_path)
    c = None if c_path == "-" else read_npy(c_path)
    if int(trans_a):
        a = list(zip(*a))
    if not int(trans_b):
        b = list(zip(*b))  # columns
    assert len(out) == len(a) and len(out[0]) == len(b), "wrong shape"
    worst = 0
    for i, row in enumerate(a):
        for j, col in enumerate(b):
            want = float(alpha) * sum(x * y for x, y in zip(row, col))
            want += float(beta) * c[i][j] if c else 0
            worst = max(worst, abs(want - out[i][j]))
    tolerance = 2 * (abs(float(alpha)) + 1) * len(a[0]) * 2.0**-23
    assert worst <= tolerance, f"largest error {worst}, allowed {tolerance}"


def pty_run(columns, *command):
    """What a command writes to a terminal of so many columns; 0: one that does not know."""
    import fcntl
    import os
    import pty
    import termios
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("4H", 24 if int(columns) else 0,
                                                       int(columns), 0, 0))
        os.execvp(command[0], command)
    text = b""
    try:
        while chunk := os.read(terminal, 65536):
            text += chunk
    except OSError:  # the other side is closed
        pass
    sys.stdout.buffer.write(text.replace(b"\r\n", b"\n"))
    sys.stdout.flush()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    commands = {"schemas": check_schemas, "get": get, "crc32c": crc32c, "npy": make_npy,
                "npy-header": npy_header, "npy-identity": npy_identity, "some-npy": some_npy,
                "bad-npy": bad_npy, "gemm": gemm, "pty": pty_run}
    commands[sys.argv[1]](*sys.argv[2:])
