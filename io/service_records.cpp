// SPDX-License-Identifier: Apache-2.0
#include "io/service_records.hpp"

#include <arpa/nameser.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace recoverd::io {

std::optional<std::vector<Service>> read_services(std::span<const unsigned char> reply) {
    struct Record {
        unsigned priority;
        unsigned weight;
        Service service;
    };
    std::vector<Record> records;
    ns_msg message;
    if (::ns_initparse(reply.data(), static_cast<int>(reply.size()), &message) != 0)
        return std::nullopt;
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
        ns_rr record;
        if (::ns_parserr(&message, ns_s_an, i, &record) != 0)
            return std::nullopt;
        constexpr unsigned kFixed = 6; // priority, weight, port
        if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= kFixed)
            continue;
        const unsigned char* data = ns_rr_rdata(record);
        std::array<char, NS_MAXDNAME> name{};
        if (::dn_expand(ns_msg_base(message), ns_msg_end(message), data + kFixed, name.data(), name.size()) < 0)
            return std::nullopt;
        // A lone root as the target means that the service is decidedly not offered (RFC 2782).
        if (name[0] == '\0' || std::string_view{name.data()} == ".")
            continue;
        records.push_back(
            {ns_get16(data), ns_get16(data + 2), {name.data(), static_cast<std::uint16_t>(ns_get16(data + 4))}});
    }
    std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
        return std::tuple(a.priority, b.weight) < std::tuple(b.priority, a.weight);
    });
    std::vector<Service> services;
    for (auto& record : records)
        services.push_back(std::move(record.service));
    return services;
}

} // namespace recoverd::io
