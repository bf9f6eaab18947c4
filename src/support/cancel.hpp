// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"

#include <atomic>

namespace quern {

/// Says whether the user asked to stop. One is made in `main` and set by its signal handler;
/// everything else gets a const reference. Thread safety: all methods; `request` is
/// async-signal-safe.
class CancelToken {
 public:
    void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
    bool is_requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
    /// ErrorCode::interrupted once a stop was requested.
    Result<void> check() const;

 private:
    std::atomic<bool> requested_ = false;
};

}  // namespace quern
