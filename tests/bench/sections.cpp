// SPDX-License-Identifier: MIT
// Work of a known number of commands between marks that insn_plugin.c counts instructions between.
// The marks are no-operations of which the address displacement is what the plugin looks for.

#include <unistd.h>

#include "door.hpp"
#include "drive.hpp"
#include "parts.hpp"
#include "uring.hpp"

namespace bench {

namespace {

constexpr uint64_t commands = 8192;

void mark_begin() {
    asm volatile(".byte 0x0f, 0x1f, 0x80\n.long 0x55420001" ::: "memory");
}

void mark_end() {
    asm volatile(".byte 0x0f, 0x1f, 0x80\n.long 0x55420002" ::: "memory");
}

// The plugin writes one number for each section, in this order; run.sh joins them. The value here
// is the number of commands, which it divides by.
template <class Door>
void section(const Point &point, Door &door, const ub_jfs_wr &wr, bool events) {
    constexpr double no_end = 600;
    pump(door, wr, point.depth, events, no_end, commands / 4);
    mark_begin();
    const uint64_t done = pump(door, wr, point.depth, events, no_end, commands);
    mark_end();
    report(point, "instructions_per_command", static_cast<double>(done), "1");
}

} // namespace

void sections_part(const std::string &device, const std::string &nvme_node,
                   const std::vector<std::string> &doors) {
    for (const std::string &door : doors)
        with_door(door, device, [&](auto &open) {
            for (const bool events : {false, true})
                for (const unsigned depth : {1u, 32u, 64u})
                    section({"nop", door, events ? "event" : "polled", depth}, open,
                            nop_request(), events);
        });
    UringNop nops;
    NvmePassthrough nvme(nvme_node);
    for (const unsigned depth : {1u, 32u}) {
        section({"uring_nop", "", "", depth}, nops, ub_jfs_wr{}, false);
        section({"nvme_passthrough_loop", "", "", depth}, nvme, ub_jfs_wr{}, false);
    }
}

} // namespace bench
