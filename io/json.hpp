// SPDX-License-Identifier: Apache-2.0
// JSON of foreign origin: a tree whose accessors throw BadDocument with the path of what is wrong. The kind()
// wrapper of a collector is the one place that catches it. The parser behind it is nlohmann's.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace recoverd::io {

/// A document is not what it should be: "$[0].backup[0].timestamp.stop: expected a number, found nothing".
class BadDocument : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Json {
  public:
    using Object = std::map<std::string, Json, std::less<>>;
    using Array = std::vector<Json>;
    using Value = std::variant<std::monostate, std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string,
                               Array, Object>;

    /// Throws BadDocument, with the byte where it stopped, for what is not JSON, is nested deeper than 64, is larger
    /// than `max_bytes` or holds more than `max_values`. A byte of text such as "[[],[],[],…" can cost sixty bytes of
    /// memory: more than these limits are for documents of our own.
    static Json parse(std::string_view bytes, std::size_t max_bytes = std::size_t{64} << 20U,
                      std::size_t max_values = 1'000'000);
    /// The same after invalid UTF-8 and bare control characters inside strings were replaced (pgBackRest prints
    /// the bytes of a repository it could not decrypt).
    static Json parse_lenient(std::string_view bytes, std::size_t max_bytes = std::size_t{64} << 20U);

    Json() = default;
    explicit Json(Value value) : value_(std::move(value)) {}

    // Throwing accessors: the value is there and of that type, or BadDocument.
    const std::string& text() const;
    bool boolean() const;
    std::int64_t integer() const;
    std::uint64_t natural() const;
    double number() const;
    /// Seconds since 1970, whole or with a fraction.
    core::Time unix_time() const;
    /// RFC 3339.
    core::Time time() const;
    const Array& items() const;
    const Object& object() const;
    /// A member of an object, or an absent value that remembers its path (its reference is good for at least the next
    /// 256 look-ups of absent values in this thread). Asking something absent or null is fine; asking a value of any
    /// other type throws BadDocument.
    const Json& operator[](std::string_view key) const;
    const Json& operator[](std::size_t index) const;

    bool absent() const { return std::holds_alternative<std::monostate>(value_); }
    bool null() const { return std::holds_alternative<std::nullptr_t>(value_); }
    /// Neither absent nor null.
    explicit operator bool() const { return !absent() && !null(); }
    bool is_object() const { return std::holds_alternative<Object>(value_); }
    bool is_array() const { return std::holds_alternative<Array>(value_); }
    bool is_text() const { return std::holds_alternative<std::string>(value_); }
    bool is_number() const;
    const Value& value() const { return value_; }
    /// Where it stands: "$[0].name".
    std::string path() const;
    [[noreturn]] void bad(std::string_view expected) const;

    /// RFC 6901: the value `pointer` names, or an absent one; never throws.
    const Json& at_pointer(std::string_view pointer) const;

  private:
    friend class JsonBuilder;
    /// A key or an index below a container. Shared rather than spelled out: a hostile document's paths would outgrow
    /// it.
    struct Step {
        std::shared_ptr<const Step> parent;
        std::variant<std::string, std::size_t> name;
    };

    Json(Value value, std::shared_ptr<const Step> step) : value_(std::move(value)), step_(std::move(step)) {}
    const Json& nothing_at(std::variant<std::string, std::size_t> name) const;

    Value value_;
    /// Nothing for the root.
    std::shared_ptr<const Step> step_;
};

/// `text` as a JSON string, quotes included; invalid UTF-8 is replaced.
std::string json_quote(std::string_view text);

/// Writes JSON from left to right; commas and quotes are its business.
class JsonWriter {
  public:
    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view{text}); }
    JsonWriter& value(const std::string& text) { return value(std::string_view{text}); }
    JsonWriter& value(bool boolean);
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(std::uint64_t number);
    JsonWriter& value(int n) { return value(static_cast<std::int64_t>(n)); }
    JsonWriter& value(unsigned n) { return value(static_cast<std::uint64_t>(n)); }
    /// NaN and infinities are written as null: JSON has none.
    JsonWriter& value(double number);
    JsonWriter& null();
    /// Text that is JSON already.
    JsonWriter& raw(std::string_view json);
    template <class T>
    JsonWriter& field(std::string_view name, const T& v) {
        return key(name).value(v);
    }

    const std::string& text() const { return out_; }
    std::string take() { return std::move(out_); }

  private:
    void separate();

    std::string out_;
    bool comma_ = false;
};

} // namespace recoverd::io
