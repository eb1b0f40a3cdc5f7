// SPDX-License-Identifier: Apache-2.0
// Bytes to a tree: nlohmann's SAX parser (it does not recurse) under our limits.
#include "io/json.hpp"

#include "io/json_fault.hpp"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace recoverd::io {

namespace {

constexpr std::size_t kMaxDepth = 64;

} // namespace

class JsonBuilder : public nlohmann::json_sax<nlohmann::json> {
  public:
    explicit JsonBuilder(std::size_t max_values) : max_values_(max_values) {}

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(static_cast<std::int64_t>(value)); }
    bool number_unsigned(number_unsigned_t value) override { return put(static_cast<std::uint64_t>(value)); }
    bool number_float(number_float_t value, const string_t& /*as_written*/) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t& /*value*/) override { return false; }
    bool start_object(std::size_t /*size*/) override { return open(Json::Object{}); }
    bool start_array(std::size_t /*size*/) override { return open(Json::Array{}); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& value) override {
        key_ = std::move(value);
        return true;
    }
    bool parse_error(std::size_t position, const std::string& /*token*/,
                     const nlohmann::json::exception& error) override {
        throw BadDocument(json_fault(position, error.what()));
    }

    Json take() { return std::move(root_); }

  private:
    using Step = Json::Step;

    Json& add(Json::Value value) {
        if (++values_ > max_values_)
            throw BadDocument(fmt::format("expected JSON of at most {} values, found more", max_values_));
        if (open_.empty()) {
            root_ = Json{std::move(value)};
            return root_;
        }
        Json& parent = *open_.back();
        if (auto* array = std::get_if<Json::Array>(&parent.value_)) {
            auto step = std::make_shared<const Step>(Step{parent.step_, array->size()});
            return array->emplace_back(Json{std::move(value), std::move(step)});
        }
        auto step = std::make_shared<const Step>(Step{parent.step_, key_});
        auto& object = std::get<Json::Object>(parent.value_);
        // Of members with the same name the last one counts, as nearly everywhere.
        return object.insert_or_assign(std::move(key_), Json{std::move(value), std::move(step)}).first->second;
    }

    bool put(Json::Value value) {
        add(std::move(value));
        return true;
    }

    bool open(Json::Value value) {
        if (open_.size() == kMaxDepth)
            throw BadDocument(fmt::format("expected JSON of at most {} levels, found more", kMaxDepth));
        // An open container's address holds: its parent gets no further element before it is closed.
        open_.push_back(&add(std::move(value)));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    Json root_;
    std::vector<Json*> open_;
    std::string key_;
    std::size_t values_ = 0;
    std::size_t max_values_;
};

Json Json::parse(std::string_view bytes, std::size_t max_bytes, std::size_t max_values) {
    if (bytes.size() > max_bytes)
        throw BadDocument(fmt::format("expected JSON of at most {} bytes, found {}", max_bytes, bytes.size()));
    JsonBuilder builder{max_values};
    nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &builder);
    return builder.take();
}

std::string json_quote(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace recoverd::io
