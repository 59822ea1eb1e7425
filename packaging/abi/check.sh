#!/bin/bash
# SPDX-License-Identifier: MIT
# Compare the ABI of libub.so and of the public C headers, the kernel's interface among them, with
# that of an earlier revision. What is incompatible fails; what was added is listed.
#
#   check.sh OUT [REVISION]
#
# REVISION is by default the last tag, else the commit that the file `base` beside this names.
set -euo pipefail
here=$(dirname "$0")
out=$(realpath -m "$1")
revision=${2:-}

die() {
    echo "abi-check: $*" >&2
    exit 2
}

base_revision() {
    [ -z "$revision" ] || { echo "$revision"; return; }
    git describe --tags --abbrev=0 2> /dev/null || sed '/^#/d' "$here/base"
}

# build_tree TREE BUILD: the library with what abidiff reads, and one object that has every type of
# the headers.
build_tree() {
    local headers=(ub/ub.h ub/ub_data_path.h ub/ub_hw.h ub/ub_uapi.h ub/ub_uring.h)
    make -C "$1" --no-print-directory BUILD="$2" KERNEL=none WERROR= OPT='-O0 -g' \
        "$2/lib/libub.so" &&
        { printf '#include <%s>\n' "${headers[@]}"; echo 'int a_symbol;'; } |
        gcc -x c - -std=gnu11 -g -fno-eliminate-unused-debug-types -fPIC -shared \
            -I"$1/$2/include" -o "$1/$2/headers.so" &&
        "$here/constants.sh" "$1/$2/include" > "$1/$2/constants"
}

# A revision of the tree, built once.
base_tree() {
    local tree=$out/$1
    [ -e "$tree/build/complete" ] || {
        rm -rf "$tree"
        mkdir -p "$tree"
        git archive "$1" | tar -C "$tree" -x
        build_tree "$tree" build && touch "$tree/build/complete"
    } > "$out/base.log" 2>&1 || die "revision $1 cannot be built; $out/base.log tells why"
}

# compare NAME FILE OPTION...: by abidiff, of which bit 2 is a change and bits 0 and 1 are errors.
compare() {
    local name=$1 file=$2 status=0
    shift 2
    abidiff --suppressions "$here/allowed" --headers-dir1 "$old/include/ub" \
        --headers-dir2 "$new/include/ub" --drop-private-types --no-added-syms \
        "$@" "$old/$file" "$new/$file" > "$out/$name.changes" || status=$?
    ((status & 3)) && die "abidiff fails on $file with status $status"
    ((status & 4)) || return 0
    echo "abi-check: $name: incompatible:"
    cat "$out/$name.changes"
    failed=1
}

# Lists that grow have a last number, and the device's contract a minor version.
may_grow() {
    case $1 in
        UB_CMD_MAX | UB_A_MAX | UB_FAULT_MAX) (($3 > $2)) ;;
        UB_HW_VERSION) (($3 > $2 && $3 >> 16 == $2 >> 16)) ;;
        *) false ;;
    esac
}

compare_constants() {
    local name before now
    while read -r name before; do
        now=$(awk -v name="$name" '$1 == name { sub(/^[^ ]+ /, ""); print }' "$new/constants")
        [ "$now" != "$before" ] || continue
        ! may_grow "$name" "$before" "${now:-0}" || continue
        echo "abi-check: macro $name: incompatible: was $before, is ${now:-gone}"
        failed=1
    done < "$old/constants"
}

# A line each: function, macro, member, enumerator, type. abidiff's status says that there are some.
additions() {
    comm -13 <(symbols "$old") <(symbols "$new") | sed 's/^/function /'
    comm -13 <(cut -d ' ' -f 1 "$old/constants") <(cut -d ' ' -f 1 "$new/constants") |
        sed 's/^/macro /'
    { abidiff --harmless --non-reachable-types "$old/headers.so" "$new/headers.so" || true; } |
        awk -F "'" '/^ *\[A\]/ { print $2 } / changed:$/ { owner = $2 }
            /insertions?:$/ { inserted = 1; next } / changes?:$|^$/ { inserted = 0 }
            inserted { print $2 " of " owner }'
}
symbols() { nm -D --defined-only "$1/lib/libub.so" | awk '$2 ~ /[TDBRV]/ { print $3 }' | sort; }

command -v abidiff > /dev/null || die "abidiff: not found; run packaging/deps.sh packaging"
cd "$here/../.."
here=packaging/abi
base=$(base_revision)
commit=$(git rev-parse --verify --quiet "$base^{commit}") ||
    die "$base: no such revision here; name one by ABI_BASE=, or a commit in packaging/abi/base"
mkdir -p "$out"
old=$out/$commit/build new=build/abi/new
base_tree "$commit"
build_tree . "$new" > "$out/new.log" 2>&1 ||
    die "this tree cannot be built; $out/new.log tells why"
failed=0
compare libub lib/libub.so
compare headers headers.so --non-reachable-types
compare_constants
additions > "$out/added"
echo "abi-check: $(symbols "$old" | wc -l) functions, $(wc -l < "$old/constants") macros" \
    "compared with $base, $(wc -l < "$out/added") additions"
sed 's/^/  added: /' "$out/added"
exit $failed
