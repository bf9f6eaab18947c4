// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "package/emit.hpp"

#include <fmt/format.h>

#include <fcntl.h>

namespace quern::package {
namespace {

Result<void> add_entry(const FileTree& root, const archive::TarEntry& entry, apk::DataSink& sink) {
    if (entry.type != archive::TarType::file) {
        return sink.add(entry);
    }
    QUERN_TRY(const UniqueFd file, root.open_file(entry.path, O_NOFOLLOW));
    if (auto added = sink.add_file(entry, file.get()); !added) {
        return std::move(added).error().context(fmt::format("packing {}", entry.path));
    }
    return {};
}

}  // namespace

Result<apk::WrittenPackage> emit(
    const std::filesystem::path& directory,
    const FileTree& root,
    const Tree& tree,
    const ControlSection& control,
    const apk::PackageWriterOptions& options
) {
    const apk::DataWriter write_data = [&](apk::DataSink& sink) -> Result<void> {
        for (const archive::TarEntry& entry : tree.entries) {
            QUERN_CHECK(add_entry(root, entry, sink));
        }
        return {};
    };
    return apk::write_package(directory, control.info, control.files, write_data, options);
}

}  // namespace quern::package
