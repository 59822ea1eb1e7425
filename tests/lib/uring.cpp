// SPDX-License-Identifier: MIT
// What io_uring's door has beyond the others: kinds of rings, registered files and buffers,
// batches, WAIT, CANCEL, stop tokens, memory by co_await; and the end of rings and devices with
// commands in flight.
//
//   lib-uring [DEVICE [DEVICE]]		the second device is reset

#include "uring.hpp"

#include <chrono>
#include <fstream>
#include <numeric>
#include <thread>

using namespace std::chrono_literals;

namespace {

// Cause, object and remedy, not the errno's words.
bool told(const ub::error &error) {
    return *error.object() && *error.hint() &&
           error.message() != std::string(std::strerror(error.errnum()));
}

ub::uring::task<> submit_many(ub::uring::queue &queue, unsigned rounds, unsigned &done) {
    for (unsigned i = 0; i < rounds; ++i, ++done)
        (co_await queue.submit(ub::nop())).require();
}

void rings_of(unsigned flags) {
    kernel_queue q;
    ub::uring::ring ring(q.ctx, 64, flags);
    ub::uring::queue queue(ring, q.jfs);
    ub::memory a(q.ctx, 1 << 20), b(q.ctx, 1 << 20);
    unsigned done = 0;
    std::vector<ub::uring::task<>> many;
    for (unsigned i = 0; i < 16; ++i) {
        many.push_back(submit_many(queue, 50, done));
        many.back().start();
    }
    for (auto &one : many)
        ring.run(std::move(one));
    EXPECT(done == 16 * 50);
    std::iota(a.as<uint32_t>().begin(), a.as<uint32_t>().end(), 1u);
    // Long enough to be still under way when the doorbell returns.
    const auto moved = ring.run([&]() -> ub::uring::task<uint64_t> {
        co_return (co_await queue.submit(ub::write(a.sge(), b.target()))).require();
    }());
    EXPECT(moved == 1 << 20);
    EXPECT(std::equal(a.as<>().begin(), a.as<>().end(), b.as<>().begin()));
}

// n requests, encoded one after the other.
uint32_t encode(ub::jfs &jfs, std::span<const ub::request> what, uint64_t *to) {
    uint32_t blocks = 0;
    for (const ub::request &one : what) {
        const auto wr = one.wr();
        blocks += static_cast<uint32_t>(ub_encode_wr(jfs.get(), &wr, to + blocks * 8));
    }
    return blocks;
}

void batches_count_successes() {
    kernel_queue q;
    ub::memory a(q.ctx, 4096);
    plain_ring ring;
    std::vector<uint64_t> wqes(64 * 8);
    std::vector<ub::request> some(20, ub::fill(a.sge(0, 64), uint8_t{7}));
    some[5] = ub::fill(a.sge(0, 7), uint32_t{7});
    const uint32_t blocks = encode(q.jfs, some, wqes.data());
    uint64_t value = 0;
    ub_uring_prep_batch(ring.sqe(), q.ctx.fd(), q.jfs.get(), wqes.data(), blocks);
    EXPECT(ring.wait(&value) == UB_CR_LOC_LEN_ERR);
    EXPECT(value == 19);
    ub_uring_prep_batch(ring.sqe(), q.ctx.fd(), q.jfs.get(), wqes.data(), 65);
    EXPECT(ring.wait() == -EINVAL);
    ub_uring_prep_batch(ring.sqe(), q.ctx.fd(), q.jfs.get(), nullptr, 8);
    EXPECT(ring.wait() == -EFAULT);
    ub_uring_prep(ring.sqe(), q.ctx.fd(), UB_URING_SUBMIT, 4711, blocks,
                  reinterpret_cast<uintptr_t>(wqes.data()));
    EXPECT(ring.wait() == -ENOENT);
}

uint64_t doorbells() {
    std::ifstream file("/sys/class/ubnpu/" + device_a + "/stats/doorbells");
    uint64_t count = 0;
    EXPECT(static_cast<bool>(file >> count));
    return count;
}

void submit_and_reap(plain_ring &ring, unsigned n) {
    EXPECT(io_uring_submit_and_wait(&ring.ring, n) == static_cast<int>(n));
    for (unsigned i = 0; i < n; ++i)
        EXPECT(ring.wait() == 0);
}

void one_enter_rings_once() {
    kernel_queue q;
    plain_ring ring;
    uint64_t wqe[8];
    const ub::request nop = ub::nop();
    EXPECT(encode(q.jfs, {&nop, 1}, wqe) == 1);
    const uint64_t before = doorbells();
    for (unsigned i = 0; i < 32; ++i)
        ub_uring_prep_batch(ring.sqe(), q.ctx.fd(), q.jfs.get(), wqe, 1);
    submit_and_reap(ring, 32);
    EXPECT(doorbells() - before <= 1);
    // By turns to two queues: each is rung, none is forgotten.
    ub::jfs other(q.ctx, jfs_config(q.jfc, 64, 0));
    for (unsigned i = 0; i < 32; ++i)
        ub_uring_prep_batch(ring.sqe(), q.ctx.fd(), i % 2 ? other.get() : q.jfs.get(), wqe, 1);
    submit_and_reap(ring, 32);
}

void one_enter_with_more_than_fits() {
    kernel_queue q;
    plain_ring ring;
    std::vector<uint64_t> wqes(40 * 8);
    const std::vector<ub::request> some(40, ub::nop());
    EXPECT(encode(q.jfs, some, wqes.data()) == 40);
    for (unsigned i = 0; i < 32; ++i)
        ub_uring_prep_batch(ring.sqe(), q.ctx.fd(), q.jfs.get(), wqes.data(), 1 + i % 40);
    submit_and_reap(ring, 32);
}

void registered_files_and_buffers() {
    kernel_queue q;
    plain_ring ring;
    const int fd = q.ctx.fd();
    alignas(4096) static uint64_t wqes[512];
    const iovec buffer{wqes, sizeof wqes};
    EXPECT(io_uring_register_files(&ring.ring, &fd, 1) == 0);
    EXPECT(io_uring_register_buffers(&ring.ring, &buffer, 1) == 0);
    const std::vector<ub::request> some(30, ub::nop());
    const uint32_t blocks = encode(q.jfs, some, wqes);
    io_uring_sqe *sqe = ring.sqe();
    ub_uring_prep_batch_fixed(sqe, 0, q.jfs.get(), wqes, blocks, 0);
    sqe->flags |= IOSQE_FIXED_FILE;
    uint64_t value = 0;
    EXPECT(ring.wait(&value) == 0);
    EXPECT(value == 30);
    ub_uring_prep_batch_fixed(ring.sqe(), fd, q.jfs.get(), wqes + 500, blocks, 0);
    EXPECT(ring.wait() == -EFAULT);
}

void malformed_commands_are_refused() {
    kernel_queue q;
    plain_ring ring, small(0);
    ub::jfc mapped(q.ctx, 64);
    ub::jfs mapped_jfs(q.ctx, mapped, 64);
    ub_uring_prep(ring.sqe(), q.ctx.fd(), 0x1234, 0, 0, 0);
    EXPECT(ring.wait() == -ENOTTY);
    uint64_t wqe[8] = {};
    ub_uring_prep_batch(ring.sqe(), q.ctx.fd(), mapped_jfs.get(), wqe, 1);
    EXPECT(ring.wait() == -EINVAL);
    ub_uring_prep(ring.sqe(), q.ctx.fd(), UB_URING_WAIT, q.jfc.id(), 1, 1000);
    EXPECT(ring.wait() == -EINVAL);
    ub_uring_prep(ring.sqe(), q.ctx.fd(), UB_URING_WAIT, mapped.id(), 1, 0);
    EXPECT(ring.wait() == -EINVAL);
    ub_uring_prep(ring.sqe(), q.ctx.fd(), UB_URING_CANCEL, q.jfs.id(), UB_OBJ_SEG, 0);
    EXPECT(ring.wait() == -EINVAL);
    ub_uring_prep_cancel_jfs(ring.sqe(), q.ctx.fd(), mapped_jfs.get());
    EXPECT(ring.wait() == -EINVAL);
}

ub::uring::task<unsigned> wait_rounds(ub::uring::ring &ring, ub::jfc &jfc, ub::jfs &jfs) {
    unsigned got = 0;
    std::array<ub::completion, 8> room;
    for (unsigned i = 0; i < 300; ++i) {
        const auto post = [&] { jfs.post(ub::nop()); };
        std::thread poster(post);
        const bool fired = co_await ub::uring::wait(ring, jfc, 10s);
        poster.join();
        if (!fired)
            throw std::runtime_error("a completion was slept through");
        got += static_cast<unsigned>(jfc.poll(room).size());
    }
    co_return got;
}

void wait_is_never_lost() {
    ub::context ctx(device_a);
    ub::jfc jfc(ctx, 64);
    ub::jfs jfs(ctx, jfc, 64);
    ub::uring::ring ring(ctx);
    EXPECT(ring.run(wait_rounds(ring, jfc, jfs)) == 300);
}

void wait_ends_by_time_by_cancel_and_with_its_jfc() {
    ub::context ctx(device_a);
    plain_ring ring;
    auto jfc = std::make_optional<ub::jfc>(ctx, 64);
    ub_uring_prep_wait(ring.sqe(), ctx.fd(), jfc->get(), 1000000);
    EXPECT(ring.wait() == -ETIME);
    for (unsigned i = 0; i < 3; ++i)
        ub_uring_prep_wait(ring.sqe(), ctx.fd(), jfc->get(), UB_URING_WAIT_MAX_NS);
    io_uring_submit(&ring.ring);
    ub_uring_prep_cancel_jfc(ring.sqe(), ctx.fd(), jfc->get());
    int cancelled = 0, counted = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const int res = ring.wait();
        cancelled += res == -ECANCELED;
        counted += res > 0 ? res : 0;
    }
    EXPECT(cancelled == 3 && counted == 3);
    ub_uring_prep_wait(ring.sqe(), ctx.fd(), jfc->get(), UB_URING_WAIT_MAX_NS);
    io_uring_submit(&ring.ring);
    jfc->close();
    EXPECT(ring.wait() == -ECANCELED);
}

// In flight: a SEND that waits for a receiver, and requests behind it.
void cancel_ends_what_is_in_flight() {
    kernel_queue q(device_a, 7);
    slow_receiver to(q.ctx);
    ub::uring::ring ring(q.ctx);
    ub::uring::queue queue(ring, q.jfs);
    std::vector<unsigned> statuses;
    const auto one = [&](ub::request what) -> ub::uring::task<> {
        statuses.push_back((co_await queue.submit(what)).status);
    };
    std::vector<ub::uring::task<>> some;
    some.push_back(one(to.send()));
    some.push_back(one(ub::nop()));
    some.push_back(one(ub::nop()));
    for (auto &task : some)
        task.start();
    ring.poll();
    EXPECT(ring.run([&]() -> ub::uring::task<int> { co_return co_await queue.cancel(); }()) == 3);
    for (auto &task : some)
        ring.run(std::move(task));
    EXPECT(statuses == std::vector<unsigned>(3, UB_CR_WR_FLUSH_ERR));
    unsigned done = 0;
    ring.run(submit_many(queue, 100, done));
    EXPECT(done == 100);
}

void stop_token_ends_a_submit() {
    kernel_queue q(device_a, 7);
    slow_receiver to(q.ctx);
    ub::uring::ring ring(q.ctx);
    ub::uring::queue queue(ring, q.jfs);
    std::stop_source stop;
    const auto send = [&]() -> ub::uring::task<> {
        co_await queue.submit(to.send(), stop.get_token());
    };
    std::thread stopper([&] {
        std::this_thread::sleep_for(20ms);
        stop.request_stop();
    });
    const auto error = thrown<ub::error>([&] { ring.run(send()); });
    stopper.join();
    EXPECT(error.errnum() == ECANCELED);
    // Stopped before it begins: nothing is submitted.
    EXPECT(thrown<ub::error>([&] { ring.run(send()); }).errnum() == ECANCELED);
    unsigned done = 0;
    ring.run(submit_many(queue, 10, done));
    EXPECT(done == 10);
}

// Whether it comes before, while or after the request ends: what is submitted later is not its
// affair.
void stop_reaches_nothing_that_comes_later() {
    kernel_queue q;
    ub::uring::ring ring(q.ctx);
    ub::uring::queue queue(ring, q.jfs);
    unsigned done = 0;
    for (unsigned i = 0; i < 100; ++i) {
        std::stop_source stop;
        std::vector<ub::uring::task<>> some;
        for (unsigned j = 0; j < 4; ++j) {
            some.push_back([](ub::uring::queue &to, std::stop_token token) -> ub::uring::task<> {
                co_await to.submit(ub::nop(), token);
            }(queue, stop.get_token()));
            some.back().start();
        }
        if (i % 2)
            ring.poll();
        stop.request_stop();
        for (auto &one : some) {
            try {
                ring.run(std::move(one));
            } catch (const ub::error &error) {
                EXPECT(error.errnum() == ECANCELED);
            }
        }
        ring.run(submit_many(queue, 50, done));
    }
    EXPECT(done == 100 * 50);
    EXPECT(ring.in_flight() == 0);
}

ub::uring::task<> register_and_write(ub::uring::ring &ring, ub::uring::queue &queue,
                                     const ub_eid_t &eid) {
    ub::buffer from(1 << 16), to(1 << 16);
    std::iota(from.as<uint16_t>().begin(), from.as<uint16_t>().end(), uint16_t{3});
    ub_seg_cfg cfg{};
    cfg.len = 1 << 16;
    cfg.access = ub::read_write;
    cfg.va = from.data();
    const auto source = co_await ub::uring::register_memory(ring, cfg);
    cfg.va = to.data();
    const auto sink = co_await ub::uring::register_memory(ring, cfg);
    (co_await queue.submit(ub::write(source.sge(), sink.target(eid)))).require();
    EXPECT(std::ranges::equal(from.as<std::byte>(), to.as<std::byte>()));
    co_await ub::uring::unregister_memory(ring, source);
    co_await ub::uring::unregister_memory(ring, sink);
    co_await ub::uring::unregister_memory(ring, sink);
}

void memory_by_co_await() {
    kernel_queue q;
    ub::uring::ring ring(q.ctx);
    ub::uring::queue queue(ring, q.jfs);
    const auto eid = q.ctx.query().eid;
    const auto gone = thrown<ub::error>([&] { ring.run(register_and_write(ring, queue, eid)); });
    EXPECT(gone.errnum() == ENOENT && gone.ext_code() == UB_EXT_NO_SUCH_OBJECT && told(gone));
    ub_seg_cfg nowhere{};
    nowhere.va = reinterpret_cast<void *>(0x10000);
    nowhere.len = 4096;
    nowhere.access = ub::read_write;
    const auto unmapped = thrown<ub::error>([&] {
        ring.run(
            [&]() -> ub::uring::task<> { co_await ub::uring::register_memory(ring, nowhere); }());
    });
    EXPECT(unmapped.errnum() == EFAULT && unmapped.ext_code() == UB_EXT_BAD_ADDRESS);
    EXPECT(told(unmapped));
}

void errors_name_cause_object_and_remedy() {
    kernel_queue q;
    ub::jfc mapped(q.ctx, 64);
    ub::uring::ring ring(q.ctx);
    ub::uring::queue queue(ring, q.jfs);
    const auto refused = [&](auto await) {
        return thrown<ub::error>(
            [&] { ring.run([&]() -> ub::uring::task<> { co_await await(); }()); });
    };
    const auto flags = thrown<ub::error>([&] { ub::uring::ring(q.ctx, 64, 1u << 31); });
    EXPECT(flags.errnum() == EINVAL && told(flags));
    const auto entries = thrown<ub::error>([&] { ub::uring::ring(q.ctx, 1u << 20); });
    EXPECT(entries.errnum() == EINVAL && entries.limit() == 1u << 20 && told(entries));
    const std::vector<ub::request> many(100, ub::nop());
    const auto large = refused([&] { return queue.submit(many); });
    EXPECT(large.errnum() == EINVAL && large.limit() == q.jfs.get()->depth && told(large));
    EXPECT(std::string(large.object()) == "jfs " + std::to_string(q.jfs.id()));
    const auto long_wait = refused([&] { return ub::uring::wait(ring, mapped, 11s); });
    EXPECT(long_wait.errnum() == EINVAL && long_wait.limit() == UB_URING_WAIT_MAX_NS);
    EXPECT(told(long_wait));
    std::stop_source stop;
    stop.request_stop();
    const auto stopped = refused([&] { return queue.submit(ub::nop(), stop.get_token()); });
    EXPECT(stopped.errnum() == ECANCELED && told(stopped));
    EXPECT(std::string(stopped.message()).find("stopped") != std::string::npos);
}

// Gives a SEND that is in flight for seconds.
void submit_slow(plain_ring &ring, kernel_queue &q, slow_receiver &to) {
    submit(ring, q.ctx, q.jfs, to.send());
}

void ring_exits_with_commands_in_flight() {
    {
        kernel_queue q(device_a, 3);
        slow_receiver to(q.ctx);
        ub::jfc mapped(q.ctx, 64);
        plain_ring ring;
        submit_slow(ring, q, to);
        ub_uring_prep_wait(ring.sqe(), q.ctx.fd(), mapped.get(), 3000000000);
        io_uring_submit(&ring.ring);
        ring.exit();
        unsigned done = 0;
        ub::uring::ring other(q.ctx);
        ub::uring::queue queue(other, q.jfs);
        other.run(submit_many(queue, 10, done));
        EXPECT(done == 10);
    }
    expect_no_contexts();
}

void queue_is_destroyed_with_commands_in_flight() {
    kernel_queue q(device_a, 7);
    slow_receiver to(q.ctx);
    plain_ring ring;
    submit_slow(ring, q, to);
    q.jfs.close();
    EXPECT(ring.wait() == -ECANCELED);
}

// Nothing here ends by itself, however long the reset's command takes to start.
void reset_ends_commands_with_enodev() {
    kernel_queue q(device_b, 7);
    slow_receiver to(q.ctx);
    ub::jfc mapped(q.ctx, 64);
    plain_ring ring, waits;
    std::array<ub::completion, 1> room;
    q.jfs.modify(UB_STATE_SUSPENDED);
    EXPECT(q.jfc.reap(room, 1)[0].status == UB_CR_WR_SUSPEND_DONE);
    submit_slow(ring, q, to);
    int reap_error = 0, wait_error = 0;
    std::jthread reaper(
        [&] { reap_error = thrown<ub::error>([&] { q.jfc.reap(room, 1); }).errnum(); });
    std::jthread waiter([&] {
        do
            ub_uring_prep_wait(waits.sqe(), q.ctx.fd(), mapped.get(), UB_URING_WAIT_MAX_NS);
        while ((wait_error = waits.wait()) == -ETIME);
    });
    const std::string reset = ubctl() + " -d " + device_b + " device reset --force > /dev/null";
    EXPECT(std::system(reset.c_str()) == 0);
    EXPECT(ring.wait() == -ENODEV);
    reaper.join();
    waiter.join();
    EXPECT(reap_error == ENODEV && wait_error == -ENODEV);
    submit_slow(ring, q, to);
    EXPECT(ring.wait() == -ENODEV);
}

} // namespace

int main(int argc, char **argv) {
    name_devices(argc, argv);
    test("ring", [] { rings_of(0); });
    test("ring_with_sqpoll", [] { rings_of(IORING_SETUP_SQPOLL); });
    test("ring_with_iopoll", [] { rings_of(IORING_SETUP_IOPOLL); });
    test("batches_count_successes", batches_count_successes);
    test("one_enter_rings_once", one_enter_rings_once);
    test("one_enter_with_more_than_fits", one_enter_with_more_than_fits);
    test("registered_files_and_buffers", registered_files_and_buffers);
    test("malformed_commands_are_refused", malformed_commands_are_refused);
    test("wait_is_never_lost", wait_is_never_lost);
    test("wait_ends_by_time_by_cancel_and_with_its_jfc",
         wait_ends_by_time_by_cancel_and_with_its_jfc);
    test("cancel_ends_what_is_in_flight", cancel_ends_what_is_in_flight);
    test("stop_token_ends_a_submit", stop_token_ends_a_submit);
    test("stop_reaches_nothing_that_comes_later", stop_reaches_nothing_that_comes_later);
    test("memory_by_co_await", memory_by_co_await);
    test("errors_name_cause_object_and_remedy", errors_name_cause_object_and_remedy);
    test("queue_is_destroyed_with_commands_in_flight", queue_is_destroyed_with_commands_in_flight);
    test("ring_exits_with_commands_in_flight", ring_exits_with_commands_in_flight);
    test("reset_ends_commands_with_enodev", reset_ends_commands_with_enodev);
    return failures != 0;
}
