// SPDX-License-Identifier: Apache-2.0
// Lines of evidence, as the worker and other people's programs print them.
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    try {
        const core::Seen seen = io::from_lines(bytes);
        must_be_sound(seen);
    } catch (const io::BadDocument& bad) {
        must(std::string_view{bad.what()}.starts_with("line "), "a bad document says where", bad.what());
    }
}

} // namespace recoverd::fuzz
