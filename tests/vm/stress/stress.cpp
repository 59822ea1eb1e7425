// SPDX-License-Identifier: MIT
// The stress run in a VM with two devices: workers under load, while this kills them, resets
// queues, contexts and devices, injects faults and has devices unplugged. What is done to whom
// follows from the seed alone; when, from the machine.
//
//   stress SEED minutes N | rounds N      a round strikes each kind of blow at least once
//   stress SEED plan N                    prints the first N blows
//
// Lines "unplug ubN" and "plug ubN" are for who holds QEMU's monitor. Prints "ok - NAME" or
// "not ok - NAME" lines, and figures.

#include "stress.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace stress {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr unsigned workers = 8;
constexpr auto patience = 200s; // more than a worker's

struct Shared {
    std::atomic<bool> stop;
    Ledger ledger[workers];
};

// ---- The plan -----------------------------------------------------------------------------------

// How often a round has it; a command is given device, target and number.
struct Blow {
    const char *name;
    unsigned times;
    const char *object;  // "queue jfs", "context", ...: what is picked from the list of them
    const char *command; // printf-like: %t target, %n a number 1 .. 10, %m 10 .. 200
};

constexpr Blow blows[] = {
    {"kill", 2, nullptr, nullptr},
    {"reset-jfs", 2, "queue jfs", "device reset %d --force --scope queue --queue %t"},
    {"reset-jfr", 1, "queue jfr", "device reset %d --force --scope queue --type jfr --queue %t"},
    {"reset-context", 1, "context", "device reset %d --force --scope context --tid %t"},
    {"reset-device", 1, nullptr, "device reset %d --force"},
    {"reset-flr", 1, nullptr, "device reset %d --force --scope flr"},
    {"unplug", 1, nullptr, nullptr},
    {"status", 1, nullptr, "health inject status --status %n --count %n"},
    {"poison", 1, "memory", "health inject poison --id %t --bytes 64"},
    {"stall-time", 1, nullptr, "health inject stall --end time --delay %mms"},
    {"stall-queue", 1, nullptr, "health inject stall --end queue"},
    {"stall-context", 1, nullptr, "health inject stall --end context"},
    {"stall-device", 1, nullptr, "health inject stall --end device"},
    {"cqe-delay", 1, nullptr, "health inject cqe-delay --delay %mms --count %n"},
    {"cqe-torn", 1, nullptr, "health inject cqe-torn --delay %mms --count %n"},
    {"lost-irq", 1, nullptr, "health inject lost-irq --id 1 --count %n"},
    {"lost-doorbell", 1, nullptr, "health inject lost-doorbell --count %n"},
    {"admin-status", 1, nullptr, "health inject admin-status --status 9 --count %n"},
    {"admin-silent", 1, nullptr, "health inject admin-silent"},
    {"link-down", 1, nullptr, "health inject link-down"},
    {"fatal", 1, nullptr, "health inject fatal"},
};
constexpr size_t kinds = std::size(blows);

struct Decision {
    size_t kind;
    unsigned device;
    uint64_t pick;
    unsigned pause_ms;
};

// Rounds of shuffled blows, without end.
class Plan {
public:
    explicit Plan(uint64_t seed) : rng_(seed) {}
    Decision next() {
        if (deck_.empty())
            shuffle();
        const size_t kind = deck_.back();
        deck_.pop_back();
        const unsigned device = rng_.below(2);
        const uint64_t pick = rng_.next() >> 32;
        return {kind, device, pick, rng_.below(300)};
    }
    bool round_ends() const { return deck_.empty(); }

private:
    void shuffle() {
        for (size_t kind = 0; kind < kinds; ++kind)
            deck_.insert(deck_.end(), blows[kind].times, kind);
        for (size_t i = deck_.size(); i > 1; --i)
            std::swap(deck_[i - 1], deck_[rng_.below(static_cast<unsigned>(i))]);
    }
    Rng rng_;
    std::vector<size_t> deck_;
};

void tell(unsigned number, const Decision &what) {
    std::printf("# blow %u: %s ub%u, pick %llu, then %u ms\n", number, blows[what.kind].name,
                what.device, static_cast<unsigned long long>(what.pick), what.pause_ms);
    std::fflush(stdout);
}

// ---- The machine --------------------------------------------------------------------------------

bool wait_until(const std::function<bool()> &holds, clock::duration limit = patience) {
    const auto end = clock::now() + limit;
    while (!holds()) {
        if (clock::now() > end)
            return false;
        usleep(50000);
    }
    return true;
}

std::string name_of(unsigned device) { return "ub" + std::to_string(device); }
bool present(const std::string &device) {
    return !access(("/dev/ub/" + device).c_str(), F_OK);
}

// @return ubctl's exit status; what it says is kept
int ubctl(const std::string &device, const std::string &words) {
    const std::string line = "echo '$ ubctl -d " + device + " " + words +
                             "' >> /run/stress.log; build/ubctl -d " + device + " " + words +
                             " >> /run/stress.log 2>&1";
    const int status = std::system(line.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The ids of a list's objects: "context", "memory", "queue jfs".
std::vector<std::string> ids(const std::string &device, const std::string &object) {
    const auto blank = object.find(' ');
    const std::string type = blank == std::string::npos ? "" : object.substr(blank + 1);
    const std::string line = "build/ubctl --no-header -d " + device + " " +
                             object.substr(0, blank) + " list 2>> /run/stress.log | awk '" +
                             (type.empty() ? "{ print $2 }"
                                           : "$2 == \"" + type + "\" { print $3 }") +
                             "'";
    std::vector<std::string> result;
    char word[64];
    if (FILE *pipe = popen(line.c_str(), "r")) {
        while (std::fscanf(pipe, "%63s", word) == 1)
            result.push_back(word);
        pclose(pipe);
    }
    return result;
}

std::string state_of(const std::string &device) {
    std::string state;
    std::ifstream("/sys/class/ubnpu/" + device + "/state") >> state;
    return state;
}

void set_parameter(const char *name, unsigned value) {
    std::ofstream(std::string("/sys/module/ubnpu/parameters/") + name) << value;
}

// ---- The run ------------------------------------------------------------------------------------

class Run {
public:
    Run(uint64_t seed, Shared &shared) : seed_(seed), shared_(shared), plan_(seed) {}
    int go(const std::string &unit, unsigned amount);

private:
    struct Worker {
        pid_t pid = -1;
        uint64_t life = 0;
    };
    void start(unsigned slot);
    void look_after();
    void ended(unsigned slot, int status);
    bool strike(const Decision &what);
    bool strike_worker(const Decision &what);
    bool strike_device(const Decision &what);
    bool unplug(const std::string &device);
    void heal();
    bool finish();
    bool nothing_left();
    void report();
    void check(const char *name, bool ok);
    uint64_t sum(Count Ledger::*field) const;

    uint64_t seed_;
    Shared &shared_;
    Plan plan_;
    Worker workers_[workers];
    uint64_t done_[kinds] = {}, missed_ = 0, healed_ = 0, restarted_ = 0, died_ = 0;
    uint64_t settled_[workers] = {};
    unsigned broken_ = 0, failures_ = 0;
    bool stopping_ = false;
};

void Run::check(const char *name, bool ok) {
    std::printf("%s - %s\n", ok ? "ok" : "not ok", name);
    failures_ += !ok;
}

uint64_t Run::sum(Count Ledger::*field) const {
    uint64_t total = 0;
    for (const Ledger &ledger : shared_.ledger)
        total += ledger.*field;
    return total;
}

void Run::start(unsigned slot) {
    Worker &worker = workers_[slot];
    const uint64_t seed = seed_ + slot * 1000003 + worker.life++ * 7919;
    std::fflush(stdout);
    worker.pid = fork();
    if (worker.pid == 0) // below this one, which has little to do but that at once
        _exit(nice(10) == -1 ? EXIT_BROKEN : work(seed, shared_.ledger[slot], shared_.stop));
}

// What a dead worker had in flight went with it.
void Run::ended(unsigned slot, int status) {
    workers_[slot].pid = -1;
    const Ledger &ledger = shared_.ledger[slot];
    const uint64_t gone = ledger.in_flight() - settled_[slot];
    settled_[slot] += gone;
    died_ += gone;
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    restarted_ += code == EXIT_AGAIN;
    if (killed || code == EXIT_AGAIN || (code == EXIT_DONE && stopping_))
        return;
    std::printf("# worker of slot %u, life %llu ended with status %#x\n", slot,
                static_cast<unsigned long long>(workers_[slot].life), status);
    ++broken_;
}

void Run::look_after() {
    for (unsigned slot = 0; slot < workers; ++slot) {
        int status;
        if (workers_[slot].pid > 0 && waitpid(workers_[slot].pid, &status, WNOHANG) > 0)
            ended(slot, status);
        if (workers_[slot].pid < 0 && !stopping_ && !broken_)
            start(slot);
    }
}

bool Run::strike_worker(const Decision &what) {
    Worker &worker = workers_[what.pick % workers];
    return worker.pid > 0 && !kill(worker.pid, SIGKILL);
}

std::string fill_in(const char *command, const std::string &device, const std::string &target,
                    uint64_t pick) {
    std::string line;
    for (const char *at = command; *at; ++at) {
        if (*at != '%') {
            line += *at;
            continue;
        }
        switch (*++at) {
        case 'd': line += device; break;
        case 't': line += target; break;
        case 'n': line += std::to_string(1 + pick % 10); break;
        default: line += std::to_string(10 + pick % 190); break;
        }
    }
    return line;
}

// The target that was picked may go meanwhile: another time, the next one.
bool Run::strike_device(const Decision &what) {
    const Blow &blow = blows[what.kind];
    const std::string device = name_of(what.device);
    std::string target;
    if (blow.object) {
        const auto all = ids(device, blow.object);
        if (all.empty())
            return false;
        target = all[what.pick % all.size()];
    }
    if (ubctl(device, fill_in(blow.command, device, target, what.pick)))
        return false;
    if (!std::strcmp(blow.name, "link-down") || !std::strcmp(blow.name, "poison")) {
        usleep(200000);
        ubctl(device, "health inject " + std::string(blow.name) + " --remove" +
                          (target.empty() ? "" : " --id " + target));
    }
    return true;
}

bool Run::unplug(const std::string &device) {
    std::printf("unplug %s\n", device.c_str());
    std::fflush(stdout);
    const bool gone = wait_until([&] { return look_after(), !present(device); });
    std::printf("plug %s\n", device.c_str());
    std::fflush(stdout);
    return wait_until([&] { return look_after(), present(device); }) && gone;
}

bool Run::strike(const Decision &what) {
    const std::string name = blows[what.kind].name;
    if (name == "kill")
        return strike_worker(what);
    if (name == "unplug")
        return unplug(name_of(what.device));
    return strike_device(what);
}

// What recovery has given up, an administrator resets.
void Run::heal() {
    for (unsigned n = 0; n < 2; ++n) {
        const std::string device = name_of(n);
        const auto well = [&] { return look_after(), state_of(device) == "ready"; };
        if (wait_until(well, 15s))
            continue;
        ubctl(device, "device reset " + device + " --force");
        ++healed_;
    }
}

bool Run::finish() {
    stopping_ = true;
    shared_.stop = true;
    const bool all = wait_until([&] {
        look_after();
        for (const Worker &worker : workers_)
            if (worker.pid > 0)
                return false;
        return true;
    });
    for (Worker &worker : workers_)
        if (worker.pid > 0 && !kill(worker.pid, SIGKILL))
            waitpid(worker.pid, nullptr, 0);
    return all;
}

bool Run::nothing_left() {
    return wait_until(
        [] {
            for (const char *object : {"context", "memory", "queue"})
                for (const char *device : {"ub0", "ub1"})
                    if (!ids(device, object).empty())
                        return false;
            return true;
        },
        30s);
}

void print(const char *name, uint64_t value) {
    std::printf("# %-28s %12llu\n", name, static_cast<unsigned long long>(value));
}

void Run::report() {
    std::printf("# cycles survived:\n");
    for (size_t kind = 0; kind < kinds; ++kind)
        print(blows[kind].name, done_[kind]);
    print("without a target", missed_);
    print("healed by hand", healed_);
    print("workers that began anew", restarted_);
    std::printf("# objects made:\n");
    print("contexts", sum(&Ledger::contexts));
    print("of which were lost", sum(&Ledger::contexts_lost));
    print("send queues", sum(&Ledger::queues));
    print("segments", sum(&Ledger::segments));
    std::printf("# requests:\n");
    print("posted", sum(&Ledger::posted));
    print("succeeded, data compared", sum(&Ledger::succeeded));
    for (unsigned op = 0; op < OPS; ++op) {
        uint64_t n = 0;
        for (const Ledger &ledger : shared_.ledger)
            n += ledger.by_op[op];
        print((std::string("  ") + op_names[op]).c_str(), n);
    }
    for (unsigned door = 0; door < DOORS; ++door) {
        uint64_t n = 0;
        for (const Ledger &ledger : shared_.ledger)
            n += ledger.by_door[door];
        print((std::string("  through ") + door_names[door]).c_str(), n);
    }
    print("failed", sum(&Ledger::failed));
    print("flushed", sum(&Ledger::flushed));
    print("refused or ended by a ring", sum(&Ledger::refused));
    print("dropped with their queue", sum(&Ledger::dropped));
    print("lost with their context", sum(&Ledger::voided));
    print("gone with their process", died_);
    print("messages received", sum(&Ledger::received));
    print("lost", sum(&Ledger::lost));
    print("doubled", sum(&Ledger::doubled));
    print("wrong data", sum(&Ledger::wrong));
}

int Run::go(const std::string &unit, unsigned amount) {
    const auto end = clock::now() + std::chrono::minutes(amount);
    unsigned number = 0, rounds = 0;
    // Short, so that recovery is what the run is full of; 0.5 s would be a busy machine's own pace.
    set_parameter("hang_timeout_ms", 2000);
    set_parameter("admin_timeout_ms", 2000);
    look_after();
    while (!broken_ && (unit == "rounds" ? rounds < amount : clock::now() < end)) {
        const Decision what = plan_.next();
        tell(++number, what);
        bool struck = wait_until([&] { return look_after(), broken_ || strike(what); }, 60s);
        (struck ? done_[what.kind] : missed_)++;
        if (!struck && std::system("echo '# missed:'; tail -n 3 /run/stress.log"))
            std::perror("tail");
        usleep(what.pause_ms * 1000);
        look_after();
        heal();
        rounds += plan_.round_ends();
    }
    check("every_worker_ends", finish());
    heal();
    report();
    check("no_worker_found_a_fault", !broken_);
    check("no_request_was_lost_or_doubled", !sum(&Ledger::lost) && !sum(&Ledger::doubled));
    check("all_data_was_right", !sum(&Ledger::wrong));
    bool all = true;
    for (const uint64_t n : done_)
        all = all && (n || !rounds);
    check("every_kind_of_blow_was_struck", all);
    check("nothing_is_left", nothing_left());
    // Takes away what is still armed; refused were a context left.
    check("devices_are_reset_without_force",
          !ubctl("ub0", "device reset ub0") && !ubctl("ub1", "device reset ub1"));
    check("the_devices_work", !ubctl("ub0", "selftest") && !ubctl("ub1", "selftest"));
    return failures_ != 0;
}

int show_plan(uint64_t seed, unsigned n) {
    Plan plan(seed);
    for (unsigned i = 1; i <= n; ++i)
        tell(i, plan.next());
    return 0;
}

} // namespace
} // namespace stress

int main(int argc, char **argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: stress SEED minutes|rounds|plan N\n");
        return 2;
    }
    const uint64_t seed = std::strtoull(argv[1], nullptr, 0);
    const auto amount = static_cast<unsigned>(std::strtoul(argv[3], nullptr, 0));
    if (std::string(argv[2]) == "plan")
        return stress::show_plan(seed, amount);
    void *room = mmap(nullptr, sizeof(stress::Shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        return 1;
    return stress::Run(seed, *new (room) stress::Shared{}).go(argv[2], amount);
}
