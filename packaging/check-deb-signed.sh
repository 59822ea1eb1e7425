#!/bin/bash
# SPDX-License-Identifier: MIT
# Boot a kernel that loads signed modules alone, on firmware that knows the key with which dkms
# signed the driver, and test in it: see vm/in-vm-signed.sh. The key is a new one each time.
#
#   check-deb-signed.sh DIR
set -eu
cd "$(dirname "$0")/.."
debs=$1
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}
log=$debs/check-signed.log
firmware=/usr/share/OVMF

# shellcheck source=packaging/root.sh
. packaging/root.sh
# shellcheck source=packaging/vm/vm.sh
. packaging/vm/vm.sh

# enroll CERTIFICATE VARS: into the signature database. The tool is in Debian from 13 on.
enroll() (
    root_of_suite trixie python3-virt-firmware
    root_binds=("$root_work")
    in_root virt-fw-vars --input "$firmware_vars" --output "$2" \
        --add-db "$(cat /proc/sys/kernel/random/uuid)" "$1" --print
)

vm_root > "$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
vm_copy_in "$debs" first
vm_install >> "$log" 2>&1 || { tail -n 30 "$log" >&2; root_die "the packages cannot be installed"; }
in_root openssl x509 -inform der -in /var/lib/dkms/mok.pub > "$root_work/mok.pem" 2>> "$log" ||
    root_die "dkms has made no key; $log has what it said"
cp "$firmware/OVMF_VARS_4M.fd" "$root_work/vars.new"
firmware_vars=$root_work/vars.new
enroll "$root_work/mok.pem" "$root_work/vars" >> "$log" 2>&1 ||
    { tail -n 5 "$log" >&2; root_die "the key cannot be enrolled"; }
vm_prepare packaging/vm/in-vm-signed.sh >> "$log" 2>&1
vm_run module.sig_enforce=1 \
    -drive "if=pflash,unit=0,format=raw,readonly=on,file=$firmware/OVMF_CODE_4M.fd" \
    -drive "if=pflash,unit=1,format=raw,file=$root_work/vars"
