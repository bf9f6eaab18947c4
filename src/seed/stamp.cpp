// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/stamp.hpp"

#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace quern::seed {

namespace {

constexpr std::string_view header = "quern seed 1";

bool is_there(const StampedPackage& package, const std::filesystem::path& directory) {
    std::error_code failure;
    return std::filesystem::file_size(directory / package.file_name, failure) ==
               package.size_bytes &&
           !failure;
}

}  // namespace

Stamp Stamp::parse(std::string_view text) {
    Stamp stamp;
    const auto lines = split(text, '\n');
    if (lines.empty() || lines.front() != header) {
        return stamp;
    }
    for (const std::string_view line : lines) {
        const auto words = split_words(line);
        if (words.size() == 2 && words[0] == "key") {
            stamp.key = words[1];
        } else if (words.size() == 2 && words[0] == "index") {
            stamp.index = words[1];
        } else if (words.size() == 5 && words[0] == "package" && words[2].find('/') == std::string_view::npos) {
            const auto size = parse_unsigned(words[4]);
            stamp.packages[std::string(words[1])] = {
                std::string(words[2]), std::string(words[3]), size.value_or(0)};
        }
    }
    return stamp;
}

std::string Stamp::to_string() const {
    std::string text = fmt::format("{}\nkey {}\nindex {}\n", header, key, index);
    for (const auto& [name, package] : packages) {
        text += fmt::format(
            "package {} {} {} {}\n", name, package.file_name, package.key, package.size_bytes
        );
    }
    return text;
}

bool Stamp::matches(const std::filesystem::path& directory) const {
    const auto bytes = read_file(directory / "APKINDEX.tar.gz");
    return bytes && digest_of(DigestKind::sha256, *bytes).hex() == index &&
           std::all_of(packages.begin(), packages.end(), [&](const auto& entry) {
               return is_there(entry.second, directory);
           });
}

const StampedPackage* Stamp::find(
    const std::string& name, const std::string& wanted, const std::filesystem::path& directory
) const {
    const auto found = packages.find(name);
    return found != packages.end() && found->second.key == wanted &&
                   is_there(found->second, directory)
               ? &found->second
               : nullptr;
}

}  // namespace quern::seed
