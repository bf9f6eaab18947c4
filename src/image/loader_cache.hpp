// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/root_tree.hpp"
#include "image/spool.hpp"

#include <string>

namespace quern::image {

/// Writes etc/ld.so.cache, what ldconfig would make of the libraries in lib and in the directories
/// of etc/ld.so.conf; nothing where that file is not there. Architectures that the format has no
/// flags for get none. Errors: io. Source: image-and-resolver 4.5; glibc 2.36
/// sysdeps/generic/dl-cache.h.
Result<void> write_loader_cache(
    RootTree& tree, const Spool& spool, const std::string& architecture
);

}  // namespace quern::image
