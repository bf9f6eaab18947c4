// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/lazy_library.hpp"

#include <archive.h>
#include <archive_entry.h>

namespace quern::archive {

// The functions of libarchive that are used here. One has the attribute of printf, which a type
// cannot keep.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"
#define QUERN_ARCHIVE(name) \
    inline constexpr LazyFunction<"libarchive.so.13", #name, decltype(::name)> name {}

QUERN_ARCHIVE(archive_entry_filetype);
QUERN_ARCHIVE(archive_entry_hardlink);
QUERN_ARCHIVE(archive_entry_mtime);
QUERN_ARCHIVE(archive_entry_pathname);
QUERN_ARCHIVE(archive_entry_perm);
QUERN_ARCHIVE(archive_entry_size);
QUERN_ARCHIVE(archive_entry_size_is_set);
QUERN_ARCHIVE(archive_entry_symlink);
QUERN_ARCHIVE(archive_errno);
QUERN_ARCHIVE(archive_error_string);
QUERN_ARCHIVE(archive_format);
QUERN_ARCHIVE(archive_read_data);
QUERN_ARCHIVE(archive_read_data_block);
QUERN_ARCHIVE(archive_read_free);
QUERN_ARCHIVE(archive_read_new);
QUERN_ARCHIVE(archive_read_next_header);
QUERN_ARCHIVE(archive_read_open);
QUERN_ARCHIVE(archive_read_open_fd);
QUERN_ARCHIVE(archive_read_support_filter_bzip2);
QUERN_ARCHIVE(archive_read_support_filter_gzip);
QUERN_ARCHIVE(archive_read_support_filter_lz4);
QUERN_ARCHIVE(archive_read_support_filter_lzip);
QUERN_ARCHIVE(archive_read_support_filter_lzma);
QUERN_ARCHIVE(archive_read_support_filter_xz);
QUERN_ARCHIVE(archive_read_support_filter_zstd);
QUERN_ARCHIVE(archive_read_support_format_empty);
QUERN_ARCHIVE(archive_read_support_format_raw);
QUERN_ARCHIVE(archive_read_support_format_tar);
QUERN_ARCHIVE(archive_read_support_format_zip);
QUERN_ARCHIVE(archive_set_error);

#undef QUERN_ARCHIVE
#pragma GCC diagnostic pop

/// Before any of these functions. Errors: unsupported.
inline Result<void> load_libarchive() {
    return load_library("libarchive.so.13", "libarchive13");
}

}  // namespace quern::archive
