// SPDX-License-Identifier: Apache-2.0
#include "worker/files/options.hpp"

namespace recoverd::worker::files {

namespace {

core::Duration seconds(const io::Json& json) {
    constexpr double kDayInSeconds = 86'400;
    const double value = json.number();
    if (!(value >= 0 && value <= kDayInSeconds))
        json.bad("seconds from 0 to a day");
    return core::Duration{static_cast<core::Duration::rep>(value * 1000)};
}

} // namespace

Options read_options(const io::Json& json) {
    Options options;
    options.path = json["path"].text();
    if (const auto& size = json["min_size"])
        options.min_size = size.natural();
    if (const auto& verify = json["verify"]; verify && verify.text() != "none") {
        options.verify = core::from_name<core::Depth>(verify.text());
        if (options.verify != core::Depth::listed && options.verify != core::Depth::checksummed)
            verify.bad("none, listed or checksummed");
    }
    if (const auto& budget = json["verify_budget"])
        options.verify_budget = budget.natural();
    if (const auto& settle = json["settle"])
        options.settle = seconds(settle);
    if (const auto& zone = json["name_time"])
        options.name_time = zone.text() == "utc"       ? NameTime::utc
                            : zone.text() == "ignored" ? NameTime::ignored
                                                       : NameTime::local;
    if (const auto& limit = json["time_limit"])
        options.time_limit = seconds(limit);
    if (const auto& cursor = json["cursor"])
        options.cursor = cursor.text();
    return options;
}

} // namespace recoverd::worker::files
