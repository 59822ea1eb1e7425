#!/bin/bash
# SPDX-License-Identifier: MIT
# In a VM with two devices, under systemd, as root: what the packages promise. /packages has them,
# as installed and as of a later version, and the tests that the source package describes.
set -u
work=$(mktemp -d)
out=$work/out
ours='ubstack ubstack-tests ubstack-tools ubstack-udev ubstack-dkms libub-dev libub1-soft libub1'

# shellcheck source=packaging/vm/say.sh
. /packages/say.sh

udev_has_settled() { udevadm settle --timeout=60; }

# Nothing asks for it by name; the device's modalias did.
module_is_loaded() { grep '^ubnpu ' /proc/modules && ! grep -r ubnpu /etc/modules*; }
module_is_dkms() { modinfo -n ubnpu | grep '/updates/dkms/ubnpu.ko'; }

node_is_0660_root_ub() {
    stat -c '%a %U:%G' /dev/ub/ub0 | tee /dev/stderr | grep -x '660 root:ub'
}
links_by_path_and_eid() {
    ls -l /dev/ub/by-path /dev/ub/by-eid
    for kind in by-path by-eid; do
        [ "$(readlink -f /dev/ub/$kind/* | sort | tr '\n' ' ')" = '/dev/ub/ub0 /dev/ub/ub1 ' ] ||
            return 1
    done
}

insider_runs_selftest() { runuser -u insider -- ubctl -d ub0 selftest; }

# The right message: permission, not absence, and what to do.
outsider_is_told() {
    ! runuser -u outsider -- ubctl -d ub0 selftest > "$out.said" 2>&1 || return 1
    cat "$out.said"
    grep 'you may not open it' "$out.said" && grep 'join the group ub' "$out.said" &&
        ! grep -i 'no device' "$out.said"
}
outsider_sees_the_device() { runuser -u outsider -- ubctl list | grep ub0; }
outsider_has_soft_devices() { runuser -u outsider -- ubctl -d soft: selftest; }

# A user's program, built with what libub-dev installed.
build_holder() {
    cc -Wall -Wextra -Werror /packages/holder.c $(pkg-config --cflags --libs libub) \
        -o "$work/holder"
}
hold() {
    "$work/holder" ub0 "$work/count" > "$work/holder.said" 2>&1 &
    holder=$!
    goes_on
}
# More commands end than have ended.
goes_on() {
    local before i
    before=$(cat "$work/count" 2> /dev/null)
    for ((i = 0; i < 600; i++)); do
        [ "$(cat "$work/count" 2> /dev/null)" = "$before" ] || break
        sleep 0.1
    done
    ((i < 600)) && kill -0 "$holder"
}
ends_well() {
    kill "$holder" && wait "$holder" && cat "$work/holder.said"
}
loaded() { cat /sys/module/ubnpu/version; }
on_disk() { modinfo -F version ubnpu; }
version_of() { dpkg-deb -f "$(echo "$1"/libub1_*.deb)" Version | sed 's/-.*//'; }
first=$(version_of /packages/first) next=$(version_of /packages/next)

upgrade_goes_through() {
    apt-get -q -y install /packages/next/*.deb && dpkg-query -W $ours
}
module_in_use_stays() { [ "$(loaded)" = "$first" ] && [ "$(cat /sys/module/ubnpu/refcnt)" -gt 0 ]; }
new_module_is_there() { [ "$(on_disk)" = "$next" ] && ! dkms status | grep "ubstack/$first"; }
new_tool_with_the_old_driver() { ubctl -d ub1 selftest && [ "$(loaded)" = "$first" ]; }
# As the package's script does when it is installed in a machine that is up. The driver is there
# already, and building it takes minutes in an emulated machine.
install_finds_the_device() {
    local i
    rmmod ubnpu && [ ! -e /dev/ub/ub0 ] && touch /etc/dkms/no-autoinstall &&
        /var/lib/dpkg/info/ubstack-dkms.postinst configure "$first" || return 1
    rm /etc/dkms/no-autoinstall
    for ((i = 0; i < 600; i++)); do
        [ -e /dev/ub/ub0 ] && [ -e /dev/ub/ub1 ] && break
        sleep 0.1
    done
    udevadm settle && node_is_0660_root_ub
}
next_load_takes_the_new() { [ "$(loaded)" = "$next" ] && insider_runs_selftest; }

# A process holds the device while all packages go: it is not disturbed, nor is the module.
removal_goes_through() {
    dpkg -L $ours | sort -u > "$work/files"
    apt-get -q -y remove $ours && dpkg --purge $ours &&
        ! dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' $ours | grep .
}
device_stays() { [ -e /dev/ub/ub0 ] && [ "$(loaded)" = "$next" ]; }
rmmod_works_then() { rmmod ubnpu && [ ! -e /dev/ub/ub0 ]; }
nothing_remains() {
    local file
    while read -r file; do
        [ -d "$file" ] || [ ! -e "$file" ] || echo "$file"
    done < "$work/files" > "$work/left"
    find / -xdev \( -name '*ubnpu*' -o -name '*ubstack*' -o -name 'libub[.1]*' \) \
        ! -path '/packages*' ! -path "$work/*" ! -path '/var/log/*' >> "$work/left"
    cat "$work/left"
    [ ! -s "$work/left" ]
}

kernel_did_not_warn() { ! dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|UBSAN:'; }

check udev_has_settled udev_has_settled
check module_is_loaded_by_modalias module_is_loaded
check module_is_the_one_of_dkms module_is_dkms
check node_is_0660_root_ub node_is_0660_root_ub
check links_by_path_and_eid links_by_path_and_eid
check user_in_group_runs_selftest insider_runs_selftest
check user_outside_is_told outsider_is_told
check user_outside_sees_the_device outsider_sees_the_device
check user_outside_has_soft_devices outsider_has_soft_devices
for name in soft build dkms; do
    check "autopkgtest_$name" "/packages/tests/$name"
done
check installed_tests_pass_on_the_devices ubstack-test device ub0 ub1

check tutorial_holds /packages/tutorial.sh /packages/tutorial.md

check program_is_built_with_libub_dev build_holder
check program_runs hold
check upgrade_goes_through upgrade_goes_through
check program_goes_on_after_the_upgrade goes_on
check module_in_use_stays_in_the_upgrade module_in_use_stays
check new_module_is_there new_module_is_there
check new_tool_with_the_old_driver new_tool_with_the_old_driver
check program_ends_well ends_well
check installing_finds_the_device install_finds_the_device
check next_load_takes_the_new_module next_load_takes_the_new

check program_runs_on_the_new_module hold
check removal_goes_through removal_goes_through
check program_goes_on_after_the_removal goes_on
check device_stays_in_the_removal device_stays
check program_ends_well_without_packages ends_well
check module_unloads_when_free rmmod_works_then
check nothing_remains nothing_remains

check kernel_did_not_warn kernel_did_not_warn
echo 'all tests have run'
