// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/timestamp.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::package {

/// A source that a build used.
struct SbomSource {
    std::string kind;  ///< "fetch" or "git-checkout"
    std::string uri;   ///< or repository
    std::string name, version;
    std::string sha256, sha512;
    std::string branch, tag, commit;
    /// Where its step stands: the position at the top ("3"), and behind it those of the steps that
    /// are nested ("3-0-1").
    std::string step = "0";
};

/// A text that belongs to a LicenseRef-.
struct ExtractedLicense {
    std::string id;
    std::string text;
};

/// What the SPDX document of one package says (recipe-and-build 10).
struct SbomInput {
    std::string package, full_version, architecture, namespace_name;
    std::string license_expression;  ///< "NOASSERTION" if there is none
    std::vector<std::string> attestations;
    std::string cpe;
    std::string recipe_path, recipe_commit, recipe_repository_url, recipe_license;
    std::vector<SbomSource> sources;            ///< of the package's own pipeline
    std::vector<SbomSource> inherited_sources;  ///< a subpackage's: those of the main pipeline
    std::vector<ExtractedLicense> extracted_licenses;
    Timestamp created;
};

/// The start of the URLs that "pkg:github/" stands for. Source: recipe-and-build 6.10.
std::string_view purl_host();

/// SPDX 2.3 JSON, two spaces of indentation, newline at the end. Same input, same bytes.
std::string to_spdx_json(const SbomInput& input);

}  // namespace quern::package
