// SPDX-License-Identifier: MIT
// ubctl submit nop|copy|fill|crc32c. Files of any size go through two windows of registered
// memory in turn: while the device works on one, the other is read or written.

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#include "command.hpp"
#include "error.hpp"
#include "files.hpp"
#include "parse.hpp"
#include "report.hpp"
#include "window.hpp"

namespace ubctl {

namespace {

constexpr uint64_t window_count = 2;
constexpr uint64_t largest_window = 8 << 20;

// Of so many buffers, for a file of which the size may be known.
size_t window_size(Session &session, unsigned buffers, std::optional<uint64_t> file_size) {
    return window_bytes(buffers, std::min(session.attr().max_msg, largest_window), file_size);
}

// ---- nop ----------------------------------------------------------------------------------------

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

// ---- copy ---------------------------------------------------------------------------------------

struct CopyWindow {
    CopyWindow(Session &session, size_t size)
        : in(session, size), out(session, size, ub::read_write), target(out.target()) {}

    Buffer in, out;
    ub::target target;
    size_t len = 0; // under way
};

// Completions come in the order of the posts, so the oldest window is the one that is done.
void drain_copy(Session &session, CopyWindow &window, File &output) {
    if (window.len == 0)
        return;
    session.finish();
    output.write({window.out.data(), window.len});
    window.len = 0;
}

uint64_t copy_through(Session &session, File &input, File &output, size_t size) {
    std::array<CopyWindow, window_count> windows{CopyWindow(session, size),
                                                 CopyWindow(session, size)};
    uint64_t total = 0, turn = 0;
    for (;; ++turn) {
        CopyWindow &window = windows[turn % window_count];
        drain_copy(session, window, output);
        const size_t len = input.read(window.in.bytes().first(size));
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
    File input = File::open_input(in);
    Session session(globals.device, window_count, globals.timeout_s);
    const File *const inputs[] = {&input};
    File output = File::create_output(out, inputs);
    const Stopwatch watch;
    const size_t size = window_size(session, 2 * window_count, input.size());
    const uint64_t bytes = copy_through(session, input, output, size);
    output.keep();
    print_submit(globals, session, "copy", bytes, watch.ns(), {});
    return exit_ok;
}

// ---- fill ---------------------------------------------------------------------------------------

struct FillOptions {
    std::string pattern, size, out;
    uint32_t pattern_size = 0; // 0: the smallest that holds the pattern
};

uint32_t pattern_bytes(const FillOptions &options, uint64_t pattern) {
    uint32_t least = 1;
    while (least < 8 && pattern >> (8 * least))
        least *= 2;
    if (options.pattern_size && options.pattern_size < least)
        throw usage_error("--pattern", fmt::format("'{}' does not fit into {} bytes",
                                                   options.pattern, options.pattern_size));
    return options.pattern_size ? options.pattern_size : least;
}

void fill_through(Session &session, File &output, uint64_t size, uint64_t pattern, uint32_t width) {
    const size_t chunk = window_size(session, window_count, size);
    const std::array<Buffer, window_count> windows{Buffer(session, chunk), Buffer(session, chunk)};
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
    File output = File::create_output(options.out, {});
    const Stopwatch watch;
    fill_through(session, output, size, pattern, width);
    output.keep();
    print_submit(globals, session, "fill", size, watch.ns(),
                 {{{"pattern_size_bytes", "pattern size", Show::bytes}, uint64_t{width}}});
    return exit_ok;
}

// ---- crc32c -------------------------------------------------------------------------------------

// Each window goes on from the result before it, so only the reading runs ahead.
uint64_t crc_through(Session &session, File &input, uint32_t &crc) {
    const size_t chunk = window_size(session, window_count, input.size());
    const std::array<Buffer, window_count> windows{Buffer(session, chunk), Buffer(session, chunk)};
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
    File input = File::open_input(in);
    Session session(globals.device, 1, globals.timeout_s);
    const Stopwatch watch;
    uint32_t crc = 0;
    const uint64_t bytes = crc_through(session, input, crc);
    print_submit(globals, session, "crc32c", bytes, watch.ns(),
                 {{{"crc32c", "CRC-32C", Show::crc}, uint64_t{crc}}}, "crc32c");
    return exit_ok;
}

} // namespace

Action declare_nop(CLI::App &app) {
    auto options = std::make_shared<NopOptions>();
    app.add_option("-n,--count", options->count, "how many")
        ->type_name("COUNT")
        ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40));
    app.add_option("--depth", options->depth, "how many at once")
        ->type_name("DEPTH")
        ->check(CLI::Range(1u, 65536u));
    return [options](const Globals &globals) { return nop(globals, *options); };
}

Action declare_copy(CLI::App &app) {
    auto files = std::make_shared<std::array<std::string, 2>>();
    app.add_option("IN", (*files)[0], "file to read")->required();
    app.add_option("OUT", (*files)[1], "file to write")->required();
    return [files](const Globals &globals) { return copy(globals, (*files)[0], (*files)[1]); };
}

Action declare_fill(CLI::App &app) {
    auto options = std::make_shared<FillOptions>();
    app.add_option("--pattern", options->pattern, "number to repeat, little-endian; 0x for hex")
        ->required();
    app.add_option("--pattern-size", options->pattern_size, "its bytes; default: as few as hold it")
        ->type_name("1|2|4|8")
        ->check(CLI::IsMember({1u, 2u, 4u, 8u}));
    app.add_option("--size", options->size, "bytes of the file; K, M, G, T for powers of 1024")
        ->required();
    app.add_option("OUT", options->out, "file to write")->required();
    return [options](const Globals &globals) { return fill(globals, *options); };
}

Action declare_crc32c(CLI::App &app) {
    auto file = std::make_shared<std::string>();
    app.add_option("IN", *file, "file to read")->required();
    return [file](const Globals &globals) { return crc32c(globals, *file); };
}

} // namespace ubctl
