// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/reporter.hpp"

#include <atomic>
#include <utility>

namespace quern {

namespace {

ActivityId next_activity_id() noexcept {
    static std::atomic<ActivityId> last = 0;
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Activity::Activity(Reporter& reporter, std::string_view title, ActivityId parent)
    : reporter_(reporter), id_(next_activity_id()) {
    reporter_.activity_started(id_, parent, title);
}

Activity::~Activity() {
    // Whoever comes to the end says what came of it.
    reporter_.activity_finished(id_, outcome_.empty() ? std::string_view("failed") : outcome_);
}

void Activity::progress(std::uint64_t done, std::uint64_t total, std::string_view unit) noexcept {
    reporter_.activity_progress(id_, done, total, unit);
}

void Activity::outcome(std::string text) {
    outcome_ = std::move(text);
}

}  // namespace quern
