// SPDX-License-Identifier: Apache-2.0
#include "tests/io/fake_names.hpp"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <vector>

#include <cstring>

#include <dlfcn.h>
#include <netdb.h>
#include <resolv.h>

namespace recoverd::test {

namespace {

struct Name {
    std::string addresses; // empty: does not exist
    core::Duration delay{0};
    bool hangs = false;
};

struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, Name> names;
    std::map<std::string, std::vector<FakeNames::Srv>> services;
    std::size_t truncate = 0;
    std::atomic<int> asked = 0;
};

State& state() {
    static State& only = *new State; // threads of the resolver may outlive main
    return only;
}

bool is_ours(std::string_view name) { return name.ends_with(".test"); }

/// What the name stands for, after its delay.
Name wait_for_name(const std::string& name) {
    std::unique_lock lock(state().mutex);
    const auto found = state().names.find(name);
    if (found == state().names.end())
        return {};
    Name entry = found->second;
    if (entry.hangs)
        state().changed.wait(lock, [&] { return !state().names.contains(name); });
    lock.unlock();
    std::mutex nobody;
    std::unique_lock alone(nobody);
    std::condition_variable{}.wait_for(alone, entry.delay, [] { return false; });
    return entry;
}

void put16(std::vector<unsigned char>& out, std::size_t value) {
    out.push_back(static_cast<unsigned char>(value >> 8U));
    out.push_back(static_cast<unsigned char>(value & 0xffU));
}

void put_name(std::vector<unsigned char>& out, const std::string& name) {
    std::istringstream labels(name);
    for (std::string label; std::getline(labels, label, '.');) {
        if (label.empty())
            continue;
        out.push_back(static_cast<unsigned char>(label.size()));
        out.insert(out.end(), label.begin(), label.end());
    }
    out.push_back(0);
}

/// A reply as a name server writes it (RFC 1035, 2782).
std::vector<unsigned char> reply(const std::string& name, const std::vector<FakeNames::Srv>& records) {
    std::vector<unsigned char> out{0x12, 0x34, 0x81, 0x80};
    put16(out, 1);
    put16(out, records.size());
    put16(out, 0);
    put16(out, 0);
    put_name(out, name);
    put16(out, ns_t_srv);
    put16(out, ns_c_in);
    for (const auto& record : records) {
        put_name(out, name);
        put16(out, ns_t_srv);
        put16(out, ns_c_in);
        put16(out, 0);
        put16(out, 60);
        std::vector<unsigned char> data;
        put16(data, record.priority);
        put16(data, record.weight);
        put16(data, record.port);
        put_name(data, record.target);
        put16(out, data.size());
        out.insert(out.end(), data.begin(), data.end());
    }
    return out;
}

template <class F>
F* real(const char* name) {
    return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

} // namespace

FakeNames::FakeNames() = default;

FakeNames::~FakeNames() {
    const std::lock_guard lock(state().mutex);
    state().names.clear();
    state().services.clear();
    state().truncate = 0;
    state().changed.notify_all();
}

void FakeNames::add(const std::string& name, const std::string& addresses, core::Duration delay) {
    const std::lock_guard lock(state().mutex);
    state().names[name] = {addresses, delay, false};
}

void FakeNames::fail_late(const std::string& name, core::Duration delay) { add(name, "", delay); }

void FakeNames::hang(const std::string& name) {
    const std::lock_guard lock(state().mutex);
    state().names[name] = {"", {}, true};
}

void FakeNames::add_service(const std::string& name, const Srv& record) {
    const std::lock_guard lock(state().mutex);
    state().services[name].push_back(record);
}

void FakeNames::truncate_replies(std::size_t bytes) {
    const std::lock_guard lock(state().mutex);
    state().truncate = bytes;
}

int FakeNames::asked() { return state().asked; }

} // namespace recoverd::test

// The C library's own declarations, nonnull attributes and exception specifications included.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** out) {
    using namespace recoverd::test;
    ++state().asked;
    const auto next = real<decltype(::getaddrinfo)>("getaddrinfo");
    if (!node || !is_ours(node))
        return next(node, service, hints, out);
    const Name name = wait_for_name(node);
    if (name.addresses.empty())
        return EAI_NONAME;
    std::istringstream addresses(name.addresses);
    addrinfo** end = out;
    for (std::string address; addresses >> address;) {
        if (const int status = next(address.c_str(), service, hints, end); status != 0)
            return status;
        while (*end)
            end = &(*end)->ai_next;
    }
    return 0;
}

extern "C" int res_nquery(res_state resolver, const char* name, int, int, unsigned char* answer, int size) {
    using namespace recoverd::test;
    const std::lock_guard lock(state().mutex);
    const auto found = state().services.find(name);
    if (found == state().services.end()) {
        resolver->res_h_errno = HOST_NOT_FOUND;
        return -1;
    }
    auto bytes = reply(name, found->second);
    bytes.resize(bytes.size() - state().truncate);
    const auto length = std::min(bytes.size(), static_cast<std::size_t>(size));
    std::memcpy(answer, bytes.data(), length);
    return static_cast<int>(length);
}
