// SPDX-License-Identifier: Apache-2.0
#include "io/xml.hpp"

#include "core/ascii.hpp"
#include "core/config/values.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace recoverd::io {

namespace {

constexpr std::size_t kMaxDepth = 32;
/// An element takes a hundred bytes of memory, and four of text: <a/>.
constexpr std::size_t kMaxElements = 100'000;
/// Between a namespace and a name; no name can hold it.
constexpr char kSeparator = '|';
constexpr std::size_t kShown = 60;

std::string shown(std::string_view text) { return json_quote(text.substr(0, kShown)); }

/// Names may be as long as the document and hold any letter; a place goes into logs.
std::string_view shown_name(std::string_view name) {
    const bool plain = name.size() <= kShown && std::ranges::all_of(name, [](unsigned char c) { return c < 0x80; });
    return plain ? name : "…";
}

} // namespace

/// Expat is C: nothing may be thrown through it, so what goes wrong is kept and the parser stopped.
class XmlBuilder {
  public:
    Xml build(std::string_view bytes) {
        XML_SetUserData(parser_.get(), this);
        XML_SetElementHandler(parser_.get(), &XmlBuilder::start, &XmlBuilder::end);
        XML_SetCharacterDataHandler(parser_.get(), &XmlBuilder::characters);
        XML_SetStartDoctypeDeclHandler(parser_.get(), &XmlBuilder::doctype);
        const XML_Status status = XML_Parse(parser_.get(), bytes.data(), static_cast<int>(bytes.size()), XML_TRUE);
        if (!wrong_.empty())
            throw BadDocument(wrong_);
        if (status != XML_STATUS_OK)
            throw BadDocument(fmt::format("expected XML, stopped at byte {}: {}", position(),
                                          XML_ErrorString(XML_GetErrorCode(parser_.get()))));
        return std::move(root_);
    }

  private:
    static XmlBuilder& self(void* builder) { return *static_cast<XmlBuilder*>(builder); }

    static void start(void* builder, const XML_Char* name, const XML_Char** /*attributes*/) {
        self(builder).guarded([&] { self(builder).open(name); });
    }
    static void end(void* builder, const XML_Char* /*name*/) {
        self(builder).guarded([&] { self(builder).open_.pop_back(); });
    }
    static void characters(void* builder, const XML_Char* text, int length) {
        self(builder).guarded(
            [&] { self(builder).open_.back()->text_.append(text, static_cast<std::size_t>(length)); });
    }
    static void doctype(void* builder, const XML_Char* /*name*/, const XML_Char* /*system*/, const XML_Char* /*id*/,
                        int /*has_internal_subset*/) {
        self(builder).guarded([] { throw BadDocument("expected XML without a document type, found one"); });
    }

    template <class Step>
    void guarded(Step step) {
        if (!wrong_.empty())
            return; // a parser that was stopped still tells of the end of <a/>
        try {
            step();
        } catch (const std::exception& error) {
            wrong_ = error.what();
            XML_StopParser(parser_.get(), XML_FALSE);
        }
    }

    void open(std::string_view name) {
        if (open_.size() == kMaxDepth)
            throw BadDocument(fmt::format("expected XML of at most {} levels, found more", kMaxDepth));
        if (++elements_ > kMaxElements)
            throw BadDocument(fmt::format("expected XML of at most {} elements, found more", kMaxElements));
        // An open element's address holds: its parent gets no further child before it is closed.
        Xml& made = open_.empty() ? root_ : open_.back()->children_.emplace_back();
        made.name_ = name.substr(name.rfind(kSeparator) + 1); // npos + 1 is 0
        made.at_ = position();
        open_.push_back(&made);
    }

    std::size_t position() const {
        // A newer expat wants another function used, which Debian 12 does not have.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        return static_cast<std::size_t>(std::max<XML_Index>(0, XML_GetCurrentByteIndex(parser_.get())));
#pragma GCC diagnostic pop
    }

    std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser_{XML_ParserCreateNS(nullptr, kSeparator),
                                                                         &XML_ParserFree};
    Xml root_;
    std::vector<Xml*> open_;
    std::size_t elements_ = 0;
    std::string wrong_;
};

Xml Xml::parse(std::string_view bytes, std::size_t max_bytes) {
    if (bytes.size() > max_bytes)
        throw BadDocument(fmt::format("expected XML of at most {} bytes, found {}", max_bytes, bytes.size()));
    return XmlBuilder{}.build(bytes);
}

std::string Xml::place() const { return fmt::format("<{}> at byte {}", shown_name(name_), at_); }

void Xml::bad(std::string_view expected) const {
    throw BadDocument(
        fmt::format("{}: expected {}, found {}", place(), expected, children_.empty() ? shown(text_) : "elements"));
}

const Xml* Xml::find(std::string_view name) const {
    const auto found = std::ranges::find(children_, name, &Xml::name_);
    if (found == children_.end())
        return nullptr;
    if (std::find_if(found + 1, children_.end(), [&](const Xml& other) { return other.name_ == name; }) !=
        children_.end())
        throw BadDocument(fmt::format("{}: expected one <{}>, found several", place(), name));
    return &*found;
}

const Xml& Xml::child(std::string_view name) const {
    if (const Xml* found = find(name))
        return *found;
    throw BadDocument(fmt::format("{}: expected <{}> in it, found none", place(), name));
}

std::vector<const Xml*> Xml::all(std::string_view name) const {
    std::vector<const Xml*> found;
    for (const Xml& one : children_)
        if (one.name_ == name)
            found.push_back(&one);
    return found;
}

const std::string& Xml::text() const {
    if (!children_.empty())
        bad("text");
    return text_;
}

std::uint64_t Xml::natural() const {
    const std::string& digits = text();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size())
        bad("a whole number from 0");
    return number;
}

core::Time Xml::time() const {
    const auto parsed = core::config::parse_time(text());
    if (!parsed)
        bad("a time as RFC 3339");
    return *parsed;
}

bool Xml::boolean() const {
    const std::string lower = core::ascii_lower(text());
    if (lower != "true" && lower != "false")
        bad("true or false");
    return lower == "true";
}

} // namespace recoverd::io
