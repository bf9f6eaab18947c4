// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "fetch/git_modules.hpp"

#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace quern::fetch {

namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20U;
constexpr std::size_t most_modules = 1000;

Error bad_modules(std::size_t line) {
    return {ErrorCode::invalid_data, fmt::format(".gitmodules:{}: this is no setting", line)};
}

// Quotes may stand around any part; a backslash takes the next byte as it is. A comment ends the
// value. Source: git-config(1), "Syntax".
std::optional<std::string> parse_value(std::string_view text) {
    std::string value;
    bool is_quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            is_quoted = !is_quoted;
        } else if (c == '\\') {
            if (++i == text.size()) {
                return std::nullopt;
            }
            value += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
        } else if (!is_quoted && (c == '#' || c == ';')) {
            break;
        } else {
            value += c;
        }
    }
    return is_quoted ? std::nullopt : std::optional(std::string(trim(value)));
}

struct Section {
    bool is_module = false;
    std::string path;
    std::string url;
};

void finish(const Section& section, std::map<std::string, std::string>& modules) {
    if (section.is_module && !section.path.empty() && !section.url.empty()) {
        modules[section.path] = section.url;
    }
}

Result<void> read_setting(std::string_view line, std::size_t number, Section& section) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        return {};
    }
    const std::string name = to_lower(trim(line.substr(0, equals)));
    const auto value = parse_value(trim(line.substr(equals + 1)));
    if (!value) {
        return bad_modules(number);
    }
    if (name == "path") {
        section.path = *value;
        while (section.path.ends_with('/')) {
            section.path.pop_back();
        }
    } else if (name == "url") {
        section.url = *value;
    }
    return {};
}

bool is_local(std::string_view address) {
    return address.starts_with('/') || to_lower(address).starts_with("file:");
}

}  // namespace

Result<std::map<std::string, std::string>> parse_git_modules(std::string_view text) {
    if (text.size() > largest_file) {
        return Error(ErrorCode::limit, ".gitmodules is larger than 1 MiB");
    }
    std::map<std::string, std::string> modules;
    Section section;
    std::size_t number = 0;
    for (const std::string_view raw : split(text, '\n')) {
        ++number;
        const std::string_view line = trim(raw);
        if (line.empty() || line.front() == '#' || line.front() == ';') {
            continue;
        }
        if (line.front() == '[') {
            finish(section, modules);
            section = {};
            section.is_module = to_lower(line).starts_with("[submodule ");
            continue;
        }
        QUERN_CHECK(read_setting(line, number, section));
    }
    finish(section, modules);
    if (modules.size() > most_modules) {
        return Error(
            ErrorCode::limit, fmt::format(".gitmodules has more than {} submodules", most_modules)
        );
    }
    return modules;
}

Result<std::string> resolve_module_address(
    const std::string& address, const std::string& repository
) {
    const auto wrong = [&](std::string_view why) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("submodule address '{}': {}", printable(redact_url(address)), why)
        );
    };
    if (!address.starts_with("./") && !address.starts_with("../")) {
        if (is_local(address) && !is_local(repository)) {
            return wrong("a remote repository may not name one of this machine");
        }
        return address;
    }
    std::string base = repository;
    while (base.ends_with('/')) {
        base.pop_back();
    }
    const std::size_t scheme = base.find("://");
    const std::size_t host_end =
        scheme == std::string::npos ? base.find(':') : base.find('/', scheme + 3);
    const std::size_t first = is_local(base) && scheme == std::string::npos ? 0
                              : host_end == std::string::npos               ? base.size()
                                                                            : host_end + 1;
    std::string_view rest = address;
    while (rest.starts_with("./") || rest.starts_with("../")) {
        if (rest.starts_with("../")) {
            const std::size_t slash = base.rfind('/');
            if (base.size() <= first) {
                return wrong("it leaves the server");
            }
            base.resize(slash == std::string::npos || slash < first ? first : slash);
        }
        rest.remove_prefix(rest.find('/') + 1);
    }
    if (rest.find("..") != std::string_view::npos) {
        return wrong("'..' stands at the beginning only");
    }
    return fmt::format("{}{}{}", base, base.ends_with('/') || base.ends_with(':') ? "" : "/", rest);
}

Result<std::vector<CherryPick>> parse_cherry_picks(std::string_view text) {
    std::vector<CherryPick> picks;
    for (const std::string_view raw : split(text, '\n')) {
        const std::string_view line = trim(raw.substr(0, raw.find('#')));
        if (line.empty()) {
            continue;
        }
        const std::size_t colon = line.find(':');
        const std::string_view name = trim(line.substr(0, colon));
        const bool has_comment =
            colon != std::string_view::npos && !trim(line.substr(colon + 1)).empty();
        const std::size_t slash = name.rfind('/');
        CherryPick pick;
        pick.branch = slash == std::string_view::npos ? "" : std::string(name.substr(0, slash));
        pick.commit = to_lower(name.substr(slash == std::string_view::npos ? 0 : slash + 1));
        const bool is_commit =
            pick.commit.size() >= 4 && pick.commit.size() <= 40 &&
            pick.commit.find_first_not_of("0123456789abcdef") == std::string::npos;
        if (!has_comment || !is_commit || pick.branch.starts_with('-')) {
            return Error(
                       ErrorCode::invalid_recipe,
                       fmt::format("git-checkout: '{}' is no cherry-pick", printable(line))
            )
                .help("write one '[branch/]commit: comment' a line");
        }
        picks.push_back(std::move(pick));
    }
    return picks;
}

Result<SparseCone> SparseCone::parse(std::string_view text) {
    SparseCone cone;
    for (std::string_view word : split_words(text)) {
        while (word.ends_with('/')) {
            word.remove_suffix(1);
        }
        while (word.starts_with('/')) {
            word.remove_prefix(1);
        }
        if (!is_confined_path(word)) {
            return Error(
                ErrorCode::invalid_recipe,
                fmt::format("git-checkout: '{}' is no directory of a tree", printable(word))
            );
        }
        cone.directories_.emplace_back(word);
    }
    std::sort(cone.directories_.begin(), cone.directories_.end());
    return cone;
}

bool SparseCone::is_inside(std::string_view path) const {
    return std::any_of(directories_.begin(), directories_.end(), [&](const std::string& directory) {
        return path == directory || (path.starts_with(directory) && path[directory.size()] == '/');
    });
}

bool SparseCone::has_directory(std::string_view path) const {
    return is_everything() || path.empty() || is_inside(path) ||
           std::any_of(directories_.begin(), directories_.end(), [&](const std::string& directory) {
               return directory.starts_with(path) && directory[path.size()] == '/';
           });
}

bool SparseCone::has_file(std::string_view path) const {
    const std::size_t slash = path.rfind('/');
    return has_directory(
        slash == std::string_view::npos ? std::string_view() : path.substr(0, slash)
    );
}

}  // namespace quern::fetch
