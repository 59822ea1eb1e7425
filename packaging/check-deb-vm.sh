#!/bin/bash
# SPDX-License-Identifier: MIT
# Boot a root in which the packages are installed, with systemd and a device, and test in it what a
# user meets: see in-vm.sh.
#
#   check-deb-vm.sh DIR
set -eu
cd "$(dirname "$0")/.."
debs=$1
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}
limit=${CHECK_TIMEOUT:-900}

# shellcheck source=packaging/root.sh
. packaging/root.sh

system='systemd-sysv udev dbus linux-image-amd64 linux-headers-amd64 initramfs-tools'
ours='ubstack ubstack-dkms ubstack-tools ubstack-udev libub1 libub1-soft ubstack-tests'

install_all() {
    local name
    for name in $ours; do
        cp "$debs/${name}"_*.deb "$root/packages/"
    done
    root_apt update
    # shellcheck disable=SC2086 # one word a package
    root_apt install $system
    # shellcheck disable=SC2046
    root_apt install $(cd "$root" && find packages -name '*.deb' -printf '/%p\n')
}

# Two users, and a job that runs when the system is up and then ends it.
prepare_boot() {
    in_root useradd -m -G ub insider
    in_root useradd -m outsider
    install -m 755 packaging/in-vm.sh "$root/packages/in-vm.sh"
    echo '/dev/vda / ext4 defaults 0 1' > "$root/etc/fstab"
    cat > "$root/etc/systemd/system/check.service" << 'END'
[Unit]
After=multi-user.target systemd-udev-settle.service
Wants=systemd-udev-settle.service
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/packages/in-vm.sh
StandardOutput=file:/dev/ttyS1
StandardError=file:/dev/ttyS1
[Install]
WantedBy=graphical.target multi-user.target
END
    in_root systemctl enable check.service
}

boot() {
    local kernel plugin=$root_work/qemu
    kernel=$(basename "$root"/boot/vmlinuz-*)
    cp "$root/boot/$kernel" "$root/boot/initrd.img-${kernel#vmlinuz-}" "$root_work/"
    dpkg-deb -x "$debs"/ubstack-qemu_*.deb "$plugin"
    truncate -s 6G "$root_work/disk"
    mke2fs -q -t ext4 -d "$root" "$root_work/disk"
    LD_PRELOAD=$(echo "$plugin"/usr/lib/*/ubstack/ubnpu.so) timeout --foreground "$limit" \
        setpriv --pdeathsig KILL qemu-system-x86_64 -nodefaults -no-user-config -nographic -no-reboot \
        -machine q35,accel=tcg -cpu Nehalem -smp 2 -m 2G \
        -kernel "$root_work/$kernel" -initrd "$root_work/initrd.img-${kernel#vmlinuz-}" \
        -append 'root=/dev/vda rw console=ttyS0 panic=-1 oops=panic' \
        -drive "file=$root_work/disk,format=raw,if=virtio,cache=unsafe" -device ubnpu,id=ub0 \
        -serial "file:$root_work/console" -serial "file:$root_work/said" < /dev/null
}

root_make
log=$debs/check-vm.log
install_all > "$log" 2>&1 || { tail -n 30 "$log" >&2; root_die "the packages cannot be installed"; }
prepare_boot >> "$log" 2>&1
status=0
boot >> "$log" 2>&1 || status=$?
tr -d '\r' < "$root_work/said"
cat "$root_work/console" >> "$log"
# Each line is said at the end of a test, the last one at the end of all.
if ! grep -q '^all tests have run' "$root_work/said"; then
    tail -n 30 "$log" >&2
    root_die "the VM ended with status $status before the tests did; $log has its console"
fi
! grep -q '^not ok' "$root_work/said"
