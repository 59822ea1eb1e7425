// SPDX-License-Identifier: MIT
/**
 * @file
 * libub for C++20: a header-only layer of move-only owners over <ub/ub.h>.
 *
 * Errors. What fails throws ub::error; functions named try_* and those that cannot fail are
 * noexcept and give what the C function gives. Threads and fork: as <ub/ub.h> says.
 *
 * Lifetime. An object must go before what it was made from. Declare them in the order context,
 * jfce, jfc, jfs and the compiler does the rest. Moving an object keeps all references to it valid.
 */
#ifndef UB_UB_HPP
#define UB_UB_HPP

#include <string>
#include <utility>

#include <ub/ub_program.hpp>
#include <ub/ub_queue.hpp>

namespace ub {

/**
 * All that is needed to run requests one after another: for tools, tests and teaching. Used by one
 * thread at a time.
 */
class session {
public:
    explicit session(const std::string &device, uint32_t depth = 256)
        : context_(device), jfce_(context_), jfc_(context_, depth, jfce_),
          jfs_(context_, jfc_, depth) {}

    ub::context &context() noexcept { return context_; }
    ub::jfce &jfce() noexcept { return jfce_; }
    ub::jfc &jfc() noexcept { return jfc_; }
    ub::jfs &jfs() noexcept { return jfs_; }
    /// Zeroed memory, registered; as with ub::segment, nobody else reaches it unless rights are
    /// named.
    ub::memory allocate(size_t size, uint32_t access = local_only, token secret = random_token) {
        return {context_, size, access, secret};
    }

    /**
     * Post one request and wait for its completion, whatever its status.
     * @throws error ETIMEDOUT; a completion that comes later is dropped by the next run()
     */
    completion run(const request &what, duration timeout = forever) {
        work_request wr = what.wr();
        const uint64_t user_ctx = std::exchange(wr.user_ctx, ++serial_);
        wr.flags |= UB_WR_COMPLETE;
        jfs_.post(std::span(&wr, 1));
        const auto end = detail::deadline(timeout);
        completion cr;
        do {
            if (jfc_.poll_until(std::span(&cr, 1), detail::left(end)).empty())
                detail::fail("run", ETIMEDOUT, "no completion within the time given");
        } while (cr.user_ctx != serial_);
        cr.user_ctx = user_ctx;
        return cr;
    }
    /// As run(). @throws completion_error when the status is not SUCCESS
    completion run_checked(const request &what, duration timeout = forever) {
        return require(run(what, timeout));
    }

private:
    ub::context context_;
    ub::jfce jfce_;
    ub::jfc jfc_;
    ub::jfs jfs_;
    uint64_t serial_ = 0;
};

} // namespace ub

#endif
