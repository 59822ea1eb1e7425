// SPDX-License-Identifier: MIT
// One meaning through three doors: the same table of commands through rings in user space, by ioctl
// and by io_uring; statuses, values and data must be those of the mapped door.
//
//   lib-doors [DEVICE [DEVICE]]

#include "doors.hpp"

#include <numeric>

namespace {

std::string device_a = "ub0";

constexpr size_t region_size = 16384;

struct result {
    unsigned status;
    uint64_t value;
    bool operator==(const result &) const = default;
};

enum class door { mapped, ioctl, uring };
const char *name_of(door d) {
    return d == door::mapped ? "mapped" : d == door::ioctl ? "ioctl" : "uring";
}

// A context with a send queue behind one door, memory and a receiver.
class rig {
public:
    explicit rig(door by, uint32_t depth = 64)
        : by_(by), ctx(device_a),
          jfc(ctx, jfc_config(depth, by == door::mapped ? UB_DOOR_MAPPED : UB_DOOR_IOCTL)),
          jfs(ctx, jfs_config(jfc, depth)), receives(ctx, 64), jfr(ctx, receives, 64),
          a(ctx, region_size), b(ctx, region_size) {
        std::iota(bytes(a).begin(), bytes(a).end(), uint8_t{1});
        if (by == door::uring) {
            ring.emplace(ctx);
            queue.emplace(*ring, jfs);
        }
    }

    // All at once; one result each, in order.
    std::vector<result> run(std::span<const ub::request> what) {
        return by_ == door::uring ? run_uring(what) : run_posted(what);
    }
    result run(const ub::request &one) { return run(std::span(&one, 1)).front(); }

    static std::span<uint8_t> bytes(ub::memory &r) { return r.as<uint8_t>(); }
    std::string data() {
        std::string all(reinterpret_cast<char *>(bytes(a).data()), region_size);
        return all.append(reinterpret_cast<char *>(bytes(b).data()), region_size);
    }

private:
    std::vector<result> run_posted(std::span<const ub::request> what) {
        std::vector<result> results;
        std::array<ub::completion, 64> room;
        jfs.post(what);
        while (results.size() < what.size())
            for (const ub::completion &cr : jfc.poll_until(room, std::chrono::seconds(120))) {
                EXPECT(cr.local_id == jfs.id());
                results.push_back(
                    {cr.status, cr.flags & UB_CQE_IMM ? cr.imm_data : uint64_t{cr.len}});
            }
        return results;
    }

    ub::uring::task<> one(const ub::request &what, result &to) {
        const ub::uring::outcome done = co_await queue->submit(what);
        to = {done.status, done.value};
    }
    std::vector<result> run_uring(std::span<const ub::request> what) {
        std::vector<result> results(what.size());
        std::vector<ub::uring::task<>> tasks;
        for (size_t i = 0; i < what.size(); ++i) {
            tasks.push_back(one(what[i], results[i]));
            tasks.back().start();
        }
        for (auto &task : tasks)
            ring->run(std::move(task));
        return results;
    }

    door by_;

public:
    ub::context ctx;
    ub::jfc jfc;
    ub::jfs jfs;
    ub::jfc receives;
    ub::jfr jfr;
    ub::memory a, b;
    std::optional<ub::uring::ring> ring;
    std::optional<ub::uring::queue> queue;
};

struct entry {
    const char *name;
    std::function<std::vector<result>(rig &)> run;
};

// A case of one request.
entry single(const char *name, ub::request (*make)(rig &)) {
    return {name, [make](rig &r) { return std::vector{r.run(make(r))}; }};
}

uint64_t at(ub::memory &r, uint64_t offset) { return r.va() + offset; }

ub::target no_such(ub::target target) {
    target.token_value ^= 1;
    target.id = 0xffff0;
    return target;
}

ub::request scattered(rig &r, ub_opcode opcode, unsigned pieces) {
    std::vector<ub::sge> sges;
    for (unsigned i = 0; i < pieces; ++i)
        sges.push_back(r.a.sge(i * 100, 50));
    return ub::request(opcode, ub::sge_list(sges)).to(r.b.target(), at(r.b, 3));
}

ub::request atomic(rig &r, ub_opcode opcode) {
    std::memset(rig::bytes(r.b).data(), 0x5a, 16);
    return ub::atomic(opcode, r.a.sge(0, 8), r.b.target(), at(r.b, 8), 0x1234567,
                      0x5a5a5a5a5a5a5a5a);
}

ub::request gemm(rig &r) {
    for (auto *m : {&r.a, &r.b})
        std::iota(m->as<float>().begin(), m->as<float>().end(), 1.0f);
    return ub::gemm(r.a.sge(0, 4096), r.a.sge(4096, 4096), r.b.sge(0, 4096),
                    {.m = 32, .n = 32, .k = 32, .alpha = 0.5f, .beta = 2.0f});
}

// What is received is part of the result.
std::vector<result> with_receive(rig &r, const ub::request &what) {
    r.jfr.post(r.b.sge(4096, 4096), 77);
    std::vector<result> all{r.run(what)};
    std::array<ub::completion, 1> room;
    for (const ub::completion &cr : r.receives.poll_until(room, std::chrono::seconds(120))) {
        EXPECT(cr.user_ctx == 77);
        all.push_back({cr.status, cr.flags & UB_CQE_IMM ? cr.imm_data : uint64_t{cr.len}});
    }
    EXPECT(all.size() == 2);
    return all;
}

const entry table[] = {
    single("nop", [](rig &) { return ub::nop(); }),
    single("write", [](rig &r) { return ub::write(r.a.sge(0, 5000), r.b.target(), at(r.b, 11)); }),
    single("write_of_nothing", [](rig &r) { return ub::write(ub::sge_list(), r.b.target()); }),
    single("write_on_an_engine", [](rig &r) { return ub::write(r.a.sge(), r.b.target()); }),
    single("read", [](rig &r) { return ub::read(r.b.sge(5, 3000), r.a.target(), at(r.a, 1)); }),
    single("gather_two_blocks", [](rig &r) { return scattered(r, UB_OP_WRITE, 5); }),
    single("gather_four_blocks", [](rig &r) { return scattered(r, UB_OP_WRITE, 13); }),
    single("scatter_read", [](rig &r) { return scattered(r, UB_OP_READ, 9); }),
    single("inline_one_block",
           [](rig &r) { return ub::write(r.a.sge(0, 16), r.b.target()).inlined(); }),
    single("inline_four_blocks",
           [](rig &r) { return ub::write(r.a.sge(7, 208), r.b.target()).inlined(); }),
    single("write_notify",
           [](rig &r) {
               return ub::write_notify(r.a.sge(0, 64), r.b.target(), at(r.b, 0), r.b.target(),
                                       at(r.b, 512), 0x1122334455667788);
           }),
    single("cas", [](rig &r) { return atomic(r, UB_OP_CAS); }),
    single("swap", [](rig &r) { return atomic(r, UB_OP_SWAP); }),
    single("fadd", [](rig &r) { return atomic(r, UB_OP_FADD); }),
    single("fsub", [](rig &r) { return atomic(r, UB_OP_FSUB); }),
    single("fand", [](rig &r) { return atomic(r, UB_OP_FAND); }),
    single("for", [](rig &r) { return atomic(r, UB_OP_FOR); }),
    single("fxor", [](rig &r) { return atomic(r, UB_OP_FXOR); }),
    single("fill", [](rig &r) { return ub::fill(r.b.sge(16, 4000), uint32_t{0xdeadbeef}); }),
    single("crc32c", [](rig &r) { return ub::crc32c(r.a.sge(1, 9999)); }),
    single("gemm", gemm),
    {"send", [](rig &r) { return with_receive(r, ub::send(r.a.sge(0, 600), r.jfr.target())); }},
    {"send_inline",
     [](rig &r) {
         return with_receive(r, ub::send(r.a.sge(0, 100), r.jfr.target()).inlined());
     }},
    {"send_imm",
     [](rig &r) {
         return with_receive(r, ub::send_imm(r.a.sge(0, 600), r.jfr.target(), 0xabcdef0123456789));
     }},
    {"write_imm",
     [](rig &r) {
         return with_receive(r, ub::write_imm(r.a.sge(0, 600), r.b.target(), at(r.b, 0),
                                              r.jfr.target(), 42));
     }},
    {"message_too_long",
     [](rig &r) { return with_receive(r, ub::send(r.a.sge(0, 5000), r.jfr.target())); }},
    single("no_receive", [](rig &r) { return ub::send(r.a.sge(0, 8), r.jfr.target()); }),
    single("no_such_segment",
           [](rig &r) { return ub::write(r.a.sge(0, 8), no_such(r.b.target()), at(r.b, 0)); }),
    single("no_such_receiver",
           [](rig &r) { return ub::send(r.a.sge(0, 8), no_such(r.jfr.target())); }),
    single("outside_the_segment",
           [](rig &r) { return ub::write(r.a.sge(0, 8), r.b.target(), at(r.b, region_size)); }),
    single("local_segment_missing",
           [](rig &r) {
               return ub::write(ub::sge{8, 0xffff0, r.a.va()}, r.b.target());
           }),
    single("no_such_device",
           [](rig &r) {
               ub::target far = r.b.target();
               far.eid.raw[0] ^= 0xff;
               return ub::write(r.a.sge(0, 8), far);
           }),
    single("unknown_opcode", [](rig &) { return ub::request(static_cast<ub_opcode>(0xee)); }),
    single("misaligned_atomic",
           [](rig &r) { return ub::fadd(r.a.sge(0, 8), r.b.target(), at(r.b, 3), 1); }),
    single("atomic_of_three_bytes",
           [](rig &r) { return ub::fadd(r.a.sge(0, 3), r.b.target(), at(r.b, 0), 1); }),
    single("pattern_does_not_divide",
           [](rig &r) { return ub::fill(r.b.sge(0, 7), uint32_t{1}); }),
    {"fenced_chain",
     [](rig &r) {
         const std::array chain{ub::fill(r.a.sge(0, 8192), uint64_t{0x0102030405060708}),
                                ub::write(r.a.sge(0, 8192), r.b.target()).fence(),
                                ub::read(r.a.sge(8192, 4096), r.b.target()).fence(),
                                ub::crc32c(r.a.sge()).fence()};
         return r.run(chain);
     }},
    {"failures_among_successes",
     [](rig &r) {
         const std::array some{ub::nop(), ub::fill(r.b.sge(0, 7), uint32_t{1}), ub::nop(),
                               ub::write(r.a.sge(0, 8), no_such(r.b.target()), 0), ub::nop()};
         return r.run(some);
     }},
    {"ring_wraps_with_long_requests",
     [](rig &r) {
         std::vector<result> all;
         for (unsigned round = 0; round < 60; ++round) {
             std::vector<ub::request> some;
             for (unsigned i = 0; i < 7; ++i)
                 some.push_back(scattered(r, UB_OP_WRITE, 1 + (round + 3 * i) % 13));
             for (const result &one : r.run(some))
                 all.push_back(one);
         }
         return all;
     }},
    {"many_batches",
     [](rig &r) {
         std::vector<result> all;
         const std::vector<ub::request> some(32, ub::nop());
         for (unsigned round = 0; round < 50; ++round)
             for (const result &one : r.run(some))
                 all.push_back(one);
         return all;
     }},
};

std::string show(const std::vector<result> &results) {
    std::string text;
    for (const result &r : results)
        text += std::string(ub_cr_status_str(r.status)) + "/" + std::to_string(r.value) + " ";
    return text;
}

void same_through(const entry &what, door by) {
    rig expected_rig(door::mapped), actual_rig(by);
    const auto expected = what.run(expected_rig), actual = what.run(actual_rig);
    if (expected != actual)
        throw std::runtime_error("mapped: " + show(expected) + "but: " + show(actual));
    EXPECT(expected_rig.data() == actual_rig.data());
}

// A queue takes what fits and says so; what fits depends on the completions, too.
void full_queue_refuses_and_recovers() {
    rig r(door::ioctl);
    std::vector<ub::work_request> many(100, ub::nop().wr());
    unsigned posted = 0;
    EXPECT(r.jfs.try_post(many, &posted) == -ENOSPC);
    EXPECT(posted == 64);
    EXPECT(r.jfs.try_post(many, &posted) == -ENOSPC);
    EXPECT(posted == 0);
    EXPECT(ub_last_error()->limit == 64);
    std::array<ub::completion, 128> room;
    EXPECT(r.jfc.reap(room, 64).size() == 64);
    EXPECT(r.jfs.try_post(many, &posted) == -ENOSPC);
    EXPECT(posted == 64);
}

// Completions that REAP has not taken leave room for io_uring, whose own are gone at once.
void unreaped_completions_do_not_stop_io_uring() {
    rig r(door::uring);
    std::vector<ub::work_request> some(40, ub::nop().user_ctx(5).wr());
    r.jfs.post(some);
    for (unsigned i = 0; i < 300; ++i)
        EXPECT(r.run(ub::nop()).status == UB_CR_SUCCESS);
    std::array<ub::completion, 64> room;
    const auto got = r.jfc.reap(room, 40);
    EXPECT(got.size() == 40);
    for (const ub::completion &cr : got)
        EXPECT(cr.user_ctx == 5 && cr.status == UB_CR_SUCCESS);
}

void reap_waits_and_gives_up() {
    rig r(door::ioctl);
    std::array<ub::completion, 4> room;
    EXPECT(r.jfc.reap(room, 1, std::chrono::milliseconds(1)).empty());
    r.jfs.post(ub::gemm(r.a.sge(0, 4096), r.a.sge(4096, 4096), r.b.sge(0, 4096),
                        {.m = 32, .n = 32, .k = 32}));
    EXPECT(r.jfc.reap(room, 1).size() == 1);
}

void states_of_a_kernel_queue() {
    rig r(door::ioctl);
    std::array<ub::completion, 8> room;
    r.jfs.modify(UB_STATE_SUSPENDED);
    EXPECT(r.jfc.reap(room, 1).front().status == UB_CR_WR_SUSPEND_DONE);
    r.jfs.post(ub::nop().user_ctx(9));
    r.jfs.modify(UB_STATE_ERROR);
    const auto flushed = r.jfc.reap(room, 2);
    EXPECT(flushed.size() == 2);
    EXPECT(flushed[0].status == UB_CR_WR_FLUSH_ERR && flushed[0].user_ctx == 9);
    EXPECT(flushed[1].status == UB_CR_WR_FLUSH_ERR_DONE);
    const auto refused = thrown<ub::error>([&] { r.jfs.post(ub::nop()); });
    EXPECT(refused.errnum() == EINVAL && refused.ext_code() == UB_EXT_BAD_STATE);
    r.jfs.modify(UB_STATE_RESET);
    r.jfs.modify(UB_STATE_READY);
    for (unsigned i = 0; i < 200; ++i) {
        r.jfs.post(ub::nop().user_ctx(i));
        const auto got = r.jfc.reap(room, 1);
        EXPECT(got.size() == 1 && got[0].user_ctx == i && got[0].status == UB_CR_SUCCESS);
    }
}

void wrong_door_is_told() {
    rig mapped(door::mapped), kernel(door::ioctl);
    std::array<ub::completion, 4> room;
    const auto reap = thrown<ub::error>([&] { mapped.jfc.reap(room, 0); });
    EXPECT(reap.errnum() == EOPNOTSUPP && *reap.hint());
    EXPECT(ub_rearm_jfc(kernel.jfc.get(), false) == -EOPNOTSUPP);
    ub_jfc_cfg cfg = jfc_config(64, UB_DOOR_IOCTL);
    cfg.comp_vector = 1;
    EXPECT(thrown<ub::error>([&] { ub::jfc(kernel.ctx, cfg); }).errnum() == EINVAL);
    ub::context soft("soft:");
    const auto none = thrown<ub::error>([&] { ub::jfc(soft, jfc_config(64, UB_DOOR_IOCTL)); });
    EXPECT(none.errnum() == EOPNOTSUPP && *none.hint());
}

} // namespace

int main(int argc, char **argv) {
    if (argc > 1)
        device_a = argv[1];
    for (const door by : {door::ioctl, door::uring})
        for (const entry &what : table)
            test(std::string(name_of(by)) + "_" + what.name, [&] { same_through(what, by); });
    test("full_queue_refuses_and_recovers", full_queue_refuses_and_recovers);
    test("unreaped_completions_do_not_stop_io_uring", unreaped_completions_do_not_stop_io_uring);
    test("reap_waits_and_gives_up", reap_waits_and_gives_up);
    test("states_of_a_kernel_queue", states_of_a_kernel_queue);
    test("wrong_door_is_told", wrong_door_is_told);
    return failures != 0;
}
