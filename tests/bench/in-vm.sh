#!/bin/bash
# SPDX-License-Identifier: MIT
# The part of a round that runs in the VM. Prints JSON lines: what was measured, and beside it
# {"section": NAME} as each begins, {"condition": NAME, "value": TEXT}, and {"missing": PEER,
# "why": TEXT} for a peer that is not there.
#
#   in-vm.sh UB_BENCH SECONDS "DOOR..." SECTION...
set -euo pipefail
bench=$1 seconds=$2
read -r -a doors <<< "$3"
shift 3
here=$(dirname "$0")
raw=$(mktemp -d)

whole_seconds=${seconds%.*}
[ "${whole_seconds:-0}" -gt 0 ] || whole_seconds=1

ub() { "$bench" --seconds "$seconds" "$@"; }
missing() { printf '{"missing": "%s", "why": "%s"}\n' "$1" "$2"; }
condition() { printf '{"condition": "%s", "value": "%s"}\n' "$1" "$2"; }

# Waits up to ten seconds.
there() {
    for _ in $(seq 100); do
        [ ! -e "$1" ] || return 0
        sleep 0.1
    done
    return 1
}

# ---- fio on the disks ----
# fio_peer NAME DEPTH OPTION...
fio_peer() {
    fio --name=peer --rw=randread --bs=4k --iodepth="$2" --runtime="$whole_seconds" --time_based \
        --output-format=json "${@:3}" > "$raw/$1.$2.fio"
}

fio_peers() {
    local depth
    command -v fio > "$raw/where" || { missing fio "it is not installed"; return; }
    modprobe virtio_blk && there /dev/vda || { missing fio "there is no virtio disk"; return; }
    for depth in 1 8 32 256; do
        [ ! -e /dev/ng0n1 ] || fio_peer nvme_passthrough_fio "$depth" --ioengine=io_uring_cmd \
            --cmd_type=nvme --filename=/dev/ng0n1
        [ ! -e /dev/nvme0n1 ] || fio_peer nvme_io_uring_fio "$depth" --ioengine=io_uring \
            --direct=1 --filename=/dev/nvme0n1
        fio_peer virtio_blk_fio "$depth" --ioengine=io_uring --direct=1 --filename=/dev/vda
    done
}

nvme_peer() {
    modprobe nvme && there /dev/ng0n1 || { missing nvme "there is no NVMe disk"; return; }
    ub nvme /dev/ng0n1
}

# ---- RDMA over software RoCE ----
rdma_device() {
    [ ! -e /dev/infiniband/uverbs0 ] || return 0
    modprobe dummy && modprobe rdma_rxe && modprobe ib_uverbs &&
        ip link set lo up &&
        ip link add rdma0 type dummy &&
        ip address add 192.0.2.1/24 dev rdma0 &&
        ip link set rdma0 up &&
        rdma link add rxe0 type rxe netdev rdma0 &&
        there /dev/infiniband/uverbs0
}

with_rdma() {
    rdma_device > "$raw/rdma" 2>&1 || { missing rxe "rdma_rxe does not start here"; return; }
    "$@"
}

# perftest NAME SIZE OPTION...: both ends on one device
perftest() {
    local server
    command -v "$1" > "$raw/where" || { missing perftest "it is not installed"; return; }
    "$1" -d rxe0 -x 1 -F -s "$2" "${@:3}" > /dev/null 2>&1 &
    server=$!
    for _ in $(seq 600); do
        grep -q ':4853 .* 0A ' /proc/net/tcp /proc/net/tcp6 && break
        sleep 0.1
    done
    timeout 120 "$1" -d rxe0 -x 1 -F -s "$2" "${@:3}" 127.0.0.1 > "$raw/$1.$2.perftest"
    wait "$server"
}

# ---- The sections: peers and the device in turn ----
section_nop() {
    local door
    nvme_peer
    for door in "${doors[@]}"; do
        ub store ub0
        ub --door "$door" nop ub0
    done
    ub uring
    fio_peers
}

section_oneway() {
    with_rdma perftest ib_write_lat 8 -n 1000
    ub oneway ub0
    with_rdma perftest ib_send_lat 8 -n 1000
}

section_copy() {
    local door size
    ub memcpy guest
    for door in "${doors[@]}"; do
        ub --door "$door" write ub0
    done
    for size in 4096 65536 1048576; do
        with_rdma perftest ib_write_bw "$size" -n 100
    done
}

section_gemm() {
    ub gemm ub0
}

section_registration() {
    with_rdma ub verbs
    ub registration ub0
}

section_queues() {
    ub queues ub0
}

section_tables() {
    ub tables ub0
}

condition guest_kernel "$(uname -r)"
condition guest_clock "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
condition guest_huge_pages \
    "$(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/mm/transparent_hugepage/enabled)"
for section; do
    printf '{"section": "%s"}\n' "$section"
    "section_$section"
    "$here/peers.py" "$raw"
    rm -f "$raw"/*.fio "$raw"/*.perftest
done
