// SPDX-License-Identifier: MIT
// The library's promise about threads, each clause of <ub/ub.h> a test. Built with
// ThreadSanitizer, core and provider included, so that a broken promise is a report.
//
//   lib-threads [DEVICE [ROUNDS]]

#include <ub/ub.hpp>

#include <atomic>
#include <cstdio>
#include <functional>
#include <thread>

using namespace std::chrono_literals;

namespace {

std::string device = "soft:engines=2";
unsigned rounds = 2000;
std::atomic<int> failures{0};

void expect(bool holds, const char *what) {
    if (holds)
        return;
    std::printf("not ok - %s\n", what);
    ++failures;
}

// As expect(), but the thread goes no further.
void must(bool holds, const char *what) {
    if (!holds)
        throw std::runtime_error(what);
}

void in_threads(unsigned n, const std::function<void(unsigned)> &body) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < n; ++i)
        threads.emplace_back([&body, i] {
            try {
                body(i);
            } catch (const std::exception &error) {
                std::printf("not ok - thread %u: %s\n", i, error.what());
                ++failures;
            }
        });
    for (std::thread &thread : threads)
        thread.join();
}

// "a JFS may be posted to by one thread while another polls its JFC"
void post_and_poll() {
    ub::context ctx(device);
    ub::jfc jfc(ctx, 256);
    ub::jfs jfs(ctx, jfc, 128);
    // Some too long to run inside the doorbell, so that an engine reads the ring meanwhile.
    ub::memory a(ctx, 1 << 20), b(ctx, 1 << 20);
    const ub::target to = b.target();
    // Relaxed, so that this counter orders nothing that the library should order. It keeps the
    // poster from overflowing the JFC, which the ring of the JFS alone does not.
    std::atomic<uint64_t> seen{0};
    constexpr auto relaxed = std::memory_order_relaxed;
    in_threads(2, [&](unsigned who) {
        if (who == 0) {
            for (uint64_t i = 0; i < rounds;)
                if (i < seen.load(relaxed) + 200)
                    i += jfs.try_post(ub::write(a.sge(0, i % 16 ? 64 : 1 << 20), to)
                                          .user_ctx(i)) == 0;
            return;
        }
        std::array<ub::completion, 16> room;
        while (seen.load(relaxed) < rounds)
            for (const ub::completion &cr : jfc.poll_until(room, 20s))
                expect(ub::require(cr).user_ctx == seen.fetch_add(1, relaxed), "in order");
    });
}

// "a context may be used by all threads to make and delete objects"
void make_and_delete() {
    ub::context ctx(device);
    in_threads(4, [&](unsigned who) {
        for (unsigned i = 0; i < rounds / 40; ++i) {
            ub::jfce jfce(ctx);
            ub::jfc jfc(ctx, 64, jfce);
            ub::jfs jfs(ctx, jfc, 64);
            ub::jfr jfr(ctx, jfc, 64);
            ub::memory m(ctx, 4096 * (1 + who));
            jfs.post(ub::fill(m.sge(), static_cast<uint8_t>(who + 1)));
            ub::completion cr;
            expect(jfc.poll_until(std::span(&cr, 1), 20s).size() == 1, "completion");
            expect(m.as<uint8_t>()[17] == who + 1, "filled");
        }
    });
}

// "any function may be called from any thread on different objects at once": contexts of a device,
// and an atomic counter they all hit
void many_contexts() {
    ub::context owner(device);
    ub::memory counter(owner, 4096, ub::all_access);
    const ub::target at = counter.target();
    in_threads(4, [&](unsigned) {
        ub::session s(device);
        auto old = s.allocate(4096);
        for (unsigned i = 0; i < rounds / 4; ++i)
            s.run_checked(ub::fadd(old.sge(0, 8), at, at.va, 1), 20s);
    });
    const auto *value = counter.as<uint64_t>().data();
    expect(__atomic_load_n(value, __ATOMIC_ACQUIRE) == rounds / 4 * 4, "atomic counter");
}

// "a JFCE may be waited on by any number of threads"
void many_waiters() {
    ub::context ctx(device);
    ub::jfce jfce(ctx);
    constexpr unsigned queues = 4;
    std::vector<ub::jfc> jfc;
    std::vector<ub::jfs> jfs;
    for (unsigned i = 0; i < queues; ++i) {
        jfc.emplace_back(ctx, 64, jfce);
        jfs.emplace_back(ctx, jfc.back(), 64);
        jfc.back().rearm();
        jfs.back().post(ub::nop());
    }
    // Who gets a JFC's event has the JFC, and its JFS, until the next event.
    std::atomic<unsigned> done{0};
    const auto end = std::chrono::steady_clock::now() + 60s;
    in_threads(3, [&](unsigned) {
        while (done.load() < rounds) {
            ub_jfc *fired[2];
            for (ub_jfc *one : jfce.wait(fired, 5ms)) {
                ub_cr cr[4];
                done += static_cast<unsigned>(ub_poll_jfc(one, cr, 4));
                ub_rearm_jfc(one, false);
                for (unsigned q = 0; q < queues; ++q)
                    if (jfc[q].get() == one)
                        jfs[q].post(ub::nop());
            }
            expect(std::chrono::steady_clock::now() < end, "woken");
        }
    });
}

// "ub_last_error() is per thread"
void errors_per_thread() {
    in_threads(4, [](unsigned who) {
        const std::string name = "ub" + std::to_string(1000 + who);
        for (unsigned i = 0; i < 50; ++i) {
            expect(!ub_create_context(name.c_str()), "no such device");
            std::this_thread::yield();
            expect(name == ub_last_error()->object, "own error");
        }
    });
}

// Messages between contexts, each end in a thread.
void send_and_receive() {
    ub::context one(device), two(device);
    ub::jfc tx(one, 256), rx(two, 256);
    ub::jfr jfr(two, ub_jfr_cfg{rx.get(), 64, 5, UB_TOKEN_NONE, 0});
    ub::memory from(one, 4096), into(two, 4096);
    const ub::target to = jfr.target();
    ub::jfs jfs(one, ub_jfs_cfg{tx.get(), 64, 0, 0, 7, 0, 0});
    in_threads(2, [&](unsigned who) {
        ub::completion cr;
        for (unsigned i = 0; i < rounds / 10; ++i) {
            if (who == 0) {
                from.as<uint32_t>()[0] = i;
                do { // the receiver may be slower than all repeats
                    jfs.post(ub::send(from.sge(0, 64), to));
                    must(tx.poll_until(std::span(&cr, 1), 20s).size() == 1, "sent");
                } while (cr.status == UB_CR_RNR_RETRY_CNT_EXC_ERR);
                ub::require(cr);
            } else {
                jfr.post(into.sge(0, 64), i);
                must(rx.poll_until(std::span(&cr, 1), 20s).size() == 1, "received");
                must(into.as<uint32_t>()[0] == i, "the right bytes");
            }
        }
    });
}

void test(const char *name, void (*body)()) {
    const int before = failures;
    try {
        body();
    } catch (const std::exception &error) {
        std::printf("not ok - %s: %s\n", name, error.what());
        ++failures;
        return;
    }
    if (failures == before)
        std::printf("ok - %s\n", name);
}

} // namespace

int main(int argc, char **argv) {
    if (argc > 1)
        device = argv[1];
    if (argc > 2)
        rounds = static_cast<unsigned>(std::stoul(argv[2]));
    test("post and poll", post_and_poll);
    test("make and delete", make_and_delete);
    test("many contexts", many_contexts);
    test("many waiters", many_waiters);
    test("errors per thread", errors_per_thread);
    test("send and receive", send_and_receive);
    return failures != 0;
}
