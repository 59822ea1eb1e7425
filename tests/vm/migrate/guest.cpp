// SPDX-License-Identifier: MIT
// Work on two devices whose every result is checked, round by round, while the machine below is
// saved, moved and restored: data both ways, messages, counters, products. Prints a line a round.
//
//   migrate_guest ROUNDS

#include <ub/ub.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace {

constexpr size_t big = 16 << 20, message = 4 << 20;
constexpr uint32_t dim = 192;

void require(bool holds, const char *what) {
    if (!holds)
        throw std::runtime_error(what);
}

void fill(std::span<uint64_t> words, uint64_t seed) {
    for (uint64_t &word : words)
        word = seed += 0x9e3779b97f4a7c15;
}

bool same(std::span<const uint64_t> a, std::span<const uint64_t> b) {
    return std::memcmp(a.data(), b.data(), b.size_bytes()) == 0;
}

class bench {
public:
    void round(unsigned n) {
        copy(n);
        count(n);
        talk(n);
        multiply(n);
    }

private:
    // There and back: the bytes come through both devices.
    void copy(unsigned n) {
        fill(from_.as<uint64_t>(), n);
        first_.run_checked(ub::write(from_.sge(), there_.target()));
        first_.run_checked(ub::read(back_.sge(), there_.target()));
        require(same(from_.as<uint64_t>(), back_.as<uint64_t>()), "copied data differ");
    }

    // Each addition happens once: the old values say so one by one.
    void count(unsigned n) {
        const auto old = back_.as<uint64_t>();
        for (unsigned i = 0; i < 32; ++i) {
            first_.run_checked(ub::fadd(back_.sge(0, 8), counter_.target(), counter_.va(), 1));
            require(old[0] == (n - 1) * 32ull + i, "an atomic was lost or done twice");
        }
    }

    void talk(unsigned n) {
        receiver_.post(there_.sge(0, message), n);
        first_.run_checked(ub::send(from_.sge(0, message), receiver_.target()));
        std::array<ub::completion, 4> room;
        const auto got = arrivals_.poll_until(room, std::chrono::seconds(60));
        require(got.size() == 1 && got[0].user_ctx == n && got[0].len == message,
                "a message was lost or came twice");
        require(same(there_.as<uint64_t>(), from_.as<uint64_t>().first(message / 8)),
                "a message differs");
    }

    void multiply(unsigned n) {
        const auto a = a_.as<float>(), b = b_.as<float>(), c = c_.as<float>();
        for (uint32_t i = 0; i < dim * dim; ++i) {
            a[i] = i / dim == i % dim ? static_cast<float>(n) : 0.0f;
            b[i] = static_cast<float>(i % 1000);
        }
        first_.run_checked(ub::gemm(a_.sge(), b_.sge(), c_.sge(), {.m = dim, .n = dim, .k = dim}));
        for (uint32_t i = 0; i < dim * dim; ++i)
            require(c[i] == static_cast<float>(n) * b[i], "a product is wrong");
    }

    ub::session first_{"ub0"};
    ub::memory from_ = first_.allocate(big), back_ = first_.allocate(big);
    ub::memory a_ = first_.allocate(dim * dim * 4), b_ = first_.allocate(dim * dim * 4),
               c_ = first_.allocate(dim * dim * 4);
    ub::session second_{"ub1"};
    ub::memory there_ = second_.allocate(big, ub::read_write);
    ub::memory counter_ = second_.allocate(4096, ub::all_access);
    ub::jfce events_{second_.context()};
    ub::jfc arrivals_{second_.context(), 64, events_};
    ub::jfr receiver_{second_.context(), arrivals_, 64};
};

} // namespace

int main(int argc, char **argv) try {
    const unsigned rounds = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 10;
    bench work;
    for (unsigned n = 1; n <= rounds; ++n) {
        work.round(n);
        std::printf("round %u\n", n);
        std::fflush(stdout);
    }
    std::printf("all %u rounds are right\n", rounds);
    return 0;
} catch (const std::exception &error) {
    std::printf("migrate_guest: %s\n", error.what());
    return 1;
}
