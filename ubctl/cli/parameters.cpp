// SPDX-License-Identifier: MIT
#include <algorithm>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command.hpp"
#include "io/parse.hpp"
#include "out/error.hpp"
#include "out/nearest.hpp"

namespace ubctl {

using Entry = Parameters::Entry;

Entry &Entry::required() {
    option_->required();
    parameter_->required = true;
    return *this;
}

Entry &Entry::one_of(List words) {
    option_->check([words](const std::string &typed) {
        if (std::ranges::find(words, typed) != words.end())
            return std::string();
        return fmt::format("{}; there are {}", unknown_word("word", typed, words),
                           fmt::join(words, ", "));
    });
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

template <class T>
Entry Parameters::number(const char *names, T &value, Bare<T> least, Bare<T> most,
                         const char *metavar, std::string help) {
    using Number = Bare<T>;
    const auto take = [names, &value, least, most](const std::string &text) {
        const std::string_view all = names;
        const std::string what(all.substr(all.find(',') + 1));
        if constexpr (std::is_floating_point_v<Number>)
            value = parse_real(what, text, least, most);
        else
            value = static_cast<Number>(parse_number(what, text, least, most));
    };
    return add(app_->add_option_function<std::string>(names, take, help), {names, metavar, help});
}

void Parameters::flag(const char *names, bool &value, std::string help) {
    add(app_->add_flag(names, value, help), {names, "", help});
}

template Entry Parameters::argument(const char *, std::string &, std::string);
template Entry Parameters::argument(const char *, List &, std::string);
template Entry Parameters::option(const char *, std::string &, const char *, std::string);
template Entry Parameters::option(const char *, std::optional<std::string> &, const char *,
                                  std::string);
#define NUMBER(T)                                                                                  \
    template Entry Parameters::number(const char *, T &, Bare<T>, Bare<T>, const char *,           \
                                      std::string);
NUMBER(uint32_t)
NUMBER(uint64_t)
NUMBER(float)
NUMBER(double)
NUMBER(std::optional<double>)
NUMBER(std::optional<float>)
NUMBER(std::optional<uint64_t>)
#undef NUMBER

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
