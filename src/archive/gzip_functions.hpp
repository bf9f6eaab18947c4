// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/lazy_library.hpp"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <zlib.h>

namespace quern::archive {

// The functions of three libraries that are used here, loaded at the first call.
#define QUERN_GZIP(library, name) \
    inline constexpr LazyFunction<library, #name, decltype(::name)> name {}

QUERN_GZIP("libdeflate.so.0", libdeflate_alloc_compressor);
QUERN_GZIP("libdeflate.so.0", libdeflate_alloc_decompressor);
QUERN_GZIP("libdeflate.so.0", libdeflate_crc32);
QUERN_GZIP("libdeflate.so.0", libdeflate_deflate_compress);
QUERN_GZIP("libdeflate.so.0", libdeflate_deflate_compress_bound);
QUERN_GZIP("libdeflate.so.0", libdeflate_deflate_decompress_ex);
QUERN_GZIP("libdeflate.so.0", libdeflate_free_compressor);
QUERN_GZIP("libdeflate.so.0", libdeflate_free_decompressor);
QUERN_GZIP("libisal.so.2", crc32_gzip_refl);
QUERN_GZIP("libisal.so.2", isal_inflate);
QUERN_GZIP("libisal.so.2", isal_inflate_init);
#undef crc32_combine  // which is crc32_combine64 where offsets have 64 bits
inline constexpr LazyFunction<"libz.so.1", "crc32_combine64", decltype(::crc32_combine64)>
    crc32_combine{};

#undef QUERN_GZIP

}  // namespace quern::archive
