// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/index.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::apk {

/// What choosing among packages looks at, as it stands in the index. Views live as long as the
/// table.
struct IndexRow {
    std::string_view name;
    std::string_view version;
    std::string_view origin;
    std::string_view depends;     ///< words separated by spaces
    std::string_view install_if;  ///< the same
    std::uint64_t provider_priority = 0;
};

/// A relation, cut. Nothing is judged.
struct RelationParts {
    bool is_conflict = false;  ///< '!' in front
    std::string_view name;
    std::string_view sign;  ///< "=", ">=", … or empty
    std::string_view version;

    static RelationParts split(std::string_view text);
    unsigned match() const;  ///< bits of Dependency::Match; `any` for an unknown sign
    bool is_identity() const { return sign == "><"; }
    /// A soname with an exact version and no revision: compared as if "0." stood in front, below
    /// all that have one. Source: image-and-resolver 3.7, the rule for "so:".
    bool is_bare_soname() const;
};

/// The words of `depends` and `install_if`.
std::vector<std::string_view> split_relation_words(std::string_view text);

/// The packages of an index for choosing among them: places in one text, so that reading costs
/// little for each, and what is not asked for is never made. Packages and names are numbered from 0
/// in the order of the index. Immutable; cheap to copy, copies share everything.
class IndexTable {
 public:
    /// A name, of a package or provided; each once.
    struct Name {
        std::string_view text;
        std::uint32_t hash = 0;  ///< of a kind that serves one program only
    };
    struct Provided {
        std::uint32_t name_number = 0;
        std::string_view version;  ///< as it is compared: see RelationParts::is_bare_soname
    };

    IndexTable();
    /// As Index::parse, with the same errors; also limit: more than 4 GiB of text.
    static Result<IndexTable> parse(std::string text, const IndexLimits& limits = {});
    /// The same for a text that `owner` keeps.
    static Result<IndexTable> parse(
        std::shared_ptr<const void> owner, std::string_view text, const IndexLimits& limits
    );
    /// The same packages. Errors: those of Index::parse, if it would refuse them.
    static Result<IndexTable> of(const Index& index);

    std::size_t size() const;
    IndexRow row(std::size_t package) const;
    std::uint32_t name_number(std::size_t package) const;
    std::string_view version(std::size_t package) const;
    /// What a package provides: `provided` from the first up to the second.
    std::pair<std::size_t, std::size_t> provided_range(std::size_t package) const;
    IndexEntry entry(std::size_t package) const;
    Index to_index() const;  ///< without a description

    std::size_t name_count() const;
    Name name(std::size_t number) const;
    /// Its number; `hash` is that of the text in any table.
    std::optional<std::uint32_t> find_name(std::string_view text, std::uint32_t hash) const;
    /// Packages of that name, then those that provide it; one that does so twice stands here twice.
    std::span<const std::uint32_t> candidates(std::size_t name_number) const;
    std::size_t provided_count() const;
    Provided provided(std::size_t number) const;

    /// Gives `sink` the bytes that `from_bytes` reads, in pieces; for this program on this machine.
    /// Errors: those of `sink`.
    Result<void> write(const std::function<Result<void>(std::string_view)>& sink) const;
    /// A view of bytes that `owner` keeps, which begin at a multiple of eight. Nothing if they are
    /// not whole, not of this program, or beyond the limits. Whatever they are, no view leaves
    /// them.
    static std::optional<IndexTable> from_bytes(
        std::shared_ptr<const void> owner, std::string_view bytes, const IndexLimits& limits
    );

 private:
    struct Storage;
    explicit IndexTable(std::shared_ptr<const Storage> storage) : storage_(std::move(storage)) {}
    std::shared_ptr<const Storage> storage_;
};

/// The signed part of an index file.
struct VerifiedBody {
    std::string_view bytes;         ///< compressed; lies in the file's bytes
    std::optional<std::string> by;  ///< name of the key, if a keyring was given
    std::string sha256;             ///< raw; of `bytes`, and empty unless a signature is over it
};

/// Checks an index file as `read_index` does, without a look at the content. Errors: those of
/// `read_index`.
Result<VerifiedBody> verified_index_body(
    std::string_view bytes, const Keyring* keyring, const IndexLimits& limits = {}
);
/// Reads what `verified_index_body` gave. Errors: invalid_data, limit.
Result<IndexTable> read_index_table(std::string_view body, const IndexLimits& limits = {});

}  // namespace quern::apk
