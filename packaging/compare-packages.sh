#!/bin/bash
# SPDX-License-Identifier: MIT
# The Debian packages and the rpms hold the same files with the same modes and owners, but for what
# rpm/differences lists with reasons; a difference listed that is none any more is an error too.
#
#   compare-packages.sh DEBS RPMS
set -euo pipefail
debs=$1 rpms=$2
rules=$(dirname "$0")/rpm/differences
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The rpm that stands for a Debian package.
rpm_name() {
    case $1 in
        libub1) echo libub ;;
        libub1-soft) echo libub-soft ;;
        libub-dev) echo libub-devel ;;
        *) echo "$1" ;;
    esac
}

# Lines "PACKAGE PATH MODE OWNER TARGET" of all that is no directory. Where each system puts
# libraries, and what it calls the folders of documentation, is not the point.
debs_hold() {
    local file name
    for file in "$debs"/*.deb; do
        name=$(rpm_name "$(dpkg-deb -f "$file" Package)")
        case $name in *-dbgsym) continue ;; esac
        dpkg-deb --fsys-tarfile "$file" | tar -tvf - --numeric-owner --full-time |
            grep -v '^d' | sed "s|^|$name |"
    done | awk '{ target = $8 == "->" ? $9 : "-"; print $1, substr($7, 2), $2, $3, target }' |
        sed -e 's|/usr/lib/x86_64-linux-gnu/|LIBDIR/|g' -e 's| 0/0 | root |' \
            -e "$doc_of_debs"
}

doc_of_debs='s|/usr/share/doc/libub1\([-/]\)|/usr/share/doc/libub\1|
    s|/usr/share/doc/libub-dev/|/usr/share/doc/libub-devel/|'

rpms_hold() {
    local file owner='%{FILEUSERNAME}:%{FILEGROUPNAME}'
    for file in "$rpms"/*.rpm; do
        case $file in *.src.rpm | *-debuginfo-*) continue ;; esac
        rpm -qp --nosignature --qf \
            "[%{=NAME} %{FILENAMES} %{FILEMODES:perms} $owner %{FILELINKTOS}-\n]" "$file"
    done | awk '$3 !~ /^d/' |
        sed -e 's|/usr/lib64/|LIBDIR/|g' -e 's| root:root | root |' -e 's|\(.\)-$|\1|' -e 's| $| -|'
}

# Both through the rules, each of which must match something: a sed script that makes them equal.
apply_rules() {
    local rule
    grep -v '^#' "$rules" | grep . > "$work/rules"
    while IFS= read -r rule; do
        sed -E "$rule" "$work/all" | cmp -s - "$work/all" && {
            echo "compare-packages: $rules: this makes no difference: $rule" >&2
            return 1
        }
    done < "$work/rules"
    sed -E -f "$work/rules" "$1" | grep . | sort -u
}

debs_hold | sort > "$work/debs"
rpms_hold | sort > "$work/rpms"
for side in debs rpms; do
    [ -s "$work/$side" ] || { echo "compare-packages: no packages in ${!side}" >&2; exit 1; }
done
cat "$work/debs" "$work/rpms" > "$work/all"
apply_rules "$work/debs" > "$work/debs.same"
apply_rules "$work/rpms" > "$work/rpms.same"
diff "$work/debs.same" "$work/rpms.same"
echo "compare-packages: $(wc -l < "$work/rpms.same") files are the same," \
    "$(wc -l < "$work/rules") differences allowed"
