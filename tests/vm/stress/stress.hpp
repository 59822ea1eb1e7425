// SPDX-License-Identifier: MIT
// What the stress run's driver and its workers share: random numbers that a seed repeats, and the
// ledger of each worker, in memory that outlives it.
#ifndef TESTS_VM_STRESS_HPP
#define TESTS_VM_STRESS_HPP

#include <array>
#include <atomic>
#include <cstdint>

namespace stress {

/// SplitMix64: the same on every machine.
class Rng {
public:
    explicit Rng(uint64_t seed) noexcept : state_(seed) {}
    uint64_t next() noexcept {
        uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    /// 0 .. n - 1
    unsigned below(unsigned n) noexcept { return static_cast<unsigned>(next() % n); }
    bool one_in(unsigned n) noexcept { return below(n) == 0; }

private:
    uint64_t state_;
};

enum Op : unsigned { WRITE, READ, SEND, ATOMIC, FILL, CRC32C, GEMM, OPS };
inline constexpr std::array op_names = {"WRITE", "READ",   "SEND", "atomic",
                                       "FILL",  "CRC32C", "GEMM"};

enum Door : unsigned { MAPPED, IOCTL, URING, DOORS };
inline constexpr std::array door_names = {"mapped", "ioctl", "io_uring"};

using Count = std::atomic<uint64_t>;
static_assert(Count::is_always_lock_free);

/// Posted = completed + dropped + voided + those in flight, of each worker at any time.
struct Ledger {
    Count posted, succeeded, failed, flushed, refused;
    Count dropped; ///< their queue was deleted under them, which gives no completion
    Count voided;  ///< their context was lost
    Count received, receives_ended;
    Count lost, doubled, wrong; ///< what must not be
    Count contexts, contexts_lost, queues, segments;
    Count by_op[OPS], by_door[DOORS];

    uint64_t completed() const noexcept { return succeeded + failed + flushed + refused; }
    uint64_t in_flight() const noexcept { return posted - completed() - dropped - voided; }
};

/// How a worker ends.
enum Exit : int { EXIT_DONE = 0, EXIT_BROKEN = 1, EXIT_AGAIN = 3 };

/// The life of one worker, until stop or a fault that it cannot work on after. @return an Exit
int work(uint64_t seed, Ledger &ledger, const std::atomic<bool> &stop);

} // namespace stress

#endif
