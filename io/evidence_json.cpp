// SPDX-License-Identifier: Apache-2.0
// One visitor that writes and one that reads whatever core/fields.hpp names; what a type looks like in JSON is said
// here once per type, never per kind of evidence.
#include "io/evidence_json.hpp"

#include "core/config/values.hpp"
#include "core/fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>

namespace recoverd::io {

namespace {

using core::Duration;
using core::Evidence;
using core::EvidenceKind;
using core::Time;

template <class T>
concept Named = std::is_enum_v<T> && requires { core::Names<T>::values; };
using FailureCounts = decltype(core::CheckMemory::failures_total);

// --- writing ---------------------------------------------------------------------------------------------------

struct Put {
    JsonWriter& out;

    void operator()(std::string_view name, const auto& member) {
        out.key(name);
        put(member);
    }
    template <class T>
    void operator()(std::string_view name, const std::optional<T>& member) {
        if (member)
            (*this)(name, *member);
    }

    void put(const std::string& text) { out.value(text); }
    void put(bool boolean) { out.value(boolean); }
    void put(std::unsigned_integral auto number) { out.value(std::uint64_t{number}); }
    void put(double number) { out.value(number); }
    void put(Time time) { out.value(core::config::format_time(time)); }
    void put(Duration duration) { out.value(core::to_seconds(duration)); }
    void put(Named auto value) { out.value(core::name_of(value)); }
    void put(core::RuleId id) { out.value(core::rule(id).key); }
    void put(const Evidence& evidence) { write(out, evidence); }
    template <class T>
    void put(const std::shared_ptr<const T>& shared) {
        put(*shared);
    }
    template <class T>
    void put(const std::vector<T>& list) {
        out.begin_array();
        for (const auto& item : list)
            put(item);
        out.end_array();
    }
    template <class T>
    void put(const std::map<std::string, T, std::less<>>& map) {
        out.begin_object();
        for (const auto& [name, member] : map)
            (*this)(name, member);
        out.end_object();
    }
    void put(const FailureCounts& counts) {
        out.begin_object();
        for (std::size_t i = 0; i < counts.size(); ++i)
            (*this)(core::Names<core::FailureKind>::values[i], counts[i]);
        out.end_object();
    }
    template <class T>
        requires requires(const T& self, Put& visit) { core::fields(self, visit); }
    void put(const T& self) {
        out.begin_object();
        core::fields(self, *this);
        out.end_object();
    }
};

template <class T>
std::string written(const T& value) {
    JsonWriter out;
    Put{out}.put(value);
    return out.take();
}

// --- reading ---------------------------------------------------------------------------------------------------

enum class Origin : std::uint8_t { foreign, own };

/// Leaving these out is not the same as their default: a state that nobody told is not a good one.
template <class T>
constexpr bool must_be_told(std::string_view name) {
    if constexpr (std::same_as<T, std::string>)
        return name == "name" || name == "value" || name == "exercise";
    return std::same_as<T, Time> || std::same_as<T, double> || std::same_as<T, core::PointState> ||
           std::same_as<T, core::JobState> || std::same_as<T, core::FollowerState> ||
           std::same_as<T, core::ExerciseOutcome> || std::same_as<T, core::ReachState> ||
           std::same_as<T, core::FailureKind>;
}

Evidence evidence_from(const Json& json, Origin origin);

/// Reads the members of one object.
struct Get {
    const Json& json;
    Origin origin;

    template <class T>
    void operator()(std::string_view name, T& member) {
        const Json& value = json[name];
        if (value || (origin == Origin::foreign && must_be_told<T>(name)))
            get(value, member);
    }
    template <class T>
    void operator()(std::string_view name, std::optional<T>& member) {
        if (const Json& value = json[name])
            get(value, member.emplace());
    }

    void get(const Json& value, std::string& text) { text = value.text(); }
    void get(const Json& value, bool& boolean) { boolean = value.boolean(); }
    template <std::unsigned_integral N>
    void get(const Json& value, N& number) {
        const std::uint64_t wide = value.natural();
        if (!std::in_range<N>(wide))
            value.bad(fmt::format("a number up to {}", std::numeric_limits<N>::max()));
        number = static_cast<N>(wide);
    }
    void get(const Json& value, double& number) { number = value.number(); }
    void get(const Json& value, Time& time) { time = value.time(); }
    void get(const Json& value, Duration& duration) {
        const double seconds = value.number();
        // A million years: what still fits into milliseconds with room to calculate.
        if (std::abs(seconds) > 3.2e13)
            value.bad("a duration in seconds");
        duration = Duration{std::llround(seconds * 1000.0)};
    }
    template <Named E>
    void get(const Json& value, E& named) {
        const auto found = core::from_name<E>(value.text());
        if (!found)
            throw BadDocument(fmt::format("{}: expected one of {}, found {}", value.path(),
                                          fmt::join(core::Names<E>::values, ", "), json_quote(value.text())));
        named = *found;
    }
    void get(const Json& value, core::RuleId& id) {
        const core::Rule* rule = core::find_rule_by_key(value.text());
        if (!rule)
            value.bad("the key of a rule");
        id = rule->id;
    }
    void get(const Json& value, Evidence& evidence) { evidence = evidence_from(value, origin); }
    template <class T>
    void get(const Json& value, std::shared_ptr<const T>& shared) {
        T read;
        get(value, read);
        shared = std::make_shared<const T>(std::move(read));
    }
    template <class T>
    void get(const Json& value, std::vector<T>& list) {
        for (const Json& item : value.items())
            get(item, list.emplace_back());
    }
    template <class T>
    void get(const Json& value, std::map<std::string, T, std::less<>>& map) {
        for (const auto& [name, item] : value.object())
            get(item, map[name]);
    }
    void get(const Json& value, FailureCounts& counts) {
        Get inner{value, origin};
        for (std::size_t i = 0; i < counts.size(); ++i)
            inner(core::Names<core::FailureKind>::values[i], counts[i]);
    }
    template <class T>
        requires requires(T& self, Get& visit) { core::fields(self, visit); }
    void get(const Json& value, T& self) {
        if (!value.is_object())
            value.bad("an object");
        Get inner{value, origin};
        core::fields(self, inner);
    }
};

/// What core/evidence.hpp promises of the list, whoever wrote it.
void put_in_order(core::RecoveryPoints& seen) {
    auto& points = seen.points;
    std::ranges::stable_sort(points, {}, &core::RecoveryPoint::ended_at);
    seen.count = std::max<std::uint64_t>(seen.count, points.size());
    if (!seen.oldest_at && seen.count == points.size())
        for (const auto& point : points)
            if (point.state == core::PointState::good)
                seen.oldest_at = std::min(seen.oldest_at.value_or(point.data_at), point.data_at);
    if (points.size() > core::kMaxPoints)
        points.erase(points.begin(), points.end() - static_cast<std::ptrdiff_t>(core::kMaxPoints));
}

template <std::size_t I = 0>
Evidence empty_of(EvidenceKind kind) {
    if constexpr (I + 1 < std::variant_size_v<Evidence>)
        if (static_cast<std::size_t>(kind) != I)
            return empty_of<I + 1>(kind);
    return Evidence{std::in_place_index<I>};
}

Evidence evidence_from(const Json& json, Origin origin) {
    if (!json.is_object())
        json.bad("an object");
    Get get{json, origin};
    EvidenceKind kind{};
    get.get(json["kind"], kind);
    Evidence evidence = empty_of(kind);
    std::visit([&](auto& members) { core::fields(members, get); }, evidence);
    if (auto* points = std::get_if<core::RecoveryPoints>(&evidence); points && origin == Origin::foreign)
        put_in_order(*points);
    return evidence;
}

// --- lines -----------------------------------------------------------------------------------------------------

void begin_line(JsonWriter& line, const core::SubjectReport& report, bool first) {
    line.begin_object().field("subject", report.subject);
    if (first && report.location != core::Location{})
        Put{line}("location", report.location);
}

void end_line(JsonWriter& line, std::string& lines) {
    line.end_object();
    lines += line.take();
    lines += '\n';
}

void append_lines(std::string& lines, const core::SubjectReport& report) {
    bool first = true;
    for (const auto& evidence : report.evidence) {
        JsonWriter line;
        begin_line(line, report, std::exchange(first, false));
        line.field("kind", core::name_of(core::kind_of(evidence)));
        std::visit([put = Put{line}](const auto& members) mutable { core::fields(members, put); }, evidence);
        end_line(line, lines);
    }
    if (report.failure || first) {
        JsonWriter line;
        begin_line(line, report, first);
        Put{line}("failure", report.failure);
        end_line(line, lines);
    }
}

/// Lines of one subject need not stand together.
class LineReader {
  public:
    void read(const Json& line) {
        if (!line.is_object())
            line.bad("an object");
        if (ended_)
            throw BadDocument("expected nothing after the line with \"complete\"");
        if (line["complete"])
            end(line);
        else
            add(line);
    }

    core::Seen take() {
        seen_.complete = ended_ && seen_.complete;
        return std::move(seen_);
    }

  private:
    void end(const Json& line) {
        ended_ = true;
        seen_.complete = line["complete"].boolean();
        if (const Json& cursor = line["cursor"])
            seen_.cursor = cursor.text();
    }

    void add(const Json& line) {
        const std::string name = line["subject"] ? line["subject"].text() : std::string{};
        const auto [found, fresh] = places_.try_emplace(name, seen_.subjects.size());
        if (fresh)
            seen_.subjects.emplace_back().subject = name;
        core::SubjectReport& report = seen_.subjects[found->second];
        Get get{line, Origin::foreign};
        get("location", report.location);
        get("failure", report.failure);
        if (line["kind"])
            report.evidence.push_back(evidence_from(line, Origin::foreign));
        else if (!line["failure"] && !line["subject"])
            line["kind"].bad("a kind of evidence");
    }

    core::Seen seen_;
    std::map<std::string, std::size_t, std::less<>> places_;
    bool ended_ = false;
};

} // namespace

void write(JsonWriter& out, const Evidence& evidence) {
    out.begin_object().field("kind", core::name_of(core::kind_of(evidence)));
    std::visit([put = Put{out}](const auto& members) mutable { core::fields(members, put); }, evidence);
    out.end_object();
}

Evidence read_evidence(const Json& json) { return evidence_from(json, Origin::foreign); }

std::string to_lines(const core::Seen& seen) {
    std::string lines;
    for (const auto& report : seen.subjects)
        append_lines(lines, report);
    JsonWriter last;
    last.begin_object().field("complete", seen.complete).field("cursor", seen.cursor);
    end_line(last, lines);
    return lines;
}

core::Seen from_lines(std::string_view lines) {
    LineReader reader;
    for (std::size_t number = 1; !lines.empty(); ++number) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos)
            continue;
        try {
            reader.read(Json::parse(line));
        } catch (const BadDocument& bad) {
            throw BadDocument(fmt::format("line {}: {}", number, bad.what()));
        }
    }
    return reader.take();
}

std::string to_json(const core::CheckMemory& memory) { return written(memory); }

core::CheckMemory read_memory(const Json& json) {
    core::CheckMemory memory;
    Get{json, Origin::own}.get(json, memory);
    return memory;
}

std::string to_json(const core::OutageHistories& outages) { return written(outages); }

core::OutageHistories read_outages(const Json& json) {
    core::OutageHistories outages;
    Get{json, Origin::own}.get(json, outages);
    for (auto& [group, history] : outages)
        // Whoever was in the past has ended; one that does not say when cannot be counted.
        std::erase_if(history.past, [](const core::Outage& outage) { return !outage.ended_at; });
    return outages;
}

std::string to_json(const core::ValidationMemory& memory) { return written(memory); }

core::ValidationMemory read_validation(const Json& json) {
    core::ValidationMemory memory;
    Get{json, Origin::own}.get(json, memory);
    return memory;
}

std::string to_json(const core::Alerts& alerts) {
    JsonWriter out;
    out.begin_array();
    for (const auto& [labels, alert] : alerts)
        Put{out}.put(alert);
    out.end_array();
    return out.take();
}

core::Alerts read_alerts(const Json& json) {
    core::Alerts alerts;
    for (const Json& item : json.items()) {
        core::Alert alert;
        Get{item, Origin::own}.get(item, alert);
        alerts.insert_or_assign(alert.labels, alert);
    }
    return alerts;
}

} // namespace recoverd::io
