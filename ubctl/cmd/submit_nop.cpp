// SPDX-License-Identifier: MIT
// ubctl submit nop

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "cmd/commands.hpp"
#include "cmd/submit_report.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

struct NopOptions {
    uint64_t count = 1;
    uint32_t depth = 1;
};

void run_nops(Session &session, const NopOptions &options) {
    std::array<ub::completion, 64> room;
    const ub::request nop = ub::nop();
    const std::vector<ub::work_request> requests(options.depth, nop.wr());
    uint64_t posted = 0, done = 0;
    while (done < options.count) {
        const uint64_t free = options.depth - (posted - done);
        const uint64_t n = std::min(free, options.count - posted);
        if (n > 0)
            session.post(std::span(requests).first(n));
        posted += n;
        const auto completions = session.reap(room);
        for (const ub::completion &completion : completions)
            require_success(session, completion);
        done += completions.size();
    }
}

int nop(const Globals &globals, const NopOptions &options) {
    Session session(globals.device, options.depth, globals.timeout_s);
    const Stopwatch watch;
    run_nops(session, options);
    print_submit(globals, session, "nop", 0, watch.ns(),
                 {{{"depth", "depth"}, uint64_t{options.depth}}});
    return exit_ok;
}

} // namespace

Action declare_nop(Parameters &parameters) {
    auto options = std::make_shared<NopOptions>();
    parameters.number("-n,--count", options->count, 1, uint64_t{1} << 40, "COUNT", "how many");
    parameters.number("--depth", options->depth, 1, most_depth, "DEPTH", "how many at once");
    return [options](const Globals &globals) { return nop(globals, *options); };
}

} // namespace ubctl
