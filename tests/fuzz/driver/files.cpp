/* SPDX-License-Identifier: MIT */
/* All else that is done to the files of the device: descriptors, mappings, reading, waiting. */
#include "world.hpp"

#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void close_some(rng &r, world &w) {
    if (r.one_in(2))
        return w.file[r.below(FILES)].shut();
    int fd = w.channel[r.below(CHANNELS)].exchange(-1);
    if (fd >= 0)
        count(OP_CLOSE, close(fd));
}

/* The copy takes the place, so that the other is closed before the context is. */
void dup_some(rng &r, world &w) {
    context &c = w.some_file(r);
    int fd = static_cast<int>(count(OP_DUP, fcntl(c.fd, F_DUPFD_CLOEXEC, 3)));

    if (fd >= 0 && (fd = c.fd.exchange(fd)) >= 0)
        count(OP_CLOSE, close(fd));
}

void map_some(rng &r, world &w) {
    context &c = w.some_file(r);
    uint64_t offset = r.one_in(5) ? 0 : c.db_offset[r.below(IDS)].load();
    int prot = offset && !r.one_in(20) ? PROT_READ | PROT_WRITE : static_cast<int>(r.below(8));

    if (r.one_in(20))
        offset = odd_number(r) & ~4095ull;
    void *at = mmap(nullptr, r.one_in(20) ? PAGE * r.below(4) : PAGE, prot,
                    r.one_in(20) ? MAP_PRIVATE : MAP_SHARED, c.fd, static_cast<off_t>(offset));
    count(OP_MMAP, at == MAP_FAILED ? -1 : 0);
    if (at != MAP_FAILED && (at = w.map[r.below(MAPS)].exchange(static_cast<uint8_t *>(at))))
        count(OP_MUNMAP, munmap(at, PAGE));
}

void unmap_some(rng &r, world &w) {
    void *at = w.map[r.below(MAPS)].exchange(nullptr);

    if (at)
        count(OP_MUNMAP, munmap(at, PAGE));
}

void remap_some(rng &r, world &w) {
    void *at = w.map[r.below(MAPS)].load();

    if (at)
        count(OP_MREMAP,
              mremap(at, PAGE, PAGE * (1 + r.below(2)), static_cast<int>(r.below(2))) == MAP_FAILED
                  ? -1
                  : 0);
}

void protect_some(rng &r, world &w) {
    void *at = w.map[r.below(MAPS)].load();

    /* It stays readable and writable, lest the next store is the end of the process. */
    if (at)
        count(OP_MPROTECT,
              mprotect(at, PAGE, PROT_READ | PROT_WRITE | (r.one_in(2) ? PROT_EXEC : 0)));
}

thread_local sigjmp_buf escape;
thread_local volatile bool guarded;

void on_fault(int signal) {
    if (guarded)
        siglongjmp(escape, 1);
    std::signal(signal, SIG_DFL);
}

void ring_doorbell(rng &r, world &w) {
    volatile uint8_t *at = w.map[r.below(MAPS)].load();
    static const unsigned offsets[] = {UB_DB_JFS,        UB_DB_JFS, UB_DB_JFC,
                                       UB_DB_DIRECT_WQE, 0x100,     0xff8};
    unsigned offset = r.pick(offsets);

    guarded = at && !sigsetjmp(escape, 1);
    if (!guarded)
        return;
    if (offset == UB_DB_JFC)
        *reinterpret_cast<volatile uint64_t *>(at + offset) =
            (r.next() & 0x7ffffff) | static_cast<uint64_t>(w.file[r.below(FILES)].some_id(r, JFC))
                                         << UB_DB_JFC_ID_SHIFT;
    else
        *reinterpret_cast<volatile uint32_t *>(at + offset) =
            r.one_in(10) ? static_cast<uint32_t>(r.next()) : r.below(8);
    guarded = false;
    count(OP_DOORBELL, 0);
}

/* WQEs and a producer index somewhere: often it is a ring. */
void write_ring(rng &r, world &w) {
    uint8_t *page = w.arena + r.below(ARENA / PAGE - 1) * PAGE;
    unsigned blocks = make_wqes(r, w, w.file[r.below(FILES)], page, 16);

    for (unsigned i = 0; i < blocks; i++) {
        auto *wqe = reinterpret_cast<struct ub_hw_wqe *>(page + 64 * i);
        wqe->idx = static_cast<uint16_t>(i);
        wqe->flags |= UB_WQE_OWNER | UB_WQE_COMPLETE;
    }
    auto *pi = reinterpret_cast<uint32_t *>(page + PAGE);
    *pi = r.one_in(10) ? static_cast<uint32_t>(r.next()) : blocks;
    count(OP_RING, 0);
}

bool readable(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN, .revents = 0};

    return poll(&p, 1, 0) == 1;
}

void read_some(rng &r, world &w) {
    int fd = r.one_in(2) ? w.some_file(r).fd.load() : w.channel[r.below(CHANNELS)].load();
    size_t len = r.one_in(10) ? r.below(64) : 24 * r.below(100);

    /* One opened to block is read only when that would not. */
    if (fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK || readable(fd)))
        count(OP_READ, read(fd, reinterpret_cast<void *>(w.some_address(r, 8)), len));
}

void poll_some(rng &r, world &w) {
    struct pollfd p[2] = {{w.some_file(r).fd, static_cast<short>(r.next()), 0},
                          {w.channel[r.below(CHANNELS)], POLLIN, 0}};

    count(OP_POLL, poll(p, 2, static_cast<int>(r.below(4))));
}

/* What lies below a segment is given back, moved to huge pages or made unreadable for a moment. */
void advise(rng &r, world &w) {
    static const int advice[] = {MADV_DONTNEED, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_FREE,
                                 MADV_UNMERGEABLE};
    size_t at = r.below(ARENA / PAGE - 64) * PAGE;

    count(OP_MADVISE, madvise(w.arena + at, r.below(64) * PAGE, r.pick(advice)));
}

/* A child has the same files and none of the mappings, and goes at once. */
void fork_some(rng &r, world &w) {
    int fd = w.some_file(r).fd;
    pid_t pid = fork();

    if (!pid) {
        uint8_t byte[24];
        ub_ioc_reg_seg a{};
        a.addr = w.some_address(r, 1);
        a.len = 1;
        a.access = 1;
        if (ioctl(fd, UB_IOC_REG_SEG, &a) && fcntl(fd, F_GETFL) & O_NONBLOCK)
            (void)!read(fd, byte, sizeof(byte));
        _exit(0);
    }
    count(OP_FORK, pid);
    if (pid > 0)
        waitpid(pid, nullptr, 0);
}

/* A file of sysfs or proc that the driver fills. */
void read_sysfs(rng &r) {
    static const char *const dirs[] = {"", "limits/", "stats/", "health/"};
    char path[400], text[4096];
    unsigned n = 0, want = r.below(40);

    snprintf(path, sizeof(path), "/sys/class/ubnpu/ub%u/%s", r.below(DEVICES), r.pick(dirs));
    DIR *dir = opendir(path);
    struct dirent *e = nullptr;
    while (dir && n++ <= want && (e = readdir(dir))) {
    }
    if (e) {
        size_t len = strlen(path);
        snprintf(path + len, sizeof(path) - len, "%.200s", e->d_name);
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        count(OP_SYSFS, fd < 0 ? -1 : read(fd, text, sizeof(text)));
        if (fd >= 0)
            close(fd);
    }
    if (dir)
        closedir(dir);
}

} // namespace

void survive_faults() {
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
}

void run_op(op o, rng r, world &w, thread_state &t) {
    if (o <= OP_IOCTL_RAW)
        return run_ioctl(o, r, w, t);
    if (o >= OP_URING_OPEN && o <= OP_URING_CQES)
        return run_uring(o, r, w, t);
    if (o >= OP_RESET || o == OP_NETLINK_GET)
        return run_admin(o, r, t);
    switch (o) {
    case OP_OPEN:
        return open_file(r, w, w.file[r.below(FILES)]);
    case OP_CLOSE:
        return close_some(r, w);
    case OP_DUP:
        return dup_some(r, w);
    case OP_MMAP:
        return map_some(r, w);
    case OP_MUNMAP:
        return unmap_some(r, w);
    case OP_MREMAP:
        return remap_some(r, w);
    case OP_MPROTECT:
        return protect_some(r, w);
    case OP_DOORBELL:
        return ring_doorbell(r, w);
    case OP_RING:
        return write_ring(r, w);
    case OP_READ:
        return read_some(r, w);
    case OP_POLL:
        return poll_some(r, w);
    case OP_MADVISE:
        return advise(r, w);
    case OP_FORK:
        return fork_some(r, w);
    default:
        return read_sysfs(r);
    }
}
