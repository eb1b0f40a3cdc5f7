// SPDX-License-Identifier: Apache-2.0
#include "agent/reference/declared_arguments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace recoverd::agent {

namespace {

using Kind = DeclaredArgument::Kind;

class Recorder : public Arguments {
  public:
    void flag(std::string_view name, bool& /*to*/, std::string_view help) override { add(Kind::flag, name, help); }
    void option(std::string_view name, std::string& to, std::string_view help,
                std::vector<std::string> choices) override {
        add(Kind::option, name, help, to).choices = std::move(choices);
    }
    void options(std::string_view name, std::vector<std::string>& to, std::string_view help) override {
        add(Kind::repeated_option, name, help, fmt::format("{}", fmt::join(to, " ")));
    }
    void positional(std::string_view name, std::string& to, std::string_view help, bool required) override {
        add(Kind::positional, name, help, to).required = required;
    }
    void positionals(std::string_view name, std::vector<std::string>& /*to*/, std::string_view help) override {
        add(Kind::positionals, name, help);
    }
    void rest(std::vector<std::string>& /*to*/, std::string_view help, bool* /*mistaken*/) override {
        add(Kind::rest, "", help);
    }

    std::vector<DeclaredArgument> take() { return std::move(arguments_); }

  private:
    DeclaredArgument& add(Kind kind, std::string_view name, std::string_view help, std::string default_text = {}) {
        arguments_.push_back({kind, std::string{name}, std::string{help}, std::move(default_text), {}, false});
        return arguments_.back();
    }

    std::vector<DeclaredArgument> arguments_;
};

} // namespace

std::string DeclaredArgument::form() const {
    switch (kind) {
    case Kind::flag:
        return fmt::format("--{}", name);
    case Kind::option:
        return choices.empty() ? fmt::format("--{} TEXT", name) : fmt::format("--{} {}", name, fmt::join(choices, "|"));
    case Kind::repeated_option:
        return fmt::format("--{} TEXT …", name);
    case Kind::positional:
        return required ? name : fmt::format("[{}]", name);
    case Kind::positionals:
        return fmt::format("[{} …]", name);
    case Kind::rest:
        return "-- …";
    }
    return name;
}

std::vector<DeclaredArgument> arguments_of(const Command& command) {
    Recorder recorder;
    command.declare(recorder);
    return recorder.take();
}

} // namespace recoverd::agent
