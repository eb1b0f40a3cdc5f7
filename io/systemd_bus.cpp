// SPDX-License-Identifier: Apache-2.0
#include "io/systemd_bus.hpp"

#include <fmt/format.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <variant>

namespace recoverd::io {

namespace {

using core::failed;
using core::FailureKind;

constexpr const char* kService = "org.freedesktop.systemd1";

struct CloseBus {
    void operator()(sd_bus* bus) const { ::sd_bus_close_unref(bus); }
};
struct FreeMessage {
    void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;
using Message = std::unique_ptr<sd_bus_message, FreeMessage>;

/// The error of one call; freed with it.
struct BusError {
    BusError() = default;
    ~BusError() { ::sd_bus_error_free(&error); }
    BusError(const BusError&) = delete;
    BusError& operator=(const BusError&) = delete;

    std::unexpected<core::Failure> failure(int code, std::string_view doing) const {
        const std::string why = error.message ? error.message : std::strerror(-code);
        if (code == -ETIMEDOUT)
            return failed(FailureKind::timed_out, fmt::format("{}: systemd did not answer", doing));
        if (is_gone(code))
            return failed(FailureKind::unreachable, fmt::format("{}: {}", doing, why));
        if (::sd_bus_error_has_name(&error, SD_BUS_ERROR_INVALID_ARGS) != 0)
            return failed(FailureKind::misconfigured, fmt::format("{}: {}", doing, why));
        return failed(FailureKind::refused, fmt::format("{}: {}", doing, why));
    }

    /// The bus restarts, or nobody of that name is on it.
    bool is_gone(int code) const {
        return code == -ECONNRESET || code == -ENOTCONN || code == -EPIPE || code == -ESHUTDOWN ||
               ::sd_bus_error_has_name(&error, SD_BUS_ERROR_DISCONNECTED) != 0 ||
               ::sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) != 0 ||
               ::sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) != 0;
    }

    sd_bus_error error = SD_BUS_ERROR_NULL;
};

/// The simple types that properties of units have.
using Value = std::variant<std::string, std::int64_t, std::uint64_t, bool>;
using Properties = std::map<std::string, Value, std::less<>>;

constexpr std::string_view kSimpleTypes = "sogiuxtb";

bool read_value(sd_bus_message* message, char type, Value& out) {
    union {
        const char* text;
        std::int32_t i;
        std::uint32_t u;
        std::int64_t x;
        std::uint64_t t;
        int b;
    } raw{};
    if (::sd_bus_message_read_basic(message, type, &raw) < 0)
        return false;
    switch (type) {
    case 'i':
        out = std::int64_t{raw.i};
        break;
    case 'u':
        out = std::uint64_t{raw.u};
        break;
    case 'x':
        out = raw.x;
        break;
    case 't':
        out = raw.t;
        break;
    case 'b':
        out = raw.b != 0;
        break;
    default:
        out = std::string{raw.text};
        break;
    }
    return true;
}

/// Reads an invocation id (ay) as the 32 hex digits that journalctl takes.
bool read_id(sd_bus_message* message, Value& out) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (::sd_bus_message_read_array(message, 'y', &bytes, &size) < 0)
        return false;
    std::string hex;
    for (std::size_t i = 0; i < size; ++i)
        hex += fmt::format("{:02x}", static_cast<const unsigned char*>(bytes)[i]);
    out = hex;
    return true;
}

int read_properties(sd_bus_message* message, Properties& out) {
    int code = ::sd_bus_message_enter_container(message, 'a', "{sv}");
    while (code >= 0 && (code = ::sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        const char* name = nullptr;
        const char* type = nullptr;
        if ((code = ::sd_bus_message_read_basic(message, 's', &name)) < 0 ||
            (code = ::sd_bus_message_peek_type(message, nullptr, &type)) < 0)
            break;
        const std::string contents = type;
        Value value;
        // Of all others, none is asked for; a service has a few, such as the rows of its terminal (q).
        if (contents == "ay" || (contents.size() == 1 && kSimpleTypes.contains(contents[0]))) {
            ::sd_bus_message_enter_container(message, 'v', contents.c_str());
            const bool read = contents == "ay" ? read_id(message, value) : read_value(message, contents[0], value);
            if (read)
                out.emplace(name, std::move(value));
            else
                return -EBADMSG;
            ::sd_bus_message_exit_container(message);
        } else if ((code = ::sd_bus_message_skip(message, "v")) < 0) {
            break;
        }
        code = ::sd_bus_message_exit_container(message);
    }
    return code;
}

class Reader {
  public:
    explicit Reader(const Properties& properties) : properties_(properties) {}

    std::string text(std::string_view name) const { return get<std::string>(name); }
    template <class T>
    T get(std::string_view name) const {
        const auto at = properties_.find(name);
        const T* value = at == properties_.end() ? nullptr : std::get_if<T>(&at->second);
        return value ? *value : T{};
    }
    /// Microseconds since 1970; systemd writes 0 and UINT64_MAX for "never".
    std::optional<core::Time> time(std::string_view name) const {
        const auto usec = get<std::uint64_t>(name);
        if (usec == 0 || usec == UINT64_MAX)
            return std::nullopt;
        return core::Time{std::chrono::duration_cast<core::Duration>(std::chrono::microseconds{usec})};
    }

  private:
    const Properties& properties_;
};

UnitState interpret(const Properties& properties) {
    const Reader read{properties};
    UnitState state;
    state.load_state = read.text("LoadState");
    state.active_state = read.text("ActiveState");
    state.sub_state = read.text("SubState");
    state.result = read.text("Result");
    state.exec_main_code = static_cast<int>(read.get<std::int64_t>("ExecMainCode"));
    state.exec_main_status = static_cast<int>(read.get<std::int64_t>("ExecMainStatus"));
    state.exec_main_start = read.time("ExecMainStartTimestamp");
    state.exec_main_exit = read.time("ExecMainExitTimestamp");
    state.inactive_exit = read.time("InactiveExitTimestamp");
    state.restarts = static_cast<std::uint32_t>(read.get<std::uint64_t>("NRestarts"));
    state.condition_result = read.get<bool>("ConditionResult");
    state.invocation_id = read.text("InvocationID");
    state.last_trigger = read.time("LastTriggerUSec");
    state.next_elapse = read.time("NextElapseUSecRealtime");
    state.unit = read.text("Unit");
    return state;
}

core::Result<Bus> open_bus(core::Duration timeout) {
    sd_bus* raw = nullptr;
    if (const int code = ::sd_bus_open_system(&raw); code < 0)
        return failed(FailureKind::unreachable, fmt::format("system bus: {}", std::strerror(-code)));
    Bus bus{raw};
    ::sd_bus_set_method_call_timeout(bus.get(), static_cast<std::uint64_t>(timeout.count()) * 1'000);
    return bus;
}

} // namespace

core::Result<UnitState> ask_systemd(const std::string& unit, core::Duration timeout) {
    auto bus = open_bus(timeout);
    if (!bus)
        return std::unexpected(bus.error());
    BusError error;
    sd_bus_message* raw = nullptr;
    // LoadUnit rather than GetUnit: a unit that is not in memory now still has a file and a state.
    int code =
        ::sd_bus_call_method(bus->get(), kService, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                             "LoadUnit", &error.error, &raw, "s", unit.c_str());
    if (code < 0)
        return error.failure(code, fmt::format("load {}", unit));
    const Message loaded{raw};
    const char* path = nullptr;
    if ((code = ::sd_bus_message_read_basic(loaded.get(), 'o', &path)) < 0)
        return error.failure(code, fmt::format("load {}", unit));
    raw = nullptr;
    // The empty interface stands for all of them: unit, and service or timer.
    code = ::sd_bus_call_method(bus->get(), kService, path, "org.freedesktop.DBus.Properties", "GetAll", &error.error,
                                &raw, "s", "");
    if (code < 0)
        return error.failure(code, fmt::format("properties of {}", unit));
    const Message answer{raw};
    Properties properties;
    if ((code = read_properties(answer.get(), properties)) < 0)
        return failed(FailureKind::bad_answer, fmt::format("properties of {}: {}", unit, std::strerror(-code)));
    return interpret(properties);
}

} // namespace recoverd::io
