#!/bin/bash
# SPDX-License-Identifier: MIT
# Form of sources and documents: columns, licence lines, spelling, shell scripts, format of C and
# C++.
#
#   lint.sh all        every file; of the format, what changed
#   lint.sh changed    what changed; nothing where there is no git
#
# Changed is what differs from LINT_BASE, by default from where this branch left the one it follows,
# else from the last commit's parent.
set -uf
cd "$(dirname "$0")/../.." || exit
# shellcheck source=tests/check.sh
. tests/check.sh

which=${1:-all}
if ! git rev-parse --verify --quiet HEAD > /dev/null 2>&1; then
    [ "$which" = all ] || { echo "ok - lint # SKIP no git: what changed is not known"; exit; }
fi

base() {
    local head upstream
    head=$(git rev-parse HEAD)
    upstream=$(git merge-base HEAD '@{upstream}' 2> /dev/null || true)
    if [ -n "${LINT_BASE:-}" ]; then
        git merge-base HEAD "$LINT_BASE"
    elif [ -n "$upstream" ] && [ "$upstream" != "$head" ]; then
        echo "$upstream"
    else
        git rev-parse --verify --quiet HEAD^ || echo "$head"
    fi
}

every_file() {
    git ls-files --cached --others --exclude-standard 2> /dev/null || find . -type f -printf '%P\n'
}
changed_files() {
    git diff --name-only --diff-filter=d "$base"
    git ls-files --others --exclude-standard
}

# What others wrote, what is bytes, what a program must print to the letter, and forms of their own.
foreign='^(LICENSES|\.git|build|tests/fuzz/corpus|tests/cli/golden)/|^tests/fuzz/syzkaller/dev_'
no_licence_line='\.(md|json)$|^COPYING$|^packaging/deb/|^packaging/rpm/differences$'
no_licence_line+='|^tests/fuzz/dictionary$'

text_files() {
    local file
    grep -vE "$foreign" "$list" | while read -r file; do
        [ ! -f "$file" ] || [ -L "$file" ] || echo "$file"
    done
}
scripts() {
    local file
    for file in $(text_files); do
        [[ $file != *.sh ]] && ! head -n 1 "$file" | grep -qaE '^#!.*\b(ba|busybox )?sh\b' ||
            echo "$file"
    done
}

columns() {
    # A line of these is a value.
    mapfile -t files < <(text_files |
        grep -vE '\.json$|^packaging/(deb/copyright|dkms/dkms.conf.in|rpm/ubstack.spec)$' |
        grep -vE '^ubctl/(completion/|ubctl\.1$)') # ubctl/docs writes these
    [ ${#files[@]} = 0 ] || tests/lint/columns.py "${files[@]}"
}

licence_lines() {
    local file bad=0
    for file in $(text_files | grep -vE "$no_licence_line"); do
        head -n 4 "$file" | grep -qa 'SPDX-License-Identifier:' && continue
        echo "$file: no SPDX-License-Identifier in its first lines"
        bad=1
    done
    return $bad
}

spelling() {
    mapfile -t files < <(text_files | grep -v '\.zh\.md$')
    [ ${#files[@]} = 0 ] || codespell --ignore-words tests/lint/words "${files[@]}"
}

shell_scripts() {
    mapfile -t files < <(scripts)
    [ ${#files[@]} = 0 ] || shellcheck --severity=warning "${files[@]}"
}

# clang-format of the lines that changed; those that moved with their file did not. Headers are
# tables, set by hand.
format() {
    git diff -U0 -M "$base" -- '*.c' '*.cpp' '*.hpp' | tests/lint/format.py
}

list=$(mktemp)
trap 'rm -f "$list"' EXIT
base=$(base 2> /dev/null || true)
if [ "$which" = all ]; then every_file; else changed_files; fi > "$list"
check columns columns
check licence_lines licence_lines
check spelling spelling
check shell_scripts shell_scripts
[ -z "$base" ] || check format_of_what_changed format
exit "$failed"
