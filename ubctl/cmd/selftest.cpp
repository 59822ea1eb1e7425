// SPDX-License-Identifier: MIT
// ubctl selftest: run the checks and tell.

#include <fmt/format.h>

#include "cmd/checks.hpp"
#include "cmd/commands.hpp"
#include "cmd/submit_report.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

struct Outcome {
    std::string result, detail;
};

Outcome run_check(const Check &check, const Globals &globals, uint64_t opcodes) {
    if ((opcodes & check.opcodes) != check.opcodes)
        return {"skip", "the device lacks the opcode"};
    try {
        Session session(globals.device, 64, globals.timeout_s);
        check.run(session);
        return {"pass", ""};
    } catch (const std::exception &error) {
        return {"fail", error.what()};
    }
}

int selftest(const Globals &globals) {
    std::string name;
    uint64_t opcodes = 0;
    {
        const Session probe(globals.device, 64, globals.timeout_s);
        name = probe.name();
        opcodes = probe.attr().opcodes;
    }
    Report report{"ub.selftest/1",
                  Layout::columns,
                  {{"device", nullptr},
                   {"check", "CHECK"},
                   {"result", "RESULT"},
                   {"elapsed_ns", "TIME", Show::duration},
                   {"detail", "DETAIL", Show::prose}}};
    unsigned failed = 0, total = 0;
    for (const auto &checks : {data_checks(), message_checks()})
        for (const Check &check : checks) {
            const Stopwatch watch;
            const Outcome outcome = run_check(check, globals, opcodes);
            ++total;
            const bool bad = outcome.result == "fail";
            failed += bad;
            if (bad || !globals.style.quiet || globals.style.json)
                report.add(
                    {name, std::string(check.name), outcome.result, watch.ns(), outcome.detail});
        }
    if (!report.rows.empty())
        print(report, globals.style);
    if (failed)
        throw Error("selftest " + name, fmt::format("{} of {} checks failed", failed, total),
                    E_SELFTEST);
    return exit_ok;
}

} // namespace

Action declare_selftest(Parameters &) {
    return selftest;
}

} // namespace ubctl
