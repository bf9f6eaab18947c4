// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Three words in a row that stand in a reference are a hint that the reference begins so many words
// earlier. Where hints agree, roughly, there is a candidate; its extent is that of the runs of
// equal words near it, and the longest common subsequence of words tells how good it is. The best
// candidates are taken first, and what lies in them cannot be found again: a text of three clauses
// is not one of two.

#include "package/license/match.hpp"

#include "package/license/references.hpp"
#include "package/license/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace quern::package {
namespace {

using Codes = std::span<const std::uint16_t>;
constexpr std::size_t gram = 3;

std::uint64_t gram_at(Codes words, std::size_t at) {
    return (std::uint64_t{words[at]} << 32U) | (std::uint64_t{words[at + 1]} << 16U) |
           words[at + 2];
}

/// Where a run of three words stands in the references.
struct Posting {
    std::uint32_t reference = 0;
    std::uint32_t at = 0;
};

/// Phrases that a text repeats say little of where in it one is, and cost time.
constexpr std::size_t most_places = 4;
/// The same for the file that is looked at, which may be made to be slow.
constexpr std::size_t most_repeats = 256;
/// Runs of equal words that one comparison looks at, longest first.
constexpr std::size_t most_runs = 1'000;

class GramIndex {
 public:
    GramIndex() {
        const auto references = license_references();
        for (std::uint32_t i = 0; i < references.size(); ++i) {
            const Codes words = references[i].words;
            for (std::uint32_t at = 0; at + gram <= words.size(); ++at) {
                add(postings_[gram_at(words, at)], {i, at});
            }
        }
    }

    const std::vector<Posting>* find(std::uint64_t key) const {
        const auto found = postings_.find(key);
        return found == postings_.end() ? nullptr : &found->second;
    }

 private:
    static void add(std::vector<Posting>& places, Posting place) {
        const auto same = std::count_if(places.begin(), places.end(), [&](const Posting& each) {
            return each.reference == place.reference;
        });
        if (static_cast<std::size_t>(same) < most_places) {
            places.push_back(place);
        }
    }

    std::unordered_map<std::uint64_t, std::vector<Posting>> postings_;
};

/// Words of a file, and a part of them that is compared with a reference.
struct Window {
    std::size_t begin = 0, end = 0;
    std::size_t size() const { return end - begin; }
};

struct Candidate {
    std::size_t reference = 0;
    Window window;
    std::size_t compared = 0;  ///< words of the reference, with its optional ones or without
    std::size_t common = 0;

    std::size_t all_words() const { return compared + window.size(); }
    std::size_t changed() const { return all_words() - 2 * common; }
    int confidence() const { return static_cast<int>(2000 * common / all_words()); }
    /// Of two that claim the same words the one that explains more of them is right.
    std::int64_t worth() const {
        return static_cast<std::int64_t>(common) - 2 * static_cast<std::int64_t>(changed());
    }
};

/// Length of the longest common subsequence. Bit by bit: a word of the machine holds 64 columns.
/// Source: Hyyrö, "Bit-parallel LCS-length computation revisited", 2004.
std::size_t common_words(Codes reference, Codes file) {
    std::unordered_map<std::uint16_t, std::vector<std::uint64_t>> places;
    const std::size_t blocks = (reference.size() + 63) / 64;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        auto& bits = places[reference[i]];
        bits.resize(blocks);
        bits[i / 64] |= std::uint64_t{1} << (i % 64);
    }
    std::vector<std::uint64_t> row(blocks, ~std::uint64_t{0});
    for (const std::uint16_t word : file) {
        const auto found = places.find(word);
        if (found == places.end()) {
            continue;
        }
        std::uint64_t carry = 0;
        for (std::size_t i = 0; i < blocks; ++i) {
            const std::uint64_t matched = row[i] & found->second[i];
            const std::uint64_t sum = row[i] + matched;
            const std::uint64_t sum_and_carry = sum + carry;
            carry = sum < row[i] || sum_and_carry < sum ? 1 : 0;
            row[i] = sum_and_carry | (row[i] - matched);
        }
    }
    std::size_t common = 0;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        common += ((row[i / 64] >> (i % 64)) & 1U) == 0 ? 1U : 0U;
    }
    return common;
}

class Matcher {
 public:
    explicit Matcher(std::string_view text) : text_(text), words_(license_words(text)) {
        for (const LicenseWord& word : words_) {
            codes_.push_back(word.code);
        }
    }

    std::vector<LicenseMatch> run() {
        collect_hints();
        for (std::size_t i = 0; i < hints_.size(); ++i) {
            find_candidates(i);
        }
        return take_best();
    }

 private:
    /// A run of three words of the file that stands in a reference too.
    struct Hint {
        std::uint32_t in_file = 0;
        std::uint32_t in_reference = 0;
        std::int64_t start() const { return std::int64_t{in_file} - in_reference; }
    };

    void collect_hints() {
        static const GramIndex index;
        hints_.resize(license_references().size());
        std::unordered_map<std::uint64_t, std::size_t> repeats;
        for (std::uint32_t at = 0; at + gram <= codes_.size(); ++at) {
            const std::uint64_t key = gram_at(codes_, at);
            const std::vector<Posting>* places = index.find(key);
            if (places == nullptr || ++repeats[key] > most_repeats) {
                continue;
            }
            for (const Posting& place : *places) {
                hints_[place.reference].push_back({at, place.at});
            }
        }
    }

    // How far words that were added or left out may shift the rest of the text.
    static std::int64_t slack_of(std::size_t words) {
        return static_cast<std::int64_t>(std::max<std::size_t>(8, words / 4));
    }

    // Hints are sorted by where the reference would begin; a candidate is where many are near one
    // another.
    void find_candidates(std::size_t reference) {
        std::vector<Hint>& hints = hints_[reference];
        const std::size_t words = license_references()[reference].words.size();
        const std::size_t needed = std::max<std::size_t>(3, words / 3);
        if (hints.size() < needed) {
            return;
        }
        std::sort(hints.begin(), hints.end(), [](const Hint& a, const Hint& b) {
            return std::pair(a.start(), a.in_file) < std::pair(b.start(), b.in_file);
        });
        const std::int64_t slack = slack_of(words);
        for (std::size_t first = 0, last = 0; first < hints.size();) {
            last = std::max(last, first);
            while (last < hints.size() && hints[last].start() <= hints[first].start() + slack) {
                ++last;
            }
            if (last - first < needed) {
                ++first;
                continue;
            }
            // The middle of the group is nearer to the truth than its first hint.
            const std::int64_t middle = hints[first + (last - first) / 2].start();
            std::size_t begin = first;
            std::size_t end = last;
            while (end < hints.size() && hints[end].start() <= middle + slack) {
                ++end;
            }
            add_candidate(reference, {hints.data() + begin, end - begin});
            first = end;
        }
    }

    void add_candidate(std::size_t index, std::span<const Hint> hints) {
        const LicenseReference& reference = license_references()[index];
        const Window window = extent(hints);
        const std::size_t shorter = reference.words.size() - reference.optional_words;
        Candidate best{index, window, reference.words.size(), 0};
        best.common = common_words(reference.words, codes_in(window));
        extend(best);
        if (reference.optional_words != 0) {
            // Without the optional words, up to the last hint that does not stand in them.
            std::vector<Hint> required;
            std::copy_if(
                hints.begin(),
                hints.end(),
                std::back_inserter(required),
                [&](const Hint& hint) { return hint.in_reference + gram <= shorter; }
            );
            if (!required.empty()) {
                Candidate other{index, extent(required), shorter, 0};
                other.common = common_words(reference.words.first(shorter), codes_in(other.window));
                extend(other);
                best = other.worth() > best.worth() ? other : best;
            }
        }
        if (best.confidence() >= LicenseMatch::least_confidence &&
            (!is_notice(reference.id) || says_the_same(best))) {
            candidates_.push_back(best);
        }
    }

    /// Hints one behind the other: equal words in the file and in the reference.
    struct Run {
        std::int64_t in_file = 0, in_reference = 0, words = 0;
        std::int64_t score = 0;        ///< of the best chain that ends here
        std::int64_t chain_start = 0;  ///< of that chain, in the file
        std::int64_t file_end() const { return in_file + words; }
        std::int64_t reference_end() const { return in_reference + words; }
    };

    static std::vector<Run> runs_of(std::span<const Hint> hints) {
        std::vector<Run> runs;  // hints of one start are neighbours, in the order of the file
        for (const Hint& hint : hints) {
            if (!runs.empty() && runs.back().in_file - runs.back().in_reference == hint.start() &&
                runs.back().file_end() + 1 == hint.in_file + std::int64_t{gram}) {
                ++runs.back().words;
            } else {
                runs.push_back({hint.in_file, hint.in_reference, std::int64_t{gram}, 0, 0});
            }
        }
        const auto longer = [](const Run& a, const Run& b) { return a.words > b.words; };
        if (runs.size() > most_runs) {
            std::stable_sort(runs.begin(), runs.end(), longer);
            runs.resize(most_runs);
        }
        std::stable_sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
            return a.in_file < b.in_file;
        });
        return runs;
    }

    // The part of the file that follows the reference best: runs in the order of both, each of
    // which is worth more than what lies between it and the one before.
    Window extent(std::span<const Hint> hints) const {
        std::vector<Run> runs = runs_of(hints);
        const Run* best = nullptr;
        for (std::size_t i = 0; i < runs.size(); ++i) {
            Run& run = runs[i];
            run.score = run.words;
            run.chain_start = run.in_file;
            for (std::size_t k = 0; k < i; ++k) {
                const Run& before = runs[k];
                // Around a change two runs may share a few words.
                const std::int64_t shared = std::max<std::int64_t>(
                    {0, before.file_end() - run.in_file, before.reference_end() - run.in_reference}
                );
                const std::int64_t gap = std::max(
                    run.in_file - before.file_end(), run.in_reference - before.reference_end()
                );
                const std::int64_t score =
                    before.score + run.words - shared - std::max<std::int64_t>(gap, 0) / 2;
                if (before.in_reference < run.in_reference && shared < run.words &&
                    score > run.score) {
                    run.score = score;
                    run.chain_start = before.chain_start;
                }
            }
            best = best == nullptr || run.score > best->score ? &run : best;
        }
        return {
            static_cast<std::size_t>(best->chain_start),
            static_cast<std::size_t>(best->file_end())};
    }

    // Words at the end that are too few for a hint, or stand in too many.
    void extend(Candidate& candidate) const {
        const Codes reference = license_references()[candidate.reference].words;
        const std::size_t words = candidate.compared;
        for (std::size_t more = gram; more > 0; --more) {
            const std::size_t end = candidate.window.end;
            if (end + more <= codes_.size() && more <= words &&
                std::equal(
                    codes_.begin() + static_cast<std::ptrdiff_t>(end),
                    codes_.begin() + static_cast<std::ptrdiff_t>(end + more),
                    reference.begin() + static_cast<std::ptrdiff_t>(words - more)
                )) {
                candidate.window.end += more;
                candidate.common = common_words(reference.first(words), codes_in(candidate.window));
                return;
            }
        }
    }

    static bool is_notice(std::string_view id) {
        return id.ends_with("-or-later") || id.ends_with("-only");
    }

    // Notices of one family differ in a name or a number only.
    bool says_the_same(const Candidate& candidate) const {
        static const std::vector<LicenseWord> telling = license_words("affero lesser later 1 2 3");
        const auto told = [&](Codes words) {
            std::vector<std::uint16_t> found;
            std::copy_if(
                words.begin(),
                words.end(),
                std::back_inserter(found),
                [&](std::uint16_t word) {
                    return std::any_of(telling.begin(), telling.end(), [&](const auto& each) {
                        return each.code == word;
                    });
                }
            );
            return found;
        };
        return told(license_references()[candidate.reference].words) ==
               told(codes_in(candidate.window));
    }

    Codes codes_in(Window window) const {
        return Codes(codes_).subspan(window.begin, window.size());
    }

    std::vector<LicenseMatch> take_best() {
        std::stable_sort(
            candidates_.begin(),
            candidates_.end(),
            [](const Candidate& a, const Candidate& b) {
                return std::pair(a.worth(), a.confidence()) > std::pair(b.worth(), b.confidence());
            }
        );
        std::vector<Window> taken;
        std::vector<Candidate> chosen;
        for (const Candidate& each : candidates_) {
            const bool is_free = std::none_of(taken.begin(), taken.end(), [&](const Window& other) {
                const std::size_t begin = std::max(each.window.begin, other.begin);
                const std::size_t end = std::min(each.window.end, other.end);
                return begin < end &&
                       4 * (end - begin) > std::min(each.window.size(), other.size());
            });
            if (!is_free) {
                continue;
            }
            taken.push_back(each.window);
            const bool is_new = std::none_of(chosen.begin(), chosen.end(), [&](const auto& other) {
                return id_of(other) == id_of(each);
            });
            if (is_new) {
                chosen.push_back(each);
            }
        }
        std::sort(chosen.begin(), chosen.end(), [](const Candidate& a, const Candidate& b) {
            return a.window.begin < b.window.begin;
        });
        std::vector<LicenseMatch> matches;
        for (const Candidate& each : chosen) {
            matches.push_back(to_match(each));
        }
        return matches;
    }

    static std::string_view id_of(const Candidate& candidate) {
        return license_references()[candidate.reference].id;
    }

    LicenseMatch to_match(const Candidate& candidate) const {
        LicenseMatch match;
        match.id = id_of(candidate);
        match.confidence = candidate.confidence();
        match.first_line = line_of(candidate.window.begin);
        match.last_line = line_of(candidate.window.end - 1);
        match.changed_words = candidate.changed();
        if (match.changed_words != 0) {
            const Codes reference =
                license_references()[candidate.reference].words.first(candidate.compared);
            const Codes file = codes_in(candidate.window);
            const auto differing =
                std::mismatch(file.begin(), file.end(), reference.begin(), reference.end()).first;
            const std::size_t at = static_cast<std::size_t>(differing - file.begin());
            match.change_line = line_of(candidate.window.begin + std::min(at, file.size() - 1));
        }
        return match;
    }

    std::size_t line_of(std::size_t word) const {
        const std::string_view before = text_.substr(0, words_[word].offset);
        return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    }

    std::string_view text_;
    std::vector<LicenseWord> words_;
    std::vector<std::uint16_t> codes_;
    std::vector<std::vector<Hint>> hints_;  ///< by reference
    std::vector<Candidate> candidates_;
};

}  // namespace

std::vector<LicenseMatch> match_licenses(std::string_view text) {
    return Matcher(text).run();
}

std::string confidence_text(int confidence) {
    return fmt::format("{}.{:02}", confidence / 1000, confidence % 1000 / 10);
}

}  // namespace quern::package
