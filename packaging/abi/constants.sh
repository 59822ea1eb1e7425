#!/bin/bash
# SPDX-License-Identifier: MIT
# The macros of the public C headers, one a line: "NAME VALUE", by value where it is an integer,
# else as written. abidiff sees none of them.
#
#   constants.sh INCLUDE_DIR
set -euo pipefail
include=$1
headers=(ub/ub.h ub/ub_data_path.h ub/ub_hw.h ub/ub_uapi.h ub/ub_uring.h)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '#include <%s>\n' stdio.h string.h "${headers[@]}" > "$work/includes"

# Macros that a header defines, but for its own guard: "NAME VALUE" or "NAME(ARGUMENTS) VALUE".
defined() {
    local names
    names=$(cd "$include" && sed -nE 's/^#\s*define\s+(UB_\w+).*/\1/p' ub/*.h | sort -u)
    gcc -E -dM -I"$include" -x c "$work/includes" | sed -n 's/^#define //p' |
        awk 'NR == FNR { ours[$1]; next } { name = $1; sub(/\(.*/, "", name) }
            name in ours && NF > 1' <(echo "$names") - | sort
}

# A line for each, of which the compiler says whether it is an integer.
checks() {
    cat "$work/includes"
    sed -E 's/^(\w+) .*/enum { is_integer_\1 = !((\1) | 0) };/' "$work/plain"
}
integers() {
    local first
    first=$(($(wc -l < "$work/includes") + 1))
    checks > "$work/checks.c"
    gcc -fsyntax-only -w -fmax-errors=0 -I"$include" "$work/checks.c" 2> "$work/said" || true
    sed -nE 's/^[^:]*checks\.c:([0-9]+):[0-9]+: error:.*/\1/p' "$work/said" | sort -u > "$work/bad"
    awk -v first="$first" 'NR == FNR { bad[$1]; next } !((FNR + first - 1) in bad) { print $1 }' \
        "$work/bad" "$work/plain"
}

# The size in an ioctl's number is its structure's, which may grow.
program() {
    cat "$work/includes"
    cat << 'END'
static void say(const char *name, unsigned long long value)
{
	int ioctl = !strncmp(name, "UB_IOC_", 7) || !strncmp(name, "UB_URING_", 9);
	if (ioctl && value <= 0xffffffff && _IOC_TYPE(value) == UB_IOC_MAGIC)
		value &= ~((unsigned long long)_IOC_SIZEMASK << _IOC_SIZESHIFT);
	printf("%s 0x%llx\n", name, value);
}
int main(void)
{
END
    sed 's/.*/say("&", (unsigned long long)(&));/' "$work/integers"
    echo '}'
}

defined > "$work/defined"
grep -v '^[A-Z_0-9a-z]*(' "$work/defined" > "$work/plain"
integers > "$work/integers"
program > "$work/program.c"
gcc -w -I"$include" "$work/program.c" -o "$work/program"
{
    "$work/program"
    awk 'NR == FNR { known[$1]; next } !($1 in known)' "$work/integers" "$work/defined"
} | sort
