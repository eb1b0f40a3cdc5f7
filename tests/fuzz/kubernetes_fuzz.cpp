// SPDX-License-Identifier: Apache-2.0
// Pages of the Kubernetes API: {"lists": {"pods": {a list}, "jobs.batch": …}, "forbidden": {"pods": anything},
// "cursor": text, "backup": whether the jobs make backups}; and the same bytes as a kubeconfig.
#include "collectors/kubernetes.hpp"
#include "io/yaml.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

namespace {

namespace parts = collectors::kubernetes_parts;

std::string text_of(const io::Json& json) {
    io::JsonWriter out;
    const auto write = [&out](const auto& self, const io::Json& value) -> void {
        if (value.is_object()) {
            out.begin_object();
            for (const auto& [name, member] : value.object()) {
                out.key(name);
                self(self, member);
            }
            out.end_object();
        } else if (value.is_array()) {
            out.begin_array();
            for (const auto& item : value.items())
                self(self, item);
            out.end_array();
        } else if (value.is_text()) {
            out.value(value.text());
        } else if (const auto* boolean = std::get_if<bool>(&value.value())) {
            out.value(*boolean);
        } else if (value.is_number()) {
            out.value(value.number());
        } else {
            out.null();
        }
    };
    write(write, json);
    return out.take();
}

void interpret(const io::Json& document) {
    parts::Expected expected;
    expected.require = {"readiness_probe", "poddisruptionbudget", "horizontalpodautoscaler"};
    (document["backup"] ? expected.jobs.backup : expected.jobs.exercise) = "restore-test";
    parts::Facts facts;
    const std::string cursor = document["cursor"].is_text() ? document["cursor"].text() : "";
    std::vector<std::string> words;
    for (const auto& watched : parts::watchable())
        words.emplace_back(watched.word);
    for (const auto& resource : parts::resources_of(words, expected.require)) {
        io::HttpAnswer answer;
        answer.status = document["forbidden"][resource.full_name()] ? 403 : 200;
        answer.body = text_of(document["lists"][resource.full_name()]);
        const auto reader = parts::reader_of(resource, expected, kNow, facts);
        reader.begin();
        const auto page = parts::read_page(answer, resource, "in the whole cluster", reader);
        if (!page)
            reader.begin();
        if (!page && parts::done_without(resource, page.error(), cursor))
            continue;
        facts.lists[resource.full_name()] = page ? std::nullopt : std::optional{page.error()};
    }
    const auto seen = parts::interpret_kubernetes(expected, facts, {}, cursor, kNow);
    if (!seen)
        return must_be_sound(seen.error());
    must_be_sound(*seen);
    must(parts::write_cursor(parts::read_cursor(seen->cursor)) == seen->cursor, "what is remembered is read again",
         seen->cursor);
}

} // namespace

void fuzz(std::string_view bytes) {
    try {
        interpret(io::Json::parse(bytes));
    } catch (const io::BadDocument&) {
    }
    try {
        (void)parts::read_kubeconfig(io::parse_yaml(bytes), "/etc/");
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
