// SPDX-License-Identifier: Apache-2.0
// How the Kubernetes API is asked: pages, tokens, roles, kubeconfigs, and what comes of it when it does not answer.
#include "collectors/kubernetes.hpp"

#include "io/yaml.hpp"
#include "tests/collectors/kubernetes_api.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::ReachState;
using test::entry;
using test::evidence;
using test::has_subject;
using test::KubeApi;
using test::list;
using test::subject;
using test::text;
namespace parts = kubernetes_parts;

namespace {

const core::config::Table kOnlyPods{entry("watch", list({"pods"}))};

core::Reachability reach(const Collected& seen, std::string_view name) {
    return evidence<core::Reachability>(subject(seen, name));
}

std::string why_not(const Collected& seen) { return seen ? "" : seen.error().detail; }

} // namespace

TEST_CASE("a page that is too large is asked for anew with fewer objects, until one alone is") {
    KubeApi api;
    for (int i = 0; i < 45; ++i)
        api.objects["pods"].push_back(
            test::pod({.name = fmt::format("web-7d4b9-{}", i), .uid = fmt::format("u{}", i)}));
    api.objects["pods"].back() = test::pod({.ready = "False", .uid = "u44"});
    // So that the second page of 25 is, when the first has been read.
    api.too_large = [](std::size_t from, std::size_t to) { return from <= 30 && 30 < to && to - from > 10; };
    CHECK_THAT(reach(api.look(kOnlyPods), "shop/deployment/web").detail, ContainsSubstring("44 of 45 pods ready"));
    CHECK_THAT(api.world.asked.back(), ContainsSubstring("limit=6&"));
    api.too_large = [](std::size_t from, std::size_t to) { return from <= 30 && 30 < to; };
    CHECK(why_not(api.look(kOnlyPods)) == "pods: expected objects of at most 8MiB each, found a larger one");
}

TEST_CASE("pages are read to the end, and none is taken for all") {
    KubeApi api;
    for (int i = 0; i < 7; ++i)
        api.objects["pods"].push_back(test::pod({.ready = i == 6 ? "False" : "True", .uid = fmt::format("u{}", i)}));
    api.page = 3;
    const Collected seen = api.look(kOnlyPods);
    CHECK(api.world.asked.size() == 3);
    CHECK_THAT(reach(seen, "shop/deployment/web").detail, ContainsSubstring("6 of 7 pods ready"));
}

TEST_CASE("an empty page is not the end: that there is no next one is") {
    KubeApi api;
    api.world.on_http = [](const io::HttpRequest& request) {
        io::HttpAnswer answer;
        answer.status = 200;
        answer.url = request.url;
        answer.body =
            request.url.contains("continue=a%2Fb")
                ? fmt::format(R"({{"kind": "PodList", "items": [{}]}})", test::pod({}))
                : R"({"kind": "PodList", "metadata": {"continue": "a/b", "remainingItemCount": 1}, "items": []})";
        return answer;
    };
    CHECK(has_subject(api.look(kOnlyPods), "shop/deployment/web"));
}

TEST_CASE("a list that expires is begun anew once, and then it is a failure") {
    KubeApi api;
    for (int i = 0; i < 4; ++i)
        api.objects["pods"].push_back(test::pod({.ready = "False", .uid = fmt::format("u{}", i)}));
    api.page = 2;
    api.expire = 1;
    const Collected seen = api.look(kOnlyPods);
    REQUIRE(seen);
    CHECK_THAT(reach(seen, "shop/deployment/web").detail, ContainsSubstring("0 of 4 pods ready"));
    api.expire = 2;
    CHECK_THAT(why_not(api.look(kOnlyPods)), ContainsSubstring("pods: the list expired twice"));
}

TEST_CASE("a list that goes in circles ends as a failure") {
    KubeApi api;
    api.world.on_http = [](const io::HttpRequest& request) {
        io::HttpAnswer answer;
        answer.status = 200;
        answer.url = request.url;
        answer.body = R"({"kind": "PodList", "metadata": {"continue": "same"}, "items": []})";
        return answer;
    };
    CHECK_THAT(why_not(api.look(kOnlyPods)), ContainsSubstring("the list does not end"));
}

TEST_CASE("a token that was exchanged meanwhile is read again, once") {
    KubeApi api;
    int asked = 0;
    const auto usual = api.world.on_http;
    api.accepts = "the new one";
    api.world.on_http = [&](const io::HttpRequest& request) {
        api.world.secrets["SECRET"] = "the new one";
        ++asked;
        return usual(request);
    };
    const Collected seen = api.look(kOnlyPods);
    REQUIRE(seen);
    CHECK(asked == 2);
    api.accepts = "yet another";
    asked = 0;
    const Collected refused = api.look();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == FailureKind::refused);
    CHECK_THAT(refused.error().detail, ContainsSubstring("does not accept the credentials"));
    CHECK(asked == 2);
}

TEST_CASE("what may not be listed names the verb, the resource and the role, and the rest is told all the same") {
    KubeApi api;
    api.refused["nodes"] = {
        403,
        R"({"kind": "Status", "message": "nodes is forbidden: User \"system:serviceaccount:m:r\" cannot list resource \"nodes\""})"};
    api.objects["pods"] = {test::pod({})};
    const Collected seen = api.look();
    REQUIRE(seen);
    CHECK_FALSE(seen->complete);
    CHECK(has_subject(seen, "shop/deployment/web"));
    const SubjectReport& server = subject(seen, "apiserver");
    CHECK(evidence<core::Reachability>(server).state == ReachState::up);
    REQUIRE(server.failure);
    CHECK(server.failure->kind == FailureKind::refused);
    CHECK_THAT(server.failure->detail, ContainsSubstring("may not list nodes in the whole cluster"));
    CHECK_THAT(server.failure->detail, ContainsSubstring(R"(verbs ["list"] in a ClusterRole)"));
}

TEST_CASE("when nothing at all may be listed the whole look is refused") {
    KubeApi api;
    api.refused["pods"] = {403, "{}"};
    const Collected seen = api.look({entry("watch", list({"pods"})), text("namespace", "shop")});
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::refused);
    CHECK_THAT(seen.error().detail, ContainsSubstring("may not list pods in namespace 'shop'"));
    CHECK_THAT(seen.error().detail, ContainsSubstring("in a Role"));
}

TEST_CASE("an API server that does not answer is down, and nothing else is told") {
    KubeApi api;
    api.world.on_http = nullptr;
    const Collected seen = api.look();
    REQUIRE(seen);
    CHECK_FALSE(seen->complete);
    REQUIRE(seen->subjects.size() == 1);
    CHECK(reach(seen, "apiserver").state == ReachState::down);
    CHECK(reach(seen, "apiserver").target == "https://k8s.example:6443");
    CHECK_FALSE(subject(seen, "apiserver").failure);
}

TEST_CASE("an API server without its etcd is degraded where only some lists fail, and half a list is none") {
    KubeApi api;
    api.objects["pods"] = {test::pod({})};
    api.refused["nodes"] = {500, R"({"kind": "Status", "message": "etcdserver: request timed out"})"};
    const Collected seen = api.look();
    CHECK(reach(seen, "apiserver").state == ReachState::degraded);
    CHECK_THAT(reach(seen, "apiserver").detail, ContainsSubstring("etcdserver: request timed out"));
    CHECK_FALSE(seen->complete);
}

TEST_CASE("what is no list is a failure of that list") {
    KubeApi api;
    for (const char* body : {"", "{}", "[]", R"({"kind": "PodList"})", R"({"kind": "Pod", "items": []})",
                             R"({"kind": "PodList", "items": [{}]})", "<html>"}) {
        CAPTURE(body);
        api.refused["pods"] = {200, body};
        const Collected seen = api.look(kOnlyPods);
        REQUIRE_FALSE(seen);
        CHECK(seen.error().kind == FailureKind::bad_answer);
    }
}

TEST_CASE("a list that hangs leaves time for the others") {
    KubeApi api;
    api.objects["nodes"] = {test::node("n1")};
    api.objects["deployments"] = {test::deployment("web", 1, 0)};
    api.world.hangs = [](const std::string& asked) { return asked.contains("/pods?"); };
    const Collected seen = api.look();
    REQUIRE(seen);
    CHECK(reach(seen, "node/n1").state == ReachState::up);
    CHECK(reach(seen, "shop/deployment/web").state == ReachState::down);
    CHECK(reach(seen, "apiserver").state == ReachState::degraded);
}

TEST_CASE("a kubeconfig is read as kubectl reads it, and runs no program") {
    const std::string config = R"(
apiVersion: v1
kind: Config
current-context: prod
contexts:
- name: test
  context: {cluster: a, user: b}
- name: prod
  context: {cluster: prod-cluster, user: watcher, namespace: shop}
clusters:
- name: prod-cluster
  cluster:
    server: https://k8s.example:6443/
    certificate-authority-data: LS0tLS1CRUdJTiBDQQ==
    tls-server-name: kubernetes
users:
- name: watcher
  user:
)";
    const auto read = [&](const std::string& user) {
        return parts::read_kubeconfig(io::parse_yaml(config + "    " + user + "\n"), "/etc/k8s/");
    };
    const auto with_file = read("tokenFile: token");
    REQUIRE(with_file);
    CHECK(with_file->server == "https://k8s.example:6443");
    CHECK(with_file->tls.ca_file == "-----BEGIN CA");
    CHECK(with_file->tls.server_name == "kubernetes");
    CHECK(with_file->token == SecretRef{SecretRef::Source::file, "/etc/k8s/token"});
    CHECK(read("token: abc")->auth.bearer.reveal() == "abc");
    const auto certified = read("{client-certificate-data: LS0tLS1CRUdJTiBD, client-key-data: LS0tLS1CRUdJTiBL}");
    CHECK(certified->tls.cert_file == "-----BEGIN C");
    CHECK(certified->tls.key_file == "-----BEGIN K");
    const auto program = read("exec: {command: aws}");
    REQUIRE_FALSE(program);
    CHECK(program.error().kind == FailureKind::misconfigured);
    CHECK_THAT(program.error().detail, ContainsSubstring("recoverd runs none"));
    CHECK_THROWS_AS(read("{client-certificate-data: LS0tLS1CRUdJTiBD}"), io::BadDocument);
    CHECK_THROWS_AS(parts::read_kubeconfig(io::parse_yaml("current-context: x"), ""), io::BadDocument);
    CHECK_FALSE(parts::read_kubeconfig(io::parse_yaml("{}"), ""));
}

TEST_CASE("inside of a cluster the service account is used, and its token is read at every run") {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    const std::string account = "/var/run/secrets/kubernetes.io/serviceaccount/";
    world.secrets = {
        {"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "443"}, {account + "token", "of the pod"}};
    std::vector<io::HttpRequest> asked;
    world.on_http = [&](const io::HttpRequest& request) {
        asked.push_back(request);
        io::HttpAnswer answer;
        answer.status = 200;
        answer.url = request.url;
        answer.body = R"({"kind": "PodList", "items": []})";
        return answer;
    };
    const Collected seen = test::look(ioc, world, "kubernetes", kOnlyPods, {}, 20s, 0s);
    REQUIRE(seen);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].url == "https://[fd00::1]:443/api/v1/pods?limit=100");
    CHECK(asked[0].tls.ca_file == account + "ca.crt");
    CHECK(asked[0].auth.bearer.reveal() == "of the pod");
    world.secrets.erase(account + "token");
    const Collected without = test::look(ioc, world, "kubernetes", kOnlyPods, {}, 20s, 0s);
    CHECK(without.error().kind == FailureKind::misconfigured);
    CHECK_THAT(without.error().detail, ContainsSubstring("\nhint: in a pod with automountServiceAccountToken: false a "
                                                         "projected volume has to bring token and ca.crt there"));
    world.secrets.clear();
    CHECK_THAT(test::look(ioc, world, "kubernetes", kOnlyPods, {}, 20s, 0s).error().detail,
               ContainsSubstring("hint: outside of a cluster"));
}

TEST_CASE("options of kubernetes that contradict each other, or name nothing, are mistakes") {
    const auto mistakes = [](const core::config::Table& table) {
        core::config::Diagnostics diagnostics;
        collectors::find("kubernetes")->compile(table, {"check.x", "collector 'kubernetes'", {}}, {}, diagnostics);
        return diagnostics.all().size();
    };
    CHECK(mistakes({}) == 0);
    CHECK(mistakes({entry("watch", list({"pod"}))}) == 1);
    CHECK(mistakes({entry("watch", list({}))}) == 1);
    CHECK(mistakes({entry("watch", list({"pods", "pods"}))}) == 2);
    CHECK(mistakes({text("namespace", "../x")}) == 1);
    CHECK(mistakes({text("server", "https://k8s:6443"), text("kubeconfig", "/etc/kubeconfig")}) == 1);
    CHECK(mistakes({text("proxy", "http://proxy:3128")}) == 1);
}
