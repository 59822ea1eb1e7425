// SPDX-License-Identifier: MIT
// One-way times: half of a round trip between two threads that each answer the other, as
// ib_write_lat takes them.

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "bench.hpp"
#include "parts.hpp"
#include "rig.hpp"

namespace bench {

namespace {

void run_on(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        throw std::runtime_error(std::string("processor ") + std::to_string(cpu) + ": " +
                                 std::strerror(errno));
}

// send(side) tells the other side, receive(side) waits until the other side has told.
// Who spins needs a processor of its own; who sleeps is best off on that of its waker.
template <class Link> std::vector<double> half_round_trips(Link &link, bool spins) {
    std::vector<double> taken;
    const unsigned rounds = static_cast<unsigned>(4000 * seconds_each) + 100;
    run_on(0);
    std::thread other([&link, rounds, spins] {
        run_on(spins ? 1 : 0);
        for (unsigned i = 0; i < rounds; ++i) {
            link.receive(1);
            link.send(1);
        }
    });
    for (unsigned i = 0; i < rounds; ++i) {
        const double t = now();
        link.send(0);
        link.receive(0);
        taken.push_back((now() - t) / 2);
    }
    other.join();
    return taken;
}

// 8 bytes by an inline WRITE into memory that the other side watches; each side has a context of
// its own.
class WriteLink {
public:
    explicit WriteLink(const std::string &device) : side_{Side(device), Side(device)} {
        for (Side &side : side_)
            *static_cast<uint64_t *>(side.inbox.data()) = 0;
        side_[0].peer = side_[1].inbox.target();
        side_[1].peer = side_[0].inbox.target();
    }

    void send(int i) {
        Side &me = side_[i];
        *static_cast<uint64_t *>(me.outbox.data()) = ++me.sent;
        const ub_sge_t sge = me.outbox.sge(8);
        ub_jfs_wr wr{};
        wr.opcode = UB_OP_WRITE;
        wr.flags = UB_WR_COMPLETE | UB_WR_INLINE;
        wr.num_sge = 1;
        wr.sge = &sge;
        wr.target = &me.peer;
        wr.rmt_addr = me.peer.va;
        if (ub_post_jfs_wr(me.q.jfs, &wr, 1, nullptr))
            fail("post");
    }

    // Also takes the completion of what was sent, if it is there, as ib_write_lat does.
    void receive(int i) {
        Side &me = side_[i];
        const auto *word = static_cast<const volatile uint64_t *>(me.inbox.data());
        ++me.awaited;
        // Without a pause: under TCG that takes QEMU's big lock, which the other side's doorbell
        // needs.
        while (*word < me.awaited)
            ;
        collect(i);
    }

    void collect(int i) {
        ub_cr cr;
        check(&cr, static_cast<unsigned>(ub_poll_jfc(side_[i].q.jfc, &cr, 1)));
    }

private:
    struct Side {
        explicit Side(const std::string &device) : q(device) {}
        Queues q;
        Segment inbox{q.ctx, 4096}, outbox{q.ctx, 4096};
        ub_target peer{};
        uint64_t sent = 0, awaited = 0;
    };
    Side side_[2];
};

class FileLink {
public:
    explicit FileLink(bool pipes) {
        for (int i = 0; i < 2; ++i) {
            int fd[2];
            if (pipes ? pipe(fd) : (fd[0] = fd[1] = eventfd(0, 0)) < 0)
                throw std::runtime_error(std::strerror(errno));
            read_[i] = fd[0];
            write_[1 - i] = fd[1];
        }
    }
    ~FileLink() {
        for (int i = 0; i < 2; ++i) {
            close(read_[i]);
            close(write_[i]);
        }
    }
    FileLink(const FileLink &) = delete;
    FileLink &operator=(const FileLink &) = delete;
    void send(int i) {
        const uint64_t one = 1;
        if (write(write_[i], &one, sizeof one) != sizeof one)
            throw std::runtime_error("write");
    }
    void receive(int i) {
        uint64_t word;
        if (read(read_[i], &word, sizeof word) != sizeof word)
            throw std::runtime_error("read");
    }

private:
    int read_[2], write_[2];
};

// From the post on one side until the other side's memory has changed, as one thread sees it.
std::vector<double> until_seen(WriteLink &link) {
    std::vector<double> taken;
    const double end = now() + seconds_each;
    while (now() < end) {
        const double t = now();
        link.send(0);
        link.receive(1);
        taken.push_back(now() - t);
        link.collect(0);
    }
    return taken;
}

} // namespace

void oneway_part(const std::string &device) {
    {
        WriteLink link(device);
        auto taken = until_seen(link);
        report_latency({"write_seen", "mapped", "polled", 1, 8}, taken);
    }
    {
        WriteLink link(device);
        auto taken = half_round_trips(link, true);
        report_latency({"write_oneway", "mapped", "polled", 1, 8}, taken);
    }
    for (const bool pipes : {true, false}) {
        FileLink link(pipes);
        auto taken = half_round_trips(link, false);
        report_latency({pipes ? "pipe" : "eventfd", "", "", 1, 8}, taken);
    }
}

} // namespace bench
