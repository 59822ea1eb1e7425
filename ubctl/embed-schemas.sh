#!/bin/bash
# SPDX-License-Identifier: MIT
# Print a C++ source that holds the schema files given: NAME.VERSION.json becomes "NAME/VERSION".
set -eu
cat << 'END'
// SPDX-License-Identifier: MIT
#include "out/schemas.hpp"

namespace ubctl {

static const Schema all[] = {
END
for file in "$@"; do
    name=$(basename "$file" .json)
    printf '    {"%s/%s", R"json(%s\n)json"},\n' "${name%.*}" "${name##*.}" "$(cat "$file")"
done
cat << 'END'
};

std::span<const Schema> schemas() { return all; }

} // namespace ubctl
END
