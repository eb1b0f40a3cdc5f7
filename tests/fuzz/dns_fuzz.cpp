// SPDX-License-Identifier: Apache-2.0
// What a name server answers when asked for SRV records.
#include "io/service_records.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    const auto services = io::read_services({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
    if (!services)
        return;
    for (const io::Service& service : *services)
        must(!service.host.empty() && service.host != ".", "a service has a host", service.host);
}

} // namespace recoverd::fuzz
