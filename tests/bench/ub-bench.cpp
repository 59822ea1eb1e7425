// SPDX-License-Identifier: MIT
// The benchmark's measuring program. Prints one JSON object a line (bench.hpp); what is a ratio of
// what is report.py's affair.

#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench.hpp"
#include "parts.hpp"

namespace {

constexpr const char *usage =
    "usage: ub-bench [--seconds S] [--door NAME] PART [ARG]\n"
    "  nop DEVICE          NOP by depth, by one door: rate, latency, counts\n"
    "  write DEVICE        WRITE by size, by one door\n"
    "  gemm DEVICE         a product of matrices, by one door\n"
    "  oneway DEVICE       8 bytes from thread to thread: WRITE, pipe, eventfd\n"
    "  queues DEVICE       cost of a NOP by number of busy queues\n"
    "  tables DEVICE       page table memory\n"
    "  registration DEVICE ub_register_seg, ub_unregister_seg\n"
    "  verbs               ibv_reg_mr, ibv_dereg_mr of the first RDMA device\n"
    "  store DEVICE        a bare trapped store\n"
    "  memcpy host|guest   memcpy by size\n"
    "  blas                a product of matrices by BLAS, one thread\n"
    "  uring               io_uring NOP\n"
    "  nvme NODE           NVMe passthrough by io_uring\n"
    "  sections DEVICE NODE DOOR...\n"
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

using ByName = void (*)(const std::string &);

const std::map<std::string_view, ByName> by_name = {
    {"oneway", bench::oneway_part}, {"queues", bench::queues_part},
    {"tables", bench::tables_part}, {"registration", bench::registration_part},
    {"store", bench::store_part},   {"memcpy", bench::memcpy_part},
    {"nvme", bench::nvme_part},
};

const std::map<std::string_view, void (*)(const std::string &, const std::string &)> by_door = {
    {"nop", bench::nop_part}, {"write", bench::write_part}, {"gemm", bench::gemm_part}};

const std::map<std::string_view, void (*)()> alone = {
    {"verbs", bench::verbs_part}, {"blas", bench::blas_part}, {"uring", bench::uring_nop_part}};

bool run(const Arguments &a) {
    if (a.part == "sections" && !a.node.empty())
        bench::sections_part(a.name, a.node, a.doors);
    else if (!a.node.empty())
        return false;
    else if (const auto it = alone.find(a.part); it != alone.end() && a.name.empty())
        it->second();
    else if (const auto named = by_name.find(a.part); named != by_name.end() && !a.name.empty())
        named->second(a.name);
    else if (const auto door = by_door.find(a.part); door != by_door.end() && !a.name.empty())
        door->second(a.name, a.door);
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
