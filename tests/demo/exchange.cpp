// SPDX-License-Identifier: MIT
// The parts of the demonstration that ubctl has no verb for:
//
//   exchange send FROM TO TEXT             a message from device to device, checked on arrival
//   exchange count DEVICE PROCESSES TIMES  processes add 1 to one counter of this one's
//   exchange syscalls DEVICE TIMES         system calls of that many NOPs, by a tracepoint
//
// Each prints what it saw and fails if it is not what it should be.

#include <sys/wait.h>
#include <ub/ub.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "../bench/syscall_counter.hpp"

namespace {

constexpr size_t text_room = 2048;

struct Endpoint {
    ub::context context;
    ub::memory memory;
    ub::jfc completions;
    ub::jetty jetty;

    explicit Endpoint(const std::string &device)
        : context(device), memory(context, text_room, ub::all_access), completions(context, 64),
          jetty(context, completions, 64) {}

    ub::completion next() {
        ub::completion cr;
        while (completions.poll(std::span(&cr, 1)).empty())
            if (context.lost())
                throw std::runtime_error("the device is lost");
        return ub::require(cr);
    }
};

int send(const std::string &from, const std::string &to, const std::string &text) {
    if (text.size() > text_room)
        throw std::runtime_error("the text is longer than " + std::to_string(text_room) + " bytes");
    Endpoint sender(from), receiver(to);
    receiver.jetty.receive().post(receiver.memory.sge());
    std::ranges::copy(text, sender.memory.as<char>().begin());
    sender.jetty.send().post(ub::send_imm(sender.memory.sge(0, text.size()),
                                          receiver.jetty.target(), text.size()));
    sender.next();
    const ub::completion got = receiver.next();
    const std::string arrived(receiver.memory.as<char>().data(), got.len);
    std::printf("received %u bytes from %s, jetty %u: \"%s\"\n", got.len,
                ub::eid(got.rmt_eid).str().c_str(), got.rmt_id, arrived.c_str());
    return got.imm_data == text.size() && arrived == text ? 0 : 1;
}

void add(const std::string &device, const ub::descriptor &where, unsigned times) {
    ub::session session(device);
    ub::memory old = session.allocate(sizeof(uint64_t));
    const ub::target counter = ub::import(where);
    for (unsigned i = 0; i < times; ++i)
        session.run_checked(ub::fadd(old.sge(0, 8), counter, where.va, 1));
}

// The children are forked before this process has a context, and learn of the counter by a pipe.
int count(const std::string &device, unsigned processes, unsigned times) {
    int pipe_fds[2];
    if (pipe(pipe_fds))
        throw std::runtime_error("no pipe");
    std::vector<pid_t> children(processes);
    for (pid_t &child : children) {
        child = fork();
        if (child)
            continue;
        ub::descriptor where;
        if (read(pipe_fds[0], &where, sizeof where) != sizeof where)
            std::_Exit(1);
        add(device, where, times);
        std::_Exit(0);
    }
    Endpoint owner(device);
    const ub::descriptor where = owner.memory.segment().describe();
    for (unsigned i = 0; i < processes; ++i)
        if (write(pipe_fds[1], &where, sizeof where) != sizeof where)
            throw std::runtime_error("the pipe broke");
    bool all_well = true;
    for (const pid_t child : children) {
        int status = 1;
        waitpid(child, &status, 0);
        all_well = all_well && status == 0;
    }
    const uint64_t value = owner.memory.as<uint64_t>()[0];
    std::printf("%u processes added 1 %u times each: the counter is %llu\n", processes, times,
                static_cast<unsigned long long>(value));
    return all_well && value == uint64_t{processes} * times ? 0 : 1;
}

int syscalls(const std::string &device, unsigned times) {
    Endpoint self(device);
    const SyscallCounter counter;
    if (!counter.works())
        throw std::runtime_error("no syscall tracepoint: needs root and CONFIG_FTRACE_SYSCALLS");
    const uint64_t before = counter.value();
    for (unsigned i = 0; i < times; ++i) {
        self.jetty.send().post(ub::nop());
        self.next();
    }
    const uint64_t made = counter.value() - before - 1;
    std::printf("%llu system calls for %u commands, polled\n",
                static_cast<unsigned long long>(made), times);
    return 0;
}

unsigned number(const char *text) {
    return static_cast<unsigned>(std::stoul(text));
}

} // namespace

int main(int argc, char **argv) try {
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "send" && argc == 5)
        return send(argv[2], argv[3], argv[4]);
    if (verb == "count" && argc == 5)
        return count(argv[2], number(argv[3]), number(argv[4]));
    if (verb == "syscalls" && argc == 4)
        return syscalls(argv[2], number(argv[3]));
    std::fprintf(stderr, "usage: exchange send FROM TO TEXT | count DEVICE PROCESSES TIMES | "
                         "syscalls DEVICE TIMES\n");
    return 2;
} catch (const std::exception &error) {
    std::fprintf(stderr, "exchange: %s\n", error.what());
    return 1;
}
