// SPDX-License-Identifier: Apache-2.0
#include "io/xml.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

using io::Xml;

namespace {

template <class Read>
void answers_or_is_bad(Read&& read) {
    try {
        read();
    } catch (const io::BadDocument& bad) {
        must_be_sound(core::Failure{core::FailureKind::bad_answer, bad.what()});
    }
}

/// `left`: an exception costs too much to ask every element of a large document.
void ask_everything(const Xml& element, int& left) {
    if (left-- <= 0)
        return;
    answers_or_is_bad([&] { element.text(); });
    answers_or_is_bad([&] { element.natural(); });
    answers_or_is_bad([&] { element.time(); });
    answers_or_is_bad([&] { element.boolean(); });
    answers_or_is_bad([&] { element.child("Key"); });
    must(!element.name().empty(), "an element has a name");
    for (const Xml& child : element.children()) {
        must(!element.all(child.name()).empty(), "a child is found by its name");
        ask_everything(child, left);
    }
}

} // namespace

void fuzz(std::string_view bytes) {
    answers_or_is_bad([&] {
        const Xml root = Xml::parse(bytes, std::size_t{1} << 20U);
        int left = 20;
        ask_everything(root, left);
    });
}

} // namespace recoverd::fuzz
