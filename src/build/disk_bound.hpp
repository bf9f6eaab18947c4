// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "support/cancel.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

namespace quern::build {

/// What the steps of one build may write to disk together.
class DiskBound {
 public:
    /// How many bytes the guest takes by now; `most`: no need to count on from there. Nothing: not
    /// known.
    using Measure = std::function<std::optional<std::uint64_t>(std::uint64_t most)>;

    /// `place`, on the guest's file system, tells cheaply how much its free space has shrunk;
    /// empty: it cannot be known here. What is there by now is free of charge.
    DiskBound(std::uint64_t bytes, std::filesystem::path place, Measure measure);

    std::uint64_t bytes() const { return bytes_; }
    /// Whether more is taken. Counts only where that is possible, or some time after it was counted
    /// last; always if `is_thorough`.
    bool is_passed(bool is_thorough = false);

 private:
    std::optional<std::uint64_t> free_bytes() const;
    std::uint64_t bytes_;
    std::filesystem::path place_;
    Measure measure_;
    std::uint64_t start_ = 0;    ///< what was there when it began
    std::uint64_t counted_ = 0;  ///< since then, when it was counted last
    std::optional<std::uint64_t> free_then_;
    std::chrono::steady_clock::time_point next_;
};

/// Looks at a bound for as long as it lives and stops what listens to its token.
class DiskWatch {
 public:
    /// `bound` null: nothing to look at. `cancel` is passed on.
    DiskWatch(DiskBound* bound, const CancelToken& cancel);
    DiskWatch(const DiskWatch&) = delete;
    DiskWatch& operator=(const DiskWatch&) = delete;
    ~DiskWatch();

    const CancelToken& token() const { return bound_ == nullptr ? outer_ : inner_; }
    /// After the command: whether it was stopped, or took more at its end.
    bool is_passed();

 private:
    void look();
    DiskBound* bound_;
    const CancelToken& outer_;
    CancelToken inner_;
    std::atomic<bool> is_passed_ = false;
    std::jthread thread_;
};

/// Bytes that the trees take on disk, no more than about `most`: a file of several names counts by
/// the part of them that is found. Links are not followed.
std::uint64_t bytes_on_disk(const std::vector<std::filesystem::path>& trees, std::uint64_t most);

}  // namespace quern::build
