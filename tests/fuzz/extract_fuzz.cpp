// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/extract.hpp"
#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "tar_checksums.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <filesystem>

namespace quern::archive {
namespace {

std::size_t count_entries(const FileTree& tree) {
    std::size_t count = 0;
    const auto walked = tree.walk("", [&count](const TreeEntry&) -> Result<void> {
        ++count;
        return {};
    });
    QUERN_ASSERT(walked.has_value());
    return count;
}

/// Whatever the archive holds, only the one directory may change.
void extract_safely(std::string_view bytes) {
    const UniqueFd file(::memfd_create("archive", MFD_CLOEXEC));
    QUERN_ASSERT(file && write_all(file.get(), bytes).has_value());
    const auto parent = TempDir::create(std::filesystem::temp_directory_path(), "quern-fuzz-");
    QUERN_ASSERT(parent.has_value());
    const auto outside = FileTree::open(parent->path());
    const auto destination = FileTree::create(parent->path() / "in");
    QUERN_ASSERT(outside && destination);
    const ExtractLimits limits{
        .entries = 200, .total_bytes = 1U << 24U, .file_bytes = 1U << 22U, .ratio = 2000};
    static_cast<void>(is_archive(file.get()));
    static_cast<void>(extract(file.get(), *destination, {.limits = limits}));
    QUERN_ASSERT(count_entries(*outside) == count_entries(*destination) + 1);
}

}  // namespace
}  // namespace quern::archive

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    quern::archive::extract_safely(with_right_checksums(data, size));
    return 0;
}
