// SPDX-License-Identifier: Apache-2.0
// What the worker reads of states: of those that a real Terraform 1.11.4 wrote (tests/data/terraform/), and of what
// stands in their place on worse days.
#include "core/config/values.hpp"
#include "io/json.hpp"
#include "tests/places.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/worker/folder.hpp"
#include "worker/terraform_state/job.hpp"
#include "worker/terraform_state/state.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

using namespace recoverd;
using namespace recoverd::worker;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using terraform_state::State;
using test::Folder;

namespace {

State state_of(std::string_view bytes) {
    return terraform_state::read_state([&] {
        const std::string_view piece = bytes.substr(0, 1000);
        bytes.remove_prefix(piece.size());
        return piece;
    });
}

State captured(const std::string& name) { return state_of(test::data("terraform/" + name)); }

std::string options(const std::string& path) {
    return fmt::format(R"({{"path": {}, "max_size": 1000000}})", io::json_quote(path));
}

core::Result<std::string> look(const std::string& path, const std::function<void()>& pause = [] {}) {
    std::istringstream none;
    return terraform_state::look(options(path), none, pause);
}

io::Json seen(const std::string& path) {
    const auto answer = look(path);
    if (!answer)
        throw std::runtime_error(answer.error().detail);
    return io::Json::parse(*answer);
}

} // namespace

TEST_CASE("what is no state of version 4 is named, and nothing of it is repeated") {
    for (const auto& [bytes, fault] : std::vector<std::pair<std::string, std::string>>{
             {"", "nothing at all"},
             {"hunter2", "broken JSON (expected JSON, stopped at byte"},
             {"[]", "JSON that is no object"},
             {"7", "JSON that is no object"},
             {"{}", "JSON without a version"},
             {R"({"resources": ["hunter2"]})", "JSON without a version"},
             {R"({"version": "hunter2", "serial": 1})", "a version that is no number"},
             {R"({"version": 3, "serial": 1, "lineage": "a", "modules": []})", "a state of version 3"},
             {R"({"version": 5, "serial": 1})", "a state of version 5"},
             {R"({"version": 3, "serial": 1, "lineage": "a", "backend": {"type": "s3"}})",
              "Terraform's note of its backend"},
             {R"({"version": 4})", "a state without a serial"},
             {R"({"version": 4, "serial": "hunter2"})", "a state without a serial"},
             {R"({"version": 4, "serial": -1})", "a state without a serial"},
             {R"({"version": 4, "serial": 18446744073709551616})", "a state without a serial"},
             {R"({"version": 4, "serial": 1, "lineage": 7})", "a lineage that is no short word"},
             {R"({"version": 4, "serial": 1, "lineage": "hunter2\nis my password"})",
              "a lineage that is no short word"},
             {R"({"version": 4, "serial": 1, "resources": {}})", "resources that are no list"},
             {R"({"version": 4, "serial": 1, "resources": 7})", "resources that are no list"},
             {R"({"encrypted_data": "", "encryption_version": "v0"})", "JSON without a version"},
         }) {
        const State state = state_of(bytes);
        CAPTURE(bytes, state.fault);
        CHECK_THAT(state.fault, ContainsSubstring(fault));
        CHECK_THAT(state.fault, !ContainsSubstring("hunter2"));
        CHECK_FALSE(state.serial);
    }
}

TEST_CASE("a state that was cut off is none, wherever it ends") {
    const std::string whole = test::data("terraform/applied.tfstate");
    const auto end = whole.find_last_not_of(" \n") + 1;
    for (std::size_t size = 0; size < end; ++size)
        REQUIRE_FALSE(state_of(std::string_view{whole}.substr(0, size)).fault.empty());
    CHECK(state_of(std::string_view{whole}.substr(0, end)).fault.empty());
}

TEST_CASE("what `terraform show -json` prints is another format") {
    CHECK(captured("show.json").fault == "what `terraform show -json` prints");
}

TEST_CASE("of a state its serial, lineage and resources are known") {
    const State state = captured("applied.tfstate");
    CHECK(state.fault.empty());
    CHECK(state.serial == 6);
    CHECK(state.lineage == "66c56ea7-0889-db1d-bab8-2bc34601b953");
    CHECK(state.resources == 5);
    CHECK_FALSE(state.encrypted);
    CHECK(state.bytes == test::data("terraform/applied.tfstate").size());
    CHECK(state.sha256.size() == 64);
    CHECK(state.md5.size() == 32);
    CHECK(captured("fewer.tfstate").resources == 2);
}

TEST_CASE("after a destroy the state is still there, with a higher serial and no resources") {
    const State state = captured("destroyed.tfstate");
    CHECK(state.fault.empty());
    CHECK(state.serial > captured("fewer.tfstate").serial);
    CHECK(state.resources == 0);
}

TEST_CASE("an encrypted state tells serial and lineage, and not what it holds; an early one tells nothing") {
    const State state = captured("made-encrypted.tfstate");
    CHECK(state.fault.empty());
    CHECK(state.encrypted);
    CHECK(state.serial == 7);
    CHECK(state.lineage == "66c56ea7-0889-db1d-bab8-2bc34601b953");
    CHECK_FALSE(state.resources);
    const State early = state_of(R"({"encryption_version": "v0", "meta": {}, "encrypted_data": "eA=="})");
    CHECK(early.fault.empty());
    CHECK(early.encrypted);
    CHECK_FALSE(early.serial);
    CHECK(early.lineage.empty());
}

TEST_CASE("instances of managed resources count, data sources and deposed ones do not, in whatever order they stand") {
    const State state = state_of(R"({"resources": [
        {"instances": [{"attributes": {"mode": "data", "instances": [{}, {}]}}, {"deposed": "a1b2c3d4"}, {"index_key": 1}],
         "mode": "managed"},
        {"mode": "data", "instances": [{}, {}, {}]},
        {"mode": "managed", "instances": []},
        {"mode": "managed", "instances": [{"index_key": "x", "deposed": ""}]}],
        "outputs": {"resources": {"value": [{"mode": "managed", "instances": [{}]}]}},
        "lineage": "hello", "serial": 3, "version": 4})");
    CHECK(state.fault.empty());
    CHECK(state.resources == 3);
}

TEST_CASE("a state without resources, or with none, is a state") {
    CHECK(state_of(R"({"version": 4, "serial": 0, "lineage": ""})").resources == 0);
    CHECK(state_of(R"({"version": 4, "serial": 0, "lineage": "", "resources": null})").resources == 0);
    CHECK(state_of(R"({"version": 4, "serial": 0, "lineage": "", "resources": []})").fault.empty());
}

TEST_CASE("a state of 50 MB with one long text in it is read as a small one") {
    std::string document =
        R"({"version": 4, "serial": 1, "lineage": "x", "resources": [{"mode": "managed", "instances": [{"a": ")";
    document.append(std::size_t{50} << 20U, 'A');
    document += R"("}]}]})";
    CHECK(state_of(document).resources == 1);
}

TEST_CASE("no state where its folder is, is known; no folder, or none that may be read, is not to know") {
    Folder f;
    CHECK(seen(f / "terraform.tfstate")["missing"].boolean());
    const auto unmounted = look(f / "gone/terraform.tfstate");
    REQUIRE_FALSE(unmounted);
    CHECK(unmounted.error().kind == core::FailureKind::unreachable);
    f.make("folder");
    const auto folder = look(f / "folder");
    REQUIRE_FALSE(folder);
    CHECK(folder.error().kind == core::FailureKind::misconfigured);
}

TEST_CASE("a file that is larger than it may be is not read") {
    Folder f;
    const auto big = look(f.write("terraform.tfstate", std::string(1'000'001, ' ')));
    REQUIRE_FALSE(big);
    CHECK_THAT(big.error().detail, ContainsSubstring("expected at most 1000000 bytes, found 1000001"));
}

TEST_CASE("a state that is being written is read again") {
    Folder f;
    const std::string path = f.write("terraform.tfstate", "");
    const auto answer = look(path, [&] { f.write("terraform.tfstate", test::data("terraform/applied.tfstate")); });
    REQUIRE(answer);
    CHECK(io::Json::parse(*answer)["serial"].natural() == 6);
}

TEST_CASE("a state that stays broken is told as such, with the time of its last write") {
    Folder f;
    const io::Json json = seen(f.write("terraform.tfstate", "hunter2", 2h));
    CHECK_THAT(json["fault"].text(), ContainsSubstring("broken JSON"));
    CHECK(json["modified_at"].time() < core::Time::clock::now());
    CHECK(json["sha256"].absent());
}

TEST_CASE("a lock beside the state is told, and so is that there is none") {
    Folder f;
    const std::string path = f.write("terraform.tfstate", test::data("terraform/applied.tfstate"));
    CHECK(seen(path)["lock"].null());
    f.write(".terraform.tfstate.lock.info", test::data("terraform/lock.info"));
    CHECK(seen(path)["lock"]["info"].text() == test::data("terraform/lock.info"));
    CHECK(seen(path)["lock"]["modified_at"].is_text());
}

TEST_CASE("a state may follow the options") {
    std::istringstream more{test::data("terraform/applied.tfstate")};
    const auto answer = terraform_state::look("{}", more, [] {});
    REQUIRE(answer);
    const io::Json json = io::Json::parse(*answer);
    CHECK(json["serial"].natural() == 6);
    CHECK(json["lock"].absent());
    CHECK_THAT(*answer, !ContainsSubstring("hunter2"));
}

TEST_CASE("samples of states, where they are at hand, are states or named as what they are") {
    const std::filesystem::path samples = test::source_folder() / "../shared/samples/terraform";
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator{samples, none}) {
        std::ifstream file{entry.path(), std::ios::binary};
        const State state = state_of(std::string{std::istreambuf_iterator<char>{file}, {}});
        const std::string name = entry.path().filename().string();
        CAPTURE(name, state.fault);
        const bool broken = name.contains("corrupt") || name.contains("truncated") || name.contains("show");
        CHECK(state.fault.empty() != broken);
    }
}
