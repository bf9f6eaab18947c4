// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "unit/repository/built_packages.hpp"

#include "apk/package_writer.hpp"
#include "repository/verify.hpp"
#include "support/atomic_file.hpp"
#include "support/thread_pool.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <utility>

namespace quern::test {

TempDir make_directory() {
    auto made = TempDir::create(std::filesystem::temp_directory_path(), "repository.");
    REQUIRE(made);
    return std::move(*made);
}

repository::StagedPackage stage_package(
    const std::filesystem::path& directory,
    const std::string& name,
    const std::string& version,
    const std::string& content,
    const apk::PrivateKey* key
) {
    std::filesystem::create_directories(directory);
    apk::PackageInfo info;
    info.name = name;
    info.version = version;
    info.architecture = "x86_64";
    info.origin = name;
    info.description = "a package";
    info.licenses = {"MIT"};
    const auto write_data = [&](apk::DataSink& sink) -> Result<void> {
        archive::TarEntry entry;
        entry.path = "content-of-" + name;
        entry.mode = 0644;
        entry.user_name = entry.group_name = "root";
        entry.size = content.size();
        return sink.add_file(entry, content);
    };
    auto written =
        apk::write_package(directory, info, {}, write_data, {.key = key, .timestamp = {}});
    if (!written) {
        FAIL(written.error().message());
    }
    return {
        written->path, apk::make_index_entry(written->info, written->checksum, written->file_size)};
}

apk::Index read_published(const std::filesystem::path& repository) {
    const auto bytes = read_file(repository / "x86_64" / "APKINDEX.tar.gz");
    REQUIRE(bytes);
    auto file = apk::read_index(*bytes, nullptr);
    REQUIRE(file);
    return std::move(file->index);
}

std::string problems_of(const std::filesystem::path& repository) {
    ThreadPool pool(1);
    const auto findings = repository::verify_repository(repository / "x86_64", {}, pool);
    if (!findings) {
        return findings.error().message();
    }
    std::string text;
    for (const auto& finding : *findings) {
        text += finding.where + ": " + finding.what + "\n";
    }
    return text;
}

std::string names_in(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : " ") + name;
    }
    return text;
}

}  // namespace quern::test
