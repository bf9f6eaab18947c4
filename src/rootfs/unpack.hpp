// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "quern/package_file.hpp"
#include "rootfs/placement.hpp"
#include "support/cancel.hpp"
#include "support/thread_pool.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>

namespace quern::rootfs {

/// What is unpacked. `open` is called from any thread, once for each number below `count`, which is
/// the install order; `placed` after each package with how many are done, one call at a time.
struct UnpackJob {
    std::size_t count = 0;
    std::function<Result<apk::PackageFile>(std::size_t)> open;
    std::function<void(std::size_t)> placed;
    std::filesystem::path staging;  ///< on the file system of the tree and outside it; empty
    const CancelToken* cancel = nullptr;
};

/// Unpacks packages on all threads of the pool: each is staged beside the tree, and moved into it
/// once it is checked as a whole and all before it are in place. The tree is the same for any
/// number of threads, and so is the error: that of the first package in install order that has one.
Result<void> unpack(const UnpackJob& job, Placement& placement, GuestIds owner, ThreadPool& pool);

}  // namespace quern::rootfs
