// SPDX-License-Identifier: MIT
// The file that is being written beside its place: a signal that ends the process removes it.
#pragma once

#include <string>

namespace ubctl {

// One at a time. To be called before the file is made.
void unfinished(const std::string &path);
// It has its place, or is gone.
void finished();

} // namespace ubctl
