// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sigv4.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>

namespace recoverd::test {

namespace {

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes)
        text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

std::string sha256(std::string_view text) {
    std::array<unsigned char, 32> digest{};
    EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    return hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string hmac(const std::string& key, std::string_view text) {
    std::array<unsigned char, 32> digest{};
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), digest.data(), nullptr);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string encoded_again(std::string_view text, bool keep_slash) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = static_cast<unsigned char>(text[i]);
        if (byte == '%' && i + 2 < text.size()) {
            byte = static_cast<unsigned char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
            i += 2;
        }
        const bool plain = (std::isalnum(byte) != 0) || byte == '-' || byte == '_' || byte == '.' || byte == '~' ||
                           (keep_slash && byte == '/');
        out += plain ? std::string(1, static_cast<char>(byte)) : fmt::format("%{:02X}", byte);
    }
    return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(separator, begin), text.size());
        parts.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

std::string canonical_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parameters;
    if (!query.empty())
        for (const auto& part : split(query, '&')) {
            const auto equals = std::min(part.find('='), part.size());
            parameters.emplace_back(encoded_again(part.substr(0, equals), false),
                                    encoded_again(part.substr(std::min(equals + 1, part.size())), false));
        }
    std::sort(parameters.begin(), parameters.end());
    std::string text;
    for (const auto& [name, value] : parameters)
        text += (text.empty() ? "" : "&") + name + "=" + value;
    return text;
}

/// Credential, SignedHeaders, Signature of the Authorization.
std::map<std::string, std::string> words_of(const ServedRequest& request) {
    std::map<std::string, std::string> words;
    const std::string authorization = request.header("authorization");
    for (auto part : split(authorization.substr(std::min(authorization.find(' '), authorization.size())), ',')) {
        part.erase(0, part.find_first_not_of(' '));
        const auto equals = std::min(part.find('='), part.size());
        words[part.substr(0, equals)] = part.substr(std::min(equals + 1, part.size()));
    }
    return words;
}

/// Of the body. Only S3 insists on being told.
std::string payload_hash(const ServedRequest& request, const std::string& service) {
    const std::string told = request.header("x-amz-content-sha256");
    return told.empty() && service != "s3" ? sha256(request.body) : told;
}

/// Key, day, region, service, aws4_request.
std::vector<std::string> scope_of(std::map<std::string, std::string>& words) {
    auto scope = split(words["Credential"], '/');
    return scope.size() == 5 ? scope : std::vector<std::string>{};
}

} // namespace

std::string expected_signature(const ServedRequest& request, const std::string& secret_key) {
    auto words = words_of(request);
    const auto scope = scope_of(words);
    if (scope.empty())
        return "no credential scope";
    std::string headers;
    for (const auto& name : split(words["SignedHeaders"], ';'))
        headers += name + ":" + request.header(name) + "\n";
    const std::string canonical = request.verb + "\n" + encoded_again(request.path, true) + "\n" +
                                  canonical_query(request.query) + "\n" + headers + "\n" + words["SignedHeaders"] +
                                  "\n" + payload_hash(request, scope[3]);
    const std::string to_sign = "AWS4-HMAC-SHA256\n" + request.header("x-amz-date") + "\n" + scope[1] + "/" + scope[2] +
                                "/" + scope[3] + "/" + scope[4] + "\n" + sha256(canonical);
    const std::string day = hmac("AWS4" + secret_key, scope[1]);
    return hex(hmac(hmac(hmac(hmac(day, scope[2]), scope[3]), scope[4]), to_sign));
}

std::string fault_of_signature(const ServedRequest& request, const std::string& secret_key) {
    auto words = words_of(request);
    const auto names = split(words["SignedHeaders"], ';');
    if (!std::is_sorted(names.begin(), names.end()))
        return "signed headers are not sorted: " + words["SignedHeaders"];
    for (const auto& [name, value] : request.headers)
        if ((name == "host" || name.starts_with("x-amz-")) && std::ranges::find(names, name) == names.end())
            return "not signed: " + name;
    const auto scope = scope_of(words);
    const std::string hash = payload_hash(request, scope.empty() ? "s3" : scope[3]);
    if (hash != sha256(request.body) && hash != "UNSIGNED-PAYLOAD")
        return "x-amz-content-sha256 is '" + hash + "'";
    const std::string expected = expected_signature(request, secret_key);
    return expected == words["Signature"] ? "" : "signature " + words["Signature"] + ", expected " + expected;
}

Script signed_with(std::string secret_key, Script then) {
    return [secret_key = std::move(secret_key), then = std::move(then)](Conversation& conversation) {
        const std::string fault = fault_of_signature(conversation.request(), secret_key);
        if (fault.empty())
            return then(conversation);
        conversation.answer(403, "<Error><Code>SignatureDoesNotMatch</Code><Message>" + fault + "</Message></Error>");
    };
}

} // namespace recoverd::test
