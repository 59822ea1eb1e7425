/* SPDX-License-Identifier: MIT */
/*
 * A fuzzer of the driver. Processes with threads run programs: short sequences of calls, drawn from
 * a grammar by a number and changed by others. Where the kernel has KCOV a program that reached a
 * new place of the driver is kept, to be changed further. One process is the administrator; some
 * are killed. Fails when the kernel reports anything, a process does not end, or a device is of no
 * use afterwards.
 *
 *   fuzz-driver SEED seconds|programs N
 *   fuzz-driver SEED program SEED[,SEED]...     one of what a failed run says was running
 *
 * A seed repeats the programs but for what KCOV chooses and how threads meet.
 */
#include "kcov.hpp"
#include "world.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <time.h>
#include <unistd.h>

shared *all;

const char *const op_names[OPS] = {
    "QUERY_DEVICE",
    "REG_SEG",
    "DEREG_SEG",
    "SET_TOKEN",
    "CREATE_JFCE",
    "CREATE_JFC",
    "CREATE_JFS",
    "CREATE_JFR",
    "MODIFY_JFS",
    "MODIFY_JFR",
    "QUERY_JFS",
    "QUERY_JFR",
    "QUERY_JFC",
    "DESTROY_JFS",
    "DESTROY_JFR",
    "DESTROY_JFC",
    "SUBMIT",
    "REAP",
    "MODIFY_JFC",
    "CREATE_PROGRAM",
    "DESTROY_PROGRAM",
    "ioctl, any",
    "open",
    "close",
    "dup",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "doorbell",
    "ring",
    "read",
    "poll",
    "madvise",
    "fork",
    "io_uring_setup",
    "uring SUBMIT",
    "uring WAIT",
    "uring REG/DEREG_SEG",
    "uring REAP",
    "uring CANCEL",
    "uring, any",
    "uring completions",
    "netlink GET",
    "sysfs",
    "netlink RESET",
    "netlink INJECT",
    "parameter",
    "function reset",
    "unbind, bind",
    "core dump",
};

namespace {

constexpr unsigned MAX_CALLS = 24, END_SECONDS = 90;

struct step {
    op o;
    uint64_t seed;
};

struct program {
    unsigned length = 0;
    step steps[MAX_CALLS];
};

/* Out of a hundred or so. */
const struct {
    op o;
    unsigned weight;
} user_weights[] =
    {
        {OP_IOCTL_RAW, 2},  {OP_OPEN, 5},       {OP_CLOSE, 3},        {OP_DUP, 1},
        {OP_MMAP, 4},       {OP_MUNMAP, 2},     {OP_MREMAP, 1},       {OP_MPROTECT, 1},
        {OP_DOORBELL, 6},   {OP_RING, 5},       {OP_READ, 4},         {OP_POLL, 2},
        {OP_MADVISE, 2},    {OP_FORK, 1},       {OP_URING_OPEN, 1},   {OP_URING_SUBMIT, 8},
        {OP_URING_WAIT, 4}, {OP_URING_SEG, 3},  {OP_URING_CANCEL, 3}, {OP_URING_RAW, 1},
        {OP_URING_CQES, 4}, {OP_URING_REAP, 3}, {OP_NETLINK_GET, 2},  {OP_SYSFS, 1},
},
  admin_weights[] = {
      {OP_RESET, 90}, {OP_INJECT, 90}, {OP_PARAMETER, 30},   {OP_FUNCTION_RESET, 1},
      {OP_REBIND, 1}, {OP_DUMP, 8},    {OP_NETLINK_GET, 40}, {OP_SYSFS, 20},
};

/* Half of a user's calls are ioctls, those that make things more often. */
op draw_user(rng &r) {
    static const op makers[] = {op(OP_IOCTL_FIRST + 1), op(OP_IOCTL_FIRST + 4),
                                op(OP_IOCTL_FIRST + 5), op(OP_IOCTL_FIRST + 6),
                                op(OP_IOCTL_FIRST + 7), op(OP_IOCTL_FIRST + 16),
                                op(OP_IOCTL_FIRST + 17)};

    if (r.one_in(4))
        return r.pick(makers);
    if (r.one_in(3))
        return op(OP_IOCTL_FIRST + r.below(19));
    for (;;) {
        const auto &w = user_weights[r.below(sizeof(user_weights) / sizeof(user_weights[0]))];
        if (r.below(8) < w.weight)
            return w.o;
    }
}

op draw_admin(rng &r) {
    for (;;) {
        const auto &w = admin_weights[r.below(sizeof(admin_weights) / sizeof(admin_weights[0]))];
        if (r.below(90) < w.weight)
            return w.o;
    }
}

step draw(rng &r, bool admin) {
    op o = admin ? draw_admin(r) : draw_user(r);

    return {o, r.next()};
}

/* Remove, insert, replace, repeat, or the same call with other arguments. */
void change(program &p, rng &r, bool admin) {
    unsigned at = r.below(p.length);

    switch (r.below(5)) {
    case 0:
        if (p.length > 1)
            memmove(p.steps + at, p.steps + at + 1, (--p.length - at) * sizeof(step));
        break;
    case 1:
        p.steps[at].seed = r.next();
        break;
    case 2:
        p.steps[at] = draw(r, admin);
        break;
    default:
        if (p.length == MAX_CALLS)
            break;
        memmove(p.steps + at + 1, p.steps + at, (p.length++ - at) * sizeof(step));
        if (r.one_in(2))
            p.steps[at] = draw(r, admin);
    }
}

program make(const lineage &l, bool admin) {
    rng first(l.seeds[0]);
    program p;

    p.length = 4 + first.below(MAX_CALLS - 4);
    for (unsigned i = 0; i < p.length; i++)
        p.steps[i] = draw(first, admin);
    for (uint32_t i = 1; i < l.length; i++) {
        rng r(l.seeds[i]);
        for (unsigned n = 1 + r.below(3); n; n--)
            change(p, r, admin);
    }
    return p;
}

lineage choose(rng &r) {
    uint32_t kept = all->kept < MAX_KEPT ? all->kept.load() : MAX_KEPT;

    if (!kept || r.one_in(3))
        return {1, {r.next()}};
    lineage l = all->corpus[r.below(kept)];
    if (!l.length)
        return {1, {r.next()}};
    if (l.length < LINEAGE)
        l.length++;
    l.seeds[l.length - 1] = r.next();
    return l;
}

void keep(const lineage &l) {
    uint32_t at = all->kept++;

    if (at < MAX_KEPT)
        all->corpus[at] = l;
}

/* A page's end beyond which there is nothing. */
uint8_t *make_edge() {
    auto *at = static_cast<uint8_t *>(
        mmap(nullptr, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

    munmap(at + PAGE, PAGE);
    mmap(at + PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return at + PAGE;
}

void run_thread(world &w, uint64_t seed, unsigned process, unsigned thread, unsigned programs) {
    bool admin = process == PROCESSES;
    thread_state t;
    rng r(seed);
    kcov cov;

    t.edge = make_edge();
    for (unsigned n = 0; n < programs && !all->stop; n++) {
        lineage l = admin ? lineage{1, {r.next()}} : choose(r);
        program p = make(l, admin);
        bool fresh = false;

        all->running[process][thread] = l;
        for (unsigned i = 0; i < p.length && !all->stop; i++) {
            cov.start();
            run_op(p.steps[i].o, rng(p.steps[i].seed), w, t);
            fresh |= cov.collect();
            if (admin)
                usleep(20000);
        }
        if (fresh && !admin)
            keep(l);
        all->programs++;
    }
    uring_close(t);
    if (t.netlink >= 0)
        close(t.netlink);
}

void run_process(uint64_t seed, unsigned process, unsigned programs) {
    static world w;
    rng r(seed);
    std::thread threads[THREADS];

    survive_faults();
    for (unsigned i = 0; i < FILES; i++)
        open_file(r, w, w.file[i]);
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = std::thread(run_thread, std::ref(w), r.next(), process, i, programs);
    for (auto &thread : threads)
        thread.join();
    _exit(0);
}

/* ---- Who watches ---- */
double now() {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/* The first line of the kernel's log since the last look that tells of a fault, or nothing. */
std::string kernel_report(int log) {
    static const char *const words[] = {"BUG:",
                                        "WARNING:",
                                        "KASAN",
                                        "UBSAN",
                                        "Oops",
                                        "possible circular",
                                        "recursive locking",
                                        "inconsistent lock",
                                        "blocked for more",
                                        "suspicious RCU",
                                        "refcount_t",
                                        "DMA-API: ",
                                        "page allocation failure",
                                        "scheduling while atomic",
                                        "Bad page"};
    char line[2048];

    for (ssize_t len; (len = read(log, line, sizeof(line) - 1)) > 0;) {
        line[len] = 0;
        for (auto *word : words)
            if (strstr(line, word))
                return line;
    }
    return "";
}

void tell_running() {
    for (unsigned p = 0; p <= PROCESSES; p++)
        for (unsigned t = 0; t < THREADS; t++) {
            const lineage &l = all->running[p][t];

            printf("# process %u thread %u ran:", p, t);
            for (uint32_t i = 0; i < l.length; i++)
                printf("%c%llu", i ? ',' : ' ', static_cast<unsigned long long>(l.seeds[i]));
            printf("\n");
        }
}

void tell_counts() {
    uint64_t sum = 0;

    for (unsigned o = 0; o < OPS; o++) {
        printf("%-20s", op_names[o]);
        for (unsigned e = 0; e < MAX_ERRNO; e++) {
            uint64_t n = all->calls[o][e];

            sum += n;
            if (n)
                printf(" %s %llu", e ? strerrorname_np(static_cast<int>(e)) ?: "?" : "ok",
                       static_cast<unsigned long long>(n));
        }
        printf("\n");
    }
    printf("# %llu calls, %llu programs, %u kept; %u places of the driver reached\n",
           static_cast<unsigned long long>(sum),
           static_cast<unsigned long long>(all->programs.load()), all->kept.load(),
           all->places.load());
}

struct run {
    uint64_t seed;
    bool timed;
    unsigned amount;
    int log;
    pid_t pids[PROCESSES + 1] = {};
    unsigned born = 0;
};

void give_birth(run &run, unsigned process) {
    rng r(run.seed + 1000003ull * run.born++);
    pid_t pid = fork();

    if (!pid)
        run_process(r.next(), process, process == PROCESSES ? ~0u : 20 + r.below(200));
    run.pids[process] = pid;
}

bool over(const run &run, double start) {
    return run.timed ? now() - start >= run.amount : all->programs >= run.amount;
}

/* Lives and deaths until the time is over or the kernel says something. */
std::string watch(run &run) {
    double start = now();
    rng r(run.seed);
    std::string report;

    for (unsigned p = 0; p <= PROCESSES; p++)
        give_birth(run, p);
    while (!over(run, start) && (report = kernel_report(run.log)).empty()) {
        usleep(50000);
        if (r.one_in(40))
            kill(run.pids[r.below(PROCESSES)], SIGKILL);
        for (unsigned p = 0; p <= PROCESSES; p++)
            if (waitpid(run.pids[p], nullptr, WNOHANG) == run.pids[p])
                give_birth(run, p);
    }
    return report;
}

void write_log(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd >= 0 && write(fd, text, strlen(text)) > 0)
        sleep(2);
    close(fd);
}

/* Where in the kernel the threads of a process are. */
void tell_stacks(pid_t pid) {
    std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    DIR *dir = opendir(tasks.c_str());
    struct dirent *e;
    char line[256];

    while (dir && (e = readdir(dir))) {
        FILE *f = fopen((tasks + "/" + e->d_name + "/stack").c_str(), "r");
        printf("# process %d task %s\n", pid, e->d_name);
        while (f && fgets(line, sizeof(line), f))
            printf("#   %s", line);
        if (f)
            fclose(f);
    }
    if (dir)
        closedir(dir);
}

/* False: a process does not end, even when killed. */
bool end_all(run &run) {
    double start = now();
    unsigned left = PROCESSES + 1;

    all->stop = true;
    while (left && now() - start < END_SECONDS) {
        usleep(20000);
        for (auto &pid : run.pids) {
            if (pid && now() - start > 3)
                kill(pid, SIGKILL);
            if (pid && waitpid(pid, nullptr, WNOHANG) == pid) {
                pid = 0;
                left--;
            }
        }
    }
    /* Of what runs there is no stack but this. */
    if (left)
        write_log("/proc/sysrq-trigger", "l");
    return !left;
}

int result(const char *name, bool ok) {
    printf("%sok - %s\n", ok ? "" : "not ", name);
    return !ok;
}

int fuzz(run &run) {
    printf("# fuzz-driver SEED=%llu\n", static_cast<unsigned long long>(run.seed));
    set_limits();
    std::string report = watch(run);
    bool ended = end_all(run), work = ended && devices_work();

    if (report.empty())
        report = kernel_report(run.log);
    tell_counts();
    if (!report.empty() || !ended || !work) {
        printf("# %s", report.c_str());
        tell_running();
        for (auto pid : run.pids)
            if (pid)
                tell_stacks(pid);
    }
    return result("the_kernel_reports_nothing", report.empty()) +
           result("every_process_ends", ended) + result("the_devices_work", work);
}

int run_one(const char *text, uint64_t seed) {
    static world w;
    thread_state t;
    lineage l = {};
    rng r(seed);
    char *end;

    for (; l.length < LINEAGE && *text; text = *end ? end + 1 : end)
        l.seeds[l.length++] = strtoull(text, &end, 10);
    survive_faults();
    t.edge = make_edge();
    for (unsigned i = 0; i < FILES; i++)
        open_file(r, w, w.file[i]);
    program p = make(l, false);
    for (unsigned i = 0; i < p.length; i++) {
        printf("# %s\n", op_names[p.steps[i].o]);
        run_op(p.steps[i].o, rng(p.steps[i].seed), w, t);
    }
    return result("the_program_ran", true);
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: fuzz-driver SEED seconds|programs|program N\n");
        return 2;
    }
    run run = {strtoull(argv[1], nullptr, 0), !strcmp(argv[2], "seconds"),
               static_cast<unsigned>(atoi(argv[3])),
               open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)};

    setvbuf(stdout, nullptr, _IOLBF, 0);
    all = static_cast<shared *>(
        mmap(nullptr, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    if (!strcmp(argv[2], "program"))
        return run_one(argv[3], run.seed);
    lseek(run.log, 0, SEEK_END);
    return fuzz(run) ? 1 : 0;
}
