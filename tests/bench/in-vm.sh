#!/bin/bash
# SPDX-License-Identifier: MIT
# The part of the benchmark that runs in the VM; prints JSON lines.
#
#   in-vm.sh UB_BENCH SECONDS DOOR...
set -euo pipefail
bench=$1 seconds=$2
shift 2
here=$(dirname "$0")
raw=$(mktemp -d)

whole_seconds=${seconds%.*}
[ "${whole_seconds:-0}" -gt 0 ] || whole_seconds=1

ub() { "$bench" --seconds "$seconds" "$@"; }
wait_for() {
    for _ in $(seq 600); do
        [ -e "$1" ] && return
        sleep 0.1
    done
    echo "in-vm: $1 does not come" >&2
    return 1
}

# fio_peer NAME DEPTH OPTION...
fio_peer() {
    fio --name=peer --rw=randread --bs=4k --iodepth="$2" --runtime="$whole_seconds" --time_based \
        --output-format=json "${@:3}" > "$raw/$1.$2.fio"
}
# perftest NAME SIZE OPTION...: both ends on one device
perftest() {
    local server
    "$1" -d rxe0 -x 1 -F -s "$2" "${@:3}" > /dev/null 2>&1 &
    server=$!
    for _ in $(seq 600); do
        grep -q ':4853 .* 0A ' /proc/net/tcp /proc/net/tcp6 && break
        sleep 0.1
    done
    timeout 120 "$1" -d rxe0 -x 1 -F -s "$2" "${@:3}" 127.0.0.1 > "$raw/$1.$2.perftest"
    wait "$server"
}

disks() {
    local depth
    modprobe nvme
    modprobe virtio_blk
    wait_for /dev/ng0n1
    wait_for /dev/vda
    for depth in 1 8 32 256; do
        fio_peer nvme_passthrough_fio "$depth" --ioengine=io_uring_cmd --cmd_type=nvme \
            --filename=/dev/ng0n1
        fio_peer nvme_io_uring_fio "$depth" --ioengine=io_uring --direct=1 --filename=/dev/nvme0n1
        fio_peer virtio_blk_fio "$depth" --ioengine=io_uring --direct=1 --filename=/dev/vda
    done
    ub nvme /dev/ng0n1
    ub uring
}

rdma_device() {
    modprobe dummy
    modprobe rdma_rxe
    modprobe ib_uverbs
    ip link set lo up
    ip link add rdma0 type dummy
    ip address add 192.0.2.1/24 dev rdma0
    ip link set rdma0 up
    rdma link add rxe0 type rxe netdev rdma0
    wait_for /dev/infiniband/uverbs0
}

rdma_peers() {
    local size
    rdma_device
    "$bench" verbs
    perftest ib_write_lat 8 -n 2000
    perftest ib_send_lat 8 -n 2000
    for size in 4096 65536 1048576; do
        perftest ib_write_bw "$size" -n 300
    done
}

ub limits ub0
for door; do
    ub --door "$door" device ub0
done
ub oneway ub0
ub scale ub0
ub registration ub0
disks
rdma_peers
"$here/peers.py" "$raw"
