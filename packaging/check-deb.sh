#!/bin/bash
# SPDX-License-Identifier: MIT
# Check built Debian packages: lintian, then their life in a scratch root.
#
#   check-deb.sh DIR NEXT    DIR holds version N, NEXT a later one
#
# DEB_SUITE=trixie: they are that Debian's, and so is the root.
set -u
cd "$(dirname "$0")/.." || exit 1
debs=$1 next=$2
for dir in "$debs" "$next"; do
    compgen -G "$dir/*.deb" > /dev/null || { echo "check-packages: $dir: no packages" >&2; exit 1; }
done
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}
log=$(realpath "$debs")/check.log
: > "$log"
root_suite=${DEB_SUITE:-}

# shellcheck source=packaging/root.sh
. packaging/root.sh
# shellcheck source=packaging/checks.sh
. packaging/checks.sh

changes_of() { echo "$1"/ubstack_*_amd64.changes; }
packages_in() { find "$1" -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*' | sort; }
names_in() { packages_in "$1" | sed 's|.*/||; s|_.*||'; }
version_in() { basename "$(echo "$1"/libub1_*.deb)" | cut -d_ -f2; }

# One source is for Debian 12 to sid: an old lintian knows no newer standard, and a new one asks for
# what Debian 12 cannot read (watch files of standard 5, debhelper 14) or does not take for granted.
one_source_for_all='newer-standards-version|older-debian-watch-file-standard'
one_source_for_all+='|package-uses-old-debhelper-compat-version'
one_source_for_all+='|redundant-rules-requires-root-no-field'
one_source_for_all+='|redundant-priority-optional-field'

lintian_has_nothing_to_say() {
    local said
    said=$(${root_suite:+packaging/in-suite.sh "$root_suite"} lintian --allow-root --pedantic \
        --display-info --fail-on none "$(changes_of "$debs")") || return 1
    said=$(grep -v -E "^[A-Z]: ubstack source: ($one_source_for_all)( |\$)" <<< "$said")
    echo "$said"
    [ -z "$said" ]
}

# All that our packages need, so that what remains after them is theirs.
install_dependencies() {
    cp $(packages_in "$debs") "$root/packages/"
    root_apt update && root_apt install $tools &&
        root_apt install $(root_needs /packages $(names_in "$debs"))
}
in_packages() { find "$root/packages" -name '*.deb' | sed "s|$root||" | sort; }
# A kernel's headers for dkms, and what the tests of the development files need.
tools='linux-headers-amd64 cmake g++ make pkgconf'

all_is_installed() {
    local name
    for name in $(names_in "$debs"); do
        [ "$(in_root dpkg-query -W -f '${db:Status-Abbrev} ${Version}' "$name")" = "ii  $1" ] || {
            echo "$name is not installed as $1"
            return 1
        }
    done
}

# What must be there, with its mode; and nothing of ours that others may write or that is setuid.
files_owners_modes() {
    local mode path bad
    while read -r mode path; do
        [ "$(cd "$root" && stat -c %a .$path)" = "$mode" ] || { echo "$path: not $mode"; return 1; }
    done << 'END'
755 /usr/bin/ubctl
755 /usr/bin/qemu-system-x86_64-ubnpu
755 /usr/share/ubstack/ubvm
755 /usr/bin/ubstack-test
644 /usr/lib/x86_64-linux-gnu/libub.so.1.0.0
644 /usr/lib/x86_64-linux-gnu/ub/ub-soft.so
644 /usr/lib/x86_64-linux-gnu/ubstack/ubnpu.so
644 /usr/lib/x86_64-linux-gnu/pkgconfig/libub.pc
644 /usr/lib/udev/rules.d/60-ubnpu.rules
644 /usr/share/metainfo/invalid.ubstack.ubnpu.metainfo.xml
644 /usr/lib/sysusers.d/ubstack.conf
644 /usr/share/bash-completion/completions/ubctl
644 /usr/share/fish/vendor_completions.d/ubctl.fish
644 /usr/include/ub/ub.hpp
END
    bad=$(in_root dpkg -L $(names_in "$debs") | sort -u | grep -v -x -e /. -e '' |
        (cd "$root" && sed 's|^|.|' | xargs -d '\n' stat -c '%U:%G %a %F %n') |
        grep -v -E '^root:root (644 regular file|755 (regular file|directory)|777 symbolic link) ')
    [ -z "$bad" ] || { echo "$bad"; return 1; }
    ! in_root dpkg --verify $(names_in "$debs") | grep .
}

writes_nothing_in_etc() {
    local path
    for path in $(in_root dpkg -L $(names_in "$debs") | grep '^/etc/'); do
        echo "$path"
        return 1
    done
    diff <(grep ' etc/' "$root_work/before") <(snapshot | grep ' etc/')
}

soft_selftest() {
    in_root ubctl version | grep -q "^ubctl  *${1%-*}$" && in_root ubctl --device soft: selftest
}

installed_test() {
    install -D -m 755 "packaging/deb/tests/$1" "$root/packages/tests/$1" &&
        in_root env UBSTACK_CACHE=/packages/cache "/packages/tests/$1"
}

# Outside any source tree, with the driver that dkms built and the plug-in where it is installed.
in_ubvm() {
    local file release
    file=$(cd "$root" && ls lib/modules/*/updates/dkms/ubnpu.ko* | tail -n 1)
    release=${file#lib/modules/}
    in_root env UBSTACK_CACHE=/packages/cache ubvm run --devices 2 --kernel "${release%%/*}" -- "$@"
}
first_command() { in_ubvm ubctl -d ub0 submit nop; }
ubvm_works_from_usr() { in_ubvm ubctl -d ub1 selftest; }

upgrade_to_next() {
    rm "$root"/packages/*.deb
    cp $(packages_in "$next") "$root/packages/"
    root_apt install $(in_packages) && all_is_installed "$(version_in "$next")"
}

only_the_new_driver_remains() {
    local version
    version=$(version_in "$next")
    in_root dkms status
    [ "$(in_root dkms status ubstack | cut -d, -f1 | sort -u)" = "ubstack/${version%-*}" ] &&
        [ "$(cd "$root/usr/src" && echo *ubstack*)" = "ubstack-${version%-*}" ]
}

# What software centres are told is what loads the driver.
metainfo_names_the_device() {
    local alias
    alias=$(sed -n 's|.*<modalias>\(.*\)</modalias>.*|\1|p' "$root"/usr/share/metainfo/*ubnpu*)
    modinfo -F alias "$root"/lib/modules/*/updates/dkms/ubnpu.ko* | grep -x -F "$alias"
}

remove_all() { root_apt remove $(names_in "$debs") && ! in_root sh -c 'command -v ubctl'; }
# dpkg's, since apt does not know a package that is gone and left no configuration.
purge_all() {
    in_root dpkg --purge $(names_in "$debs") &&
        ! in_root dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' $(names_in "$debs") | grep .
}

check lintian_has_nothing_to_say lintian_has_nothing_to_say
root_make
must dependencies_can_be_had install_dependencies
snapshot > "$root_work/before"
start=$SECONDS
must installs root_apt install $(in_packages)
installed=$SECONDS
check first_command_in_a_vm first_command
echo "# from apt install ./*.deb to the first completed command in a VM: $((SECONDS - start)) s," \
    "of which apt $((installed - start)) s"
check all_is_installed all_is_installed "$(version_in "$debs")"
check files_owners_modes files_owners_modes
check group_is_a_system_group group_is_a_system_group
check writes_nothing_in_etc writes_nothing_in_etc
check metainfo_names_the_device metainfo_names_the_device
check soft_selftest soft_selftest "$(version_in "$debs")"
for name in soft build dkms vm; do
    check "autopkgtest_$name" installed_test "$name"
done
check ubvm_works_from_usr ubvm_works_from_usr
must upgrades upgrade_to_next
check only_the_new_driver_remains only_the_new_driver_remains
check soft_selftest_after_upgrade soft_selftest "$(version_in "$next")"
check removes remove_all
check no_driver_remains no_driver_remains
check purges purge_all
check nothing_remains nothing_remains
exit $failed
