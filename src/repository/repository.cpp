// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/repository.hpp"

#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::repository {

namespace {

constexpr std::string_view file_scheme = "file://";

/// "https" of "HTTPS://host"; empty for a directory.
std::string scheme_of(std::string_view base) {
    const std::size_t end = base.find("://");
    return end == std::string_view::npos ? std::string() : to_lower(base.substr(0, end));
}

Error invalid(std::string_view line, std::string_view problem) {
    return {
        ErrorCode::invalid_data,
        fmt::format("repository '{}': {}", printable(redact_url(line)), problem)};
}

bool is_tag(std::string_view tag) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    };
    return !tag.empty() && std::all_of(tag.begin(), tag.end(), is_allowed);
}

bool has_odd_byte(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
    });
}

}  // namespace

Result<Location> Location::parse(std::string_view line) {
    Location location;
    std::string_view base = trim(line);
    if (base.starts_with('@')) {
        const std::size_t end = std::min(base.find_first_of(" \t"), base.size());
        location.tag = base.substr(1, end - 1);
        if (!is_tag(location.tag)) {
            return invalid(base.substr(end), "a tag is made of letters and digits");
        }
        base = trim(base.substr(end));
    }
    while (base.size() > 1 && base.ends_with('/')) {
        base.remove_suffix(1);
    }
    if (base.empty()) {
        return invalid(base, "a URL or a directory is missing");
    }
    const std::string scheme = scheme_of(base);
    if (!scheme.empty() && has_odd_byte(base)) {
        return invalid(base, "white space or a control character in the URL");
    }
    if (base.find('\0') != std::string_view::npos || base.find('\n') != std::string_view::npos) {
        return invalid(base, "a control character in the path");
    }
    if (!scheme.empty() && scheme != "http" && scheme != "https" && scheme != "file") {
        return invalid(base, "the scheme is none of http, https and file");
    }
    if (scheme == "file" && !base.substr(file_scheme.size()).starts_with('/')) {
        return invalid(base, "a file URL needs an absolute path: file:///path");
    }
    location.base = base;
    return location;
}

bool Location::is_remote() const {
    const std::string scheme = scheme_of(base);
    return scheme == "http" || scheme == "https";
}

std::filesystem::path Location::directory() const {
    QUERN_ASSERT(!is_remote());
    return scheme_of(base) == "file" ? base.substr(file_scheme.size()) : base;
}

std::string Location::index_url(std::string_view architecture) const {
    return fmt::format("{}/{}/APKINDEX.tar.gz", base, architecture);
}

std::string Location::package_url(std::string_view architecture, const apk::IndexEntry& entry)
    const {
    return fmt::format("{}/{}/{}", base, architecture, entry.file_name());
}

std::string Location::shown() const {
    const std::string place = printable(scheme_of(base).empty() ? base : redact_url(base));
    return tag.empty() ? place : fmt::format("@{} {}", tag, place);
}

}  // namespace quern::repository
