// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tar_reader.hpp"
#include "quern/error.hpp"
#include "support/handle.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace quern::seed {

/// Keeps the files of one package between reading and writing: in memory while they are few, then
/// in an unlinked file that is mapped.
class ContentSpool {
 public:
    /// Where a file is kept.
    struct Place {
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
        bool is_on_disk = false;
    };

    /// `directory` gets the unlinked file, if one is needed; `memory_bytes` is what is kept in
    /// memory.
    explicit ContentSpool(
        std::filesystem::path directory, std::uint64_t memory_bytes = default_memory_bytes
    )
        : directory_(std::move(directory)), memory_limit_(memory_bytes) {}
    ContentSpool(const ContentSpool&) = delete;
    ContentSpool& operator=(const ContentSpool&) = delete;
    ~ContentSpool();

    Result<Place> add(std::string_view content);
    /// The content of the reader's current entry, which has `size` bytes.
    Result<Place> add(archive::TarReader& content, std::uint64_t size);
    /// The view lives until the next `add`.
    Result<std::string_view> view(const Place& place);

    static constexpr std::uint64_t default_memory_bytes = std::uint64_t{64} << 20U;

 private:
    bool fits_in_memory(std::uint64_t size);
    Result<void> open_file();
    Result<void> map_file();
    void unmap_file();

    std::filesystem::path directory_;
    std::uint64_t memory_limit_;
    std::string memory_;
    UniqueFd file_;
    std::uint64_t file_bytes_ = 0;
    void* mapping_ = nullptr;
};

}  // namespace quern::seed
