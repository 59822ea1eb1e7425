#!/bin/bash
# SPDX-License-Identifier: MIT
# Check built rpms: rpmlint, scriptlets, the Debian packages beside them, then their life in a
# scratch root with a database of rpm's own.
#
#   check-rpm.sh DIR NEXT DEBS    DIR holds release 1, NEXT release 2 of the same version
#
# rpm/stand-ins.sh says how their dependencies are met, and what that does not show.
set -u
cd "$(dirname "$0")/.." || exit 1
rpms=$1 next=$2 debs=$3
for dir in "$rpms" "$next"; do
    compgen -G "$dir/*.rpm" > /dev/null || { echo "check-rpm: $dir: no packages" >&2; exit 1; }
done
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}
log=$(realpath "$rpms")/check.log
: > "$log"

# shellcheck source=packaging/root.sh
. packaging/root.sh
# shellcheck source=packaging/checks.sh
. packaging/checks.sh
# shellcheck source=packaging/rpm/table.sh
. packaging/rpm/table.sh
# shellcheck source=packaging/rpm/stand-ins.sh
. packaging/rpm/stand-ins.sh

packages_in() {
    find "$1" -maxdepth 1 -name '*.rpm' ! -name '*.src.rpm' ! -name '*-debuginfo-*' | sort
}
about() { rpm -qp --nosignature "$@"; }
names_in() { about --qf '%{NAME}\n' $(packages_in "$1"); }
release_in() { about --qf '%{VERSION}-%{RELEASE}\n' "$1"/ubstack-dkms-*.rpm; }
# Debian's rpm does not like to be used for what it is for.
root_rpm() { in_root rpm --force-debian "$@"; }

rpmlint_has_nothing_to_say() {
    rpmlint --config packaging/rpm/rpmlint.toml $(packages_in "$rpms") "$rpms"/*.src.rpm \
        "$rpms/ubstack.spec" | tee "$rpms/rpmlint.log"
    grep -q ' 0 errors, 0 warnings' "$rpms/rpmlint.log"
}

# Which packages run something and when; each parses in the shells that /bin/sh is.
scriptlets_are_those_expected() {
    local file name shell
    for file in $(packages_in "$rpms"); do
        name=$(about --qf '%{NAME}' "$file")
        about --scripts "$file" > "$rpms/scripts"
        sed -n "s/^\([a-z]*\) \(scriptlet\|program\).*/$name \1/p" "$rpms/scripts"
        for shell in dash 'bash --posix'; do
            grep -v -E '^[a-z]+ (scriptlet|program)' "$rpms/scripts" | $shell -n || return 1
        done
        cat "$rpms/scripts" >&3
    done 3> "$rpms/all-scripts" > "$rpms/have-scripts"
    diff - "$rpms/have-scripts" << 'END'
libub postinstall
libub postuninstall
ubstack-dkms postinstall
ubstack-dkms preuninstall
ubstack-udev preinstall
ubstack-udev postinstall
END
}
scriptlets_keep_their_hands_off() {
    ! grep -n -E 'rmmod|modprobe|insmod|/etc/|limits|chmod|chown' "$rpms/all-scripts"
}

# rpmlint 2.4 looks for them under the number of the manual's section.
programs_have_manuals() {
    local program
    about -l $(packages_in "$rpms") > "$rpms/files"
    for program in $(sed -n 's|^/usr/bin/||p' "$rpms/files"); do
        grep -x "/usr/share/man/man1/$program\.1\.gz" "$rpms/files" || {
            echo "$program has none"
            return 1
        }
    done
}

licences_are_spdx() {
    about --qf '%{NAME}: %{LICENSE}\n' $(packages_in "$rpms") > "$rpms/licences"
    cat "$rpms/licences"
    ! sed -e 's/^[^:]*: //' -e 's/ AND \| OR \| WITH /\n/g' "$rpms/licences" | tr -d '()' |
        grep -vxF -e MIT -e GPL-2.0-only -e Linux-syscall-note
}

# What the root has in openEuler's stead: the Debian packages of the table, kernel headers for dkms.
fill_root() {
    local need debian=()
    for need in $needs; do
        debian+=("$(table_debian "$need")") || return 1
    done
    root_apt update && root_apt install rpm pkg-config g++ make linux-headers-amd64 \
        "${debian[@]}" || return 1
    echo /usr/lib64 > "$root/etc/ld.so.conf.d/lib64.conf"
    in_root rpmdb --force-debian --initdb 2> /dev/null || in_root rpmdb --initdb
}

copy_in() {
    rm -rf "$root/packages/rpms" && mkdir -p "$root/packages/rpms" &&
        cp $(packages_in "$1") "$root/packages/rpms/"
}
in_packages() { (cd "$root" && find packages/rpms -name '*.rpm' -printf '/%p\n'); }

# Else the check that follows would show nothing.
needs_are_asked_for() {
    ! root_rpm -i --test $(in_packages) > "$root_work/said" 2>&1 || return 1
    cat "$root_work/said"
    for need in dkms 'libc.so.6(GLIBC_2' systemd-udev qemu; do
        grep -qF "$need" "$root_work/said" || { echo "$need is not asked for"; return 1; }
    done
}
# The folders are of openEuler's systemd, pkgconf and filesystem.
stand_ins_install() {
    (cd "$root" && mkdir -p usr/lib/sysusers.d usr/lib64/pkgconfig usr/share/licenses) &&
        stand_ins_make $(packages_in "$rpms") &&
        root_rpm -i $(cd "$root" && find packages/stand-ins -name '*.rpm' -printf '/%p\n')
}
installs() { root_rpm -i $(in_packages) && all_are_installed "$rpms"; }
all_are_installed() {
    diff <(names_in "$1" | sed "s/$/ $(release_in "$1")/" | sort) \
        <(root_rpm -q --qf '%{NAME} %{VERSION}-%{RELEASE}\n' $(names_in "$1") | sort)
}
files_are_as_packed() { root_rpm -V $(names_in "$rpms"); }

soft_selftest() { in_root ubctl --device soft: selftest; }
installed_tests_pass() { in_root ubstack-test soft; }
examples_build() {
    in_root sh -ec 'cp -r /usr/share/doc/libub-devel/examples /tmp/e && cd /tmp/e && mkdir out &&
        make OUT=out PKG_CONFIG_PATH=/usr/lib64/pkgconfig && for e in copy epoll gemm; do
        out/$e soft:; done'
}
qemu_has_the_device() { in_root qemu-system-x86_64-ubnpu -device ubnpu,help | grep '^  eid='; }

# One driver, of this release, for the kernel whose headers are there.
driver_is_built() {
    in_root dkms status
    [ "$(in_root dkms status ubstack | sed 's/, .*: /: /')" = "ubstack/$1: installed" ] &&
        find "$root/lib/modules/" -name 'ubnpu.ko*' | grep /updates/dkms/
}

vendor_tool_conflicts() {
    printf '%s\n' 'ubctl ubctl' | stand_in_spec > "$root/packages/ubctl.spec" &&
        in_root rpmbuild -bb --define '_topdir /packages/vendor' /packages/ubctl.spec || return 1
    ! root_rpm -i /packages/vendor/RPMS/noarch/ubctl-0-0.noarch.rpm > "$root_work/said" 2>&1 ||
        return 1
    grep 'ubctl conflicts with .*ubstack-tools' "$root_work/said"
}

upgrades() { copy_in "$next" && root_rpm -U $(in_packages) && all_are_installed "$next"; }
only_the_new_source_remains() {
    [ "$(cd "$root/usr/src" && echo *ubstack*)" = "ubstack-$(release_in "$next")" ]
}
erases() {
    root_rpm -e $(names_in "$next") && ! root_rpm -q $(names_in "$next") | grep -v 'not installed'
}

check rpmlint_has_nothing_to_say rpmlint_has_nothing_to_say
check scriptlets_are_those_expected scriptlets_are_those_expected
check scriptlets_keep_their_hands_off scriptlets_keep_their_hands_off
check programs_have_manuals programs_have_manuals
check licences_are_spdx licences_are_spdx
check same_files_as_the_debs packaging/compare-packages.sh "$debs" "$rpms"
needs=$(outer_needs $(packages_in "$rpms"))
root_make rpm-check "$needs$(declare -f fill_root)" fill_root >> "$log" 2>&1 || {
    tail -n 5 "$log" >&2
    exit 1
}
copy_in "$rpms"
check needs_are_asked_for needs_are_asked_for
must stand_ins_install stand_ins_install
snapshot > "$root_work/before"
must installs installs
check files_are_as_packed files_are_as_packed
check group_is_a_system_group group_is_a_system_group
check soft_selftest soft_selftest
check installed_tests_pass installed_tests_pass
check examples_build examples_build
check qemu_has_the_device qemu_has_the_device
check driver_is_built driver_is_built "$(release_in "$rpms")"
check vendor_tool_conflicts vendor_tool_conflicts
must upgrades upgrades
check driver_is_built_after_upgrade driver_is_built "$(release_in "$next")"
check only_the_new_source_remains only_the_new_source_remains
check soft_selftest_after_upgrade soft_selftest
check erases erases
check no_driver_remains no_driver_remains
check nothing_remains nothing_remains
exit $failed
