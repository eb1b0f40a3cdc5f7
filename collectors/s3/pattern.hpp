// SPDX-License-Identifier: Apache-2.0
// Which objects of a bucket are meant: one key, a series per {subject}, or all that a pattern fits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace recoverd::collectors::s3_parts {

class KeyPattern {
  public:
    /// `key` with `*`, `?` (both fit '/' as well: S3 knows no folders) and one {subject}; or, when it is empty, all
    /// below `prefix`.
    KeyPattern(std::string_view key, std::string_view prefix);

    /// What every key that fits begins with: what is listed.
    const std::string& prefix() const { return prefix_; }
    /// Does it name one object (per subject)? Then its versions are the recovery points, else the objects are.
    bool names_objects() const { return names_objects_; }
    bool has_subject() const { return has_subject_; }
    /// The subject that `key` belongs to, which is empty without {subject}; nothing when it does not fit. A subject
    /// ends where what follows begins with a digit ("orders-db" of orders-db-2026-11-22.dump by {subject}-*.dump), else
    /// it takes as much as it can.
    std::optional<std::string_view> subject_of(std::string_view key) const;

  private:
    std::string before_;
    std::string after_;
    std::string prefix_;
    bool has_subject_ = false;
    bool names_objects_ = false;
};

} // namespace recoverd::collectors::s3_parts
