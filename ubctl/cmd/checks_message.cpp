// SPDX-License-Identifier: MIT
// Checks of messages, of the event path, and of accesses that must be refused.

#include <algorithm>

#include <fmt/format.h>

#include "cmd/checks.hpp"

namespace ubctl {

namespace {

constexpr uint64_t receive_ctx = 2;

ub::jetty make_jetty(Session &session) {
    ub_jfs_cfg send{};
    send.jfc = session.jfc().get();
    send.depth = 64;
    ub_jfr_cfg receive{};
    receive.jfc = send.jfc;
    receive.depth = 64;
    return {session.context(), send, receive};
}

// The sender's and the receiver's completion, in any order.
void expect_both(Session &session, uint64_t imm_data) {
    bool sent = false, received = false;
    while (!sent || !received) {
        const ub::completion completion = session.finish();
        if (completion.flags & UB_CQE_RECV) {
            received = true;
            if (completion.user_ctx != receive_ctx || completion.imm_data != imm_data)
                mismatch("the receiver got another request's or message's completion");
        } else {
            sent = true;
        }
    }
}

void send_receive(Session &session) {
    constexpr size_t size = 10000;
    constexpr uint64_t imm_data = 0x123456789abcdef0;
    Buffer from(session, size), to(session, size);
    const ub::jetty jetty = make_jetty(session);
    put_pattern(from.bytes(), 4);
    jetty.receive().post(to.sge(0, size), receive_ctx);
    session.post(ub::send_imm(from.sge(0, size), jetty.target(), imm_data));
    expect_both(session, imm_data);
    if (!std::equal(to.data(), to.data() + size, from.data()))
        mismatch("the message arrived changed");
}

void event(Session &session) {
    for (int i = 0; i < 16; ++i)
        require_success(session, session.run_by_event(ub::nop()));
}

void expect_refused(Session &session, const ub::request &request, unsigned status,
                    unsigned substatus) {
    const ub::completion completion = session.run(request);
    if (completion.status != status || completion.substatus != substatus)
        mismatch(fmt::format("{} / {}, not {} / {}", ub_cr_status_str(completion.status),
                             ub_cr_substatus_str(completion.substatus), ub_cr_status_str(status),
                             ub_cr_substatus_str(substatus)));
}

struct Pair {
    explicit Pair(Session &session, uint32_t access)
        : from(session, size), to(session, size, access), target(to.target()) {
        put_pattern(from.bytes(), 5);
    }

    void expect_untouched() const {
        if (std::any_of(to.data(), to.data() + size, [](uint8_t byte) { return byte != 0; }))
            mismatch("the access was refused, but memory changed");
    }

    static constexpr size_t size = 4096;
    Buffer from, to;
    ub::target target;
};

void refuse_write(Session &session, const Pair &pair, const ub::sge &sge, uint64_t address,
                  unsigned status, unsigned substatus) {
    expect_refused(session, ub::write(sge, pair.target, address), status, substatus);
    pair.expect_untouched();
}

void wrong_token(Session &session) {
    Pair pair(session, ub::read_write);
    pair.target.token_value += 1;
    refuse_write(session, pair, pair.from.sge(0, 64), pair.to.address(), UB_CR_REM_ACCESS_ABORT_ERR,
                 UB_SUB_TOKEN);
}

void out_of_bounds(Session &session) {
    const Pair pair(session, ub::read_write);
    refuse_write(session, pair, pair.from.sge(0, 64), pair.to.address() + Pair::size - 63,
                 UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
    refuse_write(session, pair, pair.from.sge(Pair::size - 63, 64), pair.to.address(),
                 UB_CR_LOC_ACCESS_ERR, UB_SUB_BOUNDS);
}

void read_only(Session &session) {
    const Pair pair(session, UB_ACCESS_READ);
    refuse_write(session, pair, pair.from.sge(0, 64), pair.to.address(), UB_CR_REM_ACCESS_ABORT_ERR,
                 UB_SUB_RIGHTS);
}

void unknown_segment(Session &session) {
    const Pair pair(session, ub::read_write);
    ub::sge sge = pair.from.sge(0, 64);
    sge.token_id = UB_HW_ID_MASK;
    refuse_write(session, pair, sge, pair.to.address(), UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
}

const Check checks[] = {
    {"send_receive", UB_OPCAP_SEND, send_receive},
    {"event", 0, event},
    {"wrong_token_refused", UB_OPCAP_WRITE, wrong_token},
    {"out_of_bounds_refused", UB_OPCAP_WRITE, out_of_bounds},
    {"read_only_refused", UB_OPCAP_WRITE, read_only},
    {"unknown_segment_refused", UB_OPCAP_WRITE, unknown_segment},
};

} // namespace

std::span<const Check> message_checks() {
    return checks;
}

} // namespace ubctl
