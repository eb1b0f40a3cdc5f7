// SPDX-License-Identifier: Apache-2.0
#include "collectors/vault_snapshot/worker_jobs.hpp"

#include "collectors/worker_answer.hpp"

namespace recoverd::collectors {

namespace {

void write_auth(io::JsonWriter& out, const io::HttpAuth& auth) {
    out.begin_object();
    out.field("username", auth.username).field("password", auth.password.reveal());
    out.field("header_name", auth.header_name).field("header_value", auth.header_value.reveal());
    out.field("sigv4", auth.sigv4);
    out.end_object();
}

void write_tls(io::JsonWriter& out, const io::TlsOptions& tls) {
    out.begin_object();
    out.field("ca_file", tls.ca_file).field("cert_file", tls.cert_file).field("key_file", tls.key_file);
    out.field("server_name", tls.server_name).field("insecure_skip_verify", tls.insecure_skip_verify);
    out.end_object();
}

/// Goes to the worker's stdin: no other process can read it there.
std::string input_of(const SnapshotFetch& fetch, Duration timeout) {
    const io::HttpRequest& request = fetch.request;
    io::JsonWriter out;
    out.begin_object().field("url", request.url).key("headers").begin_object();
    for (const auto& [name, value] : request.headers)
        out.field(name, value);
    out.end_object().key("auth");
    write_auth(out, request.auth);
    out.key("tls");
    write_tls(out, request.tls);
    out.field("proxy", request.proxy).field("max_redirects", request.max_redirects);
    out.field("scratch", fetch.scratch).field("max_size", fetch.max_size);
    // What the worker knows it must be able to say before it is ended.
    out.field("time_limit", core::to_seconds(timeout * 9 / 10));
    out.end_object();
    return out.take();
}

} // namespace

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Collected> ask_worker(io::World& world, std::string job, std::string input, Duration timeout) {
    const auto finished = co_await world.worker(std::move(job), std::move(input), timeout);
    if (!finished)
        co_return std::unexpected(finished.error());
    auto seen = understood([&] { return interpret_worker(*finished); });
    if (!seen)
        co_return std::unexpected(std::move(seen.error()));
    co_return std::move(*seen);
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the run's own
Task<Collected> fetch_snapshot(io::World& world, SnapshotFetch fetch, Duration timeout) {
    std::string input = input_of(fetch, timeout);
    std::string job = "vault_download";
    auto seen = co_await ask_worker(world, std::move(job), std::move(input), timeout);
    co_return seen;
}

} // namespace recoverd::collectors
