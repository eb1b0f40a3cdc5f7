// SPDX-License-Identifier: Apache-2.0
// `--web.config.file`, as Prometheus' exporter-toolkit has it: TLS, client certificates, bcrypt users, headers, a limit
// of requests. What it knows and we do not is a mistake, never passed over: a limit that nobody enforces is worse than
// none.
#pragma once

#include "io/http_server.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace recoverd::agent {

/// Relative files are beside the configuration, in `folder`; none is opened. The error names line and key.
std::expected<io::WebSecurity, std::string> parse_web_config(const std::string& content, const std::string& folder);

/// Follows its file. When what is new there cannot be used, or certificates and keys that it names cannot, or when it
/// would serve without TLS and users what was served with either, the old stays, and `warn` hears of it once. Web
/// thread only, once that runs.
class WebConfigFile {
  public:
    /// Fails with what is wrong in the file, or in one that it names.
    static std::expected<std::shared_ptr<WebConfigFile>, std::string> open(std::string path,
                                                                           std::function<void(std::string)> warn);

    std::shared_ptr<const io::WebSecurity> current();

  private:
    std::expected<io::WebSecurity, std::string> read();
    std::string stamp() const;

    std::string path_;
    std::function<void(std::string)> warn_;
    /// What was asked for with files that could not be used: it is taken when they change.
    std::optional<io::ServerTls> awaited_;
    std::string stamp_;
    std::shared_ptr<const io::WebSecurity> security_;
};

} // namespace recoverd::agent
