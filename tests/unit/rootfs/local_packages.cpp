// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "unit/rootfs/local_packages.hpp"

#include "support/atomic_file.hpp"
#include "unit/repository/built_packages.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

namespace quern::test {

namespace {

fetch::HttpClient make_http_client() {
    auto made = fetch::HttpClient::create("");
    REQUIRE(made);
    return std::move(*made);
}

}  // namespace

LocalPackages::LocalPackages()
    : directory(make_directory()),
      http(make_http_client()),
      content({directory.path() / "content"}),
      fetcher(http, content, cancel, true),
      store({directory.path() / "store", true}, fetcher),
      pool(2) {
    description.architecture = "x86_64";
    std::filesystem::create_directories(directory.path() / "repo" / "x86_64");
}

void LocalPackages::add(RawPackage raw) {
    const std::string bytes = raw.bytes();
    const auto package = open_bytes(bytes);
    REQUIRE(package);
    repository::Selected selected;
    selected.entry = std::make_shared<const apk::IndexEntry>(
        apk::make_index_entry(package->info(), package->head().checksum, bytes.size())
    );
    selected.location.base = (directory.path() / "repo").string();
    selected.architecture = "x86_64";
    description.packages.push_back(std::move(selected));
    REQUIRE(write_file_atomically(file_of(description.packages.size() - 1), bytes));
}

std::filesystem::path LocalPackages::file_of(std::size_t number) const {
    return directory.path() / "repo" / "x86_64" /
           description.packages.at(number).entry->file_name();
}

rootfs::AssembleOptions LocalPackages::options() {
    return {.owner = {::geteuid(), 1}, .pool = &pool, .cancel = &cancel};
}

}  // namespace quern::test
