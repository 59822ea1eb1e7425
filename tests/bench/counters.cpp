// SPDX-License-Identifier: MIT
#include "counters.hpp"

#include <fcntl.h>

#include <fstream>
#include <sstream>

#include "rig.hpp"

namespace bench {

Counters::Counters(const std::string &device) : device_(device) {
    for (size_t i = 0; i < names.size(); ++i)
        before_[i] = device_counter(device, names[i]);
    cpu_ = cpu_seconds();
    calls_ = syscalls_.value();
}

void Counters::report_per_command(const Point &point, double commands) const {
    // The reading of the counter is itself one call, and so is the clock's of processor time.
    const double calls = static_cast<double>(syscalls_.value() - calls_) - 1;
    const double cpu = cpu_seconds() - cpu_;
    report(point, "cpu_per_command", cpu * 1e9 / commands, "ns");
    if (syscalls_.works())
        report(point, "syscalls_per_command", calls / commands, "1");
    for (size_t i = 0; i < names.size(); ++i) {
        const uint64_t value = device_counter(device_, names[i]) - before_[i];
        report(point, (std::string(names[i]) + "_per_command").c_str(),
               static_cast<double>(value) / commands, "1");
    }
}

namespace {

const std::string tracing = "/sys/kernel/tracing/";

// Set up in this order, stopped in the other: only the write that sets up the last is itself
// counted.
constexpr const char *copying_calls[] = {"read", "write"};

std::string event(const char *call) {
    return std::string("events/syscalls/sys_exit_") + call;
}

std::string trigger(const std::string &command = "") {
    return "hist:keys=common_pid:vals=ret" + command + " if ret > 0 && common_pid == " +
           std::to_string(gettid()) + "\n";
}

bool put(const std::string &file, const std::string &text) {
    const int fd = open((tracing + file).c_str(), O_WRONLY | O_APPEND);
    const bool ok =
        fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (fd >= 0)
        close(fd);
    return ok;
}

// The sum of a histogram's values: lines "{ common_pid: N } hitcount: H  ret: SUM".
uint64_t histogram_sum(const std::string &file) {
    std::ifstream in(tracing + file);
    std::stringstream all;
    all << in.rdbuf();
    uint64_t sum = 0;
    for (std::string line; std::getline(all, line);)
        if (const size_t at = line.rfind("ret:"); at != line.npos && line[0] == '{')
            sum += std::stoull(line.substr(at + 4));
    return sum;
}

} // namespace

CopyCounter::CopyCounter() {
    mount("tracefs", tracing.c_str(), "tracefs", 0, nullptr);
    for (const char *call : copying_calls)
        works_ &= put(event(call) + "/trigger", trigger());
}

uint64_t CopyCounter::stop() {
    for (const char *call : {copying_calls[1], copying_calls[0]})
        put(event(call) + "/trigger", trigger(":pause"));
    uint64_t sum = 0;
    for (const char *call : copying_calls)
        sum += histogram_sum(event(call) + "/hist");
    return sum - trigger().size();
}

CopyCounter::~CopyCounter() {
    for (const char *call : copying_calls)
        put(event(call) + "/trigger", "!" + trigger());
}

} // namespace bench
