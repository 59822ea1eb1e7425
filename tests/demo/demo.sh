#!/bin/bash
# SPDX-License-Identifier: MIT
# The demonstration, inside a VM with two devices. Every result is compared with one the device had
# no part in; a comparison that fails ends the run with exit status 1.
set -euo pipefail
cd "$(dirname "$0")/../.."
ubctl=build/ubctl
reference=build/demo/reference
exchange=build/demo/exchange
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
least_bytes=$((30 << 20))

title() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() {
    printf '$ %s\n' "$(sed "s|$dir/||g; s|build/demo/||g; s|build/||g" <<< "$*")"
    "$@"
}
verdict() {
    if [ "$2" = "$3" ]; then
        printf '  %-44s %s = %s   ok\n' "$1" "$2" "$3"
    else
        printf '  %-44s %s, expected %s   FAILED\n' "$1" "$2" "$3"
        exit 1
    fi
}
counter() { cat /sys/class/ubnpu/ub{0,1}/stats/"$1" | awk '{ n += $1 } END { print n }'; }
counters=(wqes errors bytes doorbells rearms interrupts)
declare -A before
for name in "${counters[@]}"; do before[$name]=$(counter "$name"); done

title "1. Two devices"
show $ubctl list

title "2. A real file through the device: the kernel's modules"
find "/lib/modules/$(uname -r)/kernel/" -name '*.ko*' -type f -print0 | sort -z |
    xargs -0 cat 2> /dev/null | head -c $((32 << 20)) > "$dir/modules.bin" || true
size=$(stat -c %s "$dir/modules.bin")
[ "$size" -ge "$least_bytes" ] || { echo "only $size bytes of modules found"; exit 1; }
show $ubctl -d ub0 submit copy "$dir/modules.bin" "$dir/copy.bin"
cmp "$dir/modules.bin" "$dir/copy.bin"
verdict "bytes copied, compared one by one" "$(stat -c %s "$dir/copy.bin")" "$size"
show $ubctl -d ub1 submit crc32c "$dir/copy.bin" | tee "$dir/crc"
device_crc=$(sed -n 's/^CRC-32C *0x//p' "$dir/crc")
verdict "CRC-32C: device, CPU table" "$device_crc" "$($reference crc32c "$dir/modules.bin")"

title "3. A matrix product, 512 x 512"
$reference matrix 512 512 1 "$dir/a.npy"
$reference matrix 512 512 2 "$dir/b.npy"
show $ubctl -d ub0 submit gemm "$dir/a.npy" "$dir/b.npy" "$dir/c.npy"
error=$($reference gemm "$dir/a.npy" "$dir/b.npy" "$dir/c.npy") ||
    { echo "  largest error $error   FAILED"; exit 1; }
echo "  largest error against a CPU sum in binary64: $error   ok"

title "4. A message from one device to the other"
show $exchange send ub0 ub1 "hello over UB"

title "5. Four processes, one atomic counter"
show $exchange count ub0 4 1000

title "6. What it took"
printf '  %-44s %14s\n' "commands completed" "$(($(counter wqes) - before[wqes]))"
printf '  %-44s %14s\n' "commands failed" "$(($(counter errors) - before[errors]))"
printf '  %-44s %14s\n' "bytes moved or computed on" "$(($(counter bytes) - before[bytes]))"
printf '  %-44s %14s\n' "doorbells" "$(($(counter doorbells) - before[doorbells]))"
printf '  %-44s %14s\n' "re-arms of completion queues" "$(($(counter rearms) - before[rearms]))"
printf '  %-44s %14s\n' "interrupts" "$(($(counter interrupts) - before[interrupts]))"
show $exchange syscalls ub0 1000
for object in context memory queue; do
    verdict "$object list, entries left" "$($ubctl --no-header $object list | wc -l)" 0
done
