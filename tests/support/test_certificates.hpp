// SPDX-License-Identifier: Apache-2.0
// An authority that lives as long as a test: its key and certificates are made at run time in a folder that goes with
// it.
#pragma once

#include "core/time.hpp"
#include "tests/support/scripted_server.hpp"

#include <filesystem>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace recoverd::test {

class TestAuthority {
  public:
    explicit TestAuthority(const std::string& name = "Test Authority");
    ~TestAuthority();
    TestAuthority(const TestAuthority&) = delete;
    TestAuthority& operator=(const TestAuthority&) = delete;

    std::string ca_file() const;
    /// For these DNS names and numeric addresses; valid from and until so long after now.
    ServerTls issue(const std::vector<std::string>& names, core::Duration from = -core::kDay,
                    core::Duration until = 90 * core::kDay);

  private:
    std::filesystem::path folder_;
    evp_pkey_st* key_;
    x509_st* certificate_;
    int issued_ = 1;
};

} // namespace recoverd::test
