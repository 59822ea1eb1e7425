// SPDX-License-Identifier: MIT
// The machine-readable documents: {"schema": "ub.X/1", "ubctl": version, KEY: content}.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "out/value.hpp"

namespace ubctl {

// In their order. A number up to 2^53 is a number, one beyond is a string of digits.
using Members = std::vector<std::pair<const char *, Value>>;

enum class Lines { many, one };

// One object.
std::string json_document(const char *schema, const char *key, const Members &object,
                          Lines lines = Lines::many);
// An array of objects.
std::string json_document(const char *schema, const char *key, const std::vector<Members> &rows,
                          Lines lines = Lines::many);

} // namespace ubctl
