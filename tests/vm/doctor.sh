#!/bin/bash
# SPDX-License-Identifier: MIT
# What `ubctl doctor` finds, each provoked and mended, in a VM with two devices. For root.
#
#   doctor.sh             with the driver loaded
#   doctor.sh refused     in a VM that loads signed modules alone and has no driver
set -u
cd "$(dirname "$0")/../.." || exit
dir=$(mktemp -d)
chmod 755 "$dir"
. tests/check_quiet.sh
ubctl=$PWD/build/ubctl
helper=$PWD/tests/cli/helper.py
parameters=/sys/module/ubnpu/parameters
trap 'rm -rf "$dir"' EXIT

# The finding of that name, with its severity and code, in what the command says.
says() {
    local name=$1 severity=$2 code=$3
    shift 3
    "$@" -o json doctor > "$dir/doctor.json"
    tr -d '\n' < "$dir/doctor.json" | sed 's/}/}\n/g' > "$dir/findings"
    cat "$dir/findings"
    cp "$dir/doctor.json" "$dir/documents-$name.json"
    grep -q "\"severity\": \"$severity\", *\"code\": \"$code\", *\"name\": \"$name\"" \
        "$dir/findings"
}
says_not() { ! says "$1" "$2" "$3" "${@:4}"; }
as_user() { setpriv --reuid 65534 --regid 65534 --init-groups --bounding-set -all "$@"; }
codes_are_explained() { "$ubctl" explain "$1" | grep -q "^name  *$2\$"; }
# provoke NAME SEVERITY CODE ACTION MENDING
provoke() {
    check "$1" says "$1" "$2" "$3" "$ubctl"
    check "explain_$1" codes_are_explained "$3" "$1"
}
# A folder of modules of this test's own, with the driver in it as DKMS would have it.
own_modules() {
    local release
    release=$(uname -r)
    mount -t tmpfs tmpfs /lib/modules && mkdir -p "/lib/modules/$release" &&
        echo "${1:-}" > "/lib/modules/$release/modules.dep"
}

if [ "${1:-}" = refused ]; then
    own_modules "updates/dkms/ubnpu.ko:" || exit 1
    provoke MODULE_REFUSED error UB-E0303
    exit $failed
fi

# ---- a machine that is as it should be -----------------------------------------------------------
getent group ub > /dev/null || systemd-sysusers "$PWD/udev/ubstack.conf"
mkdir -p /run/udev/rules.d
cp udev/60-ubnpu.rules /run/udev/rules.d/
chgrp ub /dev/ub/*
chmod 660 /dev/ub/*
healthy() {
    "$ubctl" doctor > "$dir/out"
    local got=$?
    cat "$dir/out"
    [ $got = 0 ] && ! grep -q '^severity  *\(error\|warning\)' "$dir/out"
}
check healthy healthy
provoke KERNEL_OLD note UB-E0313
provoke NO_IOMMU note UB-E0319

# ---- nodes ---------------------------------------------------------------------------------------
chmod 600 /dev/ub/ub1
provoke NODE_MODE warning UB-E0309
check NODE_PERMISSION says NODE_PERMISSION error UB-E0307 as_user "$ubctl"
errors_are_told() { as_user "$ubctl" doctor > /dev/null; [ $? = 1 ]; }
check errors_give_exit_code_1 errors_are_told
chmod 660 /dev/ub/ub1
check NODE_MODE_mended says_not NODE_MODE warning UB-E0309 "$ubctl"
enlisted() {
    cp /etc/group "$dir/group"
    sed -i 's/^\(ub:.*:\)\(.*\)$/\1nobody/' "$dir/group"
    mount --bind "$dir/group" /etc/group
}
of_an_old_session() {
    enlisted || return 1
    says SESSION_OLD error UB-E0308 setpriv --reuid 65534 --regid 65534 --clear-groups "$ubctl"
    local got=$?
    umount /etc/group
    return $got
}
check SESSION_OLD of_an_old_session
mv /dev/ub/ub1 "$dir/node" 2> /dev/null || rm /dev/ub/ub1
provoke NODE_MISSING error UB-E0306
number=$(cat /sys/class/ubnpu/ub1/dev)
mknod -m 660 /dev/ub/ub1 c "${number%:*}" "${number#*:}" && chgrp ub /dev/ub/ub1
check NODE_MISSING_mended says_not NODE_MISSING error UB-E0306 "$ubctl"
no_group() {
    grep -v '^ub:' /etc/group > "$dir/group"
    mount --bind "$dir/group" /etc/group && says GROUP_MISSING warning UB-E0310 "$ubctl"
    local got=$?
    umount /etc/group
    return $got
}
check GROUP_MISSING no_group
rm /run/udev/rules.d/60-ubnpu.rules
without_rules() {
    ls /etc/udev/rules.d/60-ubnpu.rules /usr/lib/udev/rules.d/60-ubnpu.rules 2> /dev/null &&
        return 0
    says UDEV_RULES warning UB-E0311 "$ubctl"
}
check UDEV_RULES without_rules

# ---- the process ---------------------------------------------------------------------------------
low() { (ulimit -l 64; says LOW_MEMLOCK warning UB-E0312 "$@"); }
check LOW_MEMLOCK low as_user "$ubctl"
# The VM shows the host's files, which may be a container's.
if [ -e /run/.containerenv ] || [ -e /.dockerenv ]; then
    a_container=1
fi
remedy_of_a_login() {
    [ -z "${a_container:-}" ] || return 0
    low as_user "$ubctl" && grep -q limits.d "$dir/findings"
}
remedy_of_a_service() {
    [ -z "${a_container:-}" ] || return 0
    mkdir -p /sys/fs/cgroup/ub.service &&
        (echo "$BASHPID" > /sys/fs/cgroup/ub.service/cgroup.procs && low as_user "$ubctl") &&
        grep -q LimitMEMLOCK "$dir/findings"
}
check LOW_MEMLOCK_of_a_login remedy_of_a_login
check LOW_MEMLOCK_of_a_service remedy_of_a_service
remedy_of_a_container() {
    low as_user env container=podman "$ubctl" && grep -q 'ulimit memlock' "$dir/findings"
}
check LOW_MEMLOCK_of_a_container remedy_of_a_container
check LOW_MEMLOCK_not_of_root eval \
    '(ulimit -l 64; says_not LOW_MEMLOCK warning UB-E0312 "$ubctl")'

# ---- devices -------------------------------------------------------------------------------------
timeout=$(cat $parameters/hang_timeout_ms)
echo 0 > $parameters/hang_timeout_ms
provoke HANG_DETECTION warning UB-E0317
"$ubctl" -d ub0 health inject fatal > /dev/null
is_dead() { [ "$(cat /sys/class/ubnpu/ub0/state)" != ready ]; }
for _ in $(seq 200); do is_dead && break; sleep 0.3; done
provoke DEVICE_DEAD error UB-E0314
provoke DEVICE_FAULTS warning UB-E0315
if [ -e /sys/class/ubnpu/ub0/device/devcoredump ]; then
    provoke CORE_DUMP warning UB-E0316
    check dump_is_written "$ubctl" -d ub0 health dump "$dir/ub0.txt" --discard
else
    echo "ok - CORE_DUMP # SKIP this kernel has no CONFIG_DEV_COREDUMP"
fi
echo "$timeout" > $parameters/hang_timeout_ms
check the_remedy_of_a_dead_device "$ubctl" -q device reset ub0 --force
check DEVICE_DEAD_mended says_not DEVICE_DEAD error UB-E0314 "$ubctl"
check HANG_DETECTION_mended says_not HANG_DETECTION warning UB-E0317 "$ubctl"

# ---- the driver ----------------------------------------------------------------------------------
address=$(basename "$(readlink -f /sys/class/ubnpu/ub1/device)")
echo "$address" > /sys/bus/pci/drivers/ubnpu/unbind
provoke NOT_BOUND error UB-E0305
echo "$address" > /sys/bus/pci/drivers/ubnpu/bind
check NOT_BOUND_mended says_not NOT_BOUND error UB-E0305 "$ubctl"
another_version() {
    echo 0.0.1 > "$dir/version"
    mount --bind "$dir/version" /sys/module/ubnpu/version &&
        says MODULE_VERSION warning UB-E0304 "$ubctl"
    local got=$?
    umount /sys/module/ubnpu/version
    return $got
}
check MODULE_VERSION another_version
rmmod ubnpu
own_modules
provoke MODULE_MISSING error UB-E0301
umount /lib/modules
own_modules "updates/dkms/ubnpu.ko:"
provoke MODULE_NOT_LOADED error UB-E0302
umount /lib/modules
insmod "$UBVM_MODULE"
for _ in $(seq 200); do [ -e /dev/ub/ub1 ] && break; sleep 0.3; done
check MODULE_NOT_LOADED_mended says_not MODULE_NOT_LOADED error UB-E0302 "$ubctl"
mkdir "$dir/documents"
mv "$dir"/documents-*.json "$dir/documents/"
check documents_are_valid "$helper" schemas --some ubctl/schema "$dir/documents"
exit $failed
