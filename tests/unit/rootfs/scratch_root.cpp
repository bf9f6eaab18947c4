// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "unit/rootfs/scratch_root.hpp"

#include "rootfs/unpack.hpp"
#include "support/thread_pool.hpp"
#include "unit/repository/built_packages.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <utility>

namespace quern::test {

namespace {

TempDir make_scratch() {
    auto made = TempDir::create(std::filesystem::temp_directory_path(), "quern-rootfs-");
    REQUIRE(made);
    return std::move(*made);
}

FileTree open_tree(const std::filesystem::path& path) {
    auto tree = FileTree::create(path);
    REQUIRE(tree);
    return std::move(*tree);
}

std::string line_of(const FileTree& root, const TreeEntry& found) {
    const char* kind = S_ISDIR(found.status.st_mode)   ? "dir"
                       : S_ISLNK(found.status.st_mode) ? "link"
                                                       : "file";
    const std::string content =
        S_ISREG(found.status.st_mode) ? root.read(found.path).value_or("?") : found.link_target;
    return fmt::format(
        "{} {} {:04o} {} {}\n",
        found.path,
        kind,
        found.status.st_mode & 07777U,
        found.status.st_mtime,
        content
    );
}

}  // namespace

RawPackage package_of(
    const std::string& name, std::vector<TarPart> parts, const std::string& relations
) {
    RawPackage raw;
    raw.info = fmt::format("pkgname = {}\npkgver = 1-r0\narch = x86_64\n{}", name, relations);
    raw.data_parts = std::move(parts);
    return raw;
}

ScratchRoot::ScratchRoot()
    : directory(make_scratch()),
      outside(open_tree(directory.path())),
      root(open_tree(directory.path() / "root")),
      tree(root.fd(), {::geteuid(), 1}),
      placement(tree) {
    REQUIRE(outside.write("secret", "of the host"));
}

Result<void> ScratchRoot::unpack(std::vector<RawPackage> packages, std::size_t threads) {
    std::vector<std::optional<apk::PackageFile>> opened;
    for (RawPackage& raw : packages) {
        auto package = open_bytes(raw.bytes());
        if (!package) {
            return std::move(package).error();
        }
        opened.emplace_back(std::move(*package));
    }
    auto staging = TempDir::create(directory.path(), "staging-");
    REQUIRE(staging);
    ThreadPool pool(threads);
    const rootfs::UnpackJob job = {
        .count = opened.size(),
        .open = [&](std::size_t i) -> Result<apk::PackageFile> { return std::move(*opened[i]); },
        .placed = {},
        .staging = staging->path(),
        .cancel = &cancel,
    };
    QUERN_CHECK(rootfs::unpack(job, placement, tree.ids(), pool));
    return placement.settle_directory_times();
}

Error ScratchRoot::refusal(std::vector<RawPackage> packages, std::size_t threads) {
    auto done = unpack(std::move(packages), threads);
    REQUIRE_FALSE(done);
    return std::move(done).error();
}

std::string ScratchRoot::read(std::string_view path) const {
    return tree.read(path).value_or("");
}

std::string ScratchRoot::listing() const {
    std::string text;
    const auto walked = root.walk("", [&](const TreeEntry& found) -> Result<void> {
        text += line_of(root, found);
        return {};
    });
    REQUIRE(walked);
    return text;
}

std::string ScratchRoot::names_outside() const {
    return names_in(directory.path());
}

std::string ScratchRoot::listed(std::size_t number) {
    std::string text;
    for (const auto& entry : placement.listed_packages().at(number).entries) {
        text += (text.empty() ? "" : " ") + entry.entry.path;
    }
    return text;
}

}  // namespace quern::test
