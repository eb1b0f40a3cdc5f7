// SPDX-License-Identifier: Apache-2.0
#include "io/secret.hpp"

#include "io/fd.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace recoverd::io {

namespace {

using core::FailureKind;
using core::Result;
using core::config::SecretRef;

constexpr std::size_t kMaxSecret = std::size_t{64} << 10U;

std::unexpected<core::Failure> misconfigured(std::string detail) {
    return core::failed(FailureKind::misconfigured, std::move(detail));
}

std::unexpected<core::Failure> unreadable(const std::string& path, int error) {
    return misconfigured(fmt::format("cannot read secret file '{}': {}", path, std::system_category().message(error)));
}

Result<Secret> checked(std::string value, const std::string& where) {
    if (value.size() > kMaxSecret)
        return misconfigured(fmt::format("expected a secret of at most {} bytes in {}, found more", kMaxSecret, where));
    const auto end = value.find_last_not_of(" \t\r\n\v\f");
    if (end == std::string::npos)
        return misconfigured(fmt::format("expected a secret in {}, found nothing", where));
    value.resize(end + 1);
    return Secret{std::move(value)};
}

Result<Secret> from_file(const std::string& path) {
    // Not blocking, or a FIFO without a writer would hold us here.
    const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (!file)
        return unreadable(path, errno);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0)
        return unreadable(path, errno);
    if (!S_ISREG(status.st_mode))
        return misconfigured(fmt::format("expected a regular file at '{}', found something else", path));
    std::string value;
    std::array<char, 4096> buffer{};
    while (value.size() <= kMaxSecret) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return unreadable(path, errno);
        if (count == 0)
            break;
        value.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return checked(std::move(value), fmt::format("file '{}'", path));
}

Result<Secret> from_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (!value)
        return misconfigured(fmt::format("expected environment variable '{}', found it unset", name));
    return checked(value, fmt::format("environment variable '{}'", name));
}

Result<Secret> from_credential(const std::string& name) {
    if (name.empty() || name == "." || name == ".." || name.contains('/'))
        return misconfigured(fmt::format("expected the name of a credential, found '{}'", name));
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (!folder || !*folder)
        return misconfigured(
            fmt::format("expected credential '{}' from systemd, found $CREDENTIALS_DIRECTORY unset", name));
    return from_file(fmt::format("{}/{}", folder, name));
}

} // namespace

Result<Secret> open_secret(const SecretRef& ref) {
    switch (ref.source) {
    case SecretRef::Source::file:
        return from_file(ref.name);
    case SecretRef::Source::env:
        return from_environment(ref.name);
    case SecretRef::Source::credential:
        return from_credential(ref.name);
    case SecretRef::Source::none:
        break;
    }
    return Secret{};
}

} // namespace recoverd::io
