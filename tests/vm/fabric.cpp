// SPDX-License-Identifier: MIT
// A member of a fabric: one that owns memory and a receive queue, or one that asks another.
//
//   fabric own DEVICE                     prints what it exports, serves until it is told to end
//   fabric ask DEVICE SEGMENT JFR         every transaction with the owner, "ok - NAME" for each
//   fabric lose DEVICE SEGMENT JFR        asks until the owner is gone, then says how that ended
//   fabric end DEVICE SEGMENT JFR         tells the owner to end
#include <ub/ub.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace {

constexpr size_t bytes = 4u << 20;
constexpr size_t half = bytes / 2;
constexpr uint64_t told_to_end = 0xe0d;
constexpr unsigned receives = 32;
// err_timeout of who must not give up on a slow machine, 69 s, and of who waits in vain, 1.1 s.
constexpr uint16_t patient = 24, hasty = 18;

[[noreturn]] void fail(const std::string &what) {
    std::printf("not ok - %s: %s\n", what.c_str(), ub_last_error()->message);
    std::exit(1);
}

template <typename T> T *must(T *pointer, const char *what) {
    if (!pointer)
        fail(what);
    return pointer;
}

struct Member {
    explicit Member(const char *device, uint16_t err_timeout = patient) {
        ctx = must(ub_create_context(device), device);
        memory = static_cast<uint8_t *>(must(ub_alloc_buf(bytes), "memory"));
        ub_seg_cfg cfg{};
        cfg.va = memory;
        cfg.len = bytes;
        cfg.access = UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC;
        seg = must(ub_register_seg(ctx, &cfg), "segment");
        ub_jfc_cfg jfc_cfg{};
        jfc_cfg.depth = 256;
        jfc = must(ub_create_jfc(ctx, &jfc_cfg), "JFC");
        ub_jfs_cfg jfs_cfg{};
        jfs_cfg.jfc = jfc;
        jfs_cfg.depth = 256;
        jfs_cfg.err_timeout = err_timeout;
        jfs = must(ub_create_jfs(ctx, &jfs_cfg), "JFS");
    }

    ub_sge_t sge(size_t at, size_t len) const {
        return {static_cast<uint32_t>(len), seg->token_id, seg->va + at};
    }

    ub_cr wait() const {
        ub_cr cr;
        while (ub_poll_jfc(jfc, &cr, 1) == 0)
            usleep(20);
        return cr;
    }

    ub_context *ctx;
    uint8_t *memory;
    ub_seg *seg;
    ub_jfc *jfc;
    ub_jfs *jfs;
};

// ---- Descriptors as words ----
template <typename T> std::string to_hex(const T &object) {
    const auto *raw = reinterpret_cast<const uint8_t *>(&object);
    std::string text;
    char byte[3];
    for (size_t i = 0; i < sizeof object; ++i) {
        std::snprintf(byte, sizeof byte, "%02x", raw[i]);
        text += byte;
    }
    return text;
}

ub_target from_hex(const std::string &text) {
    ub_desc desc{};
    auto *raw = reinterpret_cast<uint8_t *>(&desc);
    for (size_t i = 0; i < sizeof desc && 2 * i + 1 < text.size(); ++i)
        raw[i] = static_cast<uint8_t>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
    return ub_import(&desc);
}

// ---- The owner ----
int own(const Member &m) {
    ub_jfr_cfg cfg{};
    cfg.jfc = m.jfc;
    ub_jfr *jfr = must(ub_create_jfr(m.ctx, &cfg), "JFR");
    const ub_sge_t into = m.sge(half, half);
    ub_jfr_wr wr{};
    wr.sge = &into;
    wr.num_sge = 1;
    for (unsigned i = 0; i < receives; ++i)
        if (ub_post_jfr_wr(jfr, &wr, 1, nullptr))
            fail("receive");
    ub_desc seg, queue;
    ub_describe_seg(m.seg, &seg);
    ub_describe_jfr(jfr, &queue);
    std::printf("%s %s\n", to_hex(seg).c_str(), to_hex(queue).c_str());
    std::fflush(stdout);
    for (;;) {
        const ub_cr cr = m.wait();
        if (cr.status != UB_CR_SUCCESS)
            fail(ub_cr_status_str(cr.status));
        if (cr.imm_data == told_to_end)
            return 0;
        if (ub_post_jfr_wr(jfr, &wr, 1, nullptr))
            fail("receive");
    }
}

// ---- Who asks ----
struct Asker {
    Asker(const Member &member, const char *seg_words, const char *jfr_words)
        : m(member), seg(from_hex(seg_words)), jfr(from_hex(jfr_words)) {}

    ub_jfs_wr request(uint8_t opcode, const ub_sge_t &sge) const {
        ub_jfs_wr wr{};
        wr.opcode = opcode;
        wr.num_sge = 1;
        wr.flags = UB_WR_COMPLETE;
        wr.sge = &sge;
        wr.target = opcode == UB_OP_SEND || opcode == UB_OP_SEND_IMM ? &jfr : &seg;
        wr.rmt_addr = seg.va;
        return wr;
    }

    ub_cr run(const ub_jfs_wr &wr) const {
        if (ub_post_jfs_wr(m.jfs, &wr, 1, nullptr))
            fail("post");
        return m.wait();
    }

    void run_ok(const ub_jfs_wr &wr, const char *what) const {
        const ub_cr cr = run(wr);
        if (cr.status == UB_CR_SUCCESS)
            return;
        std::printf("not ok - %s: %s / %s\n", what, ub_cr_status_str(cr.status),
                    ub_cr_substatus_str(cr.substatus));
        std::exit(1);
    }

    // Writes the first half of the memory there, and reads it into the second.
    void compare(uint8_t opcode, size_t len, const char *what) const {
        for (size_t i = 0; i < len; ++i)
            m.memory[i] = static_cast<uint8_t>(i * 31 + i / 251 + len);
        const ub_sge_t out = m.sge(0, len), in = m.sge(half, len);
        ub_jfs_wr wr = request(opcode, out);
        wr.notify = opcode == UB_OP_WRITE_NOTIFY ? &seg : &jfr;
        wr.notify_addr = seg.va + half - 8;
        wr.imm_data = len;
        run_ok(wr, what);
        run_ok(request(UB_OP_READ, in), what);
        if (std::memcmp(m.memory, m.memory + half, len) != 0) {
            std::printf("not ok - %s: %zu bytes came back changed\n", what, len);
            std::exit(1);
        }
    }

    void atomics() const {
        const uint64_t before = 40;
        const ub_sge_t word = m.sge(0, 8);
        std::memcpy(m.memory, &before, 8);
        run_ok(request(UB_OP_WRITE, word), "atomics");
        ub_jfs_wr wr = request(UB_OP_FADD, word);
        wr.operand = 2;
        for (unsigned i = 0; i < 100; ++i)
            run_ok(wr, "atomics");
        run_ok(request(UB_OP_READ, word), "atomics");
        uint64_t after;
        std::memcpy(&after, m.memory, 8);
        if (after == before + 200)
            return;
        std::printf("not ok - atomics: %llu\n", static_cast<unsigned long long>(after));
        std::exit(1);
    }

    void refusals() const {
        const ub_sge_t word = m.sge(0, 8);
        ub_target wrong = seg;
        wrong.token_value ^= 1;
        ub_jfs_wr wr = request(UB_OP_READ, word);
        wr.target = &wrong;
        const ub_cr cr = run(wr);
        if (cr.status == UB_CR_REM_ACCESS_ABORT_ERR && cr.substatus == UB_SUB_TOKEN)
            return;
        std::printf("not ok - refusals: %s\n", ub_cr_status_str(cr.status));
        std::exit(1);
    }

    const Member &m;
    const ub_target seg, jfr;
};

int ask(const Asker &a) {
    constexpr size_t sizes[] = {1, 8, 4096, 65536, 65537, 1u << 20};
    for (const size_t size : sizes)
        a.compare(UB_OP_WRITE, size, "write and read");
    std::puts("ok - write and read");
    a.compare(UB_OP_WRITE_IMM, 70000, "write_imm");
    std::puts("ok - write_imm");
    a.compare(UB_OP_WRITE_NOTIFY, 70000, "write_notify");
    std::puts("ok - write_notify");
    for (const size_t size : sizes) {
        const ub_sge_t sge = a.m.sge(0, size);
        a.run_ok(a.request(UB_OP_SEND, sge), "send");
    }
    std::puts("ok - send");
    a.atomics();
    std::puts("ok - atomics");
    a.refusals();
    std::puts("ok - refusals");
    return 0;
}

// Each request completes, at last with ACK_TIMEOUT, and the program is told that the port is down.
int lose(const Asker &a) {
    const ub_sge_t word = a.m.sge(0, 65536);
    std::puts("asking");
    std::fflush(stdout);
    ub_cr cr{};
    while (cr.status == UB_CR_SUCCESS)
        cr = a.run(a.request(UB_OP_WRITE, word));
    ub_async event{};
    do
        if (ub_get_async_event(a.m.ctx, &event, 60000))
            fail("no event");
    while (event.type != UB_EVENT_PORT_DOWN);
    const bool ok = cr.status == UB_CR_ACK_TIMEOUT_ERR;
    std::printf("%s - the owner's loss: %s\n", ok ? "ok" : "not ok", ub_cr_status_str(cr.status));
    return ok ? 0 : 1;
}

int end(const Asker &a) {
    const ub_sge_t word = a.m.sge(0, 8);
    ub_jfs_wr wr = a.request(UB_OP_SEND_IMM, word);
    wr.imm_data = told_to_end;
    a.run_ok(wr, "end");
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "own" && argc == 3)
        return own(Member(argv[2]));
    if (argc != 5)
        return 2;
    const Member m(argv[2], what == "lose" ? hasty : patient);
    const Asker a(m, argv[3], argv[4]);
    return what == "ask" ? ask(a) : what == "lose" ? lose(a) : what == "end" ? end(a) : 2;
}
