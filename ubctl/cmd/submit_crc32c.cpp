// SPDX-License-Identifier: MIT
// ubctl submit crc32c

#include <array>
#include <memory>

#include "cmd/commands.hpp"
#include "cmd/submit_report.hpp"
#include "device/window.hpp"
#include "io/files.hpp"
#include "out/codes.hpp"

namespace ubctl {

namespace {

// Each window goes on from the result before it, so only the reading runs ahead.
uint64_t crc_through(Session &session, File &input, uint32_t &crc) {
    const auto windows = make_windows(window_size(session, input.size()), [&](size_t bytes) {
        return std::array<Buffer, window_count>{Buffer(session, bytes), Buffer(session, bytes)};
    });
    const size_t chunk = windows[0].size();
    uint64_t total = 0, turn = 0;
    size_t len = input.read({windows[0].data(), chunk});
    while (len > 0) {
        session.post(ub::crc32c(windows[turn % window_count].sge(0, len), crc));
        total += len;
        len = input.read({windows[++turn % window_count].data(), chunk});
        crc = static_cast<uint32_t>(session.finish().imm_data);
    }
    return total;
}

int crc32c(const Globals &globals, const std::string &in) {
    File input(in);
    Session session(globals.device, 1, globals.timeout_s);
    const Stopwatch watch;
    uint32_t crc = 0;
    const uint64_t bytes = crc_through(session, input, crc);
    print_submit(globals, session, "crc32c", bytes, watch.ns(),
                 {{{"crc32c", "CRC-32C", Show::crc}, uint64_t{crc}}}, "crc32c");
    return exit_ok;
}

} // namespace

Action declare_crc32c(Parameters &parameters) {
    auto file = std::make_shared<std::string>();
    parameters.argument("IN", *file, "file to read").required().completes(Completes::files);
    return [file](const Globals &globals) { return crc32c(globals, *file); };
}

} // namespace ubctl
