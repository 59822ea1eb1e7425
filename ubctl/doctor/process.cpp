// SPDX-License-Identifier: MIT
// What this process, and so a program started like it, may do; what the kernel lacks.
#include <cstdlib>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "doctor/facts.hpp"
#include "doctor/findings.hpp"
#include "out/text.hpp"

namespace ubctl {

namespace {

// Two windows of the tool; a program of any use wants more.
constexpr rlim_t enough_memlock = 16 << 20;
constexpr int cap_ipc_lock = 14;

// As the kernel counts: capabilities of the first user namespace alone lift the limit.
bool may_lock_at_will() {
    std::ifstream in("/proc/self/status");
    for (std::string word; in >> word;)
        if (word == "CapEff:" && in >> word)
            return std::strtoull(word.c_str(), nullptr, 16) >> cap_ipc_lock & 1;
    return false;
}

bool in_a_container() {
    return exists("/run/.containerenv") || exists("/.dockerenv") || std::getenv("container");
}

bool in_a_service() {
    return has_line("/proc/self/cgroup", [](const std::string &line) {
        return line.find(".service") != line.npos && line.find("user@") == line.npos;
    });
}

std::string memlock_remedy() {
    if (in_a_container())
        return "start the container with --ulimit memlock=-1";
    if (in_a_service())
        return "systemctl edit UNIT, and there: [Service] LimitMEMLOCK=infinity";
    return "echo '@ub - memlock unlimited' | sudo tee /etc/security/limits.d/ub.conf, then log in "
           "again";
}

void look_at_memlock(Findings &findings) {
    rlimit limit{};
    getrlimit(RLIMIT_MEMLOCK, &limit);
    if (limit.rlim_cur >= enough_memlock || may_lock_at_will())
        return;
    findings.push_back({Severity::warning, F_MEMLOCK, "this process",
                        fmt::format("it may lock {} of memory (RLIMIT_MEMLOCK); registered memory "
                                    "and rings are locked",
                                    iec_bytes(limit.rlim_cur)),
                        memlock_remedy()});
}

// What is there from which release on, see docs/uapi.md.
struct Feature {
    int major, minor;
    const char *what;
};
constexpr Feature features[] = {{6, 18, "REAP by io_uring"}};

void look_at_kernel(Findings &findings) {
    int major = 0, minor = 0;
    if (std::sscanf(kernel_release().c_str(), "%d.%d", &major, &minor) != 2)
        return;
    for (const Feature &feature : features)
        if (std::pair(major, minor) < std::pair(feature.major, feature.minor))
            findings.push_back({Severity::note, F_KERNEL_OLD, "kernel " + kernel_release(),
                                fmt::format("it is too old for {}, which needs Linux {}.{}",
                                            feature.what, feature.major, feature.minor),
                                "use another door, such as REAP by ioctl, or a later kernel"});
}

} // namespace

void look_at_process(Findings &findings) {
    look_at_memlock(findings);
    look_at_kernel(findings);
}

} // namespace ubctl
