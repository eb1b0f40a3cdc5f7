// SPDX-License-Identifier: Apache-2.0
// A bus that is gone, or on which nobody is systemd: as much of D-Bus as it takes to say so (D-Bus specification,
// "Authentication Protocol" and "Message Protocol").
#include "io/systemd_bus.hpp"

#include "tests/support/listener.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace recoverd::io {

using namespace std::chrono_literals;
using core::Failure;
using core::FailureKind;

namespace {

/// The system bus of this process while it lives. One at a time.
class SystemBus {
  public:
    explicit SystemBus(std::function<void(test::Tcp::socket&)> script) : listener_(std::move(script)) {
        ::setenv("DBUS_SYSTEM_BUS_ADDRESS", fmt::format("tcp:host=127.0.0.1,port={}", listener_.port()).c_str(), 1);
    }
    ~SystemBus() { ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS"); }
    SystemBus(const SystemBus&) = delete;
    SystemBus& operator=(const SystemBus&) = delete;

  private:
    test::Listener listener_;
};

/// Values one after the other, each where its type may stand.
struct Marshalled {
    std::string bytes;

    Marshalled& align(std::size_t size) {
        bytes.resize((bytes.size() + size - 1) / size * size);
        return *this;
    }
    Marshalled& number(std::size_t value) {
        align(sizeof(std::uint32_t));
        const auto narrow = static_cast<std::uint32_t>(value);
        bytes.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
        return *this;
    }
    Marshalled& text(std::string_view value) {
        number(value.size());
        bytes.append(value).push_back('\0');
        return *this;
    }
    Marshalled& signature(char type) {
        bytes.append({'\1', type, '\0'});
        return *this;
    }
    /// Of a header; its value follows.
    Marshalled& field(char code, char type) {
        align(8).bytes.push_back(code);
        return signature(type);
    }
};

// Types of messages, and fields of their headers.
constexpr char kAnswer = 2;
constexpr char kError = 3;
constexpr char kErrorName = 4;
constexpr char kReplySerial = 5;
constexpr char kSignature = 8;

/// What comes back for a call: one text, behind the name of the error if it is one.
std::string reply(char type, std::uint32_t call, std::string_view name, std::string_view words) {
    Marshalled fields;
    fields.field(kReplySerial, 'u').number(call);
    if (!name.empty())
        fields.field(kErrorName, 's').text(name);
    fields.field(kSignature, 'g').signature('s');
    Marshalled body;
    body.text(words);
    Marshalled message;
    const char order = std::endian::native == std::endian::little ? 'l' : 'B';
    // Nobody waits for an answer; version 1; its own serial.
    message.bytes.append({order, type, '\1', '\1'});
    message.number(body.bytes.size()).number(1).number(fields.bytes.size());
    message.bytes += fields.bytes;
    message.align(8).bytes += body.bytes;
    return message.bytes;
}

/// Hears one call to its end, and says which serial it has.
std::uint32_t hear_call(test::Tcp::socket& socket) {
    const std::string head = test::hear(socket, 16);
    const auto number = [&](std::size_t at) {
        std::uint32_t value = 0;
        std::memcpy(&value, head.data() + at, sizeof value);
        return value;
    };
    const std::size_t fields = number(12);
    test::hear(socket, (fields + 7) / 8 * 8 + number(4));
    return number(8);
}

/// Whoever it says it is.
void let_in(test::Tcp::socket& socket) {
    for (std::string line; line != "BEGIN\r\n";) {
        line.clear();
        while (!line.ends_with("\r\n"))
            line += test::hear(socket, 1);
        if (line.ends_with("AUTH EXTERNAL\r\n"))
            test::say(socket, "DATA\r\n");
        else if (line.contains("AUTH") || line.starts_with("DATA"))
            test::say(socket, "OK 0123456789abcdef0123456789abcdef\r\n");
    }
    test::say(socket, reply(kAnswer, hear_call(socket), {}, ":1.1"));
}

/// How it goes on a bus on which systemd is asked for in vain.
Failure asked_in_vain(std::function<void(test::Tcp::socket&)> script) {
    const SystemBus bus(std::move(script));
    const auto asked = ask_systemd("nightly.service", 20s);
    REQUIRE_FALSE(asked);
    return asked.error();
}

/// The same, by an error that the bus itself tells.
Failure asked_and_told(std::string_view name, std::string_view words) {
    return asked_in_vain([=](test::Tcp::socket& socket) {
        let_in(socket);
        test::say(socket, reply(kError, hear_call(socket), name, words));
    });
}

} // namespace

TEST_CASE("a bus that restarts is unreachable, whenever it does, and says nothing of anybody's rights") {
    CHECK(asked_in_vain([](test::Tcp::socket&) {}).kind == FailureKind::unreachable);
    CHECK(asked_in_vain([](test::Tcp::socket& socket) {
              let_in(socket);
              hear_call(socket);
          }).kind == FailureKind::unreachable);
}

TEST_CASE("a bus on which nobody is systemd is unreachable, and one that keeps us out refuses") {
    CHECK(asked_and_told("org.freedesktop.DBus.Error.ServiceUnknown", "nobody has that name") ==
          Failure{FailureKind::unreachable, "load nightly.service: nobody has that name"});
    CHECK(asked_and_told("org.freedesktop.DBus.Error.AccessDenied", "not allowed") ==
          Failure{FailureKind::refused, "load nightly.service: not allowed"});
}

} // namespace recoverd::io
