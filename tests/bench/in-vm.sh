#!/bin/bash
# SPDX-License-Identifier: MIT
# The part of the benchmark that runs in the VM; appends JSON lines to standard output.
set -eu
bench=$1
seconds=$2

"$bench" device ub0 "$seconds"

# Peer: NVMe passthrough on QEMU's own nvme device.
modprobe nvme
for _ in $(seq 50); do [ -e /dev/ng0n1 ] && break; sleep 0.1; done
for depth in 1 32; do
    fio --name=peer --ioengine=io_uring_cmd --cmd_type=nvme --filename=/dev/ng0n1 --rw=randread \
        --bs=4k --iodepth="$depth" --runtime="$seconds" --time_based --output-format=json |
        python3 -c "
import json, sys
text = sys.stdin.read()
read = json.loads(text[text.index('{'):])['jobs'][0]['read']
print(json.dumps({'name': 'nvme_passthrough_depth$depth', 'value': read['iops'], 'unit': '1/s'}))"
done

# Peer: RDMA registration on the kernel's software RoCE.
modprobe dummy
modprobe rdma_rxe
modprobe ib_uverbs
ip link add rdma0 type dummy
ip link set rdma0 up
rdma link add rxe0 type rxe netdev rdma0
for _ in $(seq 50); do [ -e /dev/infiniband/uverbs0 ] && break; sleep 0.1; done
"$bench" verbs
