// SPDX-License-Identifier: Apache-2.0
// What the documents of the API are made of. For exporters/api alone.
#pragma once

#include "core/config/values.hpp"
#include "core/snapshot.hpp"
#include "io/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::exporters::api {

using io::JsonWriter;

inline void field(JsonWriter& out, std::string_view name, core::Time time) {
    out.field(name, core::config::format_time(time));
}
inline void field(JsonWriter& out, std::string_view name, core::Duration duration) {
    out.field(name, core::to_seconds(duration));
}
template <class T>
void field(JsonWriter& out, std::string_view name, const T& value) {
    out.field(name, value);
}
/// What is not known is left out.
template <class T>
void optional(JsonWriter& out, std::string_view name, const std::optional<T>& value) {
    if (value)
        field(out, name, *value);
}

inline void object(JsonWriter& out, std::string_view name, const core::Labels& labels) {
    out.key(name).begin_object();
    for (const auto& [key, value] : labels)
        out.field(key, value);
    out.end_object();
}

inline void list(JsonWriter& out, std::string_view name, const std::vector<std::string>& texts) {
    out.key(name).begin_array();
    for (const std::string& text : texts)
        out.value(text);
    out.end_array();
}

/// One alert, with what is written beside it.
void alert(JsonWriter& out, const core::Alert& alert, const core::Config& config);
void alert_list(JsonWriter& out, const std::vector<core::Alert>& alerts, const core::Config& config);

/// What every document begins and ends with.
JsonWriter begin(const core::Snapshot& snapshot);
std::string end(JsonWriter& out);

} // namespace recoverd::exporters::api
