// SPDX-License-Identifier: Apache-2.0
#include "io/http_once.hpp"

#include "io/http_client.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <optional>

namespace recoverd::io {

core::Result<HttpAnswer> http_once(HttpRequest request, std::function<bool(std::string_view)> take) {
    asio::io_context ioc;
    HttpClient client{ioc};
    std::optional<core::Result<HttpAnswer>> answer;
    std::exception_ptr thrown;
    asio::co_spawn(ioc, client.get_into(std::move(request), std::move(take)),
                   [&](std::exception_ptr error, core::Result<HttpAnswer> given) {
                       thrown = error;
                       answer = std::move(given);
                       ioc.stop();
                   });
    ioc.run();
    if (thrown)
        std::rethrow_exception(thrown);
    return answer ? std::move(*answer) : core::failed(core::FailureKind::bad_answer, "it ended without an answer");
}

} // namespace recoverd::io
