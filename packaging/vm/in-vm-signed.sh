#!/bin/bash
# SPDX-License-Identifier: MIT
# In a VM with devices whose kernel loads signed modules alone and whose firmware knows dkms's key.
set -u
work=$(mktemp -d)
out=$work/out

# shellcheck source=packaging/vm/say.sh
. /packages/say.sh

file=$(modinfo -n ubnpu)
subject() { openssl x509 -inform der -in /var/lib/dkms/mok.pub -noout -subject | sed 's/.*= *//'; }

kernel_enforces() { grep -x Y /sys/module/module/parameters/sig_enforce; }
firmware_gave_the_key() {
    dmesg | grep -E 'X.509|UEFI|integrity:'
    dmesg | grep -F "Loaded X.509 cert '$(subject)"
}
driver_is_signed_by_dkms() {
    modinfo ubnpu | grep -E '^(signer|sig_key|sig_hashalgo)'
    [ "$(modinfo -F signer ubnpu)" = "$(subject)" ]
}
driver_is_loaded() { grep '^ubnpu ' /proc/modules; }
selftest() { udevadm settle && runuser -u insider -- ubctl -d ub0 selftest; }

# refused FILE: by its signature, with what the kernel says about it.
refused() {
    rmmod ubnpu 2> /dev/null
    ! insmod "$1" 2> "$work/said" || return 1
    cat "$work/said"
    grep -E 'Key was rejected by service|Required key not available' "$work/said" &&
        ! grep '^ubnpu ' /proc/modules
}

plain_copy() {
    case $file in
        *.xz) xz -dc "$file" ;;
        *.zst) zstd -dqc "$file" ;;
        *) cat "$file" ;;
    esac > "$work/ubnpu.ko"
    objcopy --strip-debug "$work/ubnpu.ko" "$work/unsigned.ko"
    ! modinfo "$work/unsigned.ko" | grep '^sig_key'
}
unsigned_is_refused() { plain_copy && refused "$work/unsigned.ko"; }

foreign_key_is_refused() {
    openssl req -x509 -newkey rsa:2048 -nodes -subj '/CN=somebody else/' -days 1 \
        -outform der -keyout "$work/key" -out "$work/cert" &&
        cp "$work/unsigned.ko" "$work/foreign.ko" &&
        "/lib/modules/$(uname -r)/build/scripts/sign-file" sha256 "$work/key" "$work/cert" \
            "$work/foreign.ko" && [ "$(modinfo -F signer "$work/foreign.ko")" = 'somebody else' ] &&
        refused "$work/foreign.ko"
}
signed_loads_again() { modprobe ubnpu && selftest; }
kernel_did_not_warn() { ! dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|UBSAN:'; }

check kernel_loads_signed_modules_alone kernel_enforces
check firmware_gave_the_key firmware_gave_the_key
check driver_is_signed_by_dkms driver_is_signed_by_dkms
check driver_is_loaded_by_modalias driver_is_loaded
check selftest_with_the_signed_driver selftest
check unsigned_driver_is_refused unsigned_is_refused
check driver_of_another_key_is_refused foreign_key_is_refused
check signed_driver_loads_again signed_loads_again
check kernel_did_not_warn kernel_did_not_warn
echo 'all tests have run'
