// SPDX-License-Identifier: MIT
// The plug-in's entry, and the way from a control call to the function that serves it.
#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>

#include "../error.hpp"
#include "context.hpp"
#include "limits.hpp"

namespace ub_soft {

int Context::dispatch(unsigned long request, void *arg) {
    switch (request) {
    case UB_IOC_QUERY_DEVICE:
        return query_device(*static_cast<ub_ioc_query_device *>(arg));
    case UB_IOC_REG_SEG:
        return reg_seg(*static_cast<ub_ioc_reg_seg *>(arg));
    case UB_IOC_DEREG_SEG:
        return dereg_seg(*static_cast<ub_ioc_dereg_seg *>(arg));
    case UB_IOC_SET_TOKEN:
        return set_token(*static_cast<ub_ioc_set_token *>(arg));
    case UB_IOC_CREATE_JFCE:
        return create_jfce(*static_cast<ub_ioc_create_jfce *>(arg));
    case UB_IOC_CREATE_JFC:
        return create_jfc(*static_cast<ub_ioc_create_jfc *>(arg));
    case UB_IOC_CREATE_JFS:
        return create_jfs(*static_cast<ub_ioc_create_jfs *>(arg));
    case UB_IOC_CREATE_JFR:
        return create_jfr(*static_cast<ub_ioc_create_jfr *>(arg));
    case UB_IOC_MODIFY_JFS:
        return modify(jfs_, *static_cast<ub_ioc_modify_queue *>(arg));
    case UB_IOC_MODIFY_JFR:
        return modify(jfr_, *static_cast<ub_ioc_modify_queue *>(arg));
    case UB_IOC_MODIFY_JFC:
        return modify_jfc(*static_cast<ub_ioc_modify_jfc *>(arg));
    case UB_IOC_QUERY_JFS:
        return query(jfs_, *static_cast<ub_ioc_query_queue *>(arg));
    case UB_IOC_QUERY_JFR:
        return query(jfr_, *static_cast<ub_ioc_query_queue *>(arg));
    case UB_IOC_QUERY_JFC:
        return query(jfc_, *static_cast<ub_ioc_query_queue *>(arg));
    case UB_IOC_DESTROY_JFS:
        return destroy(jfs_, *static_cast<ub_ioc_destroy_queue *>(arg));
    case UB_IOC_DESTROY_JFR:
        return destroy(jfr_, *static_cast<ub_ioc_destroy_queue *>(arg));
    case UB_IOC_DESTROY_JFC:
        return destroy(jfc_, *static_cast<ub_ioc_destroy_queue *>(arg));
    case UB_IOC_CREATE_PROGRAM:
        return create_program(*static_cast<ub_ioc_create_program *>(arg));
    case UB_IOC_DESTROY_PROGRAM:
        return destroy_program(*static_cast<ub_ioc_destroy_program *>(arg));
    default:
        return -ENOTTY;
    }
}

int Context::control(unsigned long request, void *arg) noexcept {
    auto &hdr = *static_cast<ub_ioc_hdr *>(arg);
    hdr = {};
    try {
        std::lock_guard lock(lock_);
        return dispatch(request, arg);
    } catch (const std::bad_alloc &) {
        return fail(hdr, ENOMEM, UB_EXT_NO_MEMORY, 0, 0);
    } catch (...) {
        return -EIO;
    }
}

namespace {

ub_impl::Provider *open(const char *text, ub_impl::OpenError *error) noexcept {
    try {
        Options options;
        parse(text, options);
        auto context = std::make_unique<Context>(options);
        context->inject(options);
        return context.release();
    } catch (const ub_impl::OpenError &cause) {
        *error = cause;
    } catch (const std::bad_alloc &) {
        *error = {ENOMEM, UB_EXT_NO_MEMORY, 0, 0};
    } catch (const std::exception &cause) {
        *error = {EINVAL, ub_impl::CAUSE_SOFT_DEVICE, 0, 0};
        std::snprintf(error->detail, sizeof error->detail, "%s", cause.what());
    } catch (...) {
        *error = {EIO, ub_impl::CAUSE_INTERNAL, 0, 0};
    }
    return nullptr;
}

constexpr ub_impl::SoftEntry entry{ub_impl::soft_abi, open};

} // namespace
} // namespace ub_soft

extern "C" __attribute__((visibility("default"))) const ub_impl::SoftEntry *
ub_soft_entry(void) noexcept {
    return &ub_soft::entry;
}
