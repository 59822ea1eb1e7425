// SPDX-License-Identifier: MIT
#include <CLI/App.hpp>

#include "cli/command.hpp"
#include "out/error.hpp"

namespace ubctl {

using Entry = Parameters::Entry;

Entry &Entry::required() {
    option_->required();
    parameter_->required = true;
    return *this;
}

Entry &Entry::range(uint64_t least, uint64_t most) {
    option_->check(CLI::Range(least, most));
    return *this;
}

Entry &Entry::range(double least, double most) {
    option_->check(CLI::Range(least, most));
    return *this;
}

Entry &Entry::one_of(List words) {
    option_->check(CLI::IsMember(words));
    return completes(Completes::words, std::move(words));
}

Entry &Entry::completes(Completes what, List words) {
    parameter_->completes = what;
    parameter_->words = std::move(words);
    return *this;
}

Entry Parameters::add(CLI::Option *option, Parameter parameter) {
    if (!parameter.metavar.empty())
        option->type_name(parameter.metavar);
    return {option, list_->emplace_back(std::move(parameter))};
}

template <class T> Entry Parameters::argument(const char *name, T &value, std::string help) {
    return add(app_->add_option(name, value, help), {name, "", help});
}

template <class T>
Entry Parameters::option(const char *names, T &value, const char *metavar, std::string help) {
    return add(app_->add_option(names, value, help), {names, metavar, help});
}

void Parameters::flag(const char *names, bool &value, std::string help) {
    add(app_->add_flag(names, value, help), {names, "", help});
}

template Entry Parameters::argument(const char *, std::string &, std::string);
template Entry Parameters::argument(const char *, List &, std::string);
template Entry Parameters::argument(const char *, std::optional<uint64_t> &, std::string);
template Entry Parameters::option(const char *, std::string &, const char *, std::string);
template Entry Parameters::option(const char *, uint32_t &, const char *, std::string);
template Entry Parameters::option(const char *, uint64_t &, const char *, std::string);
template Entry Parameters::option(const char *, float &, const char *, std::string);
template Entry Parameters::option(const char *, double &, const char *, std::string);
template Entry Parameters::option(const char *, std::optional<float> &, const char *, std::string);
template Entry Parameters::option(const char *, std::optional<std::string> &, const char *,
                                  std::string);

Action with_id(Parameters &parameters, Action run) {
    auto id = std::make_shared<std::string>();
    parameters.argument("ID", *id, "the device, instead of --device").completes(Completes::devices);
    return [id, run](Globals globals) {
        if (!id->empty() && !globals.device.empty() && *id != globals.device)
            throw usage_error("device", "ID and --device name different devices");
        if (!id->empty())
            globals.device = *id;
        return run(globals);
    };
}

} // namespace ubctl
