// SPDX-License-Identifier: MIT
// ubctl submit fill

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#include "cmd/commands.hpp"
#include "cmd/submit_report.hpp"
#include "device/window.hpp"
#include "io/output_file.hpp"
#include "io/parse.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

struct FillOptions {
    std::string pattern, size, out;
    std::string pattern_size; // empty: the smallest that holds the pattern
};

uint32_t pattern_bytes(const FillOptions &options, uint64_t pattern) {
    uint32_t least = 1;
    while (least < 8 && pattern >> (8 * least))
        least *= 2;
    if (options.pattern_size.empty())
        return least;
    const uint64_t size = parse_number("--pattern-size", options.pattern_size, 8);
    if (size < least)
        throw usage_error("--pattern",
                          fmt::format("'{}' does not fit into {} bytes", options.pattern, size));
    return static_cast<uint32_t>(size);
}

void fill_through(Session &session, OutputFile &output, uint64_t size, uint64_t pattern,
                  uint32_t width) {
    const auto windows = make_windows(window_size(session, size), [&](size_t bytes) {
        return std::array<Buffer, window_count>{Buffer(session, bytes), Buffer(session, bytes)};
    });
    const size_t chunk = windows[0].size();
    const auto post = [&](uint64_t offset) {
        const Buffer &window = windows[offset / chunk % window_count];
        ub::request request =
            ub::fill(window.sge(0, std::min(size - offset, uint64_t{chunk})), pattern);
        request.raw().pattern_size = width;
        session.post(request);
    };
    if (size > 0)
        post(0);
    for (uint64_t offset = 0; offset < size; offset += chunk) {
        session.finish();
        if (offset + chunk < size)
            post(offset + chunk);
        output.write({windows[offset / chunk % window_count].data(),
                      std::min(size - offset, uint64_t{chunk})});
    }
}

int fill(const Globals &globals, const FillOptions &options) {
    const uint64_t pattern = parse_number("--pattern", options.pattern);
    const uint64_t size = parse_size("--size", options.size);
    const uint32_t width = pattern_bytes(options, pattern);
    if (size % width)
        throw usage_error(
            "--size", fmt::format("{} bytes is not a multiple of the pattern's {}", size, width));
    Session session(globals.device, window_count, globals.timeout_s);
    OutputFile output(options.out, {});
    const Stopwatch watch;
    fill_through(session, output, size, pattern, width);
    output.keep();
    print_submit(globals, session, "fill", size, watch.ns(),
                 {{{"pattern_size_bytes", "pattern size", Show::bytes}, uint64_t{width}}});
    return exit_ok;
}

} // namespace

Action declare_fill(Parameters &parameters) {
    auto options = std::make_shared<FillOptions>();
    parameters
        .option("--pattern", options->pattern, "NUMBER",
                "number to repeat, little-endian; 0x for hex")
        .required();
    parameters
        .option("--pattern-size", options->pattern_size, "BYTES",
                "its bytes; default: as few as hold it")
        .one_of({"1", "2", "4", "8"});
    parameters
        .option("--size", options->size, "BYTES",
                "bytes of the file; K, M, G, T for powers of 1024")
        .required();
    parameters.argument("OUT", options->out, "file to write")
        .required()
        .completes(Completes::files);
    return [options](const Globals &globals) { return fill(globals, *options); };
}

} // namespace ubctl
