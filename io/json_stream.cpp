// SPDX-License-Identifier: Apache-2.0
#include "io/json_stream.hpp"

#include "io/json_fault.hpp"

#include <nlohmann/json.hpp>

#include <iterator>

namespace recoverd::io {

namespace {

/// The document's bytes one after the other, without most of what stands in long texts.
class Bytes {
  public:
    explicit Bytes(const std::function<std::string_view()>& next) : next_(next) { advance(); }

    bool ended() const { return ended_; }
    char current() const { return current_; }
    /// The byte that was read last, from 1, those left out included: one is always taken ahead.
    std::size_t position() const { return ended_ ? taken_ : taken_ - 1; }

    void advance() {
        if (!take())
            return;
        if (inside_ == Inside::text && length_ >= kMaxStreamedText && may_cut())
            leave_out();
        else
            note();
    }

  private:
    enum class Inside : std::uint8_t { nothing, text, escape, hex };

    bool take() {
        if (chunk_.empty())
            chunk_ = next_();
        if (chunk_.empty()) {
            ended_ = true;
            return false;
        }
        current_ = chunk_.front();
        chunk_.remove_prefix(1);
        ++taken_;
        return true;
    }

    /// Not between two halves of a character: not before a byte that continues one, nor after a high surrogate.
    bool may_cut() const { return current_ != '"' && (static_cast<unsigned char>(current_) & 0xC0U) != 0x80 && !high_; }

    /// Goes on to the quote that ends the text.
    void leave_out() {
        while (current_ != '"') {
            if (static_cast<unsigned char>(current_) < ' ')
                throw BadDocument(json_fault(taken_, "a control character in a text"));
            if ((current_ == '\\' && !take()) || !take())
                return;
        }
        inside_ = Inside::nothing;
    }

    void note() {
        const char c = current_;
        switch (inside_) {
        case Inside::nothing:
            inside_ = c == '"' ? Inside::text : Inside::nothing;
            length_ = 0;
            high_ = false;
            break;
        case Inside::text:
            inside_ = c == '"' ? Inside::nothing : c == '\\' ? Inside::escape : Inside::text;
            high_ = high_ && c == '\\';
            ++length_;
            break;
        case Inside::escape:
            inside_ = c == 'u' ? Inside::hex : Inside::text;
            digits_.clear();
            high_ = high_ && c == 'u';
            break;
        case Inside::hex:
            digits_ += static_cast<char>(c | 0x20);
            if (digits_.size() == 4) {
                inside_ = Inside::text;
                // U+D800 to U+DBFF
                high_ = digits_[0] == 'd' && std::string_view{"89ab"}.contains(digits_[1]);
            }
            break;
        }
    }

    const std::function<std::string_view()>& next_;
    std::string_view chunk_;
    std::size_t taken_ = 0;
    char current_ = 0;
    bool ended_ = false;
    Inside inside_ = Inside::nothing;
    /// Of the text so far.
    std::size_t length_ = 0;
    std::string digits_;
    /// The first half of a character in two halves came last.
    bool high_ = false;
};

/// What nlohmann reads from.
class Iterator {
  public:
    // NOLINTBEGIN(readability-identifier-naming): an iterator's names are the standard's
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = char;
    // NOLINTEND(readability-identifier-naming)

    explicit Iterator(Bytes* bytes = nullptr) : bytes_(bytes) {}
    char operator*() const { return bytes_->current(); }
    Iterator& operator++() {
        bytes_->advance();
        return *this;
    }
    Iterator operator++(int) {
        Iterator before = *this;
        bytes_->advance();
        return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_end() == b.at_end(); }

  private:
    bool at_end() const { return bytes_ == nullptr || bytes_->ended(); }

    Bytes* bytes_;
};

class Teller : public nlohmann::json_sax<nlohmann::json> {
  public:
    Teller(JsonVisitor& visitor, const Bytes& bytes) : visitor_(visitor), bytes_(bytes) {}

    bool null() override { return tell(nullptr); }
    bool boolean(bool value) override { return tell(value); }
    bool number_integer(number_integer_t value) override { return tell(static_cast<std::int64_t>(value)); }
    bool number_unsigned(number_unsigned_t value) override { return tell(static_cast<std::uint64_t>(value)); }
    bool number_float(number_float_t value, const string_t& /*as_written*/) override { return tell(value); }
    bool string(string_t& value) override { return tell(std::move(value)); }
    bool binary(binary_t& /*value*/) override { return false; }
    bool start_object(std::size_t /*size*/) override {
        deeper();
        visitor_.begin_object();
        return true;
    }
    bool start_array(std::size_t /*size*/) override {
        deeper();
        visitor_.begin_array();
        return true;
    }
    bool end_object() override {
        --depth_;
        visitor_.end_object();
        return true;
    }
    bool end_array() override {
        --depth_;
        visitor_.end_array();
        return true;
    }
    bool key(string_t& name) override {
        visitor_.key(name);
        return true;
    }
    bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                     const nlohmann::json::exception& error) override {
        throw BadDocument(json_fault(bytes_.position(), error.what()));
    }

  private:
    bool tell(Json::Value value) {
        visitor_.scalar(std::move(value));
        return true;
    }
    void deeper() {
        if (++depth_ > kMaxStreamedDepth)
            throw BadDocument(fmt::format("expected JSON of at most {} levels, found more", kMaxStreamedDepth));
    }

    JsonVisitor& visitor_;
    const Bytes& bytes_;
    std::size_t depth_ = 0;
};

} // namespace

void read_json(const std::function<std::string_view()>& next, JsonVisitor& visitor) {
    Bytes bytes{next};
    Teller teller{visitor, bytes};
    nlohmann::json::sax_parse(Iterator{&bytes}, Iterator{}, &teller);
}

} // namespace recoverd::io
