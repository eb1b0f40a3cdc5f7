// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/rules/view.hpp"

namespace recoverd::core {

/// CertificateExpiring.
void judge_certificate(const SubjectView& view, const Reachability& reachability, const Certificate& certificate,
                       Judgement& out);

} // namespace recoverd::core
