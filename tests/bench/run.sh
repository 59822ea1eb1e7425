#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the benchmark: host limits, a VM with the device and its peers, a slower VM that counts
# instructions, then report and plots.
#
#   run.sh UB_BENCH SECONDS BUILD
set -euo pipefail
bench=$1 seconds=$2 build=$3
here=tests/bench out=$build/bench
read -r -a doors <<< "${BENCH_DOORS:-mapped ioctl uring}"

disk() {
    truncate -s 256M "$out/$1.img"
    disks+=(--qemu-arg -drive
        --qemu-arg "file=$out/$1.img,if=none,id=$1,format=raw,cache=writeback"
        --qemu-arg -device --qemu-arg "$2,drive=$1")
}
disks=()
disk nvme0 nvme,serial=peer
disk virtio0 virtio-blk-pci

# Instructions are counted by a TCG plugin, which KVM has no use for.
count_instructions() {
    : > "$out/instructions"
    [ "$accel" = tcg ] || return 0
    qemu_device/ubvm run --devices 1 --mem 2G --timeout 600 "${disks[@]}" \
        --qemu-arg -plugin --qemu-arg "file=$out/insn_plugin.so,out=$out/instructions" \
        -- sh -c "modprobe nvme && sleep 1 && exec $bench sections ub0 /dev/ng0n1 ${doors[*]}"
}

# The distribution's interpreter is the one that has the distribution's modules.
accel=$(qemu_device/ubvm accel)
load=$(cut -d' ' -f1 /proc/loadavg)
"$bench" --seconds "$seconds" host > "$out/lines.json"
qemu_device/ubvm run --devices 1 --mem 3G --timeout 1200 "${disks[@]}" \
    -- "$here/in-vm.sh" "$bench" "$seconds" "${doors[@]}" >> "$out/lines.json"
count_instructions > "$out/sections.json"
/usr/bin/python3 "$here/report.py" "$out" "$build/bench.json" --accelerator "$accel" \
    --load "$load" \
    --seconds "$seconds"
/usr/bin/python3 "$here/plot.py" "$build/bench.json" "$out"
