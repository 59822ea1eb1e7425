// SPDX-License-Identifier: MIT
#include "io/unfinished.hpp"

#include <atomic>
#include <climits>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include <unistd.h>

namespace ubctl {

namespace {

// Those that end a process and that others send it. SIGPIPE and SIGXFSZ are ignored (main.cpp).
constexpr int fatal_signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                 SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU};

char path_there[PATH_MAX];
std::atomic<bool> is_there;
static_assert(std::atomic<bool>::is_always_lock_free);

// The signal's own effect is that of before: the process ends by it.
void remove_and_end(int number) {
    if (is_there)
        unlink(path_there);
    raise(number);
}

// Who ignores a signal, as under nohup, goes on ignoring it.
void catch_signals() {
    for (const int number : fatal_signals) {
        struct sigaction now;
        if (sigaction(number, nullptr, &now) < 0 || now.sa_handler != SIG_DFL)
            continue;
        struct sigaction ours {};
        ours.sa_handler = remove_and_end;
        ours.sa_flags = SA_RESETHAND | SA_NODEFER;
        sigaction(number, &ours, nullptr);
    }
}

} // namespace

void unfinished(const std::string &path) {
    if (is_there)
        throw std::logic_error("a second output before the first is complete");
    std::snprintf(path_there, sizeof(path_there), "%s", path.c_str());
    is_there = true;
    catch_signals();
}

void finished() {
    is_there = false;
}

} // namespace ubctl
