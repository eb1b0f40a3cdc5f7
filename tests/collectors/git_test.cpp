// SPDX-License-Identifier: Apache-2.0
// The collector as a whole against a scripted world: what it runs, and what it makes of it, look after look.
#include "core/assertion.hpp"
#include "core/config/values.hpp"
#include "tests/collectors/one_look.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <map>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::PointState;
using test::evidence;
using test::points;
using test::subject;
using test::text;

namespace {

const std::string kOrigin = "https://git.example/orders.git";
const std::string kMirror = "/srv/git/orders.git";
const std::string kRemote = "https://mirror.example/orders.git";
const std::string kBundle = "/srv/git/orders.bundle";

std::string oid(int number) { return fmt::format("{:040x}", number); }

/// What `git ls-remote --symref` prints of a repository with these branches and tags.
std::string listing(const std::vector<std::pair<std::string, int>>& refs, const std::string& head = "refs/heads/main") {
    std::string lines;
    for (const auto& [name, number] : refs)
        if (name == head)
            lines = fmt::format("ref: {}\tHEAD\n{}\tHEAD\n", head, oid(number));
    for (const auto& [name, number] : refs)
        lines += oid(number) + "\t" + name + "\n";
    return lines;
}

std::string without_head(std::string lines) {
    return lines.substr(lines.find("\tHEAD\n", lines.find("HEAD\n") + 5) + 6);
}

core::config::Entry yes(std::string key) { return test::entry(std::move(key), {true, {}}); }

struct Scripted {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    /// By the words of git: "ls-remote URL" for a list, else the subcommand.
    std::map<std::string, core::Result<io::Finished>> says;
    std::vector<io::Command> ran;
    Duration later{0};
    core::config::Table table{text("origin", kOrigin), text("mirror", kMirror)};
    std::string cursor;

    Scripted() {
        const std::string refs = listing({{"refs/heads/feature", 3}, {"refs/heads/main", 2}, {"refs/tags/v1", 1}});
        says.emplace("ls-remote " + kOrigin, test::exited(refs));
        says.emplace("ls-remote " + kMirror, test::exited(refs));
        says.emplace("ls-remote " + kBundle, test::exited(without_head(refs)));
        says.emplace("rev-parse", test::exited("false\n"));
        says.emplace("clone", test::exited(""));
        says.emplace("fsck", test::exited(""));
        says.emplace("for-each-ref", test::exited(without_head(refs)));
        says.emplace("rev-list", test::exited("commit x\n1700000000\n"));
        says.emplace("grep", test::exited("", 1));
        says.emplace("merge-base", test::exited("", 0));
        world.on_run = [this](const io::Command& command) {
            ran.push_back(command);
            const auto known = says.find(key(command));
            return known == says.end() ? core::failed(FailureKind::unreachable, "not scripted: " + key(command))
                                       : known->second;
        };
    }

    static std::string key(const io::Command& command) {
        for (const std::string& word : command.argv)
            for (const auto* known : {"ls-remote", "rev-parse", "clone", "fsck", "for-each-ref", "rev-list", "grep",
                                      "merge-base", "ls-files"})
                if (word == known)
                    return word == "ls-remote" ? word + " " + command.argv.back() : word;
        return "?";
    }

    std::size_t times(const std::string& what) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(ran, [&](const io::Command& command) { return key(command) == what; }));
    }

    void origin(const std::string& lines) { says.insert_or_assign("ls-remote " + kOrigin, test::exited(lines)); }
    void mirror(const std::string& lines) { says.insert_or_assign("ls-remote " + kMirror, test::exited(lines)); }
    void both(const std::string& lines) {
        origin(lines);
        mirror(lines);
    }

    Collected look(Duration passed = 0ms) {
        ran.clear();
        later += passed;
        auto seen = test::look(ioc, world, "git", table, cursor, 5min, later);
        if (seen)
            cursor = seen->cursor;
        CHECK(world.scratch_folders.empty());
        return seen;
    }

    Time now() { return world.timers().now() + later; }
};

const core::Assertion& assertion(const SubjectReport& report, std::string_view name) {
    for (const core::Assertion& one : evidence<core::Assertions>(report).assertions)
        if (one.name == name)
            return one;
    throw std::runtime_error(fmt::format("no assertion '{}'", name));
}

template <class T>
bool has(const SubjectReport& report) {
    return std::ranges::any_of(report.evidence, [](const Evidence& item) { return std::holds_alternative<T>(item); });
}

} // namespace

TEST_CASE("git: an origin or a mirror that gives no answer is named, and nothing is said of the other") {
    for (const auto& [which, url] : {std::pair{"origin", kOrigin}, std::pair{"mirror", kMirror}}) {
        Scripted scripted;
        scripted.says.insert_or_assign("ls-remote " + url,
                                       test::exited("", 128, "fatal: unable to access 'x': Could not resolve host: x"));
        const auto seen = scripted.look();
        REQUIRE_FALSE(seen);
        CHECK(seen.error().kind == FailureKind::unreachable);
        CHECK_THAT(seen.error().detail, ContainsSubstring(which));
    }
}

TEST_CASE("git: an origin without refs is no origin that is mirrored: status 0 and nothing is what a proxy says, too") {
    Scripted scripted;
    scripted.origin("");
    auto seen = scripted.look();
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::bad_answer);
    CHECK_THAT(seen.error().detail, ContainsSubstring("found none"));
    // Pull requests alone are nothing either.
    scripted.origin(oid(1) + "\trefs/pull/1/head\n");
    CHECK_FALSE(scripted.look());
}

TEST_CASE("git: a mirror on this host that is empty holds nothing to go back to") {
    Scripted scripted;
    scripted.mirror("");
    const auto seen = scripted.look();
    REQUIRE(seen);
    const auto again = scripted.look(15min);
    CHECK(points(again, "").points.empty());
    CHECK(points(again, "").count == 0);
}

TEST_CASE("git: a mirror that is as its origin is of this moment") {
    Scripted scripted;
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(seen->complete);
    REQUIRE(seen->subjects.size() == 1);
    const auto& found = points(seen, "");
    CHECK(found.method == "git-mirror");
    REQUIRE(found.points.size() == 1);
    CHECK(found.points[0].state == PointState::good);
    CHECK(found.points[0].depth == core::Depth::listed);
    CHECK(found.points[0].data_at >= *found.source_changed_at);
    CHECK(found.points[0].id == oid(2).substr(0, 12));
    CHECK(assertion(subject(seen, ""), "HEAD").actual == "refs/heads/main");
    CHECK(assertion(subject(seen, ""), "protected_refs").actual == "0");
    CHECK(evidence<core::Measurement>(subject(seen, "")).value == 0);
}

TEST_CASE("git: a push that is not mirrored makes the copy as old as the last look that saw it equal") {
    Scripted scripted;
    REQUIRE(scripted.look());
    const Time equal = scripted.now() - 20ms;
    scripted.origin(listing({{"refs/heads/feature", 3}, {"refs/heads/main", 9}, {"refs/tags/v1", 1}}));
    for (int i = 0; i < 3; ++i) {
        const auto seen = scripted.look(15min);
        REQUIRE(seen);
        const auto& found = points(seen, "");
        CHECK(found.points[0].data_at >= equal - 1s);
        CHECK(found.points[0].data_at < *found.source_changed_at);
        CHECK(evidence<core::Measurement>(subject(seen, "")).value == 1);
    }
    scripted.mirror(listing({{"refs/heads/feature", 3}, {"refs/heads/main", 9}, {"refs/tags/v1", 1}}));
    const auto seen = scripted.look(15min);
    CHECK(points(seen, "").points[0].data_at >= *points(seen, "").source_changed_at);
}

TEST_CASE("git: a mirror that nobody saw up to date is dated by its newest commit, or by nothing") {
    Scripted scripted;
    scripted.origin(listing({{"refs/heads/main", 9}}));
    scripted.says.insert_or_assign("for-each-ref", test::exited("2026-11-20T10:00:00+00:00\n"));
    auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(core::config::format_time(points(seen, "").points[0].data_at) == "2026-11-20T10:00:00Z");
    CHECK(points(seen, "").points[0].state == PointState::good);

    // A commit from the future proves nothing about it.
    Scripted ahead;
    ahead.origin(listing({{"refs/heads/main", 9}}));
    ahead.says.insert_or_assign("for-each-ref", test::exited("2126-11-20T10:00:00+00:00\n"));
    seen = ahead.look();
    CHECK(points(seen, "").points[0].data_at <= ahead.now());

    const std::string far = "https://mirror.example/orders.git";
    Scripted remote;
    remote.table = {text("origin", kOrigin), text("mirror", far)};
    remote.says.insert_or_assign("ls-remote " + far, test::exited(listing({{"refs/heads/main", 1}})));
    seen = remote.look();
    REQUIRE(seen);
    CHECK_FALSE(has<core::RecoveryPoints>(subject(seen, "")));
    seen = remote.look(15min);
    CHECK(points(seen, "").points.at(0).state == PointState::incomplete);
    CHECK_THAT(points(seen, "").points[0].detail, ContainsSubstring("refs/heads/feature and 2 others"));
}

TEST_CASE("git: a mirror that is a shallow clone has lost its history, however equal its refs are") {
    Scripted scripted;
    scripted.says.insert_or_assign("rev-parse", test::exited("true\n"));
    const auto seen = scripted.look();
    CHECK(points(seen, "").points[0].state == PointState::bad);
    CHECK_THAT(points(seen, "").points[0].detail, ContainsSubstring("shallow"));
}

TEST_CASE("git: a mirror whose HEAD names what the origin's does not is said") {
    Scripted scripted;
    scripted.mirror(
        listing({{"refs/heads/feature", 3}, {"refs/heads/main", 2}, {"refs/tags/v1", 1}}, "refs/heads/feature"));
    auto seen = scripted.look();
    CHECK(core::state_of(assertion(subject(seen, ""), "HEAD")) == core::AssertionState::fails);
    // The branch was renamed, and the mirror's HEAD names what is no longer there.
    scripted.mirror(without_head(listing({{"refs/heads/feature", 3}, {"refs/heads/main", 2}, {"refs/tags/v1", 1}})));
    seen = scripted.look();
    CHECK(assertion(subject(seen, ""), "HEAD").actual == "a branch that is not there");
}

TEST_CASE("git: a forced push is told once the mirror has taken it over, and until it is undone or forgotten") {
    Scripted scripted;
    REQUIRE(scripted.look());
    const std::string forced = listing({{"refs/heads/feature", 3}, {"refs/heads/main", 66}, {"refs/tags/v1", 1}});
    scripted.origin(forced);
    scripted.says.insert_or_assign("merge-base", test::exited("", 1));
    CHECK(assertion(subject(scripted.look(15min), ""), "protected_refs").actual == "0");
    scripted.mirror(forced);
    auto seen = scripted.look(15min);
    CHECK(assertion(subject(seen, ""), "protected_refs").actual == "1");
    CHECK_THAT(assertion(subject(seen, ""), "protected_refs").detail,
               ContainsSubstring("refs/heads/main was rewritten"));
    CHECK(assertion(subject(scripted.look(15min), ""), "protected_refs").actual == "1");
    // The commit is not there any more at all.
    scripted.says.insert_or_assign("merge-base",
                                   test::exited("", 128, "fatal: Not a valid commit name " + oid(2) + "\n"));
    CHECK(assertion(subject(scripted.look(15min), ""), "protected_refs").actual == "1");
    // What is not known changes nothing.
    scripted.says.insert_or_assign("merge-base", test::exited("", 128, "fatal: something else\n"));
    CHECK(assertion(subject(scripted.look(15min), ""), "protected_refs").actual == "1");
    scripted.says.insert_or_assign("merge-base", test::exited("", 0));
    CHECK(assertion(subject(scripted.look(15min), ""), "protected_refs").actual == "0");
}

TEST_CASE("git: a branch that moved where nobody here has the objects is not known to have lost nothing") {
    for (const bool clones : {false, true}) {
        Scripted scripted;
        scripted.table = {text("origin", kOrigin), text("mirror", kRemote)};
        if (clones)
            scripted.table.push_back(yes("clone"));
        const auto both = [&](int main) {
            const std::string refs = listing({{"refs/heads/main", main}});
            scripted.origin(refs);
            scripted.says.insert_or_assign("ls-remote " + kRemote, test::exited(refs));
            scripted.says.insert_or_assign("for-each-ref", test::exited(without_head(refs)));
        };
        both(2);
        CHECK(assertion(subject(scripted.look(), ""), "protected_refs").actual == "0");
        both(9);
        const auto seen = scripted.look(15min);
        const auto& moved = assertion(subject(seen, ""), "protected_refs");
        CHECK(core::state_of(moved) == core::AssertionState::unknown);
        CHECK_THAT(moved.detail, ContainsSubstring("refs/heads/main moved, and nobody here has the objects"));
        if (!clones)
            continue;
        CHECK(assertion(subject(scripted.look(30 * core::kDay), ""), "protected_refs").actual == "0");
        both(66);
        scripted.says.insert_or_assign("merge-base", test::exited("", 1));
        CHECK(assertion(subject(scripted.look(30 * core::kDay), ""), "protected_refs").actual == "1");
        both(67);
        CHECK(assertion(subject(scripted.look(15min), ""), "protected_refs").actual == "1");
    }
}

TEST_CASE("git: a deleted branch that is protected is told, whether or not the mirror still has it; others may go") {
    Scripted scripted;
    scripted.table.push_back(test::entry("protect", test::list({"refs/heads/main", "refs/heads/feature"})));
    REQUIRE(scripted.look());
    scripted.says.insert_or_assign("merge-base", test::exited("", 1));
    scripted.origin(listing({{"refs/heads/main", 2}}));
    auto seen = scripted.look(15min);
    CHECK(assertion(subject(seen, ""), "protected_refs").actual == "1");
    CHECK_THAT(assertion(subject(seen, ""), "protected_refs").detail,
               ContainsSubstring("refs/heads/feature was deleted") && ContainsSubstring("the mirror still has it"));
    // What the mirror has besides is no lag.
    CHECK(evidence<core::Measurement>(subject(seen, "")).value == 0);
    scripted.both(listing({{"refs/heads/feature", 3}, {"refs/heads/main", 2}}));
    CHECK(assertion(subject(scripted.look(15min), ""), "protected_refs").actual == "0");
}

TEST_CASE("git: credentials are read by git itself and never changed, and nobody is asked") {
    Scripted scripted;
    scripted.table.push_back(text("credentials", "/run/credentials/recoverd.service/git"));
    REQUIRE(scripted.look());
    for (const io::Command& command : scripted.ran) {
        std::map<std::string, std::string> env(command.env.begin(), command.env.end());
        CHECK(env["GIT_TERMINAL_PROMPT"] == "0");
        CHECK(env["GIT_ASKPASS"] == "true");
        CHECK(env["GIT_SSH_COMMAND"] == "ssh -o BatchMode=yes");
        CHECK(env["LC_ALL"] == "C");
        CHECK(command.argv.at(2) == "safe.directory=*");
        CHECK(std::ranges::find(command.argv,
                                "credential.helper=!f() { test \"$1\" != get || git credential-store "
                                "--file=/run/credentials/recoverd.service/git get; }; f") != command.argv.end());
    }
}

TEST_CASE("git: ssh is started as the configuration says, each time") {
    Scripted scripted;
    scripted.table.push_back(text("ssh_command", "ssh -i /etc/recoverd/key -o BatchMode=yes"));
    REQUIRE(scripted.look());
    REQUIRE_FALSE(scripted.ran.empty());
    for (const io::Command& command : scripted.ran) {
        std::map<std::string, std::string> env(command.env.begin(), command.env.end());
        CHECK(env["GIT_SSH_COMMAND"] == "ssh -i /etc/recoverd/key -o BatchMode=yes");
    }
}

TEST_CASE("git: a clone proves what was cloned, is kept as a restore test, and is not made again before its time") {
    Scripted scripted;
    scripted.table.push_back(yes("clone"));
    const auto seen = scripted.look();
    REQUIRE(seen);
    REQUIRE(seen->subjects.size() == 2);
    CHECK(points(seen, "").points[0].depth == core::Depth::checksummed);
    CHECK(core::config::format_time(*points(seen, "").oldest_at) == "2023-11-14T22:13:20Z");
    const auto& run = evidence<core::Exercise>(subject(seen, "clone"));
    CHECK(run.exercise == "restore-test");
    CHECK(run.outcome == core::ExerciseOutcome::passed);
    CHECK(run.depth == core::Depth::restored);
    CHECK(run.rto);
    CHECK(run.ended_at <= scripted.now());
    const auto cloned = std::ranges::find_if(scripted.ran, [](const auto& c) { return Scripted::key(c) == "clone"; });
    REQUIRE(cloned != scripted.ran.end());
    CHECK(cloned->max_file == std::uint64_t{10} << 30U);
    CHECK(cloned->argv.back() == "/var/tmp/scratch1/clone");
    CHECK(std::ranges::find(cloned->argv, "--no-local") != cloned->argv.end());

    const auto later = scripted.look(29 * core::kDay);
    CHECK(scripted.times("clone") == 0);
    CHECK(evidence<core::Exercise>(subject(later, "clone")) == run);
    // What came since was not cloned.
    scripted.both(listing({{"refs/heads/feature", 3}, {"refs/heads/main", 9}, {"refs/tags/v1", 1}}));
    CHECK(points(scripted.look(), "").points[0].depth == core::Depth::listed);
    CHECK(scripted.look(core::kDay));
    CHECK(scripted.times("clone") == 1);
}

TEST_CASE("git: damage that a clone or fsck finds makes the copy bad until one passes, and is looked for again soon") {
    for (const auto& [step, words] :
         {std::pair{"clone", "fatal: pack has bad object at offset 645: inflate returned -3\n"},
          std::pair{"fsck", "error: sha1 mismatch\n"}}) {
        Scripted scripted;
        scripted.table.push_back(yes("clone"));
        scripted.says.insert_or_assign(step, test::exited("", step == std::string{"fsck"} ? 4 : 128, words));
        auto seen = scripted.look();
        REQUIRE(seen);
        CHECK(points(seen, "").points[0].state == PointState::bad);
        CHECK_THAT(points(seen, "").points[0].detail, ContainsSubstring("git " + std::string{step}));
        CHECK_FALSE(points(seen, "").oldest_at);
        // Said of the copy, and not once more as a restore test.
        CHECK_FALSE(has<core::Exercise>(subject(seen, "clone")));
        CHECK_FALSE(subject(seen, "clone").evidence.empty());
        CHECK(points(scripted.look(30min), "").points[0].state == PointState::bad);
        CHECK(scripted.times("clone") == 0);
        scripted.says.insert_or_assign(step, test::exited(""));
        CHECK(points(scripted.look(30min), "").points[0].state == PointState::good);
        CHECK(scripted.times("clone") == 1);
    }
}

TEST_CASE("git: a clone that is empty or shallow proves nothing, although fsck finds no fault with it") {
    Scripted empty;
    empty.table = {text("origin", kOrigin), yes("clone")};
    empty.says.insert_or_assign("for-each-ref", test::exited(""));
    auto seen = empty.look();
    REQUIRE(seen);
    const auto& failed = evidence<core::Exercise>(subject(seen, "clone"));
    CHECK(failed.outcome == core::ExerciseOutcome::failed);
    CHECK_THAT(failed.message, ContainsSubstring("no ref"));

    Scripted shallow;
    shallow.table = {text("origin", kOrigin), yes("clone")};
    shallow.says.insert_or_assign("rev-parse", test::exited("true\n"));
    seen = shallow.look();
    CHECK_THAT(evidence<core::Exercise>(subject(seen, "clone")).message, ContainsSubstring("shallow"));
}

TEST_CASE("git: a clone that comes to no end takes nothing from what was listed, nor from what was proven") {
    const core::Result<io::Finished> late = core::failed(FailureKind::timed_out, "expected 'git' to end within 4 s");
    const core::Result<io::Finished> full = test::exited(
        "", 128, "fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output\n");
    const core::Result<io::Finished> large = test::exited("", 128, "fatal: fetch-pack: invalid index-pack output\n");
    io::Finished killed;
    killed.signal = 9;
    for (const auto& [step, what] : {std::pair{"clone", late}, std::pair{"clone", full}, std::pair{"clone", large},
                                     std::pair{"fsck", late}, std::pair{"fsck", core::Result<io::Finished>{killed}},
                                     std::pair{"rev-list", late}, std::pair{"for-each-ref", late}}) {
        CAPTURE(step);
        Scripted scripted;
        scripted.table.push_back(yes("clone"));
        REQUIRE(scripted.look());
        scripted.says.insert_or_assign(step, what);
        const auto seen = scripted.look(30 * core::kDay);
        REQUIRE(seen);
        CHECK(points(seen, "").points[0].state == PointState::good);
        REQUIRE(subject(seen, "clone").failure);
        CHECK_THAT(subject(seen, "clone").failure->detail, ContainsSubstring("its clone came to no end"));
        CHECK(evidence<core::Exercise>(subject(seen, "clone")).outcome == core::ExerciseOutcome::passed);
    }
    Scripted scripted;
    scripted.table.push_back(yes("clone"));
    scripted.says.insert_or_assign("clone", large);
    CHECK_THAT(subject(scripted.look(), "clone").failure->detail,
               ContainsSubstring("`max_size` allows a pack of 10GiB"));
}

TEST_CASE("git: the scratch folder is gone when the run is cancelled in the middle of a clone") {
    Scripted scripted;
    scripted.table.push_back(yes("clone"));
    scripted.world.hangs = [](const std::string& asked) { return asked.contains(" fsck "); };
    core::config::Diagnostics diagnostics;
    const auto compiled = find("git")->compile(scripted.table, {"check.x", "collector 'git'", {}}, {}, diagnostics);
    asio::cancellation_signal cancel;
    bool ended = false;
    Run run{scripted.world, 5min, {}, scripted.world.timers().now(), "x"};
    asio::co_spawn(
        scripted.ioc, compiled.collect(std::move(run)),
        asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, const Collected&) { ended = true; }));
    scripted.world.timers().advance(1s);
    REQUIRE_FALSE(ended);
    CHECK(scripted.world.scratch_folders.size() == 1);
    cancel.emit(asio::cancellation_type::terminal);
    scripted.world.timers().advance(0ms);
    CHECK(ended);
    CHECK(scripted.world.scratch_folders.empty());
}

TEST_CASE("git: a bundle is proven by use, again when its refs change, and is bad when it is truncated") {
    Scripted scripted;
    scripted.table = {text("origin", kOrigin), text("mirror", kBundle), yes("clone")};
    auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(points(seen, "").method == "git-bundle");
    CHECK(points(seen, "").points[0].depth == core::Depth::checksummed);
    CHECK(scripted.look(1h));
    CHECK(scripted.times("clone") == 0);
    const std::string next = listing({{"refs/heads/feature", 3}, {"refs/heads/main", 9}, {"refs/tags/v1", 1}});
    scripted.origin(next);
    scripted.says.insert_or_assign("ls-remote " + kBundle, test::exited(without_head(next)));
    scripted.says.insert_or_assign("clone", test::exited("", 128, test::data("git/bundle-truncated.err")));
    seen = scripted.look(1h);
    CHECK(scripted.times("clone") == 1);
    CHECK(points(seen, "").points[0].state == PointState::bad);
    CHECK_THAT(points(seen, "").points[0].detail, ContainsSubstring("early EOF"));
}

TEST_CASE("git: LFS pointers without their objects are said, and so is that nobody knows") {
    using namespace std::string_literals;
    const std::string digest(64, 'a');
    const std::string pointers = "HEAD:a.bin\0oid sha256:"s + digest + "\n";
    Scripted scripted;
    scripted.table.push_back(yes("clone"));
    scripted.says.insert_or_assign("grep", test::exited(pointers));
    scripted.says.insert_or_assign("ls-files",
                                   test::exited("", 128, "fatal: cannot change to 'x': No such file or directory"));
    auto seen = scripted.look();
    const auto& missing = assertion(subject(seen, "clone"), "lfs_objects_missing");
    CHECK(missing.actual == "1");
    CHECK_THAT(missing.detail, ContainsSubstring("a.bin") && ContainsSubstring(kMirror + "/lfs/objects"));
    // A folder that is closed is passed over, and git ends well: then nobody knows.
    scripted.says.insert_or_assign(
        "ls-files", test::exited("", 0, "warning: could not open directory 'aa/aa/': Permission denied"));
    seen = scripted.look(30 * core::kDay);
    CHECK_FALSE(assertion(subject(seen, "clone"), "lfs_objects_missing").actual);
    scripted.says.insert_or_assign("ls-files",
                                   test::exited("aa/aa/"s + digest + '\0', 0,
                                                "warning: could not open directory 'lost+found/': Permission denied"));
    seen = scripted.look(30 * core::kDay);
    CHECK(assertion(subject(seen, "clone"), "lfs_objects_missing").actual == "0");
    scripted.says.insert_or_assign("ls-files", test::exited("aa/aa/"s + digest + '\0'));
    seen = scripted.look(30 * core::kDay);
    CHECK(assertion(subject(seen, "clone"), "lfs_objects_missing").actual == "0");

    // An answer that is none is not the answer that there are no pointers.
    scripted.says.insert_or_assign("grep", test::exited("", 128, "fatal: cannot mmap"));
    seen = scripted.look(30 * core::kDay);
    CHECK_THAT(subject(seen, "clone").failure->detail, ContainsSubstring("git grep"));
    scripted.says.insert_or_assign("grep", test::exited("", 128, "fatal: unable to resolve revision: HEAD"));
    CHECK_FALSE(subject(scripted.look(core::kDay), "clone").failure);

    Scripted remote;
    remote.table = {text("origin", kOrigin), yes("clone")};
    remote.says.insert_or_assign("grep", test::exited(pointers));
    seen = remote.look();
    CHECK(core::state_of(assertion(subject(seen, "clone"), "lfs_objects_missing")) == core::AssertionState::unknown);
    remote.table.push_back(text("lfs", "ignored"));
    CHECK_FALSE(has<core::Assertions>(subject(remote.look(30 * core::kDay), "clone")));
}

TEST_CASE("git: twenty thousand refs are read and compared in an instant") {
    std::vector<std::pair<std::string, int>> many{{"refs/heads/main", 1}};
    for (int i = 0; i < 20'000; ++i)
        many.emplace_back(fmt::format("refs/heads/feature/{:05}", i), i);
    Scripted scripted;
    scripted.both(listing(many));
    REQUIRE(scripted.look());
    many.pop_back();
    scripted.mirror(listing(many));
    const auto seen = scripted.look(15min);
    CHECK(evidence<core::Measurement>(subject(seen, "")).value == 1);
    CHECK(seen->cursor.size() < 5'000);
}

TEST_CASE("git: options that contradict each other, or would be run by a shell, are mistakes") {
    const auto origin = text("origin", kOrigin);
    for (const core::config::Table& table :
         std::vector<core::config::Table>{{origin},
                                          {origin, text("mirror", kBundle)},
                                          {origin, text("mirror", kOrigin)},
                                          {text("origin", "-oProxyCommand=x"), yes("clone")},
                                          {text("origin", "ext::sh -c x"), yes("clone")},
                                          {text("origin", "https://me:s3cret@git.example/x.git"), yes("clone")},
                                          {text("origin", "relative/path"), yes("clone")},
                                          {origin, yes("clone"), text("scratch", "tmp")},
                                          {origin, yes("clone"), text("credentials", "/etc/x; rm -rf /")},
                                          {origin, yes("clone"), text("credentials", "relative")},
                                          {origin, yes("clone"), text("exercise", "")}}) {
        core::config::Diagnostics diagnostics;
        find("git")->compile(table, {"check.x", "collector 'git'", {}}, {}, diagnostics);
        CHECK(diagnostics.has_mistakes());
    }
    for (const auto* good : {"git@git.example:orders.git", "ssh://git@[::1]:22/orders.git", "/srv/git/orders.git",
                             "file:///srv/git/orders.git", "git://git.example/orders.git"}) {
        CAPTURE(good);
        core::config::Diagnostics diagnostics;
        find("git")->compile({text("origin", good), yes("clone")}, {"check.x", "collector 'git'", {}}, {}, diagnostics);
        CHECK_FALSE(diagnostics.has_mistakes());
    }
}

TEST_CASE("a repository without a mirror has no backups, and one that nobody clones no proof") {
    const auto brings = [](const core::config::Table& table) {
        core::config::Diagnostics diagnostics;
        return find("git")->compile(table, {"check.x", "collector 'git'", {}}, {}, diagnostics).brings;
    };
    const auto origin = text("origin", "git@git.example:orders.git");
    const auto mirror = text("mirror", "/srv/mirror/orders.git");
    using enum EvidenceKind;
    CHECK(brings({origin, yes("clone")}) == std::vector{assertions, exercise, measurement});
    CHECK(brings({origin, mirror}) == std::vector{assertions, recovery_points, measurement});
    CHECK(brings({origin, mirror, yes("clone")}) == std::vector{assertions, recovery_points, exercise, measurement});
}
