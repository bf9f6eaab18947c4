// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <string>
#include <string_view>

namespace quern::image {

/// The name of an image: `[registry/]repository[:tag|@digest]`.
/// Source: distribution/reference, "Grammar"; what names no registry is Docker Hub's.
struct Reference {
    std::string registry;    ///< "registry.example.org:5000"; "index.docker.io" if none was named
    std::string repository;  ///< "team/img", "library/img"
    std::string tag;         ///< "latest" if neither tag nor digest was given
    std::string digest;      ///< "sha256:<hex>"

    /// Errors: usage.
    static Result<Reference> parse(std::string_view text);
    /// The name of an image that is to be made: no digest, which its bytes decide. Errors: usage.
    static Result<Reference> parse_tag(std::string_view text);
    /// Registry, repository and tag or digest.
    std::string full() const;
    /// Registry and repository.
    std::string repository_name() const { return registry + "/" + repository; }
    /// Last part of the repository.
    std::string short_name() const;
};

}  // namespace quern::image
