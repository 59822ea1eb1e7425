// SPDX-License-Identifier: MIT
// The benchmark's measuring program. Prints one JSON object a line (bench.hpp); what is a ratio of
// what is report.py's affair.

#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "bench.hpp"
#include "parts.hpp"

namespace {

constexpr const char *usage =
    "usage: ub-bench [--seconds S] [--door NAME] PART [ARG]\n"
    "  device NAME         NOP by depth, WRITE by size, GEMM, counts, by one door\n"
    "  scale NAME          busy queues, page table memory\n"
    "  registration NAME   ub_register_seg\n"
    "  oneway NAME         8 bytes from thread to thread: WRITE, pipe, eventfd\n"
    "  limits NAME         a trapped store, memcpy in this machine\n"
    "  host                memcpy, BLAS\n"
    "  verbs               ibv_reg_mr of the first RDMA device\n"
    "  uring               io_uring NOP\n"
    "  nvme NODE           NVMe passthrough by io_uring\n"
    "  sections NAME NODE DOOR...\n"
    "                      work between marks, for insn_plugin.so\n";

struct Arguments {
    std::string part, name, node, door = "mapped";
    std::vector<std::string> doors;
};

Arguments parse(int argc, char **argv) {
    Arguments a;
    std::string *const places[] = {&a.part, &a.name, &a.node};
    unsigned place = 0;
    for (int i = 1; i < argc; ++i) {
        const bool more = i + 1 < argc;
        if (!std::strcmp(argv[i], "--seconds") && more)
            bench::seconds_each = std::stod(argv[++i]);
        else if (!std::strcmp(argv[i], "--door") && more)
            a.door = argv[++i];
        else if (place < 3)
            *places[place++] = argv[i];
        else
            a.doors.emplace_back(argv[i]);
    }
    return a;
}

bool run(const Arguments &a) {
    if (a.part == "host" && a.name.empty())
        bench::host_limits();
    else if (a.part == "verbs" && a.name.empty())
        bench::verbs_part();
    else if (a.part == "uring" && a.name.empty())
        bench::uring_nop_part();
    else if (a.part == "sections" && !a.node.empty())
        bench::sections_part(a.name, a.node, a.doors);
    else if (a.name.empty() || !a.node.empty())
        return false;
    else if (a.part == "device")
        bench::device_part(a.name, a.door);
    else if (a.part == "scale")
        bench::scale_part(a.name);
    else if (a.part == "registration")
        bench::registration_part(a.name);
    else if (a.part == "oneway")
        bench::oneway_part(a.name);
    else if (a.part == "limits")
        bench::guest_limits(a.name);
    else if (a.part == "nvme")
        bench::nvme_part(a.name);
    else
        return false;
    return true;
}

} // namespace

int main(int argc, char **argv) try {
    const Arguments arguments = parse(argc, argv);
    if (run(arguments))
        return 0;
    std::fputs(usage, stderr);
    return 2;
} catch (const std::exception &error) {
    std::fprintf(stderr, "ub-bench: %s\n", error.what());
    return 1;
}
