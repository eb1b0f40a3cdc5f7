// SPDX-License-Identifier: Apache-2.0
#include "io/dns_message.hpp"

#include "core/ascii.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::io {

namespace {

constexpr int kCaa = 257; // RFC 8659; the C library does not know it

struct Type {
    std::string_view name;
    std::uint16_t number;
};
constexpr std::array<Type, 11> kTypes{{{"A", ns_t_a},
                                       {"AAAA", ns_t_aaaa},
                                       {"CAA", kCaa},
                                       {"CNAME", ns_t_cname},
                                       {"DS", ns_t_ds},
                                       {"MX", ns_t_mx},
                                       {"NS", ns_t_ns},
                                       {"PTR", ns_t_ptr},
                                       {"SOA", ns_t_soa},
                                       {"SRV", ns_t_srv},
                                       {"TXT", ns_t_txt}}};

std::string lower(std::string_view name) {
    return core::ascii_lower(name.substr(0, name.ends_with('.') ? name.size() - 1 : name.size()));
}

/// Reads the data of one record from front to back. Whatever is not there makes it bad, for good.
class Data {
  public:
    Data(const ns_msg& message, const ns_rr& record)
        : message_(message), at_(ns_rr_rdata(record)), end_(at_ + ns_rr_rdlen(record)) {}

    bool good() const { return good_; }
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

    std::uint32_t number(std::size_t bytes) {
        std::uint32_t value = 0;
        for (const unsigned char byte : take(bytes))
            value = value << 8U | byte;
        return value;
    }

    std::string name() {
        std::array<char, NS_MAXDNAME> text{};
        const int used =
            ::dn_expand(ns_msg_base(message_), ns_msg_end(message_), at_, text.data(), static_cast<int>(text.size()));
        if (used < 0 || static_cast<std::size_t>(used) > left()) {
            good_ = false;
            return {};
        }
        at_ += used;
        const std::string read = lower(text.data());
        return read.empty() ? "." : read;
    }

    std::span<const unsigned char> take(std::size_t bytes) {
        if (bytes > left()) {
            good_ = false;
            return {};
        }
        at_ += bytes;
        return {at_ - bytes, bytes};
    }

  private:
    const ns_msg& message_;
    const unsigned char* at_;
    const unsigned char* end_;
    bool good_ = true;
};

std::string address(Data& data, int family, std::size_t size) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const auto bytes = data.take(size);
    if (bytes.empty() || data.left() != 0 || !::inet_ntop(family, bytes.data(), text.data(), text.size()))
        return {};
    return text.data();
}

/// Control characters and what is no ASCII as zone files have them: \DDD.
std::string plain(std::span<const unsigned char> bytes) {
    std::string text;
    for (const unsigned char byte : bytes) {
        if (byte < ' ' || byte >= 0x7f)
            text += fmt::format("\\{:03}", byte);
        else
            text += static_cast<char>(byte);
    }
    return text;
}

/// The pieces of a TXT record belong together (RFC 7208, 3.3), so they are one text without quotes.
std::string texts(Data& data) {
    std::string text;
    while (data.good() && data.left() > 0)
        text += plain(data.take(data.number(1)));
    return text;
}

std::string soa(Data& data) {
    std::string text = data.name();
    text += " " + data.name();
    for (int field = 0; field < 5; ++field) // serial, refresh, retry, expire, minimum
        text += fmt::format(" {}", data.number(4));
    return text;
}

std::string srv(Data& data) {
    std::string text;
    for (int field = 0; field < 3; ++field) // priority, weight, port
        text += fmt::format("{} ", data.number(2));
    return text + data.name();
}

std::string mx(Data& data) {
    const std::uint32_t preference = data.number(2);
    return fmt::format("{} {}", preference, data.name());
}

std::string caa(Data& data) {
    const std::uint32_t flags = data.number(1);
    const std::string tag = plain(data.take(data.number(1)));
    return fmt::format("{} {} \"{}\"", flags, tag, plain(data.take(data.left())));
}

std::string ds(Data& data) {
    std::string text = fmt::format("{}", data.number(2));
    text += fmt::format(" {}", data.number(1));
    text += fmt::format(" {} ", data.number(1));
    for (const unsigned char byte : data.take(data.left()))
        text += fmt::format("{:02x}", byte);
    return text;
}

/// Nothing for data that is not of that type.
std::optional<std::string> text_of(Data data, std::uint16_t type) {
    std::string text;
    switch (type) {
    case ns_t_a:
        text = address(data, AF_INET, NS_INADDRSZ);
        break;
    case ns_t_aaaa:
        text = address(data, AF_INET6, NS_IN6ADDRSZ);
        break;
    case ns_t_mx:
        text = mx(data);
        break;
    case ns_t_txt:
        text = texts(data);
        break;
    case ns_t_soa:
        text = soa(data);
        break;
    case ns_t_srv:
        text = srv(data);
        break;
    case ns_t_ds:
        text = ds(data);
        break;
    case kCaa:
        text = caa(data);
        break;
    default:
        text = data.name();
        break; // CNAME, NS, PTR
    }
    if (!data.good() || data.left() != 0 || (text.empty() && type != ns_t_txt))
        return std::nullopt;
    return text;
}

bool parse(std::span<const unsigned char> bytes, ns_msg& message) {
    return bytes.size() <= NS_MAXMSG && ::ns_initparse(bytes.data(), static_cast<int>(bytes.size()), &message) == 0;
}

} // namespace

std::uint16_t dns_type(std::string_view name) {
    const auto* const found = std::ranges::find(kTypes, name, &Type::name);
    return found == kTypes.end() ? std::uint16_t{0} : found->number;
}

std::optional<DnsBytes> dns_query(std::uint16_t id, const std::string& name, std::uint16_t type) {
    std::array<unsigned char, NS_MAXCDNAME> encoded{};
    const int size = name.empty() || name.contains('\0')
                         ? -1
                         : ::ns_name_compress(name.c_str(), encoded.data(), encoded.size(), nullptr, nullptr);
    if (size < 0)
        return std::nullopt;
    const auto high = [](std::uint16_t value) { return static_cast<unsigned char>(value >> 8U); };
    const auto low = [](std::uint16_t value) { return static_cast<unsigned char>(value & 0xffU); };
    constexpr unsigned char kRecursionDesired = 1;
    // Of the four counts, one question.
    DnsBytes query{high(id), low(id), kRecursionDesired, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    query.insert(query.end(), encoded.begin(), encoded.begin() + size);
    query.insert(query.end(), {high(type), low(type), 0, ns_c_in});
    return query;
}

bool dns_answers(std::span<const unsigned char> bytes, std::uint16_t id, const std::string& name, std::uint16_t type) {
    ns_msg message;
    if (!parse(bytes, message)) {
        // A cut-off one is its answer nevertheless, and to be complained of.
        constexpr std::size_t kHeader = 12;
        return bytes.size() >= kHeader && ns_get16(bytes.data()) == id && (bytes[2] & 0x80U) != 0;
    }
    if (ns_msg_id(message) != id || ns_msg_getflag(message, ns_f_qr) == 0)
        return false;
    ns_rr question;
    if (ns_msg_count(message, ns_s_qd) == 0)
        return ns_msg_getflag(message, ns_f_rcode) != 0;
    return ns_msg_count(message, ns_s_qd) == 1 && ::ns_parserr(&message, ns_s_qd, 0, &question) == 0 &&
           ns_rr_type(question) == type && lower(ns_rr_name(question)) == lower(name == "." ? "" : name);
}

std::optional<DnsReply> read_dns(std::span<const unsigned char> bytes, std::uint16_t type) {
    ns_msg message;
    if (!parse(bytes, message))
        return std::nullopt;
    DnsReply reply;
    reply.truncated = ns_msg_getflag(message, ns_f_tc) != 0;
    reply.answer.code = ns_msg_getflag(message, ns_f_rcode);
    reply.answer.authoritative = ns_msg_getflag(message, ns_f_aa) != 0;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && !reply.truncated; ++i) {
        ns_rr record;
        if (::ns_parserr(&message, ns_s_an, i, &record) != 0)
            return std::nullopt;
        if (ns_rr_type(record) != type || ns_rr_class(record) != ns_c_in)
            continue;
        auto text = text_of(Data{message, record}, type);
        if (!text)
            return std::nullopt;
        // More than 2^31 - 1 means none (RFC 2181, 8).
        reply.answer.records.push_back({ns_rr_ttl(record) > 0x7fffffffU ? 0U : ns_rr_ttl(record), std::move(*text)});
    }
    return reply;
}

} // namespace recoverd::io
