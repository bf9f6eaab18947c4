// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/license/review.hpp"

#include "package/license/references.hpp"
#include "package/spdx_expression.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace quern::package {
namespace {

constexpr std::string_view only = "-only";
constexpr std::string_view or_later = "-or-later";

/// "GPL-2.0+" and the deprecated "GPL-2.0" in the words of today, so that they can be compared.
std::string modern(std::string_view id) {
    if (id.ends_with('+')) {
        return std::string(id.substr(0, id.size() - 1)) + std::string(or_later);
    }
    const bool is_gnu = id.starts_with("GPL-") || id.starts_with("LGPL-") ||
                        id.starts_with("AGPL-") || id.starts_with("GFDL-");
    return is_gnu && !id.ends_with(only) && !id.ends_with(or_later)
               ? std::string(id) + std::string(only)
               : std::string(id);
}

/// Without what a licence's text does not say of itself.
std::string family(std::string_view id) {
    std::string text(id);
    for (const std::string_view end :
         {std::string_view("+"),
          only,
          or_later,
          std::string_view("-no-invariants"),
          std::string_view("-invariants")}) {
        if (text.ends_with(end)) {
            text.resize(text.size() - end.size());
        }
    }
    return text;
}

bool is_open(std::string_view found) {
    return !found.ends_with(only) && !found.ends_with(or_later);
}

bool is_same(const SpdxLicense& stated, std::string_view found) {
    const std::string id = stated.id + (stated.or_later ? "+" : "");
    return is_open(found) ? family(id) == found : modern(id) == found;
}

bool is_silenced(const recipe::Copyright& entry, std::string_view found) {
    return !entry.detection_override.is_empty() &&
           states_license(entry.detection_override.value, found);
}

std::string all_stated(const std::vector<recipe::Copyright>& stated) {
    std::vector<std::string> licenses;
    for (const recipe::Copyright& entry : stated) {
        licenses.push_back(printable(entry.license.value));
    }
    return licenses.empty() ? "none" : join(licenses, ", ");
}

std::optional<std::size_t> entry_of(
    const std::vector<recipe::Copyright>& stated, std::string_view path
) {
    for (std::size_t i = 0; i < stated.size(); ++i) {
        if (stated[i].license_path.value == path) {
            return i;
        }
    }
    return std::nullopt;
}

// Whether the recipe has an answer to this; `entry` is the one that names the file.
bool is_stated(
    const std::vector<recipe::Copyright>& stated,
    std::optional<std::size_t> entry,
    std::string_view found
) {
    if (entry) {
        const recipe::Copyright& own = stated[*entry];
        if (states_license(own.license.value, found) || is_silenced(own, found)) {
            return true;
        }
    }
    return std::any_of(stated.begin(), stated.end(), [&](const recipe::Copyright& each) {
        const bool is_general = each.license_path.is_empty();
        return (is_general || !entry) &&
               (is_silenced(each, found) || states_license(each.license.value, found));
    });
}

bool is_known_text(std::string_view id) {
    const auto references = license_references();
    return std::any_of(references.begin(), references.end(), [&](const LicenseReference& each) {
        return family(each.id) == id;
    });
}

// That a licence was not found says something only if it could have been found.
bool is_refuted(const recipe::Copyright& entry, const std::vector<LicenseFile>& found) {
    if (!entry.license_path.is_empty()) {
        return std::any_of(found.begin(), found.end(), [&](const LicenseFile& file) {
            return file.path == entry.license_path.value &&
                   std::any_of(
                       file.matches.begin(),
                       file.matches.end(),
                       [](const LicenseMatch& match) { return match.is_certain(); }
                   );
        });
    }
    const auto parsed = parse_spdx_expression(entry.license.value).expression;
    if (!parsed) {
        return true;
    }
    const auto licenses = licenses_of(*parsed);
    return std::all_of(licenses.begin(), licenses.end(), [](const SpdxLicense& each) {
        return is_known_text(family(each.id));
    });
}

struct Detection {
    std::string path;
    std::string id;
};

std::vector<Detection> certain_ones(const std::vector<LicenseFile>& found) {
    std::vector<Detection> detections;
    std::set<std::string> known;
    for (const LicenseFile& file : found) {
        for (const LicenseMatch& match : file.matches) {
            if (match.is_certain() && known.insert(stated_form(match.id)).second) {
                detections.push_back({file.path, match.id});
            }
        }
    }
    return detections;
}

std::vector<WantedCopyright> simple_copyright(
    const std::vector<recipe::Copyright>& stated, const std::vector<Detection>& detections
) {
    std::set<std::string> ids;
    for (const Detection& each : detections) {
        ids.insert(stated_form(each.id));
    }
    const std::vector<std::string> sorted(ids.begin(), ids.end());
    const auto entry = stated.empty() ? std::nullopt : std::optional<std::size_t>(0);
    return {{entry, join(sorted, " AND "), ""}};
}

/// One entry a licence: those of the recipe that state one, then new ones.
class FlatCopyright {
 public:
    FlatCopyright(
        const std::vector<recipe::Copyright>& stated, const std::vector<LicenseFile>& found
    )
        : stated_(stated), found_(found) {}

    std::vector<WantedCopyright> run(const std::vector<Detection>& detections) {
        std::vector<Detection> unstated;
        for (const Detection& each : detections) {
            if (!keep_entries_for(each.id)) {
                unstated.push_back(each);
            }
        }
        for (std::size_t i = 0; i < stated_.size() && !unstated.empty(); ++i) {
            if (!is_refuted(stated_[i], found_)) {
                keep(i, stated_[i].license.value);
            }
        }
        for (const Detection& each : unstated) {
            const auto entry = entry_of(stated_, each.path);
            if (entry && !kept_.contains(*entry)) {
                keep(*entry, stated_form(each.id));
            } else {
                wanted_.push_back({std::nullopt, stated_form(each.id), each.path});
            }
        }
        std::stable_sort(wanted_.begin(), wanted_.end(), [](const auto& a, const auto& b) {
            return a.entry && (!b.entry || *a.entry < *b.entry);
        });
        return std::move(wanted_);
    }

 private:
    void keep(std::size_t entry, std::string license) {
        if (kept_.insert(entry).second) {
            wanted_.push_back({entry, std::move(license), ""});
        }
    }

    bool keep_entries_for(std::string_view found) {
        bool is_any = false;
        for (std::size_t i = 0; i < stated_.size(); ++i) {
            if (states_license(stated_[i].license.value, found) || is_silenced(stated_[i], found)) {
                keep(i, stated_[i].license.value);
                is_any = true;
            }
        }
        return is_any;
    }

    const std::vector<recipe::Copyright>& stated_;
    const std::vector<LicenseFile>& found_;
    std::vector<WantedCopyright> wanted_;
    std::set<std::size_t> kept_;
};

}  // namespace

bool states_license(std::string_view expression, std::string_view found) {
    const auto parsed = parse_spdx_expression(expression).expression;
    if (!parsed) {
        return expression == found;
    }
    const auto licenses = licenses_of(*parsed);
    return std::any_of(licenses.begin(), licenses.end(), [&](const SpdxLicense& each) {
        return is_same(each, found);
    });
}

std::string stated_form(std::string_view found) {
    return modern(found);
}

std::vector<LicenseDifference> compare_licenses(
    const std::vector<recipe::Copyright>& stated, const std::vector<LicenseFile>& found
) {
    std::vector<LicenseDifference> differences;
    for (const LicenseFile& file : found) {
        const auto entry = entry_of(stated, file.path);
        for (const LicenseMatch& match : file.matches) {
            if (!match.is_certain() || is_stated(stated, entry, match.id)) {
                continue;
            }
            const std::string says =
                entry ? printable(stated[*entry].license.value) : all_stated(stated);
            differences.push_back(
                {file.path,
                 match,
                 entry,
                 fmt::format(
                     "{}:{} is {} (confidence {}); the recipe states {}",
                     printable(file.path),
                     match.first_line,
                     match.id,
                     confidence_text(match.confidence),
                     says
                 )}
            );
        }
    }
    return differences;
}

std::vector<WantedCopyright> fixed_copyright(
    const std::vector<recipe::Copyright>& stated,
    const std::vector<LicenseFile>& found,
    bool is_simple
) {
    const std::vector<Detection> detections = certain_ones(found);
    return is_simple ? simple_copyright(stated, detections)
                     : FlatCopyright(stated, found).run(detections);
}

}  // namespace quern::package
