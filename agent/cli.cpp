// SPDX-License-Identifier: Apache-2.0
#include "agent/cli.hpp"

#include "agent/version.hpp"
#include "core/ascii.hpp"
#include "core/config/diagnostics.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace recoverd::agent {

namespace {

/// What is wrong with a value, or nothing.
std::string wrong_choice(const std::vector<std::string>& choices, const std::string& found) {
    if (std::ranges::find(choices, found) != choices.end())
        return {};
    return fmt::format("expected one of {}, found '{}'", fmt::join(choices, ", "), found);
}

class AppArguments : public Arguments {
  public:
    AppArguments(CLI::App& app, std::vector<std::string>& after_dashes) : app_(app), after_dashes_(after_dashes) {}

    void flag(std::string_view name, bool& to, std::string_view help) override {
        app_.add_flag(dashed(name), to, std::string{help});
    }
    void option(std::string_view name, std::string& to, std::string_view help,
                std::vector<std::string> choices) override {
        // The last one counts, so that arguments added to a unit's win over those it has.
        auto* option = app_.add_option(dashed(name), to, std::string{help})->capture_default_str()->take_last();
        if (choices.empty())
            return;
        std::string all = fmt::format("{{{}}}", fmt::join(choices, ","));
        option->check([choices = std::move(choices)](const std::string& found) { return wrong_choice(choices, found); },
                      std::move(all));
    }
    void options(std::string_view name, std::vector<std::string>& to, std::string_view help) override {
        // One value each time: `--name a b` would swallow the arguments that follow.
        app_.add_option(dashed(name), to, std::string{help})->capture_default_str()->allow_extra_args(false);
    }
    void positional(std::string_view name, std::string& to, std::string_view help, bool required) override {
        app_.add_option(std::string{name}, to, std::string{help})->required(required);
    }
    void positionals(std::string_view name, std::vector<std::string>& to, std::string_view help) override {
        app_.add_option(std::string{name}, to, std::string{help});
    }
    void rest(std::vector<std::string>& to, std::string_view help, bool* mistaken) override {
        app_.footer(fmt::format("-- …  {}", help));
        rest_ = &to;
        mistaken_ = mistaken;
    }

    bool takes_rest() const { return rest_ != nullptr; }
    bool goes_on_mistaken() const { return mistaken_ != nullptr; }
    void note_mistake() { *mistaken_ = true; }
    void hand_over_rest() {
        if (rest_)
            *rest_ = after_dashes_;
    }

  private:
    static std::string dashed(std::string_view name) { return fmt::format("--{}", name); }

    CLI::App& app_;
    std::vector<std::string>& after_dashes_;
    std::vector<std::string>* rest_ = nullptr;
    bool* mistaken_ = nullptr;
};

/// One command after its arguments were declared.
struct Declared {
    CLI::App* app;
    std::unique_ptr<AppArguments> arguments;
    Action action;
};

class CommandLine {
  public:
    CommandLine(std::span<const Command> commands, Console console) : console_(std::move(console)) {
        app_.set_version_flag("--version", version_text());
        app_.require_subcommand(1);
        for (const Command& command : commands)
            add(command);
    }

    int run(std::vector<std::string> words) {
        if (const auto dashes = std::ranges::find(words, "--"); dashes != words.end()) {
            has_rest_ = true;
            rest_.assign(dashes + 1, words.end());
            words.erase(dashes, words.end());
        }
        // CLI11 wants them last to first.
        std::ranges::reverse(words);
        try {
            app_.parse(std::move(words));
        } catch (const CLI::ParseError& error) {
            return answer(error);
        }
        for (Declared& declared : declared_)
            if (declared.app->parsed())
                return start(declared);
        return kUsageError;
    }

  private:
    void add(const Command& command) {
        const auto space = command.name.find(' ');
        CLI::App* parent = &app_;
        if (space != std::string_view::npos)
            parent = group(command.name.substr(0, space));
        CLI::App* made =
            parent->add_subcommand(std::string{command.name.substr(space == std::string_view::npos ? 0 : space + 1)},
                                   std::string{command.summary});
        made->add_option("--config.file", console_.config_file, "The configuration to read")
            ->capture_default_str()
            ->take_last();
        Declared declared{made, std::make_unique<AppArguments>(*made, rest_), {}};
        declared.action = command.declare(*declared.arguments);
        declared_.push_back(std::move(declared));
    }

    CLI::App* group(std::string_view name) {
        CLI::App*& made = groups_[std::string{name}];
        if (!made) {
            made = app_.add_subcommand(std::string{name}, std::string{summary_of_group(name)});
            made->require_subcommand(1);
        }
        return made;
    }

    int start(Declared& declared) {
        if (has_rest_ && !declared.arguments->takes_rest()) {
            fmt::print(console_.err, "recoverd: '{}' takes nothing after '--'\n", declared.app->get_name());
            return kUsageError;
        }
        declared.arguments->hand_over_rest();
        return declared.action(console_);
    }

    /// The program or the group of which no command was named, or nullptr.
    const CLI::App* without_command() const {
        const auto has_command = [this](const CLI::App* parent) {
            return std::ranges::any_of(declared_, [parent](const Declared& declared) {
                return declared.app->parsed() && (parent == nullptr || declared.app->get_parent() == parent);
            });
        };
        for (const auto& [name, made] : groups_)
            if (made->parsed() && !has_command(made))
                return made;
        return has_command(nullptr) ? nullptr : &app_;
    }

    /// What may stand where `parent` wants a command.
    std::vector<std::string> commands_of(const CLI::App* parent) const {
        std::vector<std::string> names;
        for (const Declared& declared : declared_)
            if (declared.app->get_parent() == parent)
                names.push_back(declared.app->get_name());
        if (parent == &app_)
            for (const auto& [name, made] : groups_)
                names.push_back(name);
        return names;
    }

    void say_no_command(const CLI::App& parent) const {
        const bool of_group = &parent != &app_;
        const std::string where = of_group ? fmt::format(" of '{}'", parent.get_name()) : std::string{};
        const auto found = parent.remaining();
        fmt::print(console_.err, "recoverd: expected a command{}, found {}\n", where,
                   found.empty() ? "none" : fmt::format("'{}'", found.front()));
        const auto names = commands_of(&parent);
        const std::vector<std::string_view> known{names.begin(), names.end()};
        const auto near = found.empty() ? std::string_view{} : core::config::nearest(found.front(), known);
        if (near.empty())
            fmt::print(console_.err, "hint: `recoverd {}--help` lists the commands\n",
                       of_group ? parent.get_name() + " " : std::string{});
        else
            fmt::print(console_.err, "hint: did you mean '{}'?\n", near);
    }

    void say_mistake(const CLI::ParseError& error) const {
        if (const CLI::App* parent = without_command())
            return say_no_command(*parent);
        constexpr std::string_view kRequired = " is required";
        const std::string_view words = error.what();
        const std::string said = words.ends_with(kRequired)
                                     ? fmt::format("expected {}, found none", words.substr(0, words.rfind(kRequired)))
                                     : core::begun_lower(std::string{words});
        fmt::print(console_.err, "recoverd: {}\nhint: `recoverd --help` lists the commands\n", said);
    }

    /// Help and version come as exceptions too; they go to `out`, with success.
    int answer(const CLI::ParseError& error) {
        if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
            std::ostringstream text;
            app_.exit(error, text, text);
            fmt::print(console_.out, "{}", text.str());
            return 0;
        }
        say_mistake(error);
        for (Declared& declared : declared_)
            if (!rest_.empty() && declared.app->parsed() && declared.arguments->goes_on_mistaken()) {
                declared.arguments->note_mistake();
                return start(declared);
            }
        return kUsageError;
    }

    Console console_;
    CLI::App app_{"Knows whether you could recover: how much would be lost, how long it would take", "recoverd"};
    std::map<std::string, CLI::App*> groups_;
    std::vector<Declared> declared_;
    std::vector<std::string> rest_;
    bool has_rest_ = false;
};

} // namespace

std::string_view summary_of_group(std::string_view group) {
    return group == "config" ? "Look at the configuration without running it" : std::string_view{};
}

int run_command_line(std::vector<std::string> arguments, std::span<const Command> commands, Console console) {
    return CommandLine{commands, std::move(console)}.run(std::move(arguments));
}

} // namespace recoverd::agent
