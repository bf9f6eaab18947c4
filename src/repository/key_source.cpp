// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "repository/key_source.hpp"

#include "support/atomic_file.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace quern::repository {

namespace {

constexpr std::uint64_t largest_key = 64 * 1024;

bool is_url(std::string_view place) {
    return place.starts_with("https://") || place.starts_with("http://");
}

/// The last part of a path or URL, without the query.
std::string name_of(std::string_view place) {
    if (is_url(place)) {
        place = place.substr(0, place.find_first_of("?#"));
    }
    return std::string(place.substr(place.rfind('/') + 1));
}

Result<std::string> read_remote(const std::string& url, const HttpCache& cache) {
    QUERN_TRY(const CachedBody body, cache.get(url, largest_key));
    if (body.status != 200) {
        return Error(
            body.status == 404 ? ErrorCode::not_found : ErrorCode::network,
            fmt::format("the server answers {}", body.status)
        );
    }
    QUERN_TRY(const apk::PublicKey key, apk::PublicKey::parse(body.bytes));
    QUERN_CHECK(cache.keep(body));
    return body.bytes;
}

Result<std::vector<std::string>> files_in(const std::string& directory) {
    std::vector<std::string> files;
    std::error_code code;
    for (std::filesystem::directory_iterator i(directory, code), end; !code && i != end;
         i.increment(code)) {
        if (i->path().extension() == ".pub") {
            files.push_back(i->path().string());
        }
    }
    if (code) {
        return Error::system(
            code.value(), fmt::format("reading the keys in {}", printable(directory))
        );
    }
    std::sort(files.begin(), files.end());
    return files;
}

Result<void> read_key(
    std::vector<TrustedKey>& keys, const std::string& place, const HttpCache& cache
) {
    auto pem = is_url(place) ? read_remote(place, cache) : read_file(place, largest_key);
    auto added = pem ? add_key(keys, {name_of(place), place, std::move(*pem)})
                     : Result<void>(std::move(pem).error());
    if (!added) {
        return std::move(added).error().context(
            fmt::format("reading the key {}", printable(redact_url(place)))
        );
    }
    return {};
}

}  // namespace

Result<std::vector<TrustedKey>> read_keys(
    std::span<const std::string> places, const HttpCache& cache
) {
    std::vector<TrustedKey> keys;
    std::error_code code;
    for (const std::string& place : places) {
        if (place.find("-----BEGIN") != std::string::npos) {
            return Error(ErrorCode::usage, "the text of a key stands where its file's name belongs")
                .help("write the key to a file and name the file");
        }
        if (is_url(place) || !std::filesystem::is_directory(place, code)) {
            QUERN_CHECK(read_key(keys, place, cache));
            continue;
        }
        QUERN_TRY(const std::vector<std::string> files, files_in(place));
        for (const std::string& file : files) {
            QUERN_CHECK(read_key(keys, file, cache));
        }
    }
    return keys;
}

Result<void> add_key(std::vector<TrustedKey>& keys, KeyText text) {
    QUERN_TRY(apk::PublicKey parsed, apk::PublicKey::parse(text.pem));
    for (const TrustedKey& known : keys) {
        if (known.name != text.name) {
            continue;
        }
        if (known.key.fingerprint() == parsed.fingerprint()) {
            return {};
        }
        return Error(
                   ErrorCode::invalid_data,
                   fmt::format(
                       "there are two different keys called {}: {} and {}",
                       printable(text.name),
                       printable(redact_url(known.place)),
                       printable(redact_url(text.place))
                   )
        )
            .help("signatures name keys by their file: keep one of the two");
    }
    apk::Keyring judge;
    QUERN_CHECK(judge.add(text.name, parsed));
    keys.push_back({std::move(text), std::move(parsed)});
    return {};
}

apk::Keyring make_keyring(std::span<const TrustedKey> keys) {
    apk::Keyring ring;
    for (const TrustedKey& one : keys) {
        QUERN_ASSERT(ring.add(one.name, one.key));  // add_key has judged the name
    }
    return ring;
}

}  // namespace quern::repository
