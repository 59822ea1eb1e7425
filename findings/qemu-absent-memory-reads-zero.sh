#!/bin/bash
# SPDX-License-Identifier: MIT
# Where no device answers, QEMU's q35 reads ports as all ones and memory as zero.
#
# Package: qemu-system-x86 of Debian 12, machine q35, before any firmware ran.
# Version: 1:7.2+dfsg-7+deb12u18+b3, which is QEMU 7.2.22.
# Guess: on PCI a read that nobody claims ends in a master abort, which software sees as all ones;
# drivers find a device that was pulled by just that, so both reads give all ones.
# Seen: inl of port 0x5000 is 0xffffffff and inb is 0xff; readl of 0xe0000000, in the hole below
# 4 GiB, and readq of 0x8000000000, past all memory, are 0.
# So a test in such a guest never sees the all ones that a driver waits for: where the configuration
# space of a bridge or device is lost, its registers read as zero.
#
# Exit status: 0 as described, 1 another behaviour, 2 the package cannot be had.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/archives/partial" "$work/root"

# The package and all it depends on, as if nothing were installed here; nothing is.
: > "$work/status"
apt-get -q -y --no-install-recommends --download-only -o Dir::State::status="$work/status" \
    -o Dir::Cache::archives="$work/archives" -o APT::Sandbox::User=root \
    install 'qemu-system-x86=1:7.2+dfsg-7+deb12u18+b3' > "$work/log" 2>&1 ||
    { tail -n 3 "$work/log"; exit 2; }
for deb in "$work"/archives/*.deb; do
    dpkg-deb -x "$deb" "$work/root"
done

libraries=$work/root/lib/x86_64-linux-gnu:$work/root/usr/lib/x86_64-linux-gnu
libraries+=:$libraries/pulseaudio:$work/root/usr/lib/x86_64-linux-gnu/pulseaudio
libraries+=:$work/root/usr/lib/x86_64-linux-gnu/blas:$work/root/usr/lib/x86_64-linux-gnu/lapack
qemu=("$work/root/lib64/ld-linux-x86-64.so.2" --library-path "$libraries"
    "$work/root/usr/bin/qemu-system-x86_64")

export QEMU_MODULE_DIR=$work/root/usr/lib/x86_64-linux-gnu/qemu
"${qemu[@]}" --version | head -n 1
{
    printf '%s\n' 'inl 0x5000' 'inb 0x5000' 'readl 0xe0000000' 'readq 0x8000000000'
    sleep 10
} | timeout 30 "${qemu[@]}" -L "$work/root/usr/share/qemu" -L "$work/root/usr/share/seabios" \
    -machine q35 -accel tcg -S -display none -nodefaults -m 64M -qtest stdio \
    -qtest-log /dev/null > "$work/out" 2> "$work/errors" || true
sed -n 's/^OK //p' "$work/out" | paste -d ' ' <(printf '%s\n' inl inb readl readq) - |
    tee "$work/seen"

diff - "$work/seen" << 'END' || { cat "$work/errors"; exit 1; }
inl 0xffffffff
inb 0x00ff
readl 0x0000000000000000
readq 0x0000000000000000
END
echo "as described: ports nobody answers read all ones, memory nobody answers reads zero"
