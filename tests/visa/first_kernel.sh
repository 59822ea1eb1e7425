#!/bin/bash
# SPDX-License-Identifier: MIT
# docs/first-kernel.md: its files are written, its commands run, and they say what the page says.
#
#   first_kernel.sh BUILD
set -u
cd "$(dirname "$0")/../.." || exit
. tests/check.sh
top=$PWD build=$PWD/$1 page=$PWD/docs/first-kernel.md
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Each block of a page, with the language of its fence, into $dir/blocks/NUMBER.LANGUAGE.
take_apart() {
    mkdir -p "$dir/blocks"
    awk -v dir="$dir/blocks" '
        /^```/ && !inside { n++; file = sprintf("%s/%02d.%s", dir, n, substr($0, 4)); inside = 1
                            printf "" > file; next }
        /^```/ { inside = 0; next }
        inside { print > file }' "$page"
}

# The library as it lies here, for pkg-config.
cat > "$dir/libub.pc" << END
Name: libub
Description: as it was built
Version: 0
Cflags: -I$build/include
Libs: -L$build/lib -lub -Wl,-rpath,$build/lib
END
export PKG_CONFIG_PATH=$dir

# The name stands in the first line.
write_file() {
    local name
    name=$(head -n 1 "$1" | grep -oE '[a-z]+\.(c|cpp)')
    cp "$1" "$dir/$name"
}

# matches SHOWN SAID: "..." stands for anything.
matches() {
    local pattern
    pattern=$(sed -e 's/[][\\.*^$]/\\&/g' -e 's/\\\.\\\.\\\./.*/g' "$1")
    grep -qx -- "$pattern" "$2" || { cat "$2"; return 1; }
}

take_apart
said=$dir/said
for block in "$dir"/blocks/*; do
    name=$(basename "$block")
    case $name in
        *.c | *.cpp) check "file_$name" write_file "$block" ;;
        *.sh) check "commands_$name" bash -c "cd '$dir' && set -eu && . '$block'" > "$said.all" 2>&1
              cp "$said.all" "$said"
              grep -E '^(not )?ok - ' "$said.all" ;;
        *.) check "shown_$name" matches "$block" "$said" ;;
    esac
done
cd "$top" && exit "$failed"
