#!/bin/bash
# SPDX-License-Identifier: MIT
# Build and run those tests whose program's name matches a pattern. Where none does, say which there
# are and end with status 2.
#
#   some.sh here|vm 'PATTERN...' LOGDIR BUILD SCRIPTS_NEED PROGRAM[@ARG]... ...
#
# Of a program in BUILD that alone is made, and for a VM what boots it; for scripts, the target
# SCRIPTS_NEED. All programs share one VM; a script *.test.sh boots its own.
set -uf
. tests/vm/limits.sh
where=$1 log_dir=$3 build=$4 scripts_need=$5
read -r -a patterns <<< "$2"
shift 5
make=${MAKE:-make}

name_of() {
    local name
    name=$(basename "${1%%@*}")
    echo "${name%.sh}"
}

unknown() {
    echo "T='$1': no such test; there are:" >&2
    for entry in "${entries[@]}"; do name_of "$entry"; done | sort -u | column -c 100 >&2
    exit 2
}

# The entries that a pattern stands for, in array chosen.
choose() {
    local entry found=0
    for entry in "${entries[@]}"; do
        # shellcheck disable=SC2053 # a pattern is meant
        [[ $(name_of "$entry") == ${1%.sh} ]] || continue
        chosen+=("$entry")
        found=1
    done
    [ $found = 1 ] || unknown "$1"
}

entries=("$@") chosen=()
[ ${#patterns[@]} -gt 0 ] || unknown ''
for pattern in "${patterns[@]}"; do choose "$pattern"; done

targets=() inside=() outside=()
for entry in "${chosen[@]}"; do
    case $entry in
        "$build"/*) targets+=("${entry%%@*}") ;;
        *) targets+=("$scripts_need") ;;
    esac
    if [ "$where" = here ] || [[ $entry == *.test.sh ]]; then
        outside+=("$entry")
    else
        inside+=("$entry")
    fi
done
[ ${#inside[@]} = 0 ] || targets+=(vm-needs)
mapfile -t targets < <(printf '%s\n' "${targets[@]}" | sort -u)
$make --no-print-directory "${targets[@]}" || exit

status=0
if [ ${#outside[@]} -gt 0 ]; then
    tests/run.sh "$log_dir" "${outside[@]}" || status=1
fi
if [ ${#inside[@]} -gt 0 ]; then
    qemu_device/ubvm run --devices 2 "${vm_limits[@]}" -- sh -c \
        'tests/run.sh /tmp/tests "$@" || { tail -n 60 /tmp/tests/*.log; exit 1; }' sh \
        "${inside[@]}" || status=1
fi
exit $status
