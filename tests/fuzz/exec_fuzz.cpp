// SPDX-License-Identifier: Apache-2.0
// What a plug-in of Nagios prints: its words, and performance data with their ranges.
#include "collectors/exec.hpp"
#include "collectors/nagios_perfdata.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    for (const int status : {0, 1, 2, 3, 127}) {
        io::Finished finished;
        finished.status = status;
        finished.out = finished.err = bytes;
        const auto seen = collectors::interpret_nagios(finished);
        must(seen.has_value() == (status <= 2), "statuses 0 to 2 are answers, others are none");
        if (seen) {
            must(seen->subjects.size() == 1 && !seen->subjects[0].evidence.empty(), "a plug-in has a verdict");
            must_be_sound(*seen);
        } else {
            must_be_sound(seen.error());
        }
    }
    const auto output = collectors::read_nagios_output(bytes);
    must(std::ranges::none_of(output.text, [](unsigned char c) { return c < 0x20; }), "words are printable",
         output.text);
    if (const auto range = collectors::read_range(bytes); range && range->start && range->end)
        must(*range->start <= *range->end, "a range does not end before it begins", bytes);
}

} // namespace recoverd::fuzz
