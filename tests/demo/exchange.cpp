// SPDX-License-Identifier: MIT
// The parts of the demonstration that ubctl has no verb for:
//
//   exchange send FROM TO TEXT             a message from one device to the other, checked on arrival
//   exchange count DEVICE PROCESSES TIMES  processes of their own add 1 to one counter of this one's
//   exchange syscalls DEVICE TIMES         system calls of that many NOPs, by the kernel's tracepoint
//
// Each prints what it saw and fails if it is not what it should be.

#include <sys/mman.h>
#include <sys/wait.h>
#include <ub/ub.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../bench/syscall_counter.hpp"

namespace {

[[noreturn]] void fail(const std::string &what) {
    throw std::runtime_error(what + ": " + ub_last_error()->message);
}

template <auto Delete> struct Deleter {
    template <class T> void operator()(T *object) const { Delete(object); }
};
template <class T, auto Delete> using Owned = std::unique_ptr<T, Deleter<Delete>>;

template <class T> T *made(T *object, const char *what) {
    return object ? object : (fail(what), nullptr);
}

// A context with one Jetty and a buffer that others may reach by token.
class Endpoint {
public:
    static constexpr size_t buffer_size = 4096;

    explicit Endpoint(const std::string &device)
        : ctx_(made(ub_create_context(device.c_str()), device.c_str())),
          buf_(static_cast<char *>(ub_alloc_buf(buffer_size))) {
        if (!buf_)
            throw std::bad_alloc();
        ub_seg_cfg seg_cfg{};
        seg_cfg.va = buf_;
        seg_cfg.len = buffer_size;
        seg_cfg.access = UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC;
        seg_cfg.token_policy = UB_TOKEN_PLAIN_TEXT;
        seg_cfg.token_value = static_cast<uint32_t>(getpid()) * 2654435761u;
        seg_.reset(made(ub_register_seg(ctx_.get(), &seg_cfg), "segment"));
        ub_jfc_cfg jfc_cfg{};
        jfc_cfg.depth = 64;
        jfc_.reset(made(ub_create_jfc(ctx_.get(), &jfc_cfg), "jfc"));
        ub_jfs_cfg jfs_cfg{};
        jfs_cfg.jfc = jfc_.get();
        jfs_cfg.depth = 64;
        ub_jfr_cfg jfr_cfg{};
        jfr_cfg.jfc = jfc_.get();
        jfr_cfg.depth = 64;
        jetty_.reset(made(ub_create_jetty(ctx_.get(), &jfs_cfg, nullptr, &jfr_cfg), "jetty"));
    }
    ~Endpoint() {
        jetty_.reset();
        seg_.reset();
        ub_free_buf(buf_, buffer_size);
    }
    Endpoint(const Endpoint &) = delete;
    Endpoint &operator=(const Endpoint &) = delete;

    char *data() const { return buf_; }
    ub_jetty *jetty() const { return jetty_.get(); }
    ub_sge_t sge(size_t offset, size_t len) const {
        return {static_cast<uint32_t>(len), seg_->token_id, seg_->va + offset};
    }
    ub_desc describe_segment() const {
        ub_desc desc;
        ub_describe_seg(seg_.get(), &desc);
        return desc;
    }
    ub_desc describe_jetty() const {
        ub_desc desc;
        ub_describe_jetty(jetty_.get(), &desc);
        return desc;
    }
    void post(const ub_jfs_wr &wr) {
        if (ub_post_jfs_wr(jetty_->jfs, &wr, 1, nullptr))
            fail("post");
    }
    ub_cr next() {
        ub_cr cr;
        while (!ub_poll_jfc(jfc_.get(), &cr, 1))
            if (ub_context_lost(ctx_.get()))
                throw std::runtime_error("the device is lost");
        if (cr.status != UB_CR_SUCCESS)
            throw std::runtime_error(std::string("completed with ") + ub_cr_status_str(cr.status) +
                                     ": " + ub_cr_substatus_str(cr.substatus));
        return cr;
    }

private:
    Owned<ub_context, ub_delete_context> ctx_;
    char *buf_;
    Owned<ub_seg, ub_unregister_seg> seg_;
    Owned<ub_jfc, ub_delete_jfc> jfc_;
    Owned<ub_jetty, ub_delete_jetty> jetty_;
};

int send(const std::string &from, const std::string &to, const std::string &text) {
    Endpoint sender(from), receiver(to);
    const size_t half = Endpoint::buffer_size / 2;
    if (text.size() > half)
        throw std::runtime_error("the text is longer than " + std::to_string(half) + " bytes");
    const ub_sge_t room = receiver.sge(0, half);
    const ub_jfr_wr receive{1, &room, 1};
    if (ub_post_jfr_wr(receiver.jetty()->jfr, &receive, 1, nullptr))
        fail("post receive");
    const ub_desc desc = receiver.describe_jetty();
    const ub_target target = ub_import(&desc);
    std::memcpy(sender.data(), text.data(), text.size());
    const ub_sge_t words = sender.sge(0, text.size());
    ub_jfs_wr wr{};
    wr.opcode = UB_OP_SEND_IMM;
    wr.flags = UB_WR_COMPLETE;
    wr.num_sge = 1;
    wr.sge = &words;
    wr.target = &target;
    wr.imm_data = text.size();
    sender.post(wr);
    sender.next();
    const ub_cr got = receiver.next();
    char eid[40];
    std::printf("received %u bytes from %s jetty %u: \"%.*s\"\n", got.len,
                ub_eid_str(&got.rmt_eid, eid), got.rmt_id, static_cast<int>(got.len),
                receiver.data());
    return got.imm_data == text.size() && std::string(receiver.data(), got.len) == text ? 0 : 1;
}

void add(const std::string &device, const ub_desc &desc, unsigned times) {
    Endpoint self(device);
    const ub_target counter = ub_import(&desc);
    const ub_sge_t old = self.sge(0, 8);
    ub_jfs_wr wr{};
    wr.opcode = UB_OP_FADD;
    wr.flags = UB_WR_COMPLETE;
    wr.num_sge = 1;
    wr.sge = &old;
    wr.target = &counter;
    wr.rmt_addr = counter.va;
    wr.operand = 1;
    for (unsigned i = 0; i < times; ++i) {
        self.post(wr);
        self.next();
    }
}

// The children are forked before this process has a context, and learn the counter from a pipe.
int count(const std::string &device, unsigned processes, unsigned times) {
    int pipe_fds[2];
    if (pipe(pipe_fds))
        throw std::runtime_error("pipe");
    std::vector<pid_t> children;
    for (unsigned i = 0; i < processes; ++i) {
        const pid_t child = fork();
        if (child == 0) {
            ub_desc desc;
            if (read(pipe_fds[0], &desc, sizeof desc) != sizeof desc)
                std::_Exit(1);
            add(device, desc, times);
            std::_Exit(0);
        }
        children.push_back(child);
    }
    Endpoint owner(device);
    const ub_desc desc = owner.describe_segment();
    for (unsigned i = 0; i < processes; ++i)
        if (write(pipe_fds[1], &desc, sizeof desc) != sizeof desc)
            throw std::runtime_error("pipe");
    bool all_well = true;
    for (const pid_t child : children) {
        int status = 1;
        waitpid(child, &status, 0);
        all_well = all_well && status == 0;
    }
    uint64_t value = 0;
    std::memcpy(&value, owner.data(), sizeof value);
    std::printf("%u processes added 1 %u times each: the counter is %llu\n", processes, times,
                static_cast<unsigned long long>(value));
    return all_well && value == uint64_t{processes} * times ? 0 : 1;
}

int syscalls(const std::string &device, unsigned times) {
    Endpoint self(device);
    const SyscallCounter counter;
    if (!counter.works())
        throw std::runtime_error("no syscall tracepoint: needs root and CONFIG_FTRACE_SYSCALLS");
    ub_jfs_wr wr{};
    wr.opcode = UB_OP_NOP;
    wr.flags = UB_WR_COMPLETE;
    const uint64_t before = counter.value();
    for (unsigned i = 0; i < times; ++i) {
        self.post(wr);
        self.next();
    }
    const uint64_t made = counter.value() - before - 1;
    std::printf("%llu system calls for %u commands\n", static_cast<unsigned long long>(made), times);
    return 0;
}

} // namespace

int main(int argc, char **argv) try {
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "send" && argc == 5)
        return send(argv[2], argv[3], argv[4]);
    if (verb == "count" && argc == 5)
        return count(argv[2], static_cast<unsigned>(std::stoul(argv[3])),
                     static_cast<unsigned>(std::stoul(argv[4])));
    if (verb == "syscalls" && argc == 4)
        return syscalls(argv[2], static_cast<unsigned>(std::stoul(argv[3])));
    std::fprintf(stderr, "usage: exchange send FROM TO TEXT | count DEVICE PROCESSES TIMES | "
                         "syscalls DEVICE TIMES\n");
    return 2;
} catch (const std::exception &error) {
    std::fprintf(stderr, "exchange: %s\n", error.what());
    return 1;
}
