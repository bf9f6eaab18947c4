// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/index.hpp"
#include "support/thread_pool.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// An entry as it is printed. Views live as long as the draft that holds it, or a copy of it.
struct IndexRecord {
    std::string_view name;
    std::string_view version;
    std::string_view architecture;
    std::string_view checksum;
    std::string_view text;  ///< with the empty line behind it

    std::string file_name() const;
};

/// An index that is changed and written again: sorted by name and version, each once. Records that
/// do not change are not parsed, not printed and, where their neighbours stay too, not compressed
/// again. Copies share texts.
class IndexDraft {
 public:
    IndexDraft() = default;
    explicit IndexDraft(const Index& index);

    const std::string& description() const { return description_; }
    std::span<const IndexRecord> records() const { return records_; }
    /// Nothing if there is none.
    const IndexRecord* find(std::string_view name, std::string_view version) const;

    /// Records for entries, in their order; not part of the list yet.
    std::vector<IndexRecord> print(std::span<const IndexEntry> entries);
    /// Adds or replaces; of two of one name and version the later counts. They are of this draft or
    /// a copy of it.
    void merge(std::vector<IndexRecord> additions);
    void merge(std::span<const IndexEntry> additions);
    /// These and no others, and no description.
    void replace_all(std::vector<IndexRecord> records);
    void erase_if(const std::function<bool(const IndexRecord&)>& is_dropped);

    /// Everything read anew. Errors: those of Index::parse.
    Result<Index> to_index(const IndexLimits& limits) const;
    /// APKINDEX.tar.gz. The same bytes whatever changes led here and however many threads.
    Result<std::string> write(const Signer* key, ThreadPool* pool = nullptr) const;

 private:
    struct Origin;
    friend Result<IndexDraft> read_index_draft(
        std::string bytes, const Keyring& keyring, const IndexLimits& limits
    );
    /// Takes the bytes if they are made of chunks.
    static std::shared_ptr<const Origin> read_origin(
        std::string& bytes, std::size_t body_begin, const IndexLimits& limits
    );
    bool take_records(std::shared_ptr<const Origin> origin, const IndexLimits& limits);

    std::string description_;
    std::vector<IndexRecord> records_;
    std::vector<std::shared_ptr<const std::string>> texts_;  ///< what records view
    std::shared_ptr<const Origin> origin_;                   ///< what was read, as it was
};

/// Reads an index that a key of `keyring` has signed. One that `write` made is taken record by
/// record as it stands: its signer has looked at it. Any other is parsed as `read_index` does.
/// Errors: those of `read_index`.
Result<IndexDraft> read_index_draft(
    std::string bytes, const Keyring& keyring, const IndexLimits& limits
);

}  // namespace quern::apk
