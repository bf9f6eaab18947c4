// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/keyring.hpp"
#include "quern/package_info.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// One record of an APKINDEX. Relations are kept as texts, split at spaces.
/// Source: apk-format 2; recipe-and-build 7.8.
struct IndexEntry {
    std::string checksum;  ///< "Q1..." (C)
    std::string name;      ///< P
    std::string version;   ///< V
    std::string architecture;          ///< A
    std::uint64_t file_size = 0;       ///< S, bytes
    std::uint64_t installed_size = 0;  ///< I, bytes
    std::string description;           ///< T
    std::string url;                   ///< U
    std::string license;               ///< L
    std::string origin;                ///< o
    std::string maintainer;            ///< m
    std::optional<std::int64_t> build_date;  ///< t
    std::string commit;                      ///< c
    std::uint64_t provider_priority = 0;     ///< k
    std::vector<std::string> depends;        ///< D
    std::vector<std::string> provides;       ///< p
    std::vector<std::string> install_if;     ///< i

    std::string file_name() const;  ///< "name-version.apk"
    /// The record without the empty line behind it, in the order C P V A S I T U L o m t c D i p k.
    std::string to_string() const;
};

/// The entry that stands for a package file. `checksum` is its identity, `file_size` of the whole file.
IndexEntry make_index_entry(const PackageInfo& info, std::string checksum, std::uint64_t file_size);

struct IndexLimits {
    std::uint64_t file_bytes = std::uint64_t{256} << 20U;   ///< compressed
    std::uint64_t text_bytes = std::uint64_t{1} << 30U;     ///< inflated
    std::uint64_t line_bytes = std::uint64_t{1} << 20U;
};

/// The list of packages of a repository, in its own order.
struct Index {
    std::string description;
    std::vector<IndexEntry> entries;

    /// Text of APKINDEX. Records without a name, with a name or version that the grammar refuses, or with a bad line are errors (the message has the line).
    static Result<Index> parse(std::string_view text, const IndexLimits& limits = {});
    std::string to_string() const;

    /// Replaces the entry of the same name and version in place or appends. Idempotent.
    void merge(IndexEntry entry);
};

/// The archive as it is served, with its signatures split off.
struct IndexFile {
    Index index;
    std::vector<Signature> signatures;
    std::optional<std::string> verified_by;  ///< name of the key, if a keyring was given
};

/// Bytes of APKINDEX.tar.gz. With `keyring` the signature is checked before anything of the content is looked at.
/// Errors: signature, invalid_data, limit.
Result<IndexFile> read_index(std::string_view bytes, const Keyring* keyring, const IndexLimits& limits = {});
/// Makes APKINDEX.tar.gz: entries APKINDEX, then DESCRIPTION; date 0; signed if a key is given. Deterministic.
Result<std::string> write_index(const Index& index, const PrivateKey* key);
/// Puts a signature in front of an index file; an existing one is replaced.
Result<std::string> sign_index(std::string_view bytes, const PrivateKey& key);

}  // namespace quern::apk
