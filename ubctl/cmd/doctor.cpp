// SPDX-License-Identifier: MIT
// ubctl doctor: what is wrong with this machine, and the command that mends it.

#include <algorithm>

#include "cmd/commands.hpp"
#include "doctor/findings.hpp"
#include "out/codes.hpp"

namespace ubctl {

const char *severity_name(Severity severity) {
    switch (severity) {
    case Severity::error:
        return "error";
    case Severity::warning:
        return "warning";
    case Severity::note:
        break;
    }
    return "note";
}

namespace {

int doctor(const Globals &globals) {
    Findings findings;
    look_at_module(findings);
    look_at_nodes(findings);
    look_at_process(findings);
    look_at_devices(findings);
    std::ranges::stable_sort(findings, {}, &Finding::severity);
    Report report{"ub.doctor/1",
                  Layout::record,
                  {{"severity", "severity"},
                   {"code", "code"},
                   {"name", "name"},
                   {"subject", "of"},
                   {"finding", "finding"},
                   {"meaning", "meaning"},
                   {"remedy", "mend it"}}};
    report.none = "nothing is wrong";
    for (const Finding &finding : findings) {
        const Code &code = *find_code(finding.code);
        report.add({std::string(severity_name(finding.severity)), code_label(finding.code),
                    std::string(code.name), finding.subject, finding.finding,
                    std::string(code.text), finding.remedy});
    }
    print(report, globals.style);
    const bool errors = std::ranges::any_of(
        findings, [](const Finding &f) { return f.severity == Severity::error; });
    return errors ? exit_failed : exit_ok;
}

} // namespace

Action declare_doctor(Parameters &) {
    return doctor;
}

} // namespace ubctl
