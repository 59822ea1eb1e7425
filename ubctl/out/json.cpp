// SPDX-License-Identifier: MIT
#include "out/json.hpp"

#include <nlohmann/json.hpp>

namespace ubctl {

namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t max_exact = 1ull << 53;

struct ToJson {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(uint64_t value) const {
        if (value > max_exact)
            return std::to_string(value);
        return value;
    }
    template <class T> Json operator()(const T &value) const { return value; }
};

Json object_of(const Members &members) {
    Json object = Json::object();
    for (const auto &[key, value] : members)
        object[key] = std::visit(ToJson{}, value);
    return object;
}

std::string document(const char *schema, const char *key, Json content, Lines lines) {
    Json document;
    document["schema"] = schema;
    document["ubctl"] = UBCTL_VERSION;
    document[key] = std::move(content);
    const int indent = lines == Lines::many ? 2 : -1;
    // ASCII alone, so that nothing controls a terminal: U+007F to U+009F are not escaped otherwise.
    return document.dump(indent, ' ', true, Json::error_handler_t::replace) + '\n';
}

} // namespace

std::string json_document(const char *schema, const char *key, const Members &object,
                          Lines lines) {
    return document(schema, key, object_of(object), lines);
}

std::string json_document(const char *schema, const char *key, const std::vector<Members> &rows,
                          Lines lines) {
    Json array = Json::array();
    for (const Members &row : rows)
        array.push_back(object_of(row));
    return document(schema, key, std::move(array), lines);
}

} // namespace ubctl
