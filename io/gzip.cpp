// SPDX-License-Identifier: Apache-2.0
#include "io/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace recoverd::io {

namespace {

constexpr int kGzipWindow = 15 + 16;

} // namespace

std::string gzip(std::string_view bytes) {
    constexpr int kLevel = 1;
    constexpr int kMemory = 8;
    z_stream stream{};
    if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("gzip: cannot begin");
    // A tenth of it is used: the pages of the rest are never touched.
    const std::size_t room = deflateBound(&stream, bytes.size());
    const auto out = std::make_unique_for_overwrite<char[]>(room);
    // zlib promises not to write through next_in.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.get());
    stream.avail_out = static_cast<uInt>(room);
    const int ended = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    if (ended != Z_STREAM_END)
        throw std::runtime_error("gzip: did not end");
    return {out.get(), stream.total_out};
}

std::string gunzip(std::string_view bytes) {
    z_stream stream{};
    if (inflateInit2(&stream, kGzipWindow) != Z_OK)
        throw std::runtime_error("gunzip: cannot begin");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    int ended = Z_OK;
    while (ended == Z_OK) {
        out.resize(out.size() + std::max<std::size_t>(out.size(), 4096));
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + stream.total_out);
        stream.avail_out = static_cast<uInt>(out.size() - stream.total_out);
        ended = inflate(&stream, Z_NO_FLUSH);
    }
    out.resize(stream.total_out);
    inflateEnd(&stream);
    if (ended != Z_STREAM_END)
        throw std::runtime_error("gunzip: expected what gzip makes, found something else");
    return out;
}

bool accepts_gzip(std::string_view accept) {
    while (!accept.empty()) {
        const auto comma = accept.find(',');
        std::string_view item = accept.substr(0, comma);
        accept = comma == std::string_view::npos ? std::string_view{} : accept.substr(comma + 1);
        while (item.starts_with(' '))
            item.remove_prefix(1);
        if (!item.starts_with("gzip"))
            continue;
        item.remove_prefix(4);
        const auto quality = item.find("q=");
        if (quality == std::string_view::npos)
            return item.find_first_not_of(' ') == std::string_view::npos || item.starts_with(';');
        return item.find_first_of("123456789", quality) != std::string_view::npos;
    }
    return false;
}

} // namespace recoverd::io
