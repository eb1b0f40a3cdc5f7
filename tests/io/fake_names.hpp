// SPDX-License-Identifier: Apache-2.0
// Stands in for the C library's resolver in the whole test program: names that hang, are slow, do not exist.
// Only names below `.test` are ours; all others go the usual way. One at a time.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <string>

namespace recoverd::test {

class FakeNames {
  public:
    FakeNames();
    /// Lets go of whatever hangs.
    ~FakeNames();
    FakeNames(const FakeNames&) = delete;
    FakeNames& operator=(const FakeNames&) = delete;

    /// `addresses`: numeric, separated by spaces.
    void add(const std::string& name, const std::string& addresses, core::Duration delay = {});
    /// Fails as a name server that does not answer makes it fail: late.
    void fail_late(const std::string& name, core::Duration delay);
    void hang(const std::string& name);

    struct Srv {
        std::uint16_t priority;
        std::uint16_t weight;
        std::uint16_t port;
        std::string target;
    };
    void add_service(const std::string& name, const Srv& record);
    /// Every reply about services loses this many bytes at its end.
    void truncate_replies(std::size_t bytes);

    /// How often getaddrinfo was called so far, by whomever.
    static int asked();
};

} // namespace recoverd::test
