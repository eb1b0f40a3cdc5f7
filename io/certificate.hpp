// SPDX-License-Identifier: Apache-2.0
// What we want to know of an X.509 certificate. Whether it is trusted is for those who shook hands.
#pragma once

#include "core/evidence.hpp"

/// OpenSSL's X509.
using X509 = struct x509_st;

namespace recoverd::io {

/// Its dates, and its common name or else the first DNS name it holds. `fault` stays empty.
core::Certificate read_certificate(const X509& x509);

} // namespace recoverd::io
