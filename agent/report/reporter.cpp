// SPDX-License-Identifier: Apache-2.0
#include "agent/report/reporter.hpp"

#include "io/json.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

const std::string kPath = "/api/v1/outcomes";

/// The member of an answer's document; absent where there is none, and where the body is of somebody else.
io::Json member_of(const io::HttpAnswer& answer, std::string_view name) {
    try {
        return io::Json::parse(answer.body)[name];
    } catch (const io::BadDocument&) {
        return {};
    }
}

bool is_success(const io::HttpAnswer& answer) { return answer.status == 200 || answer.status == 201; }

/// Did the daemon itself judge the report? Anything else that answers 4xx (a proxy, a wrong prefix, a token that
/// expired) says nothing about it. One that is too large will be so the next time.
bool is_judgement(const io::HttpAnswer& answer) {
    if (answer.status == 413)
        return true;
    return (answer.status == 400 || answer.status == 404 || answer.status == 409) &&
           member_of(answer, "errors").is_array();
}

/// Does it name the run that it recorded? Pages that say that something is closed answer 200 as well.
bool is_receipt(const io::HttpAnswer& answer) { return is_success(answer) && member_of(answer, "id").is_text(); }

core::Time now() { return std::chrono::time_point_cast<core::Duration>(std::chrono::system_clock::now()); }

} // namespace

Reporter::Answer Reporter::send(const std::string& body) {
    const auto answer = client_.post(kPath, body);
    if (!answer) {
        print_away(client_.address(), answer.error(), console_);
        return Answer::not_taken;
    }
    if (is_receipt(*answer))
        return Answer::taken;
    if (is_success(*answer)) {
        fmt::print(console_.err,
                   "recoverd: {} answers with status {}, and not by a daemon of recoverd: expected the id of the run\n",
                   client_.address().shown(), answer->status);
        return Answer::not_taken;
    }
    const bool judged = is_judgement(*answer);
    fmt::print(console_.err, "recoverd: the daemon at {} {} the report with status {}\n", client_.address().shown(),
               judged ? "refused" : "did not take", answer->status);
    for (const std::string& error : errors_in(*answer))
        fmt::print(console_.err, "  {}\n", error);
    return judged ? Answer::refused : Answer::not_taken;
}

Handed Reporter::flush() {
    bool refused = false;
    for (const std::string& name : spool_.names()) {
        const auto spooled = spool_.read(name);
        if (!spooled) {
            fmt::print(console_.err, "recoverd: {}\n", spooled.error());
            continue;
        }
        if (!*spooled || (*spooled)->url != client_.address().shown())
            continue;
        switch (send((*spooled)->body)) {
        case Answer::taken:
            spool_.remove(name);
            break;
        case Answer::refused:
            refused = true;
            fmt::print(console_.err, "hint: it is kept as {}/{}.refused\n", spool_.folder(), name);
            spool_.set_aside(name);
            break;
        case Answer::not_taken:
            return Handed::spooled;
        }
    }
    return refused ? Handed::refused : Handed::recorded;
}

Handed Reporter::report(Outcome outcome) {
    if (flush() == Handed::spooled)
        return keep(std::move(outcome));
    switch (send(to_json(outcome))) {
    case Answer::taken:
        return Handed::recorded;
    case Answer::refused:
        return Handed::refused;
    case Answer::not_taken:
        break;
    }
    return keep(std::move(outcome));
}

Handed Reporter::keep(Outcome outcome) {
    // The daemon takes the time of arrival for what is not said, which may be days off by then.
    auto& when = outcome.is_start() ? outcome.started_at : outcome.ended_at;
    if (!when)
        when = now();
    const auto kept = spool_.put({client_.address().shown(), to_json(outcome)});
    if (!kept) {
        fmt::print(console_.err,
                   "recoverd: the report of run '{}' is lost: {}\nhint: --spool names a folder that may be written\n",
                   outcome.id, kept.error());
        return Handed::lost;
    }
    fmt::print(console_.err, "recoverd: the report of run '{}' waits in {} for the next `recoverd outcome`\n",
               outcome.id, spool_.folder());
    return Handed::spooled;
}

} // namespace recoverd::agent
