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
    std::string checksum;                    ///< "Q1..." (C)
    std::string name;                        ///< P
    std::string version;                     ///< V
    std::string architecture;                ///< A
    std::uint64_t file_size = 0;             ///< S, bytes
    std::uint64_t installed_size = 0;        ///< I, bytes
    std::string description;                 ///< T
    std::string url;                         ///< U
    std::string license;                     ///< L
    std::string origin;                      ///< o
    std::string maintainer;                  ///< m
    std::optional<std::int64_t> build_date;  ///< t
    std::string commit;                      ///< c
    std::uint64_t provider_priority = 0;     ///< k
    std::vector<std::string> depends;        ///< D
    std::vector<std::string> provides;       ///< p
    std::vector<std::string> install_if;     ///< i

    std::string file_name() const;  ///< "name-version.apk"
    /// The record without the empty line behind it, in the order C P V A S I T U L o m t c D i p k.
    /// C P V S I T always stand, the others only with a value. Line breaks in values become spaces.
    std::string to_string() const;
};

/// The entry that stands for a package file. `checksum` is its identity, `file_size` of the whole
/// file. Values are copied as they are; several licences are joined by AND.
IndexEntry make_index_entry(const PackageInfo& info, std::string checksum, std::uint64_t file_size);

/// Bounds on an index that is read; each has a flag: --max-index-file-bytes and so on.
struct IndexLimits {
    std::uint64_t file_bytes = std::uint64_t{256} << 20U;  ///< compressed
    std::uint64_t text_bytes = std::uint64_t{1} << 30U;    ///< inflated
    std::uint64_t line_bytes = std::uint64_t{1} << 20U;
    std::uint64_t entries = 1'000'000;
    std::uint64_t relations = 20'000'000;  ///< of all entries together
};

/// The list of packages of a repository, in its own order.
struct Index {
    std::string description;
    std::vector<IndexEntry> entries;

    /// Text of APKINDEX. Records without a name or version, with one that cannot be part of a file
    /// name, or with a bad line are errors (the message has the line). Fields that are not known
    /// are ignored, a carriage return at the end of a line is dropped. A checksum of an unknown
    /// kind or none is empty: such a package can be chosen, but not fetched. Errors: invalid_data,
    /// limit.
    static Result<Index> parse(std::string_view text, const IndexLimits& limits = {});
    std::string to_string() const;

    /// Replaces the entry of the same name and version in place or appends. Idempotent.
    void merge(IndexEntry entry);
    /// The same for many, in the order given, in linear time.
    void merge(std::vector<IndexEntry> additions);
    /// By name in byte order, then by version: the order that clients and checkers expect.
    void sort();
};

/// The archive as it is served, with its signatures split off.
struct IndexFile {
    Index index;
    std::vector<Signature> signatures;
    std::optional<std::string> verified_by;  ///< name of the key, if a keyring was given
};

/// Bytes of APKINDEX.tar.gz: a signature member, if there is one, and one member with the files.
/// With `keyring` the signature is checked before anything of the content is looked at. Errors:
/// signature, invalid_data, limit.
Result<IndexFile> read_index(
    std::string_view bytes, const Keyring* keyring, const IndexLimits& limits = {}
);
/// Makes APKINDEX.tar.gz: entries DESCRIPTION, then APKINDEX (apk's own order); date 0; signed if a
/// key is given. Deterministic.
Result<std::string> write_index(const Index& index, const Signer* key);
/// Puts a signature in front of an index file; an existing one is replaced.
Result<std::string> sign_index(std::string_view bytes, const Signer& key);

}  // namespace quern::apk
