// SPDX-License-Identifier: Apache-2.0
// Rows of the store: the memory of a check, and alerts.
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace {

template <class T>
void survives(const T& first, T (*read)(const io::Json&)) {
    const std::string stored = io::to_json(first);
    must(io::to_json(read(io::Json::parse(stored))) == stored, "what is stored survives", stored);
}

template <class T>
std::optional<T> read_or_bad(const io::Json& json, T (*read)(const io::Json&)) {
    try {
        return read(json);
    } catch (const io::BadDocument&) {
        return std::nullopt;
    }
}

} // namespace

void fuzz(std::string_view bytes) {
    io::Json json;
    try {
        json = io::Json::parse(bytes);
    } catch (const io::BadDocument&) {
        return;
    }
    if (const auto memory = read_or_bad(json, &io::read_memory))
        survives(*memory, &io::read_memory);
    if (const auto alerts = read_or_bad(json, &io::read_alerts))
        survives(*alerts, &io::read_alerts);
}

} // namespace recoverd::fuzz
