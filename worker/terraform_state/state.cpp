// SPDX-License-Identifier: Apache-2.0
#include "worker/terraform_state/state.hpp"

#include "io/json_stream.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

namespace recoverd::worker::terraform_state {

namespace {

/// Terraform makes UUIDs; people who write a state by hand make words.
constexpr std::size_t kMaxLineage = 64;
constexpr std::uint64_t kVersion = 4;

class Digest {
  public:
    explicit Digest(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
        EVP_DigestInit_ex(context_.get(), algorithm, nullptr);
    }
    void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
    std::string hex() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
        unsigned length = 0;
        EVP_DigestFinal_ex(context_.get(), bytes.data(), &length);
        std::string text;
        for (unsigned i = 0; i < length; ++i)
            text += fmt::format("{:02x}", bytes.at(i));
        return text;
    }

  private:
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

bool is_word(std::string_view text) {
    return text.size() <= kMaxLineage && std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '_' || c == '.';
           });
}

std::optional<std::uint64_t> natural(const io::Json::Value& value) {
    if (const auto* number = std::get_if<std::uint64_t>(&value))
        return *number;
    return std::nullopt;
}

/// Follows the document by its depth: of an object or array at depth N, its members stand at N + 1.
class Reader : public io::JsonVisitor {
  public:
    void begin_object() override {
        if (depth_ == 0)
            is_object_ = true;
        else if (depth_ == 2 && top_ == "resources")
            resource_ = {};
        else if (depth_ == 4 && in_instances())
            deposed_ = false;
        ++depth_;
    }
    void end_object() override {
        --depth_;
        if (depth_ == 4 && in_instances() && !deposed_)
            ++resource_.instances;
        else if (depth_ == 2 && top_ == "resources" && resource_.managed)
            resources_ += resource_.instances;
    }
    void begin_array() override {
        if (depth_ == 1 && top_ == "resources")
            no_list_ = false;
        ++depth_;
    }
    void end_array() override { --depth_; }

    void key(const std::string& name) override {
        if (depth_ == 1) {
            top_ = name;
            no_list_ = no_list_ || name == "resources";
            seen_shown_ = seen_shown_ || name == "format_version";
            seen_backend_ = seen_backend_ || name == "backend";
        } else if (depth_ == 3) {
            member_ = name;
        } else if (depth_ == 5) {
            instance_member_ = name;
        }
    }

    void scalar(io::Json::Value value) override {
        const bool null = std::holds_alternative<std::nullptr_t>(value);
        const auto* text = std::get_if<std::string>(&value);
        if (depth_ == 1)
            top_scalar(value, text, null);
        else if (depth_ == 3 && top_ == "resources" && member_ == "mode")
            resource_.managed = text && *text == "managed";
        else if (depth_ == 5 && in_instances() && instance_member_ == "deposed")
            deposed_ = text && !text->empty();
    }

    /// Fills in what it told, or what is wrong with it.
    void finish(State& state) const {
        state.fault = fault();
        if (!state.fault.empty())
            return;
        state.encrypted = encrypted_;
        state.serial = serial_;
        state.lineage = lineage_;
        if (!encrypted_)
            state.resources = resources_;
    }

  private:
    struct Resource {
        bool managed = false;
        std::uint64_t instances = 0;
    };

    bool in_instances() const { return top_ == "resources" && member_ == "instances"; }

    void top_scalar(const io::Json::Value& value, const std::string* text, bool null) {
        if (top_ == "version") {
            version_ = natural(value);
            seen_version_ = true;
        } else if (top_ == "serial") {
            serial_ = natural(value);
            bad_serial_ = !serial_;
        } else if (top_ == "lineage") {
            lineage_ = text ? *text : "";
            bad_lineage_ = !text || !is_word(*text);
        } else if (top_ == "encrypted_data") {
            encrypted_ = text && !text->empty();
        } else if (top_ == "resources" && null) {
            no_list_ = false;
        }
    }

    std::string fault() const {
        if (!is_object_)
            return "JSON that is no object";
        if (seen_shown_)
            return "what `terraform show -json` prints";
        if (seen_backend_)
            return "Terraform's note of its backend";
        if (!encrypted_ && !seen_version_)
            return "JSON without a version";
        if (!encrypted_ && version_ != kVersion)
            return version_ ? fmt::format("a state of version {}", *version_) : "a version that is no number";
        if (bad_serial_ || (!encrypted_ && !serial_))
            return "a state without a serial";
        if (bad_lineage_)
            return "a lineage that is no short word";
        if (no_list_)
            return "resources that are no list";
        return {};
    }

    std::size_t depth_ = 0;
    std::string top_;
    std::string member_;
    std::string instance_member_;
    bool is_object_ = false;
    bool seen_shown_ = false;
    bool seen_backend_ = false;
    bool seen_version_ = false;
    bool no_list_ = false;
    std::optional<std::uint64_t> version_;
    std::optional<std::uint64_t> serial_;
    bool bad_serial_ = false;
    std::string lineage_;
    bool bad_lineage_ = false;
    bool encrypted_ = false;
    Resource resource_;
    bool deposed_ = false;
    std::uint64_t resources_ = 0;
};

} // namespace

State read_state(const std::function<std::string_view()>& next) {
    State state;
    Digest sha256{EVP_sha256()};
    Digest md5{EVP_md5()};
    const std::function<std::string_view()> counted = [&] {
        const std::string_view bytes = next();
        state.bytes += bytes.size();
        sha256.add(bytes);
        md5.add(bytes);
        return bytes;
    };
    Reader reader;
    try {
        io::read_json(counted, reader);
    } catch (const io::BadDocument& bad) {
        state.fault = state.bytes == 0 ? "nothing at all" : fmt::format("broken JSON ({})", bad.what());
        return state;
    }
    reader.finish(state);
    state.sha256 = sha256.hex();
    state.md5 = md5.hex();
    return state;
}

} // namespace recoverd::worker::terraform_state
