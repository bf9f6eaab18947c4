// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace quern::rootfs {

/// A writable view of a read-only tree, mounted in the mount namespace of this process. Unmounted
/// by the destructor, or with the process.
class Overlay {
 public:
    /// `scratch` (on a file system that can be an upper layer) gets upper, work and merged. Errors:
    /// sandbox, with the cause.
    static Result<Overlay> mount(
        const std::filesystem::path& lower, const std::filesystem::path& scratch
    );
    /// The same over several trees, the topmost first. At most `most_layers`: the kernel takes no
    /// longer list.
    static Result<Overlay> mount(
        const std::vector<std::filesystem::path>& lowers, const std::filesystem::path& scratch
    );
    static constexpr std::size_t most_layers = 128;
    Overlay(Overlay&& other) noexcept;
    Overlay& operator=(Overlay&& other) noexcept;
    Overlay(const Overlay&) = delete;
    Overlay& operator=(const Overlay&) = delete;
    ~Overlay();

    const std::filesystem::path& path() const { return merged_; }

 private:
    explicit Overlay(std::filesystem::path merged) : merged_(std::move(merged)) {}
    std::filesystem::path merged_;
};

}  // namespace quern::rootfs
