// SPDX-License-Identifier: Apache-2.0
// What git's words mean: asked of what git 2.39.5 said (tests/data/git/capture), and what is made of refs over time.
#include "collectors/git/proof.hpp"
#include "collectors/git/protect.hpp"
#include "collectors/git/state.hpp"
#include "collectors/git/words.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <sstream>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::collectors::git_parts;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::vector<std::string> kNone;
const std::vector<std::string> kPulls{"refs/pull/*"};
constexpr Time kNow = test::kStart;

/// Of a stream in which git said nothing there is no document.
std::string said(const std::string& name) {
    try {
        return test::data("git/" + name);
    } catch (const std::runtime_error&) {
        return {};
    }
}

/// How a captured run of git ended.
io::Finished captured(const std::string& name) {
    std::istringstream statuses{test::data("git/statuses")};
    std::string known;
    for (int status = 0; statuses >> known >> status;)
        if (known == name)
            return test::exited(said(name + ".out"), status, said(name + ".err"));
    throw std::runtime_error("never captured: " + name);
}

std::string oid(int number) { return fmt::format("{:040x}", number); }

Refs refs(std::initializer_list<std::pair<std::string, int>> listed, const std::string& head = "refs/heads/main") {
    Refs made;
    for (const auto& [name, number] : listed)
        made.all.push_back({name, oid(number)});
    made.head = head;
    if (const std::string* tip = made.find(head))
        made.head_oid = *tip;
    return made;
}

} // namespace

TEST_CASE("git refs: a listing that is cut off, doubled, or no listing is refused") {
    const std::string line = oid(1) + "\trefs/heads/main\n";
    for (const std::string& bad :
         std::vector<std::string>{line + oid(2) + "\trefs/he", "garbage\n", "\n", oid(1) + " refs/heads/main\n",
                                  oid(1) + "\tmain\n", "XYZ\trefs/heads/main\n", line + line, oid(1) + "1\trefs/x\n"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(read_refs(bad, kNone), io::BadDocument);
    }
}

TEST_CASE("git refs: HEAD, peeled tags and pull requests are no refs to compare") {
    const Refs listed = read_refs(captured("ls-remote").out, kPulls);
    CHECK(listed.head == "refs/heads/main");
    CHECK(listed.head_oid.size() == 40);
    REQUIRE(listed.all.size() == 4);
    CHECK(listed.all.front().name == "refs/heads/feature");
    CHECK(listed.find("refs/tags/v2"));
    CHECK_FALSE(listed.find("refs/pull/7/head"));
    CHECK_FALSE(listed.find("refs/tags/v2^{}"));
    CHECK(read_refs(captured("ls-remote").out, kNone).all.size() == 5);
    // A commit that HEAD names by itself is no branch.
    CHECK(read_refs(captured("ls-remote-detached").out, kNone).head.empty());
    CHECK(read_refs(captured("ls-remote-empty").out, kNone).all.empty());
}

TEST_CASE("git refs: a bundle lists them in any order, and SHA-256 makes longer names") {
    const std::string sha256(64, 'a');
    const Refs listed = read_refs(sha256 + "\trefs/tags/v1\n" + sha256 + "\trefs/heads/main\n", kNone);
    REQUIRE(listed.all.size() == 2);
    CHECK(listed.all.front().name == "refs/heads/main");
}

TEST_CASE("git refs: a copy lacks what is missing or elsewhere, and what it has besides is no fault") {
    const Refs origin = refs({{"refs/heads/a", 1}, {"refs/heads/main", 2}, {"refs/tags/v1", 3}});
    const auto lacks =
        differences(origin, refs({{"refs/heads/deleted", 9}, {"refs/heads/main", 7}, {"refs/tags/v1", 3}}));
    REQUIRE(lacks.size() == 2);
    CHECK(lacks[0].name == "refs/heads/a");
    CHECK(lacks[0].copy.empty());
    CHECK(lacks[1].copy == oid(7));
    CHECK(in_words(lacks) == "refs/heads/a and 1 other");
    CHECK(differences(origin, origin).empty());
}

TEST_CASE("git words: what fails is told by its kind and its own words, without credentials") {
    const auto kind = [](const std::string& name) {
        const auto failure = git_failure(captured(name), "origin");
        REQUIRE(failure);
        CHECK_THAT(failure->detail, ContainsSubstring("origin: git ended with status 128: "));
        return failure->kind;
    };
    CHECK(kind("ls-remote-missing") == FailureKind::misconfigured);
    CHECK(kind("refused") == FailureKind::unreachable);
    CHECK(kind("unresolved") == FailureKind::unreachable);
    CHECK(kind("ssh-refused") == FailureKind::unreachable);
    CHECK(kind("transport") == FailureKind::misconfigured);
    CHECK(kind("http-401") == FailureKind::refused);
    CHECK(kind("http-403") == FailureKind::refused);
    CHECK(kind("http-404") == FailureKind::misconfigured);
    CHECK(kind("http-500") == FailureKind::unreachable);
    CHECK_THAT(git_failure(captured("ssh-refused"), "origin")->detail, ContainsSubstring("Connection refused"));
    const auto leaky = git_failure(
        test::exited("", 128, "fatal: unable to access 'https://me:s3cret@git.example/x.git/': ?"), "origin");
    CHECK_THAT(leaky->detail, !ContainsSubstring("s3cret"));
}

TEST_CASE("git words: a bundle that is truncated, corrupt, incremental, empty or none at all is damaged") {
    for (const auto* name :
         {"bundle-truncated", "bundle-corrupt", "bundle-incremental", "bundle-zero", "bundle-garbage"}) {
        CAPTURE(name);
        const auto errors = clone_errors(captured(name), Source::bundle);
        REQUIRE(errors);
        CHECK(errors->size() > 20);
    }
    // One that is not there is nothing that could be damaged.
    CHECK_FALSE(clone_errors(captured("bundle-absent"), Source::bundle));
    CHECK_FALSE(clone_errors(captured("bundle-good"), Source::bundle));
}

TEST_CASE("git words: a pack that rotted, and objects that are gone, are damage; a connection that broke is none") {
    CHECK_THAT(*clone_errors(captured("clone-corrupt"), Source::local), ContainsSubstring("inflate"));
    CHECK_THAT(*clone_errors(captured("clone-lacks"), Source::remote), ContainsSubstring("corruption"));
    CHECK(clone_errors(captured("clone-gone"), Source::local));
    // A server of many pushes says so of a branch that was deleted meanwhile.
    CHECK_FALSE(clone_errors(captured("clone-gone"), Source::remote));
    CHECK_FALSE(clone_errors(captured("clone-missing"), Source::local));
    CHECK_FALSE(clone_errors(test::exited("", 128, "fatal: early EOF\nfatal: fetch-pack: invalid index-pack output\n"),
                             Source::remote));
    CHECK_FALSE(clone_errors(captured("refused"), Source::remote));
    CHECK_FALSE(clone_errors(test::exited("", 128, "fatal: '/srv/inflate.git' does not appear to be a git repository"),
                             Source::local));
}

TEST_CASE("git words: a disk that is full, and a pack beyond its limit, are no damage") {
    CHECK_FALSE(clone_errors(captured("clone-limited"), Source::local));
    CHECK_FALSE(clone_errors(test::exited("", 128, "fatal: write error: No space left on device\nerror: inflate\n"),
                             Source::local));
}

TEST_CASE("git words: fsck finds what is corrupt or missing, and malformed history is as it was pushed") {
    CHECK_THAT(*fsck_errors(captured("fsck-corrupt")), ContainsSubstring("git fsck: "));
    CHECK_THAT(*fsck_errors(captured("fsck-lacks")), ContainsSubstring("broken link"));
    CHECK_FALSE(fsck_errors(captured("fsck")));
    CHECK_FALSE(fsck_errors(captured("fsck-malformed")));
    CHECK(fsck_errors(test::exited("missing blob 1\n", 3, "error in commit 1: badTimezone: x\n")));
    CHECK(fsck_errors(test::exited("", 1, "error: sha1 mismatch for 1\nerror in commit 1: badTimezone: x\n")));
    CHECK(fsck_errors(test::exited("", 4)));
    CHECK(fsck_errors(test::exited("", 1)));
    // Beside it fsck warns, and notes what is no error either.
    const std::string warned = "warning in tree 1: zeroPaddedFilemode: contains zero-padded file modes\n"
                               "notice: HEAD points to an unborn branch (gone)\n";
    CHECK_FALSE(fsck_errors(test::exited("", 1, warned + "error in commit 2: badTimezone: x\n")));
    CHECK(fsck_errors(test::exited("missing blob 1\n", 3, warned)));
    CHECK(fsck_errors(test::exited("", 1, warned + "error: sha1 mismatch for 1\n")));
}

TEST_CASE("git state: a copy that was up to date at the last look is at least as new as that") {
    State state;
    const Refs origin = refs({{"refs/heads/main", 2}});
    state.see_copy({}, kNow);
    CHECK(state.copy_is_of(kNow) == kNow);
    const auto behind = differences(origin, refs({{"refs/heads/main", 1}}));
    state.see_copy(behind, kNow + 1h);
    CHECK(state.copy_is_of(kNow + 1h) == kNow);
    state.see_copy(behind, kNow + 2h);
    CHECK(state.copy_is_of(kNow + 2h) == kNow);
    state.see_copy({}, kNow + 3h);
    CHECK(state.copy_is_of(kNow + 3h) == kNow + 3h);
}

TEST_CASE("git state: a copy of a busy repository that is never equal but moves is as old as the look before") {
    State state;
    state.see_copy({}, kNow);
    for (int i = 1; i < 10; ++i)
        state.see_copy({{"refs/heads/main", oid(i + 1), oid(i)}}, kNow + i * 1h);
    CHECK(state.copy_is_of(kNow + 9h) == kNow + 8h);
    // One ref that stays behind is what counts, however much the others move.
    for (int i = 10; i < 20; ++i)
        state.see_copy({{"refs/heads/main", oid(i + 1), oid(i)}, {"refs/heads/stuck", oid(1), ""}}, kNow + i * 1h);
    CHECK(state.copy_is_of(kNow + 19h) == kNow + 9h);
}

TEST_CASE("git state: of a copy that was behind from the beginning nobody knows since when") {
    State state;
    const std::vector<Difference> behind{{"refs/heads/main", oid(2), oid(1)}};
    state.see_copy(behind, kNow);
    CHECK_FALSE(state.copy_is_of(kNow));
    state.see_copy(behind, kNow + 1h);
    CHECK_FALSE(state.copy_is_of(kNow + 1h));
    state.see_copy({{"refs/heads/main", oid(3), oid(2)}}, kNow + 2h);
    CHECK(state.copy_is_of(kNow + 2h) == kNow + 1h);
}

TEST_CASE("git state: twenty thousand refs that are behind stay few bytes, and stay behind") {
    std::vector<Difference> behind;
    for (int i = 0; i < 20'000; ++i)
        behind.push_back({fmt::format("refs/heads/feature/{:05}", i), oid(i + 1), oid(i)});
    State state;
    state.see_copy({}, kNow);
    for (int i = 1; i < 4; ++i) {
        state.see_copy(behind, kNow + i * 1h);
        CHECK(state.copy_is_of(kNow + i * 1h) == kNow);
        const std::string text = write_state(state);
        CHECK(text.size() < 100'000);
        state = read_state(text, "");
    }
    // The first of them are mended; the rest is no younger for it.
    behind.erase(behind.begin(), behind.begin() + 19'900);
    state.see_copy(behind, kNow + 5h);
    CHECK(state.copy_is_of(kNow + 5h) == kNow);
}

TEST_CASE("git state: what was kept is read again, and what is none or is of another repository begins anew") {
    State state;
    state.of = "a\nb";
    state.see_origin(refs({{"refs/heads/main", 2}}), kNow);
    state.see_copy({{"refs/heads/main", oid(2), oid(1)}}, kNow);
    state.anchors["refs/heads/main"] = oid(2);
    state.lost["refs/heads/old"] = {oid(3), "deleted", kNow};
    state.proof.found("git fsck: missing blob");
    state.proof.passed_at = kNow - 1h;
    state.proof.lfs_missing = 2;
    state.proof.failure = Failure{FailureKind::timed_out, "too late"};
    CHECK(read_state(write_state(state), "a\nb") == state);
    State fresh;
    fresh.of = "c";
    CHECK(read_state(write_state(state), "c") == fresh);
    for (const auto* text : {"", "nonsense", "[]", "{}", R"({"of":"c","behind":[]})"})
        CHECK(read_state(text, "c") == fresh);
}

TEST_CASE("git state: a change of the origin is dated by the look that saw it first") {
    State state;
    state.see_origin(refs({{"refs/heads/main", 1}}), kNow);
    CHECK(state.changed_at == kNow);
    state.see_origin(refs({{"refs/heads/main", 1}}), kNow + 1h);
    CHECK(state.changed_at == kNow);
    state.see_origin(refs({{"refs/heads/main", 2}}), kNow + 2h);
    CHECK(state.changed_at == kNow + 2h);
}

TEST_CASE("git state: what failed or found damage is tried again sooner, and a clock set back delays nothing") {
    Proof proof;
    CHECK(proof.due(kNow, 30 * core::kDay));
    proof.tried_at = kNow;
    CHECK_FALSE(proof.due(kNow + 29 * core::kDay, 30 * core::kDay));
    CHECK(proof.due(kNow + 30 * core::kDay, 30 * core::kDay));
    CHECK(proof.due(kNow - 1h, 30 * core::kDay));
    proof.found("damage");
    CHECK_FALSE(proof.due(kNow + 59min, 30 * core::kDay));
    CHECK(proof.due(kNow + 1h, 30 * core::kDay));
    CHECK(proof.due(kNow + 30min, 4h));
    proof.failure = Failure{FailureKind::unreachable, "away"};
    CHECK_FALSE(proof.due(kNow + 9min, 30 * core::kDay));
    CHECK(proof.due(kNow + 10min, 30 * core::kDay));
}

TEST_CASE("git protect: a branch that was deleted is lost, until it is back or goes by another name") {
    const std::vector<std::string> globs{"HEAD", "refs/heads/release/*"};
    State state;
    const Refs before = refs({{"refs/heads/feature", 5}, {"refs/heads/main", 1}, {"refs/heads/release/1", 2}});
    CHECK(watch(state, before, nullptr, globs, kNow).empty());
    CHECK(state.anchors.size() == 2);
    const Refs after = refs({{"refs/heads/main", 1}});
    const auto questions = watch(state, after, &before, globs, kNow + 1h);
    REQUIRE(state.lost.size() == 1);
    CHECK(state.lost.at("refs/heads/release/1").how == "deleted");
    CHECK_THAT(nothing_lost(state, &before, questions).detail, ContainsSubstring("the mirror still has it"));
    CHECK_THAT(nothing_lost(state, &after, {}).detail, ContainsSubstring("nor in the mirror"));
    CHECK(nothing_lost(state, &after, {}).actual == "1");
    // Was it merged? Only who has the objects knows.
    REQUIRE(questions.size() == 1);
    State merged = state;
    answer(merged, questions[0], true, kNow + 1h);
    CHECK(merged.lost.empty());
    answer(state, questions[0], false, kNow + 2h);
    CHECK(state.lost.at("refs/heads/release/1").since == kNow + 1h);
    watch(state, before, nullptr, globs, kNow + 3h);
    CHECK(state.lost.empty());
    const Refs renamed = refs({{"refs/heads/main", 1}, {"refs/heads/release/one", 2}});
    watch(state, renamed, nullptr, globs, kNow + 4h);
    CHECK(state.lost.empty());
}

TEST_CASE("git protect: the default branch by another name is no loss, and the old one is no longer protected") {
    const std::vector<std::string> globs{"HEAD"};
    State state;
    watch(state, refs({{"refs/heads/master", 1}}, "refs/heads/master"), nullptr, globs, kNow);
    const Refs both = refs({{"refs/heads/main", 2}, {"refs/heads/master", 1}});
    CHECK(watch(state, both, nullptr, globs, kNow).empty());
    CHECK(state.anchors.size() == 1);
    CHECK(state.anchors.contains("refs/heads/main"));
    CHECK(state.lost.empty());
}

TEST_CASE("git protect: a forced push is lost history once the mirror has taken it over, a push is none") {
    const std::vector<std::string> globs{"HEAD"};
    State state;
    const Refs first = refs({{"refs/heads/main", 1}});
    watch(state, first, &first, globs, kNow);
    const Refs forced = refs({{"refs/heads/main", 7}});
    // The mirror is not there yet, and nobody has the objects to tell.
    CHECK(watch(state, forced, &first, globs, kNow + 1h).empty());
    CHECK(state.lost.empty());
    const auto questions = watch(state, forced, &forced, globs, kNow + 2h);
    REQUIRE(questions.size() == 1);
    CHECK_FALSE(nothing_lost(state, &forced, questions).actual);
    CHECK(nothing_lost(state, &forced, {}).actual == "0");
    CHECK(questions[0].anchor == oid(1));
    CHECK(questions[0].tip == oid(7));
    answer(state, questions[0], false, kNow + 2h);
    CHECK(state.lost.at("refs/heads/main").how == "rewritten");
    CHECK(state.anchors.at("refs/heads/main") == oid(1));
    // It stays lost however the branch goes on, until a tip holds it again.
    const Refs on = refs({{"refs/heads/main", 8}});
    const auto again = watch(state, on, &on, globs, kNow + 3h);
    answer(state, again.at(0), false, kNow + 3h);
    CHECK(state.lost.at("refs/heads/main").since == kNow + 2h);
    answer(state, again.at(0), true, kNow + 4h);
    CHECK(state.lost.empty());
    CHECK(state.anchors.at("refs/heads/main") == oid(8));
}

TEST_CASE("git protect: a mirror that lags when it is first seen, or is set back, makes no lost history") {
    const std::vector<std::string> globs{"HEAD"};
    State state;
    const Refs origin = refs({{"refs/heads/main", 5}, {"refs/heads/other", 1}});
    const Refs empty = refs({{"refs/heads/other", 1}});
    CHECK(watch(state, origin, &empty, globs, kNow).empty());
    CHECK(state.anchors.empty());
    const Refs lagging = refs({{"refs/heads/main", 3}});
    CHECK(watch(state, origin, &lagging, globs, kNow).empty());
    CHECK(state.anchors.at("refs/heads/main") == oid(3));
    const auto questions = watch(state, origin, &origin, globs, kNow + 1h);
    REQUIRE(questions.size() == 1);
    CHECK(questions[0].anchor == oid(3));
    answer(state, questions[0], true, kNow + 1h);
    CHECK(watch(state, origin, &lagging, globs, kNow + 2h).empty());
    CHECK(state.lost.empty());
}

TEST_CASE("git protect: a tag that moved is lost, and nobody needs to be asked") {
    const std::vector<std::string> globs{"refs/tags/*"};
    State state;
    watch(state, refs({{"refs/heads/main", 1}, {"refs/tags/v1", 1}}), nullptr, globs, kNow);
    const Refs moved = refs({{"refs/heads/main", 1}, {"refs/tags/v1", 2}});
    CHECK(watch(state, moved, nullptr, globs, kNow).empty());
    CHECK(state.lost.at("refs/tags/v1").how == "moved");
}

TEST_CASE("git protect: more refs than can be remembered are said, not left out") {
    Refs many;
    for (int i = 0; i < 2'000; ++i)
        many.all.push_back({fmt::format("refs/tags/{:05}", i), oid(i)});
    State state;
    const std::vector<std::string> globs{"refs/tags/*"};
    CHECK_THROWS_AS(watch(state, many, nullptr, globs, kNow), io::BadDocument);
}

TEST_CASE("git lfs: pointers without objects are counted once each, whatever the file's name") {
    const std::string a(64, 'a');
    const std::string b(64, 'b');
    using namespace std::string_literals;
    const std::string pointers = "HEAD:a.bin\0version https://git-lfs.github.com/spec/v1\nHEAD:a.bin\0oid sha256:"s +
                                 a + "\nHEAD:d/b:c.bin\0oid sha256:"s + b + "\nHEAD:same\0oid sha256:"s + b + "\n";
    const LfsObjects one = compare_lfs(pointers, "aa/aa/"s + a + '\0');
    CHECK(one.pointers == 2);
    CHECK(one.missing == 1);
    CHECK(one.first == "d/b:c.bin");
    CHECK(compare_lfs(pointers, "aa/aa/"s + a + "\0bb/bb/"s + b + '\0').missing == 0);
    CHECK(compare_lfs(pointers, "").missing == 2);
    CHECK(compare_lfs("", "x").pointers == 0);
    CHECK(compare_lfs("HEAD:x\0oid sha256:short\n\0\n"s, "").pointers == 0);
}
