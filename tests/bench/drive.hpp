// SPDX-License-Identifier: MIT
// Ways to keep a door busy.
#pragma once

#include <ub/ub.h>

#include <limits>
#include <vector>

#include "bench.hpp"

namespace bench {

// Keeps depth requests in flight until the time is over or enough have completed; a poll that finds
// none sleeps with events, else polls again. Returns the number completed.
template <class Door>
uint64_t pump(Door &door, const ub_jfs_wr &wr, unsigned depth, bool events, double seconds,
              uint64_t most = std::numeric_limits<uint64_t>::max()) {
    const std::vector<ub_jfs_wr> batch(depth, wr);
    std::vector<ub_cr> cr(depth);
    uint64_t completed = 0, next_look = 0;
    unsigned room = depth, in_flight = 0;
    const double end = now() + seconds;
    bool stop = false;
    while (!stop || in_flight) {
        if (!stop && room) {
            door.post(batch.data(), room);
            in_flight += room;
            room = 0;
        }
        const unsigned got = door.reap(cr.data(), depth, events);
        completed += got;
        in_flight -= got;
        room += got;
        if (completed >= next_look) {
            stop = completed >= most || now() > end;
            next_look = completed + 64;
        }
    }
    return completed;
}

// The same with a time stamp for each request. Returns the seconds from post to completion.
template <class Door>
std::vector<double> latencies(Door &door, const ub_jfs_wr &wr, unsigned depth, bool events,
                              double seconds) {
    constexpr size_t most = 1 << 19;
    std::vector<ub_jfs_wr> batch(depth, wr);
    std::vector<double> posted(depth), taken;
    std::vector<ub_cr> cr(depth);
    taken.reserve(most + depth);
    for (unsigned i = 0; i < depth; ++i)
        batch[i].user_ctx = i;
    unsigned room = depth, in_flight = 0;
    const double end = now() + seconds;
    double at = now();
    while (in_flight || room) {
        if (room) {
            for (unsigned i = 0; i < room; ++i)
                posted[batch[i].user_ctx] = at;
            door.post(batch.data(), room);
            in_flight += room;
            room = 0;
        }
        const unsigned got = door.reap(cr.data(), depth, events);
        if (!got)
            continue;
        at = now();
        in_flight -= got;
        for (unsigned i = 0; i < got; ++i) {
            taken.push_back(at - posted[cr[i].user_ctx]);
            batch[i].user_ctx = cr[i].user_ctx;
        }
        room = at < end && taken.size() < most ? got : 0;
    }
    return taken;
}

} // namespace bench
