// SPDX-License-Identifier: MIT
// ubctl explain

#include <memory>

#include "cmd/commands.hpp"
#include "out/error.hpp"
#include "out/nearest.hpp"

namespace ubctl {

namespace {

Value exit_value(const Code &code) {
    if (code.exit == exit_by_cause)
        return std::monostate{};
    return static_cast<uint64_t>(code.exit);
}

void add_code(Report &report, const Code &code) {
    report.add({code_label(code.number), std::string(code.name), errno_name(code.errnum),
                exit_value(code), std::string(code.summary), std::string(code.text),
                code.remedy});
}

Error unknown_code(const std::string &text) {
    List known;
    for (const Code &code : all_codes()) {
        known.push_back(code.name);
        known.push_back(code_label(code.number));
    }
    return Error("explain", unknown_word("error code", text, known), E_UNKNOWN_NAME);
}

int explain(const Globals &globals, const std::string &text) {
    const bool one = !text.empty();
    Report report{"ub.explain/1",
                  one ? Layout::record : Layout::columns,
                  {{"code", one ? "code" : "CODE"},
                   {"name", one ? "name" : "NAME"},
                   {"errno", one ? "errno" : "ERRNO"},
                   {"exit_code", one ? "exit code" : "EXIT"},
                   {"summary", one ? "summary" : "SUMMARY", Show::prose},
                   {"text", one ? "cause" : nullptr},
                   {"remedy", one ? "remedy" : nullptr}}};
    if (one) {
        const Code *code = find_code(text);
        if (!code)
            throw unknown_code(text);
        add_code(report, *code);
    } else {
        for (const Code &code : all_codes())
            add_code(report, code);
    }
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_explain(Parameters &parameters) {
    auto code = std::make_shared<std::string>();
    parameters.argument("CODE", *code, "such as UB-E0009 or LOC_ACCESS_ERR; none: list them")
        .completes(Completes::codes);
    return [code](const Globals &globals) { return explain(globals, *code); };
}

} // namespace ubctl
