// SPDX-License-Identifier: Apache-2.0
// Samples of what the API server of Kubernetes gives: an object is fed as the only one of its list, a list as it is,
// and what is neither in place of every list. What is known to be faulty must not come out good.
#include "collectors/kubernetes.hpp"
#include "core/ascii.hpp"
#include "io/yaml.hpp"
#include "tests/collectors/samples.hpp"

#include <functional>

namespace recoverd::collectors {

namespace {

namespace parts = kubernetes_parts;
using test::samples::add;
using test::samples::Folder;
using test::samples::kNow;
using test::samples::Known;
using test::samples::Must;
using test::samples::Sample;
using test::samples::Told;

/// Lists that are asked for together, and which of them a document is of.
struct Lists {
    std::vector<parts::Resource> all;
    parts::Resource own;
};

/// Of "apps/v1" and "StatefulSet"; nothing for what nobody asks for.
std::optional<Lists> lists_of(const std::string& api_version, const std::string& kind) {
    const std::string group = api_version.contains('/') ? api_version.substr(0, api_version.find('/')) : "";
    const std::string name = core::ascii_lower(kind);
    std::vector<std::vector<parts::Resource>> looks{
        parts::resources_of({"deployments"}, {"poddisruptionbudget", "horizontalpodautoscaler"})};
    for (const parts::Watched& watched : parts::watchable())
        looks.push_back(parts::resources_of({std::string{watched.word}}, {}));
    for (const auto& look : looks)
        for (const parts::Resource& list : look)
            if (list.group == group && (list.name == name || list.name == name + "s"))
                return Lists{look, list};
    return std::nullopt;
}

io::Json text_node(std::string text) { return io::Json{io::Json::Value{std::move(text)}}; }

/// Some leave out what the API server gives to each.
io::Json with_identity(const io::Json& object) {
    io::Json::Object made = object.object();
    io::Json::Object metadata = object["metadata"] ? object["metadata"].object() : io::Json::Object{};
    for (const char* name : {"name", "namespace", "uid"})
        metadata.try_emplace(name, text_node("sample"));
    made.insert_or_assign("metadata", io::Json{io::Json::Value{std::move(metadata)}});
    return io::Json{io::Json::Value{std::move(made)}};
}

/// A VolumeSnapshot of a claim that says it is ready, in this content.
io::Json claiming(const io::Json& content) {
    return io::Json::parse(fmt::format(
        R"({{"metadata": {{"name": "sample", "namespace": "sample", "uid": "sample"}},
            "spec": {{"source": {{"persistentVolumeClaimName": "data"}}}},
            "status": {{"creationTime": "2026-11-22T01:00:00Z", "readyToUse": true,
                        "boundVolumeSnapshotContentName": {}}}}})",
        io::json_quote(content["metadata"]["name"].text())));
}

/// Gives a list to its reader, or says why it cannot be had.
using Give = std::function<std::optional<Failure>(const parts::Resource&, const parts::Reader&)>;

std::optional<Failure> read_as(const parts::Resource& list, const std::string& body, int status,
                               const parts::Reader& reader) {
    io::HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    const auto page = parts::read_page(answer, list, "in the whole cluster", reader);
    if (!page)
        return page.error();
    return page->expired ? std::optional{Failure{FailureKind::bad_answer, "it expired"}} : std::nullopt;
}

Give give_object(io::Json object, parts::Resource own) {
    return [object = std::move(object), own](const parts::Resource& list,
                                             const parts::Reader& reader) -> std::optional<Failure> {
        const bool claimed = own == parts::kVolumeSnapshotContents && list == parts::kVolumeSnapshots;
        if (list != own && !claimed)
            return std::nullopt;
        const auto read = understood([&] {
            reader.object(claimed ? claiming(object) : object);
            return true;
        });
        return read ? std::nullopt : std::optional{read.error()};
    };
}

Give give_list(std::string body, parts::Resource own) {
    return [body = std::move(body), own](const parts::Resource& list, const parts::Reader& reader) {
        return list == own ? read_as(list, body, 200, reader) : std::nullopt;
    };
}

/// Of what is good there only what is told of the objects, and not what somebody expects of them: that one expectation
/// holds does not make good what is wrong beside it.
void add_objects(Told& told, const Collected& seen) {
    if (!seen)
        return add(told, std::optional{seen.error()});
    for (const SubjectReport& subject : seen->subjects) {
        add(told, subject.failure);
        if (subject.subject == "apiserver")
            continue;
        for (const Evidence& evidence : subject.evidence) {
            Told of_one;
            add(of_one, evidence);
            std::ranges::copy(of_one.bad, std::back_inserter(told.bad));
            if (core::kind_of(evidence) != EvidenceKind::assertions)
                std::ranges::copy(of_one.good, std::back_inserter(told.good));
        }
    }
}

void look_at(const std::vector<parts::Resource>& lists, const Give& give, const parts::JobsAre& jobs, Told& told) {
    parts::Expected expected;
    expected.jobs = jobs;
    parts::Facts facts;
    for (const parts::Resource& list : lists) {
        const parts::Reader reader = parts::reader_of(list, expected, kNow, facts);
        reader.begin();
        auto failure = give(list, reader);
        if (failure)
            reader.begin();
        facts.lists[list.full_name()] = std::move(failure);
    }
    add_objects(told, parts::interpret_kubernetes(expected, facts, {}, "", kNow));
}

/// What no list is must not be taken for one.
void read_foreign(const io::Json& json, const std::string& body, Told& told) {
    const int status = json["code"] ? static_cast<int>(json["code"].integer()) : 200;
    std::vector<std::string> words;
    for (const parts::Watched& watched : parts::watchable())
        words.emplace_back(watched.word);
    const auto give = [&](const parts::Resource& list, const parts::Reader& reader) {
        auto failure = read_as(list, body, status, reader);
        if (!failure)
            told.good.push_back(list.full_name() + " was read from it");
        return failure;
    };
    look_at(parts::resources_of(words, {"poddisruptionbudget", "horizontalpodautoscaler"}), give, {}, told);
}

void read_kubernetes(const Sample& sample, Told& told) {
    // Objects as people write them; no kubeconfig is among them.
    if (sample.is(".yaml")) {
        const auto access = parts::read_kubeconfig(io::parse_yaml(sample.text), "/etc/");
        if (access)
            told.good.emplace_back("a kubeconfig");
        else
            add(told, std::optional{access.error()});
        return;
    }
    const io::Json json = io::Json::parse(sample.text);
    const std::string kind = parts::text_or(json["kind"]);
    const bool is_list = kind.ends_with("List");
    const auto lists = lists_of(parts::text_or(json["apiVersion"]), is_list ? kind.substr(0, kind.size() - 4) : kind);
    if (!lists)
        return read_foreign(json, sample.text, told);
    const Give give = is_list ? give_list(sample.text, lists->own) : give_object(with_identity(json), lists->own);
    // Jobs stand for either, as an option says.
    const std::array<parts::JobsAre, 2> both{
        {{"restore-test", core::Depth::exists, ""}, {"", core::Depth::exists, "pg_dump"}}};
    for (const parts::JobsAre& jobs : both)
        look_at(lists->all, give, jobs, told);
}

constexpr Known kKnown[] = {
    {"argocd", "degraded", Must::tell_nothing_good},
    {"argocd", "degraded", Must::tell_bad},
    {"argocd", "healthy.json", Must::tell_good},
    // Of a kind that Argo CD's own tests made up, and its schema.
    {"argocd", "simple-app", Must::tell_nothing_good},
    {"argocd", "simple-app", Must::tell_bad},
    {"cert-manager", "configError", Must::tell_nothing_good},
    {"cert-manager", "configError", Must::tell_bad},
    {"cert-manager", "progressing", Must::tell_nothing_good},
    {"cert-manager", "progressing", Must::tell_bad},
    {"cert-manager", "issued.json", Must::tell_good},
    {"cert-manager", "renewed.json", Must::tell_good},
    // None of its targets was hit, and it waits: it has neither passed nor failed.
    {"chaos-mesh", "stuck", Must::tell_nothing_good},
    {"cnpg", "degraded", Must::tell_nothing_good},
    {"cnpg", "degraded", Must::tell_bad},
    {"cnpg", "progressing", Must::tell_nothing_good},
    {"cnpg", "progressing", Must::tell_bad},
    // Hibernated on purpose: nothing runs, and nobody waits for it.
    {"cnpg", "cluster_suspended", Must::tell_nothing_good},
    {"cnpg", "cluster_healthy.json", Must::tell_good},
    {"derived", "410", Must::tell_nothing_good},
    {"derived", "410", Must::tell_bad},
    {"derived", "aiven-error", Must::tell_nothing_good},
    {"derived", "aiven-error", Must::tell_bad},
    {"derived", "NodeList", Must::tell_bad},
    {"derived", "NodeList", Must::tell_good},
    // It has a completionTime and no condition that says how it ended.
    {"kubernetes", "allfields-batch.v1.Job", Must::tell_nothing_good},
    {"kubernetes", "allfields-core.v1.Node", Must::tell_nothing_good},
    {"kubernetes", "allfields-core.v1.Node", Must::tell_bad},
    {"kubernetes", "Lease", Must::tell_nothing_good},
    {"kubernetes", "cronjob-suspended", Must::tell_bad},
    {"kubernetes", "job-failed", Must::tell_nothing_good},
    {"kubernetes", "job-failed", Must::tell_bad},
    {"kubernetes", "job-running", Must::tell_nothing_good},
    {"kubernetes", "argocd-job-suspended", Must::tell_nothing_good},
    {"kubernetes", "pod-crashloop", Must::tell_nothing_good},
    {"kubernetes", "pod-crashloop", Must::tell_bad},
    {"kubernetes", "pod-deletion", Must::tell_nothing_good},
    {"kubernetes", "pod-deletion", Must::tell_bad},
    {"kubernetes", "imagepullbackoff", Must::tell_nothing_good},
    {"kubernetes", "imagepullbackoff", Must::tell_bad},
    {"kubernetes", "pod-pending", Must::tell_nothing_good},
    {"kubernetes", "pod-pending", Must::tell_bad},
    {"kubernetes", "not-ready", Must::tell_nothing_good},
    {"kubernetes", "not-ready", Must::tell_bad},
    {"kubernetes", "restart-always.json", Must::tell_good},
    // They are to end, however they do.
    {"kubernetes", "restart-never", Must::tell_nothing_good},
    {"kubernetes", "restart-onfailure", Must::tell_nothing_good},
    {"kubernetes", "pod-succeeded", Must::tell_nothing_good},
    {"kubernetes", "pvc", Must::tell_nothing_good},
    {"kubernetes", "k9s-pv", Must::tell_nothing_good},
    {"kubernetes", "k9s-ev", Must::tell_nothing_good},
    {"kubernetes", "k9s-pdb", Must::tell_nothing_good},
    // Scheduled once, and nothing came of it.
    {"kubernetes", "k9s-cj", Must::tell_nothing_good},
    {"kubernetes", "k9s-cj", Must::tell_bad},
    {"kubernetes", "k9s-job.json", Must::tell_good},
    {"kubernetes", "k9s-no.json", Must::tell_good},
    {"kubernetes", "k9s-dao", Must::tell_good},
    {"kubernetes", "k9s-po_init", Must::tell_good},
    {"kubernetes", "k9s-sts", Must::tell_good},
    // A container in them ends again and again.
    {"kubernetes", "kubelet-PodList", Must::tell_bad},
    {"kubernetes", "kubelet-PodList", Must::tell_good},
    {"strimzi", "", Must::tell_nothing_good},
    {"strimzi", "", Must::tell_bad},
    {"velero", "", Must::tell_nothing_good},
    // Nobody ever looked whether it is available.
    {"velero", "backupstoragelocation", Must::tell_bad},
    {"volumesnapshot", "", Must::tell_nothing_good},
    // The good one too: it does not say of which VolumeSnapshot it is.
    {"volumesnapshot", "volumesnapshotcontent", Must::tell_bad},
};

} // namespace

TEST_CASE("samples of clusters, where they are at hand: none that is faulty is read as good") {
    std::vector<Folder> folders;
    for (const std::string_view name : test::samples::kOfKubernetes)
        folders.push_back({name, read_kubernetes});
    test::samples::feed(folders, kKnown);
}

} // namespace recoverd::collectors
