// SPDX-License-Identifier: MIT
// The files of ubctl/schema, built into the tool.
#pragma once

#include <span>

namespace ubctl {

struct Schema {
    const char *name; // "ub.device.list/1"
    const char *text;
};

std::span<const Schema> schemas();

} // namespace ubctl
