// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "image/accounts.hpp"
#include "image/layering.hpp"
#include "image/spool.hpp"
#include "support/digest.hpp"
#include "support/thread_pool.hpp"

#include <cstdint>

namespace quern::image {

/// The tar stream of a layer. Source: image-and-resolver 5.4. Errors: limit, io.
Result<void> write_layer_tar(
    const LayerPlan& plan, const AccountNames& names, const Spool& spool, archive::ByteSink& sink
);

/// What a layer became. `digest` and `size` are of the compressed bytes.
struct LayerDigests {
    Digest digest;
    Digest diff_id;
    std::uint64_t size = 0;
};

/// The compressed layer written to `file`. The bytes do not depend on the pool.
Result<LayerDigests> write_layer(
    const LayerPlan& plan,
    const AccountNames& names,
    const Spool& spool,
    ThreadPool& pool,
    archive::ByteSink& file
);

}  // namespace quern::image
