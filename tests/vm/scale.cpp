// SPDX-License-Identifier: MIT
// One device at its announced scale: 1024 queues and 100000 segments held by 64 processes at once,
// each of which then moves data through its first queue, last queue and last segment. Afterwards
// nothing is left, also of those that were killed.
//
//   scale DEVICE
//
// Prints "ok - NAME" or "not ok - NAME" lines.

#include <sys/wait.h>
#include <ub/ub.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace {

constexpr unsigned processes = 64, queues = 1024, segments = 100000;
constexpr unsigned queues_each = queues / processes;
constexpr unsigned segments_each = (segments + processes - 1) / processes;
constexpr size_t page = 4096;
unsigned failures = 0;

void tell(const char *name, bool ok) {
    std::printf("%s - %s\n", ok ? "ok" : "not ok", name);
    failures += !ok;
}

// What a process holds. Nothing is given back: the driver takes it when the process ends.
struct Holder {
    ub_context *ctx = nullptr;
    ub_jfc *jfc = nullptr;
    std::vector<ub_jfs *> jfs;
    std::vector<ub_seg *> segs;

    bool open(const char *device) {
        ctx = ub_create_context(device);
        ub_jfc_cfg cfg{};
        cfg.depth = 64;
        jfc = ctx ? ub_create_jfc(ctx, &cfg) : nullptr;
        return jfc;
    }

    bool make_queues() {
        ub_jfs_cfg cfg{};
        cfg.jfc = jfc;
        cfg.depth = 64;
        for (unsigned i = 0; i < queues_each; ++i) {
            jfs.push_back(ub_create_jfs(ctx, &cfg));
            if (!jfs.back())
                return false;
        }
        return true;
    }

    // Each shares its pages with its neighbours alone: DMA debugging bears few mappings of one.
    bool make_segments() {
        auto *area = static_cast<uint8_t *>(ub_alloc_buf((segments_each + 1) * page));
        ub_seg_cfg cfg{};
        cfg.len = 2 * page;
        cfg.access = UB_ACCESS_READ | UB_ACCESS_WRITE;
        for (unsigned i = 0; area && i < segments_each; ++i) {
            cfg.va = area + i * page;
            segs.push_back(ub_register_seg(ctx, &cfg));
            if (!segs.back())
                return false;
        }
        return area;
    }

    // The second page becomes what the first is.
    bool move_data(ub_jfs *queue, const ub_seg *seg, uint8_t value) const {
        auto *area = reinterpret_cast<uint8_t *>(seg->va);
        std::memset(area, value, page);
        std::memset(area + page, 0, page);
        ub_desc desc;
        ub_describe_seg(seg, &desc);
        const ub_target target = ub_import(&desc);
        const ub_sge_t sge{page, seg->token_id, seg->va};
        ub_jfs_wr wr{};
        wr.opcode = UB_OP_WRITE;
        wr.flags = UB_WR_COMPLETE;
        wr.num_sge = 1;
        wr.sge = &sge;
        wr.target = &target;
        wr.rmt_addr = target.va + page;
        if (ub_post_jfs_wr(queue, &wr, 1, nullptr))
            return false;
        ub_cr cr;
        while (!ub_poll_jfc(jfc, &cr, 1))
            usleep(100);
        return cr.status == UB_CR_SUCCESS && !std::memcmp(area, area + page, page);
    }

    bool works() const {
        return move_data(jfs.front(), segs.front(), 1) && move_data(jfs.back(), segs.back(), 2);
    }
};

// Says by one byte that all is made, waits for one that all processes are so far, says by one that
// the data was right; then waits to be killed.
[[noreturn]] void holder(const char *device, int in, int out) {
    Holder mine;
    char word = mine.open(device) && mine.make_queues() && mine.make_segments() ? 'y' : 'n';
    if (word == 'n')
        std::printf("# %s: %s\n", ub_last_error()->object, ub_last_error()->message);
    std::fflush(stdout);
    bool ok = write(out, &word, 1) == 1 && read(in, &word, 1) == 1;
    if (word != 'n')
        word = ok && mine.works() ? 'y' : 'n';
    ok = write(out, &word, 1) == 1;
    pause();
    _exit(!ok);
}

struct Child {
    pid_t pid;
    int in, out;
};

Child start(const char *device) {
    int to[2], from[2];
    if (pipe(to) || pipe(from))
        return {-1, -1, -1};
    std::fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0)
        holder(device, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    return {pid, to[1], from[0]};
}

// Whether all said yes.
bool all_agree(const std::vector<Child> &children) {
    unsigned yes = 0;
    for (const Child &child : children) {
        char word = 'n';
        yes += child.pid > 0 && read(child.out, &word, 1) == 1 && word == 'y';
    }
    if (yes != children.size())
        std::printf("# %u of %zu processes\n", yes, children.size());
    return yes == children.size();
}

void tell_all(const std::vector<Child> &children) {
    const char go = 'g';
    for (const Child &child : children)
        if (write(child.in, &go, 1) != 1)
            std::printf("# process %d is gone\n", child.pid);
}

uint64_t table_bytes(const std::string &device) {
    uint64_t value = ~0ull;
    std::ifstream("/sys/class/ubnpu/" + device + "/stats/table_bytes") >> value;
    return value;
}

unsigned listed(const std::string &device, const char *object) {
    const std::string command =
        "build/ubctl --no-header -d " + device + " " + object + " list | wc -l";
    unsigned lines = ~0u;
    if (FILE *pipe = popen(command.c_str(), "r")) {
        if (std::fscanf(pipe, "%u", &lines) != 1)
            lines = ~0u;
        pclose(pipe);
    }
    return lines;
}

} // namespace

int main(int argc, char **argv) {
    const char *device = argc > 1 ? argv[1] : "ub0";
    const uint64_t tables_before = table_bytes(device);
    std::vector<Child> children;
    for (unsigned i = 0; i < processes; ++i)
        children.push_back(start(device));
    tell("every_process_made_its_queues_and_segments", all_agree(children));
    tell("contexts_are_listed", listed(device, "context") == processes);
    tell("queues_are_listed", listed(device, "queue") == queues + processes);
    tell("segments_are_listed", listed(device, "memory") == segments_each * processes);
    tell_all(children);
    tell("first_and_last_of_each_move_data", all_agree(children));
    for (const Child &child : children)
        if (child.pid > 0)
            kill(child.pid, SIGKILL);
    for (const Child &child : children)
        if (child.pid > 0)
            waitpid(child.pid, nullptr, 0);
    tell("no_context_is_left", listed(device, "context") == 0);
    tell("no_queue_is_left", listed(device, "queue") == 0);
    tell("no_segment_is_left", listed(device, "memory") == 0);
    tell("no_page_table_is_left", table_bytes(device) == tables_before);
    Holder again;
    tell("the_device_works_afterwards",
         again.open(device) && again.make_queues() && again.make_segments() && again.works());
    return failures != 0;
}
