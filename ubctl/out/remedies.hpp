// SPDX-License-Identifier: MIT
// What to do when a system call on a file failed.
#pragma once

namespace ubctl {

// By its errno; empty where nothing is known to help.
const char *file_remedy(int errnum);

} // namespace ubctl
