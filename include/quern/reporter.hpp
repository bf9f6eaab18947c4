// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/diagnostic.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace quern {

using ActivityId = std::uint64_t;  ///< 0 means none

/// Where a program that runs long tells what it does. Everything that quern says goes through one.
/// Thread safety: all methods.
class Reporter {
 public:
    Reporter() = default;
    Reporter(const Reporter&) = delete;
    Reporter& operator=(const Reporter&) = delete;
    virtual ~Reporter() = default;

    /// A unit of work begins; `parent` is 0 or the unit that it belongs to. Ids are unique in a
    /// process.
    virtual void activity_started(
        ActivityId id, ActivityId parent, std::string_view title
    ) noexcept = 0;
    /// `total` is 0 while unknown. `unit` is "B" for bytes (shown as MiB) or a plural noun.
    virtual void activity_progress(
        ActivityId id, std::uint64_t done, std::uint64_t total, std::string_view unit
    ) noexcept = 0;
    virtual void activity_finished(ActivityId id, std::string_view outcome) noexcept = 0;
    /// Raw output of a step, in pieces of any size.
    virtual void step_output(std::string_view step, std::string_view bytes) noexcept = 0;
    virtual void diagnostic(const Diagnostic& diagnostic) noexcept = 0;
    /// A finished sentence for the user: what was written, what to do next.
    virtual void note(std::string_view text) noexcept = 0;
    virtual void warning(std::string_view text) noexcept = 0;
};

/// Swallows everything.
class NullReporter final : public Reporter {
 public:
    void activity_started(ActivityId, ActivityId, std::string_view) noexcept override {}
    void activity_progress(
        ActivityId, std::uint64_t, std::uint64_t, std::string_view
    ) noexcept override {}
    void activity_finished(ActivityId, std::string_view) noexcept override {}
    void step_output(std::string_view, std::string_view) noexcept override {}
    void diagnostic(const Diagnostic&) noexcept override {}
    void note(std::string_view) noexcept override {}
    void warning(std::string_view) noexcept override {}
};

/// Tells a Reporter of one unit of work for as long as it lives.
class Activity {
 public:
    Activity(Reporter& reporter, std::string_view title, ActivityId parent = 0);
    Activity(const Activity&) = delete;
    Activity& operator=(const Activity&) = delete;
    ~Activity();

    ActivityId id() const { return id_; }
    void progress(std::uint64_t done, std::uint64_t total, std::string_view unit) noexcept;
    /// Shown beside the title when the unit ends: "12 packages".
    void outcome(std::string text);

 private:
    Reporter& reporter_;
    ActivityId id_;
    std::string outcome_;
};

}  // namespace quern
