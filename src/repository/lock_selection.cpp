// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// From what was chosen to what is locked, back again, and the difference of two locks.
#include "apk/field_rules.hpp"
#include "repository/lock_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace quern::repository {

namespace {

constexpr std::string_view sha256_prefix = "sha256-";

LockedSection section_of(std::uint64_t begin, std::uint64_t end, std::string checksum) {
    return {fmt::format("bytes={}-{}", begin, end - 1), std::move(checksum)};
}

std::string sha1_of(std::string_view bytes) {
    return "sha1-" + digest_of(DigestKind::sha1, bytes).base64();
}

std::string without_scheme(std::string_view url) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (url.starts_with(scheme)) {
            return std::string(url.substr(scheme.size()));
        }
    }
    return std::string(url);
}

/// A URL as locks hold it.
std::string locked_url(std::string_view url) {
    return url.find("://") == std::string_view::npos ? std::string(url) : redact_url(url);
}

/// One past the last byte of "bytes=a-b"; 0 if it is something else.
std::uint64_t end_of(const LockedSection& section) {
    const std::size_t dash = section.range.rfind('-');
    const auto last = dash == std::string::npos
                          ? std::nullopt
                          : parse_unsigned(std::string_view(section.range).substr(dash + 1));
    return last ? *last + 1 : 0;
}

std::string data_hash_of(const LockedPackage& package) {
    const std::string_view text = package.data.checksum;
    if (!text.starts_with(sha256_prefix)) {
        return {};
    }
    const auto digest = Digest::from_base64(DigestKind::sha256, text.substr(sha256_prefix.size()));
    // What cannot be read fits nothing.
    return digest ? digest->hex() : std::string(text);
}

/// The location of the user's list that a locked package lies in, else one made of its URL.
Result<Location> location_of(
    const LockedPackage& package, const std::string& directory, std::span<const Location> locations
) {
    const std::size_t tail = directory.size() + package.name.size() + package.version.size() +
                             std::string_view("//-.apk").size();
    QUERN_ASSERT(package.url.size() >= tail);
    const std::string base = package.url.substr(0, package.url.size() - tail);
    for (const Location& location : locations) {
        if (locked_url(location.base) == base) {
            return location;
        }
    }
    return Location::parse(base.empty() ? "/" : base);
}

using Lines = std::map<std::string, std::string>;

std::string behind(const std::string& value) {
    return value.empty() ? value : " " + value;
}

/// "KEY: a -> b", "KEY: added b", "KEY: removed a"; in the order of the keys.
void compare(const Lines& before, const Lines& after, std::vector<std::string>& found) {
    std::set<std::string> keys;
    for (const Lines* lines : {&before, &after}) {
        for (const auto& [key, value] : *lines) {
            keys.insert(key);
        }
    }
    for (const std::string& key : keys) {
        const auto old = before.find(key);
        const auto fresh = after.find(key);
        if (old == before.end()) {
            found.push_back(fmt::format("{}: added{}", key, behind(fresh->second)));
        } else if (fresh == after.end()) {
            found.push_back(fmt::format("{}: removed{}", key, behind(old->second)));
        } else if (old->second != fresh->second) {
            found.push_back(fmt::format("{}: {} -> {}", key, old->second, fresh->second));
        }
    }
}

Lines world_lines(const LockFile& lock) {
    Lines lines;
    for (const LockedWorld& world : lock.worlds) {
        for (const std::string& wanted : world.packages) {
            lines.emplace(fmt::format("asked for {} ({})", wanted, world.architecture), "");
        }
    }
    return lines;
}

Lines trust_lines(const LockFile& lock) {
    Lines lines;
    if (lock.ignores_signatures) {
        lines.emplace("signatures of indexes ignored", "");
    }
    return lines;
}

Lines repository_lines(const LockFile& lock) {
    Lines lines;
    for (const auto* list :
         {&lock.build_repositories, &lock.runtime_repositories, &lock.repositories}) {
        for (const LockedRepository& repository : *list) {
            lines.emplace("repository " + repository.name, "");
        }
    }
    return lines;
}

Lines key_lines(const LockFile& lock) {
    Lines lines;
    for (const LockedKey& key : lock.keyring) {
        const auto parsed = apk::PublicKey::parse(key.content);
        lines.emplace(
            "key " + key.name.substr(key.name.rfind('/') + 1),  // where it lies does not count
            parsed ? parsed->fingerprint() : digest_of(DigestKind::sha256, key.content).hex()
        );
    }
    return lines;
}

Lines package_lines(const LockFile& lock) {
    Lines lines;
    for (const LockedPackage& package : lock.packages) {
        lines.emplace(
            fmt::format("package {} ({})", package.name, package.directory_architecture()),
            fmt::format("{} {}", package.version, package.checksum)
        );
    }
    return lines;
}

}  // namespace

LockedPackage lock_package(const Selected& selected, const apk::PackageFile& package) {
    const apk::PackageHead& head = package.head();
    const std::uint64_t control_begin = head.signature_bytes.size();
    LockedPackage locked;
    locked.name = head.info.name;
    locked.url = locked_url(selected.location.package_url(selected.architecture, *selected.entry));
    locked.version = head.info.version;
    locked.architecture = head.info.architecture;
    if (control_begin != 0) {
        locked.signature = section_of(0, control_begin, sha1_of(head.signature_bytes));
    }
    locked.control = section_of(control_begin, head.data_offset, sha1_of(head.control_bytes));
    const auto data = Digest::from_hex(DigestKind::sha256, head.info.data_hash);
    locked.data = section_of(
        head.data_offset,
        head.file_size,
        data ? std::string(sha256_prefix) + data->base64() : std::string()
    );
    locked.checksum = head.checksum;
    return locked;
}

LockedRepository lock_repository(const Location& location, std::string_view architecture) {
    const std::string base = locked_url(location.base);
    return {
        fmt::format("{}/{}", without_scheme(base), architecture),
        fmt::format("{}/{}/APKINDEX.tar.gz", base, architecture),
        std::string(architecture)};
}

Result<LockedKey> lock_key(std::string_view place, std::string_view pem) {
    QUERN_TRY(const apk::PublicKey key, apk::PublicKey::parse(pem));
    const std::string url = locked_url(place);
    return LockedKey{without_scheme(url), url, std::string(pem), key.fingerprint()};
}

Result<std::vector<Selected>> select_locked(
    const LockFile& lock, std::string_view architecture, std::span<const Location> locations
) {
    std::vector<Selected> selected;
    for (const LockedPackage& package : lock.packages) {
        const std::string directory = package.directory_architecture();
        if (directory != architecture) {
            continue;
        }
        QUERN_TRY(Location location, location_of(package, directory, locations));
        apk::IndexEntry entry;
        entry.name = package.name;
        entry.version = package.version;
        entry.architecture = package.architecture;
        entry.checksum = apk::parse_checksum(package.checksum).value_or("");
        entry.file_size = end_of(package.data);
        selected.push_back(
            {std::make_shared<const apk::IndexEntry>(std::move(entry)),
             std::move(location),
             std::string(architecture),
             data_hash_of(package)}
        );
    }
    if (selected.empty()) {
        return Error(
                   ErrorCode::invalid_data,
                   fmt::format("the lock holds no package for {}", printable(architecture))
        )
            .help("make it anew for this architecture, or ask for one that it has");
    }
    return selected;
}

std::vector<std::string> differences(const LockFile& before, const LockFile& after) {
    std::vector<std::string> found;
    compare(world_lines(before), world_lines(after), found);
    compare(trust_lines(before), trust_lines(after), found);
    compare(repository_lines(before), repository_lines(after), found);
    compare(key_lines(before), key_lines(after), found);
    compare(package_lines(before), package_lines(after), found);
    return found;
}

}  // namespace quern::repository
