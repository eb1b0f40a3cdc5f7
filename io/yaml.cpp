// SPDX-License-Identifier: Apache-2.0
#include "io/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <set>

namespace recoverd::io {

namespace {

constexpr int kMaxDepth = 32;

class Rewriter {
  public:
    explicit Rewriter(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    void write(const YAML::Node& node, int depth) {
        if (depth > kMaxDepth)
            bad(node, fmt::format("nested deeper than {}", kMaxDepth));
        // An alias is written out wherever it stands: ten lines can be a gigabyte.
        if (out_.text().size() > max_bytes_)
            bad(node, fmt::format("larger than {} bytes", max_bytes_));
        switch (node.Type()) {
        case YAML::NodeType::Map:
            return write_map(node, depth);
        case YAML::NodeType::Sequence:
            out_.begin_array();
            for (const auto& item : node)
                write(item, depth + 1);
            out_.end_array();
            return;
        case YAML::NodeType::Scalar:
            return write_scalar(node);
        case YAML::NodeType::Null:
        case YAML::NodeType::Undefined:
            out_.null();
        }
    }

    std::string take() { return out_.take(); }

  private:
    [[noreturn]] static void bad(const YAML::Node& node, const std::string& found) {
        throw BadDocument(fmt::format("line {}: {}", node.Mark().line + 1, found));
    }

    void write_map(const YAML::Node& node, int depth) {
        std::set<std::string> keys;
        out_.begin_object();
        for (const auto& member : node) {
            if (!member.first.IsScalar())
                bad(member.first, "expected a text as key");
            if (!keys.insert(member.first.Scalar()).second)
                bad(member.first, fmt::format("the key '{}' stands twice", member.first.Scalar()));
            out_.key(member.first.Scalar());
            write(member.second, depth + 1);
        }
        out_.end_object();
    }

    void write_scalar(const YAML::Node& node) {
        const std::string& text = node.Scalar();
        // "?" is the tag of what stands there without quotes.
        if (node.Tag() == "?" && (text == "true" || text == "false"))
            out_.value(text == "true");
        else
            out_.value(text);
    }

    std::size_t max_bytes_;
    JsonWriter out_;
};

} // namespace

Json parse_yaml(std::string_view bytes, std::size_t max_bytes) {
    if (bytes.size() > max_bytes)
        throw BadDocument(fmt::format("expected YAML of {} bytes at most, found {}", max_bytes, bytes.size()));
    Rewriter rewriter{max_bytes};
    try {
        rewriter.write(YAML::Load(std::string{bytes}), 0);
    } catch (const YAML::Exception& wrong) {
        throw BadDocument(fmt::format("expected YAML, stopped at line {}: {}", wrong.mark.line + 1, wrong.msg));
    }
    return Json::parse(rewriter.take());
}

} // namespace recoverd::io
