// SPDX-License-Identifier: Apache-2.0
#include "agent/config/file_watch.hpp"

#include "agent/config/load.hpp"
#include "tests/agent/commands/typed.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>

using namespace recoverd;
using agent::FileWatch;

namespace fs = std::filesystem;

TEST_CASE("files that nobody touched have not changed") {
    const test::Folder folder;
    folder.write("recoverd.toml", "# one\n");
    const std::vector<std::string> paths{folder.path("recoverd.toml"), folder.path("missing.toml")};
    FileWatch watch;
    CHECK(watch.changed(paths));
    CHECK_FALSE(watch.changed(paths));
    CHECK_FALSE(watch.changed(paths));
}

TEST_CASE("a file that is written, replaced, removed or made has changed, once") {
    const test::Folder folder;
    const std::string file = folder.path("recoverd.toml");
    const std::vector<std::string> paths{file};
    FileWatch watch;
    const auto changed_once = [&] { return watch.changed(paths) && !watch.changed(paths); };
    CHECK(changed_once());
    folder.write("recoverd.toml", "# made\n");
    CHECK(changed_once());
    folder.write("recoverd.toml", "# longer than before\n");
    CHECK(changed_once());
    folder.write("new", "# longer than before\n");
    fs::last_write_time(folder.path("new"), fs::last_write_time(file));
    fs::rename(folder.path("new"), file);
    CHECK(changed_once());
    fs::remove(file);
    CHECK(changed_once());
}

TEST_CASE("a ConfigMap that kubelet swaps has changed though its path is the same link as before") {
    const test::Folder folder;
    fs::create_directory(folder.path("..1"));
    fs::create_directory(folder.path("..2"));
    folder.write("..1/recoverd.toml", "# one\n");
    folder.write("..2/recoverd.toml", "# two\n");
    fs::create_directory_symlink("..1", folder.path("..data"));
    fs::create_symlink("..data/recoverd.toml", folder.path("recoverd.toml"));
    const std::vector<std::string> paths{folder.path("recoverd.toml")};
    FileWatch watch;
    watch.changed(paths);
    CHECK_FALSE(watch.changed(paths));
    fs::create_directory_symlink("..2", folder.path("..data_tmp"));
    fs::rename(folder.path("..data_tmp"), folder.path("..data"));
    CHECK(watch.changed(paths));
}

TEST_CASE("a path that is asked for the first time has changed, one that is not asked for any more has not") {
    const test::Folder folder;
    FileWatch watch;
    watch.changed({folder.path("a")});
    CHECK(watch.changed({folder.path("a"), folder.path("b")}));
    CHECK_FALSE(watch.changed({folder.path("b")}));
}

TEST_CASE("a configuration tells where further files would become part of it") {
    const test::Folder folder;
    fs::create_directory(folder.path("conf.d"));
    folder.write("recoverd.toml", "include = [\"conf.d/*.toml\", \"sites/*/recoverd.toml\"]\n");
    const auto loaded = agent::load(folder.path("recoverd.toml"));
    CHECK(loaded.files == std::vector{folder.path("recoverd.toml")});
    CHECK(loaded.folders == std::vector{folder.path("conf.d"), folder.path("sites")});
    FileWatch watch;
    watch.changed(loaded.folders);
    folder.write("conf.d/new.toml", "");
    CHECK(watch.changed(loaded.folders));
}

TEST_CASE("files that could not be read are part of it, so that their mending is noticed") {
    const test::Folder folder;
    folder.write("recoverd.toml", "include = [\"missing.toml\"]\n");
    const auto loaded = agent::load(folder.path("recoverd.toml"));
    CHECK(loaded.diagnostics.has_mistakes());
    CHECK(std::ranges::find(loaded.files, folder.path("missing.toml")) != loaded.files.end());
    folder.write("recoverd.toml",
                 "[check.web]\ncollector = \"http\"\nurl = \"{address}\"\ntargets_file = \"t.json\"\n");
    const auto targets = agent::load(folder.path("recoverd.toml"));
    CHECK(targets.diagnostics.has_mistakes());
    CHECK(std::ranges::find(targets.files, folder.path("t.json")) != targets.files.end());
}
