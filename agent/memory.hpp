// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace recoverd::agent {

/// Gives back what starting and compiling a configuration took and nobody needs any more: free heap, and pages of
/// programs and libraries that were used once. What is needed again comes back from the page cache. True when heap went
/// back.
bool give_back_memory();

} // namespace recoverd::agent
