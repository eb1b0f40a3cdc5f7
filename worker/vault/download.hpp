// SPDX-License-Identifier: Apache-2.0
// A fresh snapshot, taken to see that one can be taken and is whole. It holds every secret, and is never kept.
#pragma once

#include "core/report.hpp"
#include "io/http.hpp"
#include "worker/files/clock.hpp"

#include <string>

namespace recoverd::worker::vault {

struct DownloadOptions {
    io::HttpRequest request;
    std::string scratch;
    /// Until when all must have been done.
    core::Duration time_limit{60'000};
};
/// Throws io::BadDocument.
DownloadOptions read_download_options(std::string_view input);

/// One exercise, `passed` or `failed`; a failure when there is no snapshot to judge.
core::Result<core::Seen> download(const DownloadOptions& options, const files::Clock& clock);

} // namespace recoverd::worker::vault
