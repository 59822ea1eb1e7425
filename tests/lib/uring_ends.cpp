// SPDX-License-Identifier: MIT
// The ends of processes and rings with commands in flight that do not end by themselves: io_uring
// waits for them, by the kind of the ring in different places, and no signal ends that.
//
//   lib-uring_ends [DEVICE]

#include "uring.hpp"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct ring_kind {
    const char *name;
    unsigned flags;
};

constexpr ring_kind kinds[] = {
    {"plain", 0},
    {"IOPOLL", IORING_SETUP_IOPOLL},
    {"SQPOLL", IORING_SETUP_SQPOLL},
    {"SQPOLL and IOPOLL", IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL},
    {"DEFER_TASKRUN", IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN},
};

// How a process ends.
enum class by { sigkill, exit, exec };

// Tells that it is ready for its end.
void end(by how, int ready) {
    const char *argv[] = {"true", nullptr};
    if (write(ready, "x", 1) != 1)
        _exit(1);
    close(ready);
    if (how == by::sigkill)
        pause();
    if (how == by::exec)
        execv("/bin/true", const_cast<char **>(argv));
    _exit(how != by::exit);
}

// Children that end, each in its way; they are told apart by a name.
class children {
public:
    children() { EXPECT(pipe(ready) == 0); }
    ~children() {
        close(ready[0]);
        for (const child &one : all)
            if (one.pid)
                kill(one.pid, SIGKILL);
    }

    void add(const std::string &name, by how, const std::function<void()> &body) {
        const pid_t pid = fork();
        EXPECT(pid >= 0);
        if (pid == 0) {
            test(name, [&] {
                body();
                end(how, ready[1]);
            });
            _exit(1);
        }
        all.push_back({name, how, pid});
    }

    void all_end() {
        char c;
        close(ready[1]);
        for (size_t i = 0; i < all.size(); ++i)
            EXPECT(read(ready[0], &c, 1) == 1);
        for (const child &one : all)
            if (one.how == by::sigkill)
                kill(one.pid, SIGKILL);
        for (child &one : all)
            expect(ends(one), one.name + " does not end", __LINE__);
    }

private:
    struct child {
        std::string name;
        by how;
        pid_t pid; // 0: has ended
    };

    // Long, for machines that are: the kernel's own wait is without end.
    static bool ends(child &one) {
        int status;
        for (unsigned i = 0; i < 6000; ++i, usleep(10000))
            if (waitpid(one.pid, &status, WNOHANG) == one.pid) {
                one.pid = 0;
                return one.how == by::sigkill ? WIFSIGNALED(status) : status == 0;
            }
        return false;
    }

    std::vector<child> all;
    int ready[2];
};

// A context with a SUBMIT, a WAIT and a REAP that wait, as far as the ring and the kernel have
// them.
struct waiting {
    explicit waiting(const ring_kind &kind, bool suspended)
        : q(device_a, 7), to(q.ctx), ring(kind.flags | IORING_SETUP_SUBMIT_ALL) {
        if (suspended)
            q.jfs.modify(UB_STATE_SUSPENDED);
        ub_uring_prep_wait(ring.sqe(), q.ctx.fd(), mapped.get(), UB_URING_WAIT_MAX_NS);
        ub_uring_prep_reap(ring.sqe(), q.ctx.fd(), silent.get(), 7);
        submit(ring, q.ctx, q.jfs, to.send(), 3);
    }
    kernel_queue q;
    ub::jfc mapped{q.ctx, 64}, silent{q.ctx, jfc_config(64, UB_DOOR_IOCTL)};
    slow_receiver to;
    plain_ring ring;
};

void processes_end(by how) {
    children all;
    for (const ring_kind &kind : kinds)
        for (const bool suspended : {false, true})
            all.add(std::string(kind.name) + (suspended ? ", suspended" : ", no receiver"), how,
                    [&] { new waiting(kind, suspended); });
    all.all_end();
    expect_no_contexts();
}

// The context is another's, who lives: its queue goes on with the command, whose result nobody
// gets, and with all that follow.
void who_shares_the_context_ends(by how) {
    kernel_queue q;
    std::array<ub::completion, 8> room;
    q.jfs.modify(UB_STATE_SUSPENDED);
    EXPECT(q.jfc.reap(room, 1)[0].status == UB_CR_WR_SUSPEND_DONE);
    children all;
    for (const ring_kind &kind : kinds)
        all.add(kind.name, how,
                [&] { submit(*new plain_ring(kind.flags), q.ctx, q.jfs, ub::nop()); });
    all.all_end();
    q.jfs.modify(UB_STATE_READY);
    q.jfs.post(ub::nop().user_ctx(77));
    const auto done = q.jfc.reap(room, 1);
    EXPECT(done.size() == 1 && done[0].user_ctx == 77 && done[0].status == UB_CR_SUCCESS);
}

// A ring that others have is not closed: its commands are theirs too.
void who_shares_the_ring_gets_the_result() {
    kernel_queue q;
    std::array<ub::completion, 1> room;
    q.jfs.modify(UB_STATE_SUSPENDED);
    EXPECT(q.jfc.reap(room, 1)[0].status == UB_CR_WR_SUSPEND_DONE);
    plain_ring ring;
    children all;
    all.add("child", by::exit, [&] { submit(ring, q.ctx, q.jfs, ub::nop()); });
    all.all_end();
    // Longer than the driver takes to let go of what nobody waits for.
    sleep(3);
    q.jfs.modify(UB_STATE_READY);
    EXPECT(ring.wait() == 0);
}

// But a task that executes another program must be rid of what it gave to the ring.
void who_shares_the_ring_sees_execve() {
    kernel_queue q;
    ub::jfc mapped(q.ctx, 64);
    q.jfs.modify(UB_STATE_SUSPENDED);
    plain_ring ring;
    children all;
    all.add("child", by::exec, [&] {
        ub_uring_prep_wait(ring.sqe(), q.ctx.fd(), mapped.get(), UB_URING_WAIT_MAX_NS);
        submit(ring, q.ctx, q.jfs, ub::nop(), 2);
    });
    all.all_end();
    EXPECT(ring.wait() == -ECANCELED);
    EXPECT(ring.wait() == -ECANCELED);
}

} // namespace

int main(int argc, char **argv) {
    name_devices(argc, argv);
    test("a_killed_process_ends", [] { processes_end(by::sigkill); });
    test("a_process_exits", [] { processes_end(by::exit); });
    test("a_process_executes_another_program", [] { processes_end(by::exec); });
    test("who_shares_the_context_is_killed", [] { who_shares_the_context_ends(by::sigkill); });
    test("who_shares_the_context_executes_another_program",
         [] { who_shares_the_context_ends(by::exec); });
    test("who_shares_the_ring_gets_the_result", who_shares_the_ring_gets_the_result);
    test("who_shares_the_ring_sees_execve", who_shares_the_ring_sees_execve);
    return failures != 0;
}
