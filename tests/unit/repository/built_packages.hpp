// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/repository.hpp"
#include "repository/publisher.hpp"
#include "support/temp_dir.hpp"

#include <filesystem>
#include <string>

namespace quern::test {

TempDir make_directory();

/// Writes a real package with one file that holds `content`.
repository::StagedPackage stage_package(
    const std::filesystem::path& directory,
    const std::string& name,
    const std::string& version,
    const std::string& content = "content",
    const apk::PrivateKey* key = nullptr
);

/// The index of `<repository>/x86_64`; fails the test if it cannot be read.
apk::Index read_published(const std::filesystem::path& repository);

/// What is wrong with `<repository>/x86_64`, one problem a line; no signatures are looked at.
std::string problems_of(const std::filesystem::path& repository);

/// Names in a directory, sorted, separated by spaces.
std::string names_in(const std::filesystem::path& directory);

}  // namespace quern::test
