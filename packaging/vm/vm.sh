# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# A VM of a root in which the packages are: booted with systemd and two devices, it runs one script
# as root and ends. Sourced after root.sh; uses $debs, the packages' folder, and $log.

vm_limit=${CHECK_TIMEOUT:-3600}
# A system, and what the tests in it need.
vm_system='systemd-sysv udev dbus linux-image-amd64 linux-headers-amd64 initramfs-tools openssl
    cmake g++ make pkgconf'
# All but the device itself, which is outside.
vm_packages='ubstack ubstack-dkms ubstack-tools ubstack-udev ubstack-tests
    libub1 libub1-soft libub-dev'

# vm_copy_in DIR FOLDER: the packages, into /packages/FOLDER of the root.
vm_copy_in() {
    local name
    mkdir -p "$root/packages/$2"
    for name in $vm_packages; do
        cp "$1/${name}"_*.deb "$root/packages/$2/"
    done
}

# With all that the packages depend on, so that what is installed after it is theirs alone.
vm_fill_root() {
    vm_copy_in "$debs" first
    # shellcheck disable=SC2086,SC2046 # one word a package
    root_apt update && root_apt install $vm_system &&
        root_apt install $(root_needs /packages/first $vm_packages) && rm -r "$root/packages/first"
}

# Sets $root. It is kept as long as the packages depend on the same.
vm_root() {
    local name key=$vm_system
    for name in $vm_packages; do
        key+=$(dpkg-deb -f "$(echo "$debs/${name}"_*.deb)" Depends)
    done
    root_make vm "$key$(declare -f vm_fill_root)" vm_fill_root
}

# Not by apt, which would wait for others' downloads.
vm_install() { in_root dpkg -i $(cd "$root" && find packages/first -name '*.deb' -printf '/%p\n'); }

# vm_prepare SCRIPT: two users, and a job that runs it when the system is up and then ends the VM.
vm_prepare() {
    in_root useradd -m -G ub insider
    in_root useradd -m outsider
    cp packaging/vm/* "$root/packages/"
    cp -r packaging/deb/tests "$root/packages/"
    install -m 755 "$1" "$root/packages/job"
    echo '/dev/vda / ext4 defaults 0 1' > "$root/etc/fstab"
    cat > "$root/etc/systemd/system/check.service" << 'END'
[Unit]
After=multi-user.target systemd-udev-settle.service
Wants=systemd-udev-settle.service
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/packages/job
StandardOutput=file:/dev/ttyS1
StandardError=file:/dev/ttyS1
[Install]
WantedBy=graphical.target multi-user.target
END
    in_root systemctl enable check.service
    rm "$root/usr/sbin/policy-rc.d"
}

# vm_boot APPEND QEMU_OPTION...
vm_boot() {
    local kernel append=$1 plugin=$root_work/qemu
    shift
    kernel=$(basename "$root"/boot/vmlinuz-*)
    cp "$root/boot/$kernel" "$root/boot/initrd.img-${kernel#vmlinuz-}" "$root_work/"
    dpkg-deb -x "$debs"/ubstack-qemu_*.deb "$plugin"
    truncate -s 6G "$root_work/disk"
    mke2fs -q -t ext4 -d "$root" "$root_work/disk"
    LD_PRELOAD=$(echo "$plugin"/usr/lib/*/ubstack/ubnpu.so) timeout --foreground "$vm_limit" \
        setpriv --pdeathsig KILL qemu-system-x86_64 -nodefaults -no-user-config -nographic \
        -no-reboot -machine q35,accel=tcg -cpu Nehalem -smp 2 -m 2G \
        -kernel "$root_work/$kernel" -initrd "$root_work/initrd.img-${kernel#vmlinuz-}" \
        -append "root=/dev/vda rw console=ttyS0 panic=-1 oops=panic $append" \
        -drive "file=$root_work/disk,format=raw,if=virtio,cache=unsafe" \
        -device ubnpu,id=ub0,guid-sequence=1 -device ubnpu,id=ub1,guid-sequence=2 \
        -serial "file:$root_work/console" -serial "file:$root_work/said" "$@" < /dev/null
}

# vm_run APPEND QEMU_OPTION...: boots, and tells what the script said; fails as it does.
vm_run() {
    local status=0
    vm_boot "$@" >> "$log" 2>&1 || status=$?
    # Firmware speaks there too.
    tr -d '\r' < "$root_work/said" | grep -aE '^(ok|not ok) - |^# ' || true
    cat "$root_work/console" >> "$log"
    # Each line is said at the end of a test, the last one at the end of all.
    if ! grep -aq '^all tests have run' "$root_work/said"; then
        tail -n 30 "$log" >&2
        root_die "the VM ended with status $status before the tests did; $log has its console"
    fi
    ! grep -aq '^not ok' "$root_work/said"
}
