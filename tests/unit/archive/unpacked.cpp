// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "unpacked.hpp"

#include "support/atomic_file.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fcntl.h>

namespace quern::archive {
namespace {

TempDir make_directory() {
    auto directory = TempDir::create(std::filesystem::temp_directory_path(), "quern-archive-");
    REQUIRE(directory);
    return std::move(*directory);
}

FileTree make_tree(const std::filesystem::path& path) {
    auto tree = FileTree::create(path);
    REQUIRE(tree);
    return std::move(*tree);
}

}  // namespace

Unpacked::Unpacked()
    : directory_(make_directory()), tree_(make_tree(directory_.path() / "destination")) {
    const FileTree outside = make_tree(directory_.path() / "outside");
    REQUIRE(outside.write("secret", "untouched", 0600));
}

Result<ExtractReport> Unpacked::extract(std::string_view archive, const ExtractOptions& options) {
    const auto file = directory_.path() / "archive";
    QUERN_CHECK(write_file_atomically(file, archive));
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(fd);
    return archive::extract(fd.get(), tree_, options);
}

std::string Unpacked::content(std::string_view path) const {
    auto content = tree_.read(path);
    return content ? std::move(*content) : "error: " + content.error().message();
}

struct stat Unpacked::status(std::string_view path) const {
    const auto status = tree_.status(path);
    INFO("looking at " << path);
    REQUIRE(status);
    return *status;
}

std::string Unpacked::target(const std::string& path) const {
    return std::filesystem::read_symlink(directory_.path() / "destination" / path).string();
}

std::string Unpacked::listing() const {
    std::string lines;
    const auto walked = tree_.walk("", [&](const TreeEntry& entry) -> Result<void> {
        std::string rest = entry.link_target;
        if (S_ISREG(entry.status.st_mode)) {
            QUERN_TRY(rest, tree_.read(entry.path));
        }
        lines += fmt::format(
            "{} {:o} {} {}\n",
            entry.path,
            entry.status.st_mode,
            static_cast<long>(entry.status.st_mtim.tv_sec),
            rest
        );
        return {};
    });
    REQUIRE(walked);
    return lines;
}

bool Unpacked::is_outside_untouched() const {
    const auto outside = FileTree::open(directory_.path() / "outside");
    REQUIRE(outside);
    std::string names;
    REQUIRE(outside->walk("", [&](const TreeEntry& entry) -> Result<void> {
        names += fmt::format("{} {:o};", entry.path, entry.status.st_mode);
        return {};
    }));
    const auto content = outside->read("secret");
    return names == "secret 100600;" && content && *content == "untouched";
}

}  // namespace quern::archive
