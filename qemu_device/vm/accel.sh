# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Which accelerator works here. That /dev/kvm opens does not tell: a kernel may hang under it, so
# one is booted, with a limit, once for each host kernel and QEMU. Sourced; uses $cache and $qemu.

accel_limit=10

accel_cpu() {
    if [ "$1" = kvm ]; then
        echo host
    else
        # Linear algebra in the guest picks its code by the model, and qemu64 misleads it.
        echo Nehalem
    fi
}

# Boots the default kernel without a root; the panic it ends in ends QEMU by -no-reboot.
accel_kvm_boots() {
    timeout --kill-after=1 "$accel_limit" "$qemu" -nodefaults -no-user-config -nographic \
        -no-reboot \
        -machine q35,accel=kvm -cpu host -m 256M -kernel "$(kernel_dir "$1")/vmlinuz" \
        -append "panic=-1 quiet" < /dev/null > /dev/null 2>&1
}

accel_probe() {
    local key file release
    [ -r /dev/kvm ] && [ -w /dev/kvm ] || { echo tcg; return; }
    key=$(uname -rv; "$qemu" --version)
    file=$cache/accel/$(sha256sum <<< "$key" | cut -c 1-16)
    if [ ! -s "$file" ]; then
        mkdir -p "$cache/accel"
        release=${kernel:-$(kernel_default)}
        kernel_fetch "$release"
        if accel_kvm_boots "$release"; then
            echo kvm > "$file"
        else
            echo tcg > "$file"
        fi
    fi
    cat "$file"
}
