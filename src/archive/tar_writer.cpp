// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_writer.hpp"

#include "archive/tar_headers.hpp"
#include "archive/ustar_block.hpp"

#include <fmt/format.h>

#include <string>

namespace quern::archive {

Result<void> TarWriter::add(const TarEntry& entry) {
    QUERN_CHECK(finish_without_end_blocks());
    QUERN_TRY(const std::string headers, make_headers(entry, form_));
    QUERN_CHECK(sink_.write(headers));
    remaining_ = entry.size;
    padding_ = padding_after(entry.size);
    return {};
}

Result<void> TarWriter::write_content(std::string_view bytes) {
    if (bytes.size() > remaining_) {
        return Error(ErrorCode::invalid_data, "a file grew while it was put in a tar archive");
    }
    QUERN_CHECK(sink_.write(bytes));
    remaining_ -= bytes.size();
    return remaining_ == 0 ? pad() : Result<void>();
}

Result<void> TarWriter::add(const TarEntry& entry, std::string_view content) {
    QUERN_CHECK(add(entry));
    return content.empty() ? Result<void>() : write_content(content);
}

Result<void> TarWriter::finish_with_end_blocks() {
    QUERN_CHECK(finish_without_end_blocks());
    const UstarBlock end;
    QUERN_CHECK(sink_.write(end.bytes()));
    return sink_.write(end.bytes());
}

Result<void> TarWriter::finish_without_end_blocks() {
    if (remaining_ != 0) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("a file in a tar archive ended {} bytes before its size", remaining_)
        );
    }
    return {};
}

Result<void> TarWriter::pad() {
    const UstarBlock zeros;
    const std::string_view bytes = zeros.bytes().substr(0, padding_);
    padding_ = 0;
    return bytes.empty() ? Result<void>() : sink_.write(bytes);
}

}  // namespace quern::archive
