// SPDX-License-Identifier: Apache-2.0
#include "io/json.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <cmath>
#include <optional>

namespace recoverd::fuzz {

using io::Json;

namespace {

/// Writes a tree again, through the accessors that collectors use.
struct Again {
    io::JsonWriter out;

    void operator()(std::monostate) { must(false, "nothing in a document is absent"); }
    void operator()(std::nullptr_t) { out.null(); }
    void operator()(const Json::Array& items) {
        out.begin_array();
        for (const Json& item : items)
            std::visit(*this, item.value());
        out.end_array();
    }
    void operator()(const Json::Object& members) {
        out.begin_object();
        for (const auto& [name, member] : members) {
            out.key(name);
            std::visit(*this, member.value());
        }
        out.end_object();
    }
    void operator()(const auto& scalar) { out.value(scalar); }
};

std::string again(const Json& json) {
    Again again;
    std::visit(again, json.value());
    return again.out.take();
}

template <class Read>
void answers_or_is_bad(Read&& read) {
    try {
        read();
    } catch (const io::BadDocument&) {
    }
}

/// `left`: an exception costs too much to ask every value of a large document.
void ask_everything(const Json& json, int& left) {
    if (left-- <= 0)
        return;
    answers_or_is_bad([&] { json.text(); });
    answers_or_is_bad([&] { json.boolean(); });
    answers_or_is_bad([&] { json.integer(); });
    answers_or_is_bad([&] { json.natural(); });
    answers_or_is_bad([&] { must(std::isfinite(json.number()), "a number is finite"); });
    answers_or_is_bad([&] { json.unix_time(); });
    answers_or_is_bad([&] { json.time(); });
    answers_or_is_bad([&] { json["a"][0]["b"].text(); });
    must(!json.path().empty(), "a value has a path");
    if (json.is_array())
        for (const Json& item : json.items())
            ask_everything(item, left);
    if (json.is_object())
        for (const auto& [name, member] : json.object())
            ask_everything(member, left);
}

enum class How : std::uint8_t { strictly, leniently };

std::optional<Json> read(How how, std::string_view bytes) {
    constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
    try {
        return how == How::strictly ? Json::parse(bytes, kMaxBytes) : Json::parse_lenient(bytes, kMaxBytes);
    } catch (const io::BadDocument&) {
        return std::nullopt;
    }
}

} // namespace

void fuzz(std::string_view bytes) {
    const auto strict = read(How::strictly, bytes);
    const auto lenient = read(How::leniently, bytes);
    if (strict) {
        must(lenient.has_value(), "what is JSON is JSON leniently");
        must(again(*strict) == again(*lenient), "mending changes nothing in what is JSON");
    }
    if (lenient) {
        int left = 20;
        ask_everything(*lenient, left);
        const std::string written = again(*lenient);
        const auto reread = read(How::strictly, written);
        must(reread && again(*reread) == written, "what was written is read again", written);
        lenient->at_pointer(bytes);
        lenient->at_pointer("/0/a/~1");
    }
}

} // namespace recoverd::fuzz
