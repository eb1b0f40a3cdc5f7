// SPDX-License-Identifier: Apache-2.0
// Asks the API server for lists, page by page, within the time of a run.
#pragma once

#include "collectors/kubernetes/access.hpp"
#include "collectors/kubernetes/resources.hpp"

namespace recoverd::collectors::kubernetes_parts {

/// What a list is read into, one object at a time, so that no more than a page is held.
struct Reader {
    /// Everything that was read is to be forgotten: the list begins anew.
    std::function<void()> begin;
    /// May throw BadDocument.
    std::function<void(const io::Json&)> object;
};

/// A page that was understood.
struct Page {
    /// Of the next one; empty when this was the last.
    std::string next;
    /// The list changed too much since it was begun: it has to begin anew.
    bool expired = false;
};

/// Reads an answer to a list of `resource` into `reader`. `where`: "in namespace 'x'", for words about what is not
/// allowed.
Result<Page> read_page(const io::HttpAnswer& answer, const Resource& resource, std::string_view where,
                       const Reader& reader);

class Api {
  public:
    Api(Run run, Access access, std::string of_namespace, std::string selector)
        : run_(std::move(run)),
          access_(std::move(access)),
          namespace_(std::move(of_namespace)),
          selector_(std::move(selector)),
          until_(run_.world.timers().elapsed() + run_.timeout) {}

    /// Nothing when all of it was read; else why it was not, and then what was read is not to be used. `lists`: how
    /// many are to share the time that is left, this one included.
    Task<std::optional<Failure>> list(Resource resource, Reader reader, std::size_t lists);
    /// Was the token not accepted, even after it was read again?
    bool locked_out() const { return locked_out_; }
    /// Of the first answer: what the server showed.
    const std::optional<core::Certificate>& certificate() const { return certificate_; }
    std::optional<Duration> latency() const { return latency_; }

  private:
    Duration left() const { return share_until_ - run_.world.timers().elapsed(); }
    Task<std::optional<Failure>> read_token();
    /// With the token read again, once in a run, when it was not accepted.
    Task<Result<io::HttpAnswer>> get(std::string path);
    io::HttpRequest request(const std::string& path) const;

    Run run_;
    Access access_;
    std::string namespace_;
    std::string selector_;
    Duration until_;
    Duration share_until_{0};
    bool token_read_ = false;
    bool read_again_ = false;
    bool locked_out_ = false;
    std::optional<core::Certificate> certificate_;
    std::optional<Duration> latency_;
};

} // namespace recoverd::collectors::kubernetes_parts
