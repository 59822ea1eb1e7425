// SPDX-License-Identifier: MIT
// ubctl schema

#include <memory>

#include "cmd/commands.hpp"
#include "out/error.hpp"
#include "out/nearest.hpp"
#include "out/schemas.hpp"

namespace ubctl {

namespace {

int schema(const Globals &globals, const std::string &name) {
    if (!name.empty()) {
        for (const Schema &known : schemas())
            if (name == known.name) {
                print_text(known.text);
                return exit_ok;
            }
        List known;
        for (const Schema &one : schemas())
            known.push_back(one.name);
        throw Error("schema", unknown_word("schema", name, known), E_UNKNOWN_NAME);
    }
    Report report{"ub.schema.list/1", Layout::columns, {{"name", "NAME"}}};
    for (const Schema &known : schemas())
        report.add({std::string(known.name)});
    print(report, globals.style);
    return exit_ok;
}

} // namespace

Action declare_schema(Parameters &parameters) {
    auto name = std::make_shared<std::string>();
    parameters.argument("NAME", *name, "such as ub.device.list/1; none: list them")
        .completes(Completes::schemas);
    return [name](const Globals &globals) { return schema(globals, *name); };
}

} // namespace ubctl
