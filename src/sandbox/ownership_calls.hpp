// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace quern::sandbox {

/// What one call of the chown family asks for.
struct OwnershipCall {
    /// The descriptor that `path` starts at, AT_FDCWD for the working directory. Without a path,
    /// the file itself.
    int descriptor = 0;
    std::optional<std::uint64_t> path;  ///< where it stands in the memory of the caller
    bool follows = true;                ///< a link at the end of the path
    bool may_be_empty = false;          ///< an empty path is `descriptor` itself
    std::optional<std::uint32_t> uid;   ///< nothing: stays as it is
    std::optional<std::uint32_t> gid;
};

/// A filter that leaves the calls of the chown family, those of 32-bit programs too, to a listener
/// and allows all others.
std::vector<sock_filter> ownership_filter();

/// Nothing for other calls, and for flags that the kernel refuses. Source: chown(2).
std::optional<OwnershipCall> decode_ownership_call(const seccomp_data& data);

}  // namespace quern::sandbox
