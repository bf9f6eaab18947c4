// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "support/file_reader.hpp"

#include "support/atomic_file.hpp"

#include <cstdint>
#include <system_error>

namespace quern {

namespace {

constexpr std::uint64_t max_text_bytes = std::uint64_t{64} << 20U;

}  // namespace

Result<std::string> DiskFileReader::read(const std::filesystem::path& path) const {
    return read_file(path, max_text_bytes);
}

bool DiskFileReader::exists(const std::filesystem::path& path) const {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

}  // namespace quern
