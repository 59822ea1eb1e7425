// SPDX-License-Identifier: MIT
// Two users of one device: neither reads, writes, completes for, rings, slows down without bound or
// exhausts the other. Root, who becomes each in turn; what one user may have is in uapi/users.c.
//
//   isolation [NAME]

#include "../lib/doors.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <grp.h>
#include <memory>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <ub/ub_uapi.h>

namespace {

using namespace std::chrono_literals;

constexpr uid_t alice_uid = 4001, bob_uid = 4002;
std::string device = "ub0";

// Saved uid 0 lets root come back.
void be(uid_t uid) {
    EXPECT(setresuid(0, 0, 0) == 0);
    EXPECT(setresuid(uid, uid, 0) == 0);
}

template <typename F> auto as(uid_t uid, const F &body) {
    struct back {
        ~back() {
            if (setresuid(0, 0, 0))
                std::terminate();
        }
    } back;
    be(uid);
    return body();
}

struct user {
    explicit user(uid_t uid)
        : ctx(as(uid, [] { return ub::context(device); })), events(ctx), jfc(ctx, 1024, events),
          jfs(ctx, jfc, 64), room(1 << 16), memory(ctx, secret(room)) {
        std::ranges::fill(room.as<char>(), 'a');
    }
    ub::completion run(const ub::request &what) {
        std::array<ub::completion, 1> room;
        jfs.post(what);
        for (;;)
            if (const auto got = jfc.poll(room); !got.empty())
                return got[0];
    }

    ub::context ctx;
    ub::jfce events;
    ub::jfc jfc;
    ub::jfs jfs;
    ub::buffer room;
    ub::segment memory;

private:
    static ub_seg_cfg secret(const ub::buffer &room) {
        ub_seg_cfg cfg{};
        cfg.va = room.data();
        cfg.len = room.size();
        cfg.access = ub::read_write;
        cfg.token_policy = UB_TOKEN_PLAIN_TEXT;
        cfg.token_value = 0x5eC12e7;
        return cfg;
    }
};

bool all(user &u, char c) {
    return std::ranges::all_of(u.room.as<char>(), [c](char x) { return x == c; });
}

std::pair<int, int> answer(const ub::completion &one) {
    return {one.status, one.substatus};
}
constexpr std::pair<int, int> refusal{UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN};

// ---- Memory -------------------------------------------------------------------------------------

void memory_is_reached_by_its_token_alone() {
    user alice(alice_uid), bob(bob_uid);
    std::ranges::fill(bob.room.as<char>(), 'b');
    ub::target guess = alice.memory.target();
    guess.token_value ^= 1;
    for (const auto &request :
         {ub::write(bob.memory.sge(), guess), ub::read(bob.memory.sge(), guess)})
        EXPECT(bob.run(request).status == UB_CR_REM_ACCESS_ABORT_ERR);
    // By name as if it were his own.
    for (const auto &request : {ub::write(alice.memory.sge(), bob.memory.target()),
                                ub::read(alice.memory.sge(), bob.memory.target())})
        EXPECT(bob.run(request).status == UB_CR_LOC_ACCESS_ERR);
    EXPECT(all(alice, 'a') && all(bob, 'b'));
    EXPECT(bob.run(ub::write(bob.memory.sge(), alice.memory.target())).status == UB_CR_SUCCESS);
    EXPECT(all(alice, 'b'));
}

// One answer inside, at the edge and outside: who has no token cannot look for memory.
void memory_is_private_unless_exported() {
    user alice(alice_uid), bob(bob_uid);
    const ub::memory own(alice.ctx, 4096);
    ub_jfr_cfg cfg{};
    cfg.jfc = alice.jfc.get();
    const ub::jfr receiver(alice.ctx, cfg);
    ub::target guess = receiver.target();
    guess.token_value ^= 1;
    EXPECT(answer(bob.run(ub::send(bob.memory.sge(0, 8), guess))) == refusal);
    constexpr uint64_t far = uint64_t{1} << 40;
    for (const uint64_t at : {own.va(), own.va() + 4095, own.va() + 4096, own.va() ^ far}) {
        EXPECT(answer(bob.run(ub::write(bob.memory.sge(0, 8), own.target(), at))) == refusal);
        EXPECT(answer(bob.run(ub::read(bob.memory.sge(0, 8), own.target(), at))) == refusal);
    }
    guess = own.target();
    guess.id ^= 0x8000;
    EXPECT(answer(bob.run(ub::read(bob.memory.sge(0, 8), guess))) == refusal);
    EXPECT(std::ranges::all_of(own.as<char>(), [](char x) { return !x; }));
}

unsigned told_of_no_token() {
    const std::unique_ptr<FILE, int (*)(FILE *)> log(
        popen("dmesg | grep -c 'isolation.*asked for no token'", "r"), pclose);
    unsigned lines = 0;
    EXPECT(log && std::fscanf(log.get(), "%u", &lines) == 1);
    return lines;
}

// By name, and the administrator reads of it: once for each context.
void open_memory_is_told_once() {
    user alice(alice_uid), bob(bob_uid);
    const unsigned before = told_of_no_token();
    const ub::memory one(alice.ctx, 4096, ub::read_write, ub::no_token);
    const ub::memory two(alice.ctx, 4096, ub::read_write, ub::no_token);
    ub::target target = one.target();
    target.token_value = 12345;
    EXPECT(bob.run(ub::write(bob.memory.sge(0, 8), target)).status == UB_CR_SUCCESS);
    EXPECT(told_of_no_token() == before + 1);
}

// ---- Names --------------------------------------------------------------------------------------

template <typename A> int refused(user &who, unsigned long cmd, A arg) {
    return ioctl(who.ctx.fd(), cmd, &arg) ? errno : 0;
}

// Objects that `ubctl KIND list` shows to who has this uid and no capability.
unsigned listed(const char *kind, uid_t uid) {
    const std::string command = std::string("build/ubctl --no-header ") + kind + " list | wc -l";
    int ends[2];
    EXPECT(pipe(ends) == 0);
    const pid_t child = fork();
    if (!child) {
        if (setresuid(uid, uid, uid) || dup2(ends[1], 1) < 0)
            _exit(1);
        execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        _exit(1);
    }
    close(ends[1]);
    char text[32] = "";
    const ssize_t got = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    int status = 1;
    EXPECT(waitpid(child, &status, 0) == child && status == 0 && got > 0);
    return static_cast<unsigned>(std::atoi(text));
}

void lists_show_ones_own() {
    user alice(alice_uid);
    for (const char *kind : {"context", "memory", "queue"}) {
        const unsigned own = listed(kind, alice_uid);
        EXPECT(own == (std::string(kind) == "queue" ? 2 : 1));
        EXPECT(listed(kind, bob_uid) == 0);
        EXPECT(listed(kind, 0) == own);
    }
}

void names_are_ones_own() {
    user alice(alice_uid), bob(bob_uid);
    ub_ioc_create_jfs jfs{};
    jfs.depth = 64;
    jfs.jfc = alice.jfc.id();
    ub::buffer room(8192);
    jfs.mem = {reinterpret_cast<uintptr_t>(room.data()), 8192, 4096};
    EXPECT(refused(bob, UB_IOC_CREATE_JFS, jfs) == ENOENT);
    ub_ioc_modify_queue modify{};
    modify.id = alice.jfs.id();
    modify.state = UB_STATE_ERROR;
    EXPECT(refused(bob, UB_IOC_MODIFY_JFS, modify) == ENOENT);
    ub_ioc_destroy_queue end{};
    end.id = alice.jfs.id();
    EXPECT(refused(bob, UB_IOC_DESTROY_JFS, end) == ENOENT);
    ub_ioc_dereg_seg seg{};
    seg.token_id = alice.memory.token_id();
    EXPECT(refused(bob, UB_IOC_DEREG_SEG, seg) == ENOENT);
    ub_ioc_set_token token{};
    token.token_id = seg.token_id;
    EXPECT(refused(bob, UB_IOC_SET_TOKEN, token) == ENOENT);
    EXPECT(alice.run(ub::nop()).status == UB_CR_SUCCESS);
}

// ---- Doorbells ----------------------------------------------------------------------------------

void *map(user &who, uint64_t offset) {
    return mmap(nullptr, UB_HW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, who.ctx.fd(),
                static_cast<off_t>(offset));
}

volatile uint64_t *word(void *page, size_t at) {
    return reinterpret_cast<volatile uint64_t *>(static_cast<char *>(page) + at);
}

void nobody_rings_for_another() {
    user alice(alice_uid), bob(bob_uid);
    EXPECT(map(bob, UB_MMAP_JFS_DB(alice.jfs.id())) == MAP_FAILED && errno == EINVAL);
    EXPECT(map(bob, UB_MMAP_JFC_DB(alice.jfc.id())) == MAP_FAILED && errno == EINVAL);
    // She has a completion to be told of, and has not asked for it.
    alice.jfs.post(ub::nop());
    while (alice.jfc.query().pi == 0)
        ;
    std::vector<void *> pages = {map(bob, UB_MMAP_JFC_DB(bob.jfc.id())),
                                 map(bob, UB_MMAP_JFS_DB(bob.jfs.id()))};
    for (void *page : pages) {
        EXPECT(page != MAP_FAILED);
        for (uint64_t sn = 0; sn <= UB_DB_JFC_ARM_SN_MASK; ++sn)
            *word(page, UB_DB_JFC) =
                uint64_t{alice.jfc.id()} << UB_DB_JFC_ID_SHIFT | sn << UB_DB_JFC_ARM_SN_SHIFT;
        munmap(page, UB_HW_PAGE_SIZE);
    }
    std::array<ub_jfc *, 1> fired;
    EXPECT(alice.events.wait(fired, 50ms).empty());
    alice.jfc.rearm();
    const auto told = alice.events.wait(fired, 10s);
    EXPECT(told.size() == 1 && told[0] == alice.jfc.get());
}

// ---- Work ---------------------------------------------------------------------------------------

constexpr uint32_t dim = 512;
constexpr size_t matrix = size_t{dim} * dim * sizeof(float);
constexpr unsigned flood_queues = 8, flood_depth = 60, few = 8;

struct worker {
    worker(uid_t uid, unsigned count) : who(uid), area(who.ctx, 3 * matrix) {
        std::ranges::fill(area.as<float>(), 0.0f);
        for (unsigned i = 0; i < count; ++i)
            queues.emplace_back(who.ctx, who.jfc, 256);
    }
    void post(ub::jfs &queue, unsigned count) {
        const ub::gemm_shape shape = {dim, dim, dim};
        for (unsigned i = 0; i < count; ++i)
            queue.post(ub::gemm(area.sge(0, matrix), area.sge(matrix, matrix),
                                area.sge(2 * matrix, matrix), shape));
    }
    unsigned done() const { return who.jfc.query().pi; }

    user who;
    ub::memory area;
    std::vector<ub::jfs> queues;
};

// A flood of 8 queues on 2 engines does not make another's few commands wait for all of it. What
// is counted is work, since how long it takes depends on the machine.
void a_flood_leaves_others_their_turn() {
    worker alice(alice_uid, flood_queues), bob(bob_uid, 1);
    for (unsigned i = 0; i < flood_queues; ++i)
        alice.post(alice.queues[i], flood_depth);
    bob.post(bob.queues[0], few);
    std::array<ub::completion, few> room;
    unsigned ended = 0;
    while (ended < few)
        for (const auto &one : bob.who.jfc.poll(std::span(room))) {
            EXPECT(one.status == UB_CR_SUCCESS);
            ++ended;
        }
    const unsigned before = alice.done(), all = flood_queues * flood_depth;
    std::printf("# %u of %u commands of the flood were done before %u of another\n", before, all,
                few);
    EXPECT(before < all);
}

} // namespace

int main(int argc, char **argv) {
    if (argc > 1)
        device = argv[1];
    const std::string node = "/dev/ub/" + device;
    struct stat st {};
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    if (stat(node.c_str(), &st) || setgroups(1, &st.st_gid) || setrlimit(RLIMIT_MEMLOCK, &all)) {
        std::printf("not ok - prepare: %m\n");
        return 1;
    }
    test("memory_is_reached_by_its_token_alone", memory_is_reached_by_its_token_alone);
    test("memory_is_private_unless_exported", memory_is_private_unless_exported);
    test("open_memory_is_told_once", open_memory_is_told_once);
    test("names_are_ones_own", names_are_ones_own);
    test("lists_show_ones_own", lists_show_ones_own);
    test("nobody_rings_for_another", nobody_rings_for_another);
    test("a_flood_leaves_others_their_turn", a_flood_leaves_others_their_turn);
    return failures != 0;
}
