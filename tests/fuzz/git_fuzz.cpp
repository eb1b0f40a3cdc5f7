// SPDX-License-Identifier: Apache-2.0
// `git ls-remote`, git's words, LFS pointers and lists of files, and what is kept from run to run.
#include "collectors/git/proof.hpp"
#include "collectors/git/seen.hpp"
#include "collectors/git/words.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace {

using namespace collectors;
using namespace collectors::git_parts;

void fuzz_refs(std::string_view bytes) {
    // An origin and a copy, at two looks.
    const auto half = bytes.size() / 2;
    const std::vector<std::string> globs{"HEAD", "refs/tags/*"};
    try {
        Looked looked;
        looked.origin = read_refs(bytes.substr(0, half), {});
        looked.mirror = read_refs(bytes.substr(half), {});
        looked.lacks = differences(looked.origin, *looked.mirror);
        looked.clones = true;
        State state = read_state(bytes, "");
        for (int i = 0; i < 2; ++i) {
            state.see_origin(looked.origin, kNow);
            state.see_copy(looked.lacks, kNow);
            for (const Question& question : watch(state, looked.origin, &*looked.mirror, globs, kNow))
                answer(state, question, bytes.size() % 2 == 0, kNow);
            must_be_sound(seen_of(looked, state, kNow));
            must(read_state(write_state(state), "").proof == state.proof, "what is kept is read again", bytes);
        }
    } catch (const io::BadDocument&) {
    }
}

} // namespace

void fuzz(std::string_view bytes) {
    fuzz_refs(bytes);
    const std::string text{bytes};
    for (const int status : {0, 1, 4, 128}) {
        io::Finished finished;
        finished.status = status;
        finished.err = text;
        finished.out = text;
        if (const auto failure = git_failure(finished, "origin"))
            must_be_sound(*failure);
        for (const Source source : {Source::remote, Source::local, Source::bundle})
            must(status != 0 || !clone_errors(finished, source), "a clone that succeeded found no damage", bytes);
        must(status < 2 || fsck_errors(finished).has_value(), "fsck's own word is believed", bytes);
    }
    const auto half = bytes.size() / 2;
    const LfsObjects objects = compare_lfs(bytes.substr(0, half), bytes.substr(half));
    must(objects.missing <= objects.pointers, "no more are missing than there are", bytes);
}

} // namespace recoverd::fuzz
