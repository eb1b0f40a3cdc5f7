// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/rules/view.hpp"

namespace recoverd::core {

/// EvidenceImplausible: one finding per subject, which names the first contradictions.
void judge_plausibility(const SubjectView& view, Judgement& out);

} // namespace recoverd::core
