// SPDX-License-Identifier: Apache-2.0
// What objects of the API have in common, and their texts made fit to be passed on.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors::kubernetes_parts {

/// One line of at most `most` bytes without control characters.
std::string clean(std::string_view text, std::size_t most = 200);
/// A text that may be absent, which is empty then. Throws BadDocument for what is no text.
std::string text_or(const io::Json& value);
/// A number that is left out when it is 0, as Go does.
std::uint64_t count_or_zero(const io::Json& value);
std::optional<Time> time_or_none(const io::Json& value);

/// "NAMESPACE/KIND/NAME", the kind as `kubectl get` takes it: a subject's name.
std::string subject_of(std::string_view of_namespace, std::string_view kind, std::string_view name);
/// The same of an object.
std::string subject_of(const io::Json& object, std::string_view kind);

/// The condition of that type among `conditions`, which may be absent; an absent value when there is none.
const io::Json& condition(const io::Json& conditions, std::string_view type);
/// Is the condition of that type among those of its status True?
bool is_true(const io::Json& object, std::string_view type);
/// "Reason: message" of a condition.
std::string why(const io::Json& condition);

/// Was it made less than `within` ago? Clocks may differ by two minutes; one that is dated further ahead is not new,
/// since it would be for ever.
bool is_new(const io::Json& object, Duration within, Time now);

/// Does its `spec` say so? Left out it does not.
bool is_suspended(const io::Json& object);

/// What it stands for: by its annotation recoverd/exercise, or by the option, or empty.
std::string exercise_of(const io::Json& object, const std::string& option);
/// How deep it proves that: by its annotation recoverd/depth, or `otherwise`. Throws BadDocument for a word that is
/// none.
core::Depth depth_of(const io::Json& object, core::Depth otherwise);

/// Keeps the newer one by that time, of two of the same second one that failed; untold it is the oldest.
void keep_newest(std::optional<core::Exercise>& kept, core::Exercise run, std::optional<Time> core::Exercise::* by);

/// The owner that manages it, or an absent value.
const io::Json& controller_of(const io::Json& object);
/// The CronJob that it was made of, or an absent value. Whoever makes a Job of it by hand need not say that it is the
/// controller (Argo CD's action create-job does not).
const io::Json& cronjob_of(const io::Json& object);

} // namespace recoverd::collectors::kubernetes_parts
