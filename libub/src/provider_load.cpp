// SPDX-License-Identifier: MIT
// Finds the soft provider. It is a plug-in, so that the library itself needs no linear algebra.
#include "error.hpp"
#include "provider.hpp"

#include <dlfcn.h>

// Programs that link the provider in define it.
extern "C" __attribute__((weak)) const ub_impl::SoftEntry *ub_soft_entry(void) noexcept;

namespace ub_impl {
namespace {

std::string own_directory() {
    Dl_info info;
    if (!dladdr(reinterpret_cast<const void *>(&own_directory), &info) || !info.dli_fname)
        return ".";
    const std::string path = info.dli_fname;
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

const SoftEntry *load() {
    if (ub_soft_entry)
        return ub_soft_entry();
    // A static library sits in a program, which is elsewhere; hence the second place.
    for (const std::string &directory : {own_directory(), std::string(UB_LIBDIR)}) {
        // Never closed: contexts and the core's threads run in it.
        void *plugin = dlopen((directory + "/ub/ub-soft.so").c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!plugin)
            continue;
        const auto entry =
            reinterpret_cast<const SoftEntry *(*)()>(dlsym(plugin, soft_symbol));
        if (entry && entry()->abi == soft_abi)
            return entry();
        dlclose(plugin);
    }
    return nullptr;
}

} // namespace

std::unique_ptr<Provider> open_soft(const std::string &options, OpenError &error) {
    static const SoftEntry *const entry = load();
    if (!entry) {
        error = {ELIBBAD, CAUSE_NO_SOFT, 0, 0};
        return nullptr;
    }
    return std::unique_ptr<Provider>(entry->open(options.c_str(), &error));
}

} // namespace ub_impl
