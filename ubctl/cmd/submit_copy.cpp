// SPDX-License-Identifier: MIT
// ubctl submit copy: while the device works on one window, another is read or written.

#include <array>
#include <memory>

#include "cmd/commands.hpp"
#include "cmd/submit_report.hpp"
#include "device/window.hpp"
#include "io/output_file.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

struct CopyWindow {
    CopyWindow(Session &session, size_t size)
        : in(session, size), out(session, size), target(out.target()) {}

    Buffer in, out;
    ub::target target;
    size_t len = 0; // under way
};

// Completions come in the order of the posts, so the oldest window is the one that is done.
void drain_copy(Session &session, CopyWindow &window, OutputFile &output) {
    if (window.len == 0)
        return;
    session.finish();
    output.write({window.out.data(), window.len});
    window.len = 0;
}

uint64_t copy_through(Session &session, File &input, OutputFile &output) {
    auto windows = make_windows(window_size(session, input.size()), [&](size_t bytes) {
        return std::array<CopyWindow, window_count>{CopyWindow(session, bytes),
                                                    CopyWindow(session, bytes)};
    });
    uint64_t total = 0, turn = 0;
    for (;; ++turn) {
        CopyWindow &window = windows[turn % window_count];
        drain_copy(session, window, output);
        const size_t len = input.read(window.in.bytes());
        if (len == 0)
            break;
        window.len = len;
        session.post(ub::write(window.in.sge(0, len), window.target));
        total += len;
    }
    drain_copy(session, windows[(turn + 1) % window_count], output);
    return total;
}

int copy(const Globals &globals, const std::string &in, const std::string &out) {
    File input(in);
    Session session(globals.device, window_count, globals.timeout_s);
    const File *const inputs[] = {&input};
    OutputFile output(out, inputs);
    const Stopwatch watch;
    const uint64_t bytes = copy_through(session, input, output);
    output.keep();
    print_submit(globals, session, "copy", bytes, watch.ns(), {});
    return exit_ok;
}

} // namespace

Action declare_copy(Parameters &parameters) {
    auto files = std::make_shared<std::array<std::string, 2>>();
    parameters.argument("IN", (*files)[0], "file to read").required().completes(Completes::files);
    parameters.argument("OUT", (*files)[1], "file to write").required().completes(Completes::files);
    return [files](const Globals &globals) { return copy(globals, (*files)[0], (*files)[1]); };
}

} // namespace ubctl
