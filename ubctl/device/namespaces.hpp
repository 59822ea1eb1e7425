// SPDX-License-Identifier: MIT
// Whether this process lives in the system's first namespaces, or in a container's own.
#pragma once

namespace ubctl {

enum class Namespace { pid, user };

// False also where nobody can tell.
bool in_first_namespace(Namespace kind);

} // namespace ubctl
