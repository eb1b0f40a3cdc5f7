// SPDX-License-Identifier: Apache-2.0
// A vector whose copies share what did not change: a snapshot of 10,000 checks in which one changed costs a page and a
// chapter of pages, not 10,000 entries, and a copy of 50,000 is one of 49 chapters.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace recoverd::core {

template <class T>
class Pages {
  public:
    using Item = std::shared_ptr<const T>;

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const T& operator[](std::size_t i) const {
        return *(*(*chapters_[i / kPerChapter])[i % kPerChapter / kPerPage])[i % kPerPage];
    }

    void push_back(Item item) {
        if (size_ % kPerChapter == 0)
            chapters_.push_back(std::make_shared<const Chapter>());
        set(size_++, std::move(item));
    }
    /// Replaces one entry; copies that were made before keep the old one.
    void set(std::size_t i, Item item) {
        auto& chapter = chapters_[i / kPerChapter];
        const std::size_t page = i % kPerChapter / kPerPage;
        const Page& old = page < chapter->size() ? *(*chapter)[page] : kBlank;
        chapter = with(*chapter, page, with(old, i % kPerPage, std::move(item)));
    }

    template <class Visit>
    void for_each(Visit&& visit) const {
        for (const auto& chapter : chapters_)
            for (const auto& page : *chapter)
                for (const auto& item : *page)
                    visit(*item);
    }

  private:
    static constexpr std::size_t kPerPage = 32;
    static constexpr std::size_t kPerChapter = 32 * kPerPage;
    using Page = std::vector<Item>;
    using Chapter = std::vector<std::shared_ptr<const Page>>;

    inline static const Page kBlank;

    /// A copy in which entry `i` is another one, or one more.
    template <class Entry>
    static std::shared_ptr<const std::vector<Entry>> with(const std::vector<Entry>& old, std::size_t i, Entry entry) {
        auto made = std::make_shared<std::vector<Entry>>(old);
        if (i == made->size())
            made->push_back(std::move(entry));
        else
            (*made)[i] = std::move(entry);
        return made;
    }

    std::vector<std::shared_ptr<const Chapter>> chapters_;
    std::size_t size_ = 0;
};

} // namespace recoverd::core
