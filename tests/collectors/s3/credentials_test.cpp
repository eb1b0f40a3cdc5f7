// SPDX-License-Identifier: Apache-2.0
#include "collectors/s3/credentials.hpp"

#include "io/json.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::collectors::s3_parts;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::string_view kFile = "# written by hand\n"
                                   "[default]\r\n"
                                   "aws_access_key_id = AKIDDEFAULT\r\n"
                                   "aws_secret_access_key=with=equals/and+plus\n"
                                   "; aws_session_token = none\n"
                                   "region = eu-central-1\n"
                                   "[ profile backups ]\n"
                                   "aws_access_key_id=ASIABACKUPS\n"
                                   "aws_secret_access_key=second\n"
                                   "aws_session_token=token==\n"
                                   "[half]\n"
                                   "aws_access_key_id=AKIDHALF";

constexpr std::string_view kAssumed =
    R"(<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>system:serviceaccount:monitoring:recoverd</SubjectFromWebIdentityToken>
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>
    <Credentials>
      <SessionToken>the-token</SessionToken><SecretAccessKey>the-key</SecretAccessKey>
      <Expiration>2026-11-22T04:00:00Z</Expiration><AccessKeyId>ASIAROLE</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>)";

struct Opening {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    std::vector<io::HttpRequest> requests;
    std::function<io::HttpAnswer(const io::HttpRequest&)> answer;

    Opening() {
        world.on_http = [this](const io::HttpRequest& request) {
            requests.push_back(request);
            return answer(request);
        };
    }
    Result<Keys> open(ClientOptions options) {
        return test::run(ioc, world.timers(), open_keys(world, std::move(options), session_name("state"), 9s));
    }
};

io::HttpAnswer says(int status, std::string_view body) {
    io::HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    return answer;
}

ClientOptions role_options() {
    ClientOptions options;
    options.region = "eu-central-1";
    options.role_arn = "arn:aws:iam::123456789012:role/recoverd";
    options.web_identity_token = {SecretRef::Source::file, "token"};
    return options;
}

ClientOptions machine_options() {
    ClientOptions options;
    options.instance_metadata = true;
    return options;
}

} // namespace

TEST_CASE("a profile that is missing or not whole is misconfigured, and shows no key") {
    const auto missing = read_profile(kFile, "nobody");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == FailureKind::misconfigured);
    CHECK_THAT(missing.error().detail, ContainsSubstring("'nobody'"));
    const auto half = read_profile(kFile, "half");
    REQUIRE_FALSE(half);
    CHECK_THAT(half.error().detail, !ContainsSubstring("AKIDHALF"));
    CHECK_FALSE(read_profile("", "default"));
}

TEST_CASE("a profile of a shared credentials file has its keys, and a session token when they are temporary") {
    const auto first = read_profile(kFile, "default");
    REQUIRE(first);
    CHECK(first->access_key_id == "AKIDDEFAULT");
    CHECK(first->secret_access_key.reveal() == "with=equals/and+plus");
    CHECK(first->session_token.empty());
    const auto second = read_profile(kFile, "backups");
    REQUIRE(second);
    CHECK(second->session_token.reveal() == "token==");
}

TEST_CASE("the credentials file is opened for every run: who renews it need not tell us") {
    Opening opening;
    ClientOptions options;
    options.credentials = {SecretRef::Source::file, "credentials"};
    CHECK_FALSE(opening.open(options));
    opening.world.secrets["credentials"] = kFile;
    REQUIRE(opening.open(options));
    opening.world.secrets["credentials"] = "[default]\naws_access_key_id=NEW\naws_secret_access_key=new\n";
    CHECK(opening.open(options)->access_key_id == "NEW");
}

TEST_CASE("a web identity is changed for the keys of the role, by a request that nobody need sign") {
    Opening opening;
    opening.world.secrets["token"] = "eyJ.with+special/chars=";
    opening.answer = [](const auto&) { return says(200, kAssumed); };
    const auto keys = opening.open(role_options());
    REQUIRE(keys);
    CHECK(keys->access_key_id == "ASIAROLE");
    CHECK(keys->secret_access_key.reveal() == "the-key");
    CHECK(keys->session_token.reveal() == "the-token");
    REQUIRE(opening.requests.size() == 1);
    const io::HttpRequest& request = opening.requests[0];
    CHECK(request.url == "https://sts.eu-central-1.amazonaws.com");
    CHECK(request.verb == "POST");
    CHECK(request.auth.sigv4.empty());
    CHECK(request.max_redirects == 0);
    CHECK_THAT(request.body, ContainsSubstring("Action=AssumeRoleWithWebIdentity&"));
    CHECK_THAT(request.body, ContainsSubstring("RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Frecoverd&"));
    CHECK_THAT(request.body, ContainsSubstring("WebIdentityToken=eyJ.with%2Bspecial%2Fchars%3D"));
    CHECK_THAT(request.body, ContainsSubstring("RoleSessionName=recoverd-state&"));
}

TEST_CASE("a token that has expired or is not accepted is a refusal in the service's words, without the token") {
    for (const char* code : {"ExpiredTokenException", "InvalidIdentityToken", "AccessDenied"}) {
        Opening opening;
        opening.world.secrets["token"] = "eyJ-the-token";
        opening.answer = [code](const auto&) {
            return says(code == std::string_view{"AccessDenied"} ? 403 : 400,
                        std::string{"<ErrorResponse><Error><Type>Sender</Type><Code>"} + code +
                            "</Code><Message>no</Message></Error></ErrorResponse>");
        };
        const auto keys = opening.open(role_options());
        REQUIRE_FALSE(keys);
        CHECK(keys.error().kind == FailureKind::refused);
        CHECK_THAT(keys.error().detail, ContainsSubstring(code));
        CHECK_THAT(keys.error().detail, !ContainsSubstring("eyJ-the-token"));
    }
}

TEST_CASE("an answer of STS without keys is a bad one") {
    for (const char* body : {"", "<html/>", "{}", "<AssumeRoleWithWebIdentityResponse/>"}) {
        Opening opening;
        opening.world.secrets["token"] = "t";
        opening.answer = [body](const auto&) { return says(200, body); };
        const auto keys = opening.open(role_options());
        REQUIRE_FALSE(keys);
        CHECK(keys.error().kind == FailureKind::bad_answer);
    }
}

TEST_CASE("the machine's role has its keys from the metadata service, by a token and never through the proxy") {
    Opening opening;
    opening.answer = [](const io::HttpRequest& request) {
        if (request.url.ends_with("/latest/api/token"))
            return request.verb == "PUT" ? says(200, "metadata-token") : says(405, "");
        if (request.auth.header_value.reveal() != "metadata-token")
            return says(401, "");
        if (request.url.ends_with("/security-credentials/"))
            return says(200, "backup-role");
        return says(200, R"({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAMACHINE",
                             "SecretAccessKey": "k", "Token": "t", "Expiration": "2026-11-22T09:00:00Z"})");
    };
    ClientOptions options = machine_options();
    options.proxy = "http://proxy.example:3128";
    const auto keys = opening.open(options);
    REQUIRE(keys);
    CHECK(keys->access_key_id == "ASIAMACHINE");
    CHECK(keys->session_token.reveal() == "t");
    REQUIRE(opening.requests.size() == 3);
    CHECK(opening.requests[2].url == "http://169.254.169.254/latest/meta-data/iam/security-credentials/backup-role");
    for (const auto& request : opening.requests)
        CHECK(request.proxy.empty());
    // On a machine that has the service elsewhere, all three go there.
    opening.requests.clear();
    options.metadata_endpoint = "http://[fd00:ec2::254]/";
    REQUIRE(opening.open(options));
    REQUIRE(opening.requests.size() == 3);
    for (const auto& request : opening.requests)
        CHECK(request.url.starts_with("http://[fd00:ec2::254]/latest/"));
}

TEST_CASE("a machine without a role is misconfigured, one whose role gives no keys is refused") {
    Opening opening;
    opening.answer = [](const io::HttpRequest& request) {
        return request.verb == "PUT" ? says(200, "t") : says(404, "<html>");
    };
    const auto none = opening.open(machine_options());
    REQUIRE_FALSE(none);
    CHECK(none.error().kind == FailureKind::misconfigured);
    const auto failing = read_instance_role(R"({"Code": "AssumeRoleUnauthorizedAccess", "Message": "no"})");
    REQUIRE_FALSE(failing);
    CHECK(failing.error().kind == FailureKind::refused);
    CHECK_THAT(failing.error().detail, ContainsSubstring("AssumeRoleUnauthorizedAccess"));
    CHECK_THROWS_AS(read_instance_role("{}"), io::BadDocument);
}

TEST_CASE("a metadata service that does not answer leaves in time, and says what is usually the cause") {
    Opening opening;
    opening.world.latency = 24h;
    const auto keys = opening.open(machine_options());
    REQUIRE_FALSE(keys);
    CHECK(keys.error().kind == FailureKind::timed_out);
    CHECK_THAT(keys.error().detail, ContainsSubstring("hop limit"));
}

TEST_CASE("a session is named after the check, in letters that STS takes") {
    CHECK(session_name("state") == "recoverd-state");
    CHECK(session_name("zürich/~x y") == "recoverd-z--rich--x-y");
    CHECK(session_name(std::string(200, 'a')).size() == 64);
}
