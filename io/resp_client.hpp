// SPDX-License-Identifier: Apache-2.0
// Asks a Valkey, a Redis or a sentinel a few things. What the answers mean is not known here.
//
// Not hiredis: the version in Debian 12 speaks no TLS, its asynchronous interface would need an adapter to this loop,
// and it looks up names on the loop. What is needed of RESP is smaller than that adapter.
#pragma once

#include "io/resp.hpp"
#include "io/timers.hpp"

namespace recoverd::io {

/// Connects (the addresses of the host one after the other), says who it is, asks all commands in one go, disconnects.
/// `unreachable`, `timed_out`, and `refused` for a closed port as in io::connect; `refused` as well, with the server's
/// words, when it does not take the password, which they never hold. `bad_answer`: a certificate that is not trusted
/// (then nothing was said to that server), something else than RESP, more than 1 MiB.
Task<Result<RespAnswer>> ask(Timers& timers, RespRequest request);

} // namespace recoverd::io
