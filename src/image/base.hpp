// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/content_store.hpp"
#include "image/oci.hpp"
#include "quern/image.hpp"
#include "quern/index_table.hpp"
#include "support/file_reader.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace quern::image {

/// An image that others are put on top of, for one architecture.
struct Base {
    BaseParts parts;
    apk::IndexTable packages;         ///< what it has
    std::vector<std::string> pinned;  ///< "name=version" of each
    std::string database;             ///< its part of the installed database
};

/// By apk's name of the architecture.
using Bases = std::map<std::string, Base>;

/// Reads the image from its OCI layout and its list of packages; its layers go to the store. Every
/// digest is checked. Nothing for a specification without base image. Errors: not_found,
/// invalid_data, digest_mismatch, with the base image's place.
Result<Bases> read_bases(
    const Contents& contents,
    const std::vector<std::string>& architectures,
    const fetch::ContentStore& layers,
    const FileReader& reader
);

}  // namespace quern::image
