// SPDX-License-Identifier: Apache-2.0
// Where the API server is and how to be let in: said in the options, by a kubeconfig, or by the pod that this runs in.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors::kubernetes_parts {

struct Access {
    /// Without a slash at its end.
    std::string server;
    /// What a kubeconfig holds itself stands here in place of the file's name.
    io::TlsOptions tls;
    /// A user's name and password, or a token that the kubeconfig holds itself.
    io::HttpAuth auth;
    /// Where the token lies: it is read at every run, since it is exchanged while one goes on.
    SecretRef token;
    std::string proxy;
    /// What helps where the token is not to be had; may be empty.
    std::string hint;
};

/// What a kubeconfig says of its current context; relative paths are below `folder`. Nothing is run: a user who is made
/// by a program (exec, auth-provider) is `misconfigured`. Throws BadDocument.
Result<Access> read_kubeconfig(const io::Json& document, const std::string& folder);

/// "https://10.0.0.1:443" of the two variables that every pod has; an IPv6 address gets its brackets.
std::string in_cluster_server(const std::string& host, const std::string& port);

/// From the file, or from the pod's service account when `kubeconfig` is empty.
Task<Result<Access>> find_access(Run run, std::string kubeconfig);

} // namespace recoverd::collectors::kubernetes_parts
