// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/keyring.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// Something that a package was made from.
struct Material {
    /// "recipe", "pipeline", "parameters", "source", "source-tree", "package" or "key"
    std::string role;
    std::string name;
    std::string uri;  ///< may be empty
    /// Hex digits by algorithm: "sha256", "gitCommit"; "apkControlSha1" is what an index says of a
    /// package. Empty: nobody knows what it was.
    std::map<std::string, std::string> digest;
    std::map<std::string, std::string> annotations;  ///< without the role

    friend bool operator==(const Material&, const Material&) = default;
};

/// How one package was made: an in-toto statement with SLSA provenance. Names no path, no time and
/// no secret of the machine, so that the same build says the same. Source: in-toto attestation
/// v1 (statement.md, resource_descriptor.md), slsa.dev/provenance/v1.
struct Provenance {
    std::string subject;                            ///< file name of the package
    std::string subject_sha256;                     ///< of the whole file, hex
    std::map<std::string, std::string> parameters;  ///< what the user asked for
    std::string runner;                             ///< what the steps ran in: "bubblewrap"
    std::vector<std::string> network;               ///< steps that saw it: "PACKAGE/STEP"
    std::vector<std::string> secrets;               ///< names of those that steps could read
    bool is_mended = false;                         ///< by hand, in a shell
    std::string version;                            ///< of quern
    std::vector<Material> materials;

    /// The statement, without a newline. Same input, same bytes.
    std::string to_json() const;
    /// Reads a statement; other tools' too, as far as they say these things. Errors: invalid_data,
    /// limit.
    static Result<Provenance> parse(std::string_view json);
    friend bool operator==(const Provenance&, const Provenance&) = default;
};

/// The signed file beside a package, one line; without `key` nobody signs. Errors: as signing.
Result<std::string> write_provenance(const Provenance& provenance, const apk::Signer* key);

struct VerifiedProvenance {
    std::string signer;  ///< name of the key; empty if signatures were not looked at
    Provenance statement;
};

/// Reads `<package>.intoto.jsonl` and checks that a key of `keyring` signed it (null: nobody has
/// to) and that it speaks of these very bytes. Errors: not_found, io, invalid_data, limit,
/// signature, digest_mismatch.
Result<VerifiedProvenance> verify_provenance(
    const std::filesystem::path& package, const apk::Keyring* keyring
);

/// What went into `after` that did not go into `before` as it was, and the other way round, a line
/// each; runner and version too. Recipes and pipelines are left out: a package that is built again
/// has them from itself.
std::vector<std::string> compare_materials(const Provenance& before, const Provenance& after);

/// One line for each thing, for people.
std::string to_text(const Provenance& provenance);

}  // namespace quern::package
