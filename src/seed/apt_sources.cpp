// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/apt_sources.hpp"

#include "seed/deb.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <vector>

namespace quern::seed {

namespace {

constexpr std::uint64_t max_file_bytes = std::uint64_t{1} << 20U;

/// One entry, in the words of sources.list(5).
struct Entry {
    std::string types, uris, suites, components, signed_by, trusted;
    bool is_enabled = true;
};

bool has_word(std::string_view words, std::string_view word) {
    const auto parts = split_words(words);
    return std::find(parts.begin(), parts.end(), word) != parts.end();
}

/// Debian's own keys, or none named.
bool is_signed_by_debian(std::string_view signed_by) {
    if (signed_by.empty()) {
        return true;
    }
    const std::string_view name = signed_by.substr(signed_by.rfind('/') + 1);
    return name.starts_with("debian-archive-") && signed_by.find('\n') == std::string_view::npos;
}

std::string write_entry(const Entry& entry, const SourceRules& rules) {
    std::vector<std::string> suites;
    for (const std::string_view raw : split_words(entry.suites)) {
        const std::string_view suite = raw.ends_with('/') ? raw.substr(0, raw.size() - 1) : raw;
        if (suite == rules.release || suite == rules.release + "-updates" ||
            suite == rules.release + "-security") {
            suites.emplace_back(raw);
        }
    }
    const bool is_binary = has_word(entry.types, "deb");
    const bool has_uri = !trim(entry.uris).empty() && !entry.uris.starts_with("cdrom:");
    if (!entry.is_enabled || !is_binary || !has_uri || suites.empty() ||
        !has_word(entry.components, "main") || !is_signed_by_debian(entry.signed_by)) {
        return {};
    }
    const std::string& keyring = entry.signed_by.empty() ? rules.keyring : entry.signed_by;
    std::string text = fmt::format(
        "Types: deb{}\nURIs: {}\n",
        rules.with_sources ? " deb-src" : "",
        replace_all(entry.uris, "\n", " ")
    );
    text += fmt::format("Suites: {}\nComponents: main\n", join(suites, " "));
    if (!keyring.empty()) {
        text += fmt::format("Signed-By: {}\n", keyring);
    }
    if (has_word(entry.trusted, "yes")) {
        text += "Trusted: yes\n";
    }
    return text + "\n";
}

/// "[a=b c=d]" at the start of `text` taken into `entry`.
void take_options(std::string_view& text, Entry& entry) {
    if (!text.starts_with('[')) {
        return;
    }
    const std::size_t close = text.find(']');
    const std::string_view options =
        text.substr(1, close == std::string_view::npos ? close : close - 1);
    text = close == std::string_view::npos ? std::string_view() : trim(text.substr(close + 1));
    for (const std::string_view option : split_words(options)) {
        const std::size_t equals = option.find('=');
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
        if (option.starts_with("signed-by=")) {
            entry.signed_by = value;
        } else if (option.starts_with("trusted=")) {
            entry.trusted = value;
        }
    }
}

}  // namespace

std::string select_one_line_sources(std::string_view text, const SourceRules& rules) {
    std::string result;
    for (std::string_view line : split(text, '\n')) {
        line = trim(line.substr(0, line.find('#')));
        const auto words = split_words(line);
        if (words.empty() || words.front() != "deb") {
            continue;
        }
        Entry entry;
        entry.types = "deb";
        line = trim(line.substr(words.front().size()));
        take_options(line, entry);
        const auto rest = split_words(line);
        if (rest.size() >= 3) {
            entry.uris = rest[0];
            entry.suites = rest[1];
            const std::size_t components_at =
                static_cast<std::size_t>(rest[2].data() - line.data());
            entry.components = line.substr(components_at);
            result += write_entry(entry, rules);
        }
    }
    return result;
}

std::string select_deb822_sources(std::string_view text, const SourceRules& rules) {
    std::string result;
    const std::string unix_lines = replace_all(std::string(text), "\r\n", "\n");
    std::string paragraph;
    const auto take = [&] {
        if (const auto fields = ControlFields::parse(paragraph)) {
            Entry entry;
            entry.types = fields->value("types");
            entry.uris = fields->value("uris");
            entry.suites = fields->value("suites");
            entry.components = fields->value("components");
            entry.signed_by = fields->value("signed-by");
            entry.trusted = fields->value("trusted");
            const std::string enabled = to_lower(fields->value("enabled"));
            entry.is_enabled = enabled != "no" && enabled != "false" && enabled != "0";
            result += write_entry(entry, rules);
        }
        paragraph.clear();
    };
    for (const std::string_view line : split(unix_lines, '\n')) {
        if (trim(line).empty()) {
            take();
        } else {
            paragraph.append(line).append("\n");
        }
    }
    take();
    return result;
}

Result<std::string> select_system_sources(
    const std::filesystem::path& apt_directory, const SourceRules& rules
) {
    std::set<std::filesystem::path> files;
    std::error_code failure;
    for (std::filesystem::directory_iterator at(apt_directory / "sources.list.d", failure), end;
         !failure && at != end;
         at.increment(failure)) {
        files.insert(at->path());
    }
    std::string result;
    const auto take = [&](const std::filesystem::path& path, auto select) {
        if (const auto text = read_file(path, max_file_bytes)) {
            result += select(*text, rules);
        }
    };
    take(apt_directory / "sources.list", select_one_line_sources);
    for (const std::filesystem::path& path : files) {
        if (path.extension() == ".list") {
            take(path, select_one_line_sources);
        } else if (path.extension() == ".sources") {
            take(path, select_deb822_sources);
        }
    }
    if (result.empty()) {
        Error error(
            ErrorCode::not_found,
            fmt::format(
                "no apt source of this machine has Debian '{}', component 'main'", rules.release
            )
        );
        return std::move(error).help(fmt::format(
            "add one to {}/sources.list.d, for example a file '{}.sources' with the lines Types: "
            "deb, URIs: <a Debian mirror>, Suites: {}, Components: main, "
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
            apt_directory.string(),
            rules.release,
            rules.release
        ));
    }
    return result;
}

}  // namespace quern::seed
