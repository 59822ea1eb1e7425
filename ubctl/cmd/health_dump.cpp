// SPDX-License-Identifier: MIT
// ubctl health dump: what a device left behind when it hung.

#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include <ub/ub.hpp>

#include "cmd/commands.hpp"
#include "device/devices.hpp"
#include "io/output_file.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

namespace fs = std::filesystem;

struct DumpOptions {
    std::string file;
    bool discard = false;
};

// The kernel's directory of the dump of one of these devices, and the device.
struct Dump {
    fs::path entry;
    ub_device device;
};

Dump find_dump(const std::string &name) {
    const std::vector<ub_device> devices =
        name.empty() ? ub::devices() : std::vector<ub_device>{find_device(name)};
    std::error_code none;
    for (const auto &entry : fs::directory_iterator("/sys/class/devcoredump", none)) {
        const fs::path owner = fs::canonical(entry.path() / "failing_device", none).filename();
        for (const ub_device &device : devices)
            if (owner == device.bus_addr || owner == device.name)
                return {entry.path(), device};
    }
    throw Error(name.empty() ? "device" : device_object(name), "no core dump is kept", E_FILE,
                ENOENT)
        .hint("a hang leaves one, which the kernel keeps for five minutes");
}

std::string read_dump(const fs::path &path) {
    File in(path);
    std::string text;
    std::vector<uint8_t> room(1 << 16);
    while (const size_t n = in.read(room))
        text.append(reinterpret_cast<const char *>(room.data()), n);
    return text;
}

void write_dump(const std::string &path, const std::string &text) {
    OutputFile output(path, {});
    output.write({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
    output.keep();
}

// A write of anything frees the dump.
void discard_dump(const fs::path &path) {
    std::ofstream out(path);
    if (!(out << "0" << std::flush))
        throw file_error(path, "cannot be discarded", errno);
}

void report_dump(const Globals &globals, const Dump &dump, const std::string &text,
                 const DumpOptions &options) {
    Report report{"ub.health.dump/1",
                  Layout::record,
                  {{"device", "device"},
                   {"entry", "kernel's entry"},
                   {"size_bytes", "size", Show::bytes},
                   {"file", "written to"},
                   {"discarded", "discarded"},
                   {"text", nullptr}}};
    const bool filed = !options.file.empty();
    report.add({std::string(dump.device.name), dump.entry.string(), uint64_t{text.size()},
                filed ? Value{options.file} : Value{}, options.discard,
                filed ? Value{} : Value{text}});
    print(report, globals.style);
}

int dump(const Globals &globals, const DumpOptions &options) {
    if (is_soft(globals.device))
        throw Error(device_object(globals.device), "a soft device leaves no core dump",
                    E_NOT_SUPPORTED);
    const Dump found = find_dump(globals.device);
    const std::string text = read_dump(found.entry / "data");
    if (!options.file.empty())
        write_dump(options.file, text);
    else if (!globals.style.json)
        print_foreign(text);
    if (options.discard)
        discard_dump(found.entry / "data");
    if (globals.style.json || (!options.file.empty() && !globals.style.quiet))
        report_dump(globals, found, text, options);
    return exit_ok;
}

} // namespace

Action declare_health_dump(Parameters &parameters) {
    auto options = std::make_shared<DumpOptions>();
    parameters.argument("FILE", options->file, "where to write it; default: standard output")
        .completes(Completes::files);
    parameters.flag("--discard", options->discard,
                    "free it afterwards, so that the next can be kept");
    return [options](const Globals &globals) { return dump(globals, *options); };
}

} // namespace ubctl
