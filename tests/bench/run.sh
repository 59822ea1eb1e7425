#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the benchmark: host limits, then the VM with its peers, then the report.
set -eu
bench=$1 seconds=$2 build=$3
lines=$build/bench/lines.json
disk=$build/bench/nvme.img

truncate -s 256M "$disk"
"$bench" host > "$lines"
qemu_device/ubvm run --devices 1 --mem 3G --timeout 600 \
    --qemu-arg -drive --qemu-arg "file=$disk,if=none,id=nvme0,format=raw,cache=writeback" \
    --qemu-arg -device --qemu-arg nvme,drive=nvme0,serial=peer \
    -- tests/bench/in-vm.sh "$bench" "$seconds" >> "$lines"
python3 tests/bench/report.py "$lines" "$build/bench.json" "$(qemu_device/ubvm accel)"
