# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Looks up names in the table of what the distribution has. Sourced; uses root_die.

table=packaging/rpm/distribution

# table_row NAME: its fields.
table_row() {
    awk -v name="$1" '$1 == name { print $1, $2, $3; found = 1 } END { exit !found }' "$table" ||
        root_die "$1: not in $table; add a line for it"
}

table_debian() { table_row "$1" | cut -d ' ' -f 3; }
table_openeuler() { table_row "$1" | cut -d ' ' -f 2 | sed 's/\[.*//'; }
