// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/content_diff.hpp"

#include "package/content_parts.hpp"
#include "package/text_diff.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace quern::package {
namespace {

constexpr int deepest = 3;
constexpr std::size_t most_lines = 40;
constexpr std::uint64_t most_work = std::uint64_t{1} << 30U;
constexpr std::size_t longest_text = std::size_t{256} << 10U;

class Explanation {
 public:
    explicit Explanation(std::uint64_t limit) : most_work_(limit) {}

    void explain(std::string_view before, std::string_view after, int depth) {
        work_ += before.size() + after.size();
        if (work_ > most_work_) {
            add("not compared: its parts together are too large");
            return;
        }
        if (before == after) {
            return;
        }
        std::deque<std::string> storage;
        const auto old_parts = depth < deepest ? parts_of(before, storage) : std::nullopt;
        const auto new_parts = old_parts ? parts_of(after, storage) : std::nullopt;
        const std::size_t told = count_;
        if (old_parts && new_parts) {
            compare_parts(*old_parts, *new_parts, depth);
        } else if (is_text(before) && is_text(after)) {
            add_text(before, after);
        }
        if (count_ == told) {
            add_bytes(before, after);
        }
    }

    /// Bytes that were compared.
    std::uint64_t work() const { return work_; }

    std::vector<std::string> take() {
        if (count_ > lines_.size()) {
            lines_.push_back(fmt::format("… and {} more", count_ - lines_.size()));
        }
        return std::move(lines_);
    }

 private:
    static bool is_text(std::string_view bytes) {
        return bytes.size() <= longest_text && bytes.find('\0') == std::string_view::npos &&
               is_valid_utf8(bytes);
    }

    void add(std::string_view text) {
        ++count_;
        if (lines_.size() < most_lines) {
            lines_.push_back(prefix_ + printable(text));
        }
    }

    void add_text(std::string_view before, std::string_view after) {
        // Each line is held against each.
        const auto count = [](std::string_view text) {
            return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        };
        work_ += count(before) * count(after);
        const std::string diff = unified_diff(before, after, "before", "after");
        const auto lines = split(trim(diff), '\n');
        for (std::size_t i = 2; i < lines.size(); ++i) {
            add(lines[i]);
        }
    }

    void add_bytes(std::string_view before, std::string_view after) {
        const auto [at, other] =
            std::mismatch(before.begin(), before.end(), after.begin(), after.end());
        const std::string sizes = before.size() == after.size()
                                      ? fmt::format("{} bytes", before.size())
                                      : fmt::format("{} => {} bytes", before.size(), after.size());
        add(fmt::format("{}, the first that differs is number {}", sizes, at - before.begin()));
    }

    void compare_parts(const std::vector<Part>& before, const std::vector<Part>& after, int depth) {
        std::map<std::string_view, const Part*> others;
        for (const Part& part : after) {
            others[part.name] = &part;
        }
        for (const Part& part : before) {
            const auto other = others.find(part.name);
            if (other == others.end()) {
                add(fmt::format("- {}", part.name));
                continue;
            }
            compare_part(part, *other->second, depth);
            others.erase(other);
        }
        for (const Part& part : after) {
            if (others.count(part.name) != 0) {
                add(fmt::format("+ {}", part.name));
            }
        }
    }

    void compare_part(const Part& before, const Part& after, int depth) {
        const std::string outside = prefix_;
        prefix_ += printable(before.name) + ": ";
        if (before.about != after.about) {
            add(fmt::format("{} => {}", before.about, after.about));
        }
        explain(before.bytes, after.bytes, depth + 1);
        prefix_ = outside;
    }

    std::vector<std::string> lines_;
    std::size_t count_ = 0;
    std::uint64_t most_work_;
    std::uint64_t work_ = 0;  ///< bytes that were compared: parts of a file may lie over each other
    std::string prefix_;
};

}  // namespace

std::vector<std::string> explain_difference(std::string_view before, std::string_view after) {
    Explanation explanation(most_work);
    explanation.explain(before, after, 0);
    return explanation.take();
}

std::vector<std::string> DifferenceExplainer::explain(
    std::string_view before, std::string_view after
) {
    if (work_left_ == 0 || lines_left_ == 0) {
        return {"not explained: there is enough of other files"};
    }
    Explanation explanation(std::min(most_work, work_left_));
    explanation.explain(before, after, 0);
    work_left_ -= std::min(work_left_, explanation.work());
    std::vector<std::string> lines = explanation.take();
    lines_left_ -= std::min(lines_left_, lines.size());
    return lines;
}

}  // namespace quern::package
