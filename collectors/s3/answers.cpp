// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/answers.hpp"

#include "io/xml.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::s3_parts {

namespace {

/// As much of foreign words as a failure has room for, in one line.
std::string shown(std::string_view text) {
    constexpr std::size_t kMost = 160;
    const std::string quoted = io::json_quote(text.substr(0, kMost));
    return quoted.substr(1, quoted.size() - 2);
}

std::string_view hint_for(std::string_view code) {
    if (code == "SignatureDoesNotMatch")
        return "\nhint: the secret_access_key is another than that of this access_key_id, or something in between "
               "changes the request.";
    if (code == "RequestTimeTooSkewed")
        return "\nhint: this machine's clock and the service's differ by more than 15 minutes.";
    if (code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect" || code == "TemporaryRedirect")
        return "\nhint: write the bucket's own region, and its endpoint if there is one.";
    return {};
}

FailureKind kind_of(const io::HttpAnswer& answer, const ErrorBody& error) {
    const bool elsewhere = (answer.status >= 301 && answer.status <= 308) ||
                           error.code == "AuthorizationHeaderMalformed" || error.code == "PermanentRedirect";
    if (elsewhere)
        return FailureKind::misconfigured;
    // Keys that are wrong or too old come as 400 from some services.
    const bool refused = answer.status == 401 || answer.status == 403 || error.code == "ExpiredToken" ||
                         error.code == "ExpiredTokenException" || error.code == "InvalidToken" ||
                         error.code == "InvalidIdentityToken";
    return refused ? FailureKind::refused : FailureKind::bad_answer;
}

} // namespace

ErrorBody read_error(std::string_view body) {
    const auto read = [&] {
        const io::Xml document = io::Xml::parse(body, std::size_t{64} << 10U);
        // STS has it one level deeper.
        const io::Xml* inner = document.find("Error");
        const io::Xml& error = inner ? *inner : document;
        ErrorBody found;
        if (document.name() != "Error" && document.name() != "ErrorResponse")
            return found;
        if (const io::Xml* code = error.find("Code"))
            found.code = code->text();
        if (const io::Xml* message = error.find("Message"))
            found.message = message->text();
        return found;
    };
    return understood(read).value_or(ErrorBody{});
}

Failure failure_of(const io::HttpAnswer& answer, std::string_view what) {
    const ErrorBody error = read_error(answer.body);
    std::string words = fmt::format("{}: status {}", what, answer.status);
    if (!error.code.empty())
        words += fmt::format(", {}", shown(error.code));
    if (!error.message.empty())
        words += fmt::format(" ({})", shown(error.message));
    if (const auto region = answer.header("x-amz-bucket-region"); !region.empty() && answer.status != 403)
        words += fmt::format(", the bucket is in region {}", shown(region));
    return {kind_of(answer, error), words + std::string{hint_for(error.code)}};
}

bool says_no_such_key(const io::HttpAnswer& answer, bool head) {
    if (answer.status == 405 && answer.header("x-amz-delete-marker") == "true")
        return true;
    if (answer.status != 404)
        return false;
    const std::string code = head ? std::string{} : read_error(answer.body).code;
    return head || code == "NoSuchKey" || code == "NoSuchVersion";
}

} // namespace recoverd::collectors::s3_parts
