// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/words.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::kubernetes_parts {

std::string clean(std::string_view text, std::size_t most) {
    std::string line;
    for (const char c : text.substr(0, most))
        line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    // Not in the middle of a character.
    if (text.size() > most)
        while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0U) == 0x80U)
            line.pop_back();
    if (text.size() > most && !line.empty() && static_cast<unsigned char>(line.back()) >= 0xC0U)
        line.pop_back();
    line.resize(line.find_last_not_of(' ') + 1);
    if (text.size() > most)
        line += "…";
    return line;
}

std::string text_or(const io::Json& value) { return value ? value.text() : std::string{}; }

std::uint64_t count_or_zero(const io::Json& value) { return value ? value.natural() : 0; }

std::optional<Time> time_or_none(const io::Json& value) { return value ? std::optional{value.time()} : std::nullopt; }

std::string subject_of(std::string_view of_namespace, std::string_view kind, std::string_view name) {
    return fmt::format("{}/{}/{}", of_namespace, kind, name);
}

std::string subject_of(const io::Json& object, std::string_view kind) {
    const io::Json& metadata = object["metadata"];
    return subject_of(metadata["namespace"].text(), kind, metadata["name"].text());
}

const io::Json& condition(const io::Json& conditions, std::string_view type) {
    static const io::Json kNone;
    if (conditions)
        for (const io::Json& one : conditions.items())
            if (one["type"].text() == type)
                return one;
    return kNone;
}

bool is_true(const io::Json& object, std::string_view type) {
    return text_or(condition(object["status"]["conditions"], type)["status"]) == "True";
}

std::string why(const io::Json& condition) {
    const std::string reason = clean(text_or(condition["reason"]), 80);
    const std::string message = clean(text_or(condition["message"]));
    return reason.empty() || message.empty() ? reason + message : fmt::format("{}: {}", reason, message);
}

bool is_new(const io::Json& object, Duration within, Time now) {
    const auto made = time_or_none(object["metadata"]["creationTimestamp"]);
    return made && *made < now + std::chrono::minutes{2} && now < *made + within;
}

bool is_suspended(const io::Json& object) {
    const io::Json& suspend = object["spec"]["suspend"];
    return suspend && suspend.boolean();
}

std::string exercise_of(const io::Json& object, const std::string& option) {
    const io::Json& named = object["metadata"]["annotations"]["recoverd/exercise"];
    return named ? clean(named.text(), 63) : option;
}

core::Depth depth_of(const io::Json& object, core::Depth otherwise) {
    const io::Json& annotation = object["metadata"]["annotations"]["recoverd/depth"];
    if (!annotation)
        return otherwise;
    const auto depth = core::from_name<core::Depth>(annotation.text());
    if (!depth)
        annotation.bad("a depth of proof");
    return *depth;
}

void keep_newest(std::optional<core::Exercise>& kept, core::Exercise run, std::optional<Time> core::Exercise::* by) {
    const bool worse = kept && kept.value().*by == run.*by && run.outcome == core::ExerciseOutcome::failed;
    if (!kept || kept.value().*by < run.*by || worse)
        kept = std::move(run);
}

const io::Json& controller_of(const io::Json& object) {
    static const io::Json kNone;
    const io::Json& owners = object["metadata"]["ownerReferences"];
    if (owners)
        for (const io::Json& owner : owners.items())
            if (owner["controller"] && owner["controller"].boolean())
                return owner;
    return kNone;
}

const io::Json& cronjob_of(const io::Json& object) {
    static const io::Json kNone;
    const io::Json& owners = object["metadata"]["ownerReferences"];
    if (owners)
        for (const io::Json& owner : owners.items())
            if (text_or(owner["kind"]) == "CronJob")
                return owner;
    return kNone;
}

} // namespace recoverd::collectors::kubernetes_parts
