// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/sources.hpp"

#include "repository/index_client.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quern::image {
namespace {

constexpr std::uint64_t largest_key = std::uint64_t{1} << 20U;

bool is_url(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

Result<std::string> download_key(const std::string& url, const Services& services) {
    if (services.fetcher.is_offline()) {
        return Error(ErrorCode::network, "it is not on this machine and --offline was given");
    }
    std::string text;
    fetch::HttpRequest request{.url = url, .headers = {}, .resume_from = 0, .limits = {}};
    request.limits.body_bytes = largest_key;
    const auto take = [&](std::string_view bytes) -> Result<void> {
        text += bytes;
        return {};
    };
    const auto restart = [&]() -> Result<void> {
        text.clear();
        return {};
    };
    QUERN_TRY(
        const fetch::HttpResponse response,
        services.fetcher.http().get(
            request, take, restart, [](std::uint64_t, std::uint64_t) {}, services.cancel
        )
    );
    if (response.status != 200) {
        return Error(ErrorCode::network, fmt::format("the server answers {}", response.status));
    }
    return text;
}

Result<void> add_key(const std::string& place, Sources& sources, const Services& services) {
    QUERN_TRY(
        std::string pem, is_url(place) ? download_key(place, services) : services.reader.read(place)
    );
    QUERN_TRY(apk::PublicKey key, apk::PublicKey::parse(pem));
    const std::string name = key_name(place);
    QUERN_CHECK(sources.keyring.add(name, std::move(key)));
    sources.keys[name] = std::move(pem);
    return {};
}

void append(std::vector<std::string>& list, const std::vector<std::string>& more) {
    list.insert(list.end(), more.begin(), more.end());
}

std::string without_slash(std::string text) {
    while (text.size() > 1 && text.ends_with('/')) {
        text.pop_back();
    }
    return text;
}

}  // namespace

std::filesystem::path layer_directory(const Services& services) {
    return services.cache / "image" / "layers";
}

std::string key_name(const std::string& place) {
    const std::string name = place.substr(place.rfind('/') + 1);
    return name.substr(0, name.find_first_of("?#"));
}

std::vector<std::string> sorted_set(std::vector<std::string> texts) {
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    return texts;
}

Result<Sources> gather_sources(
    const Contents& contents, const Additions& additions, const Services& services
) {
    std::vector<std::string> lines = contents.build_repositories;
    append(lines, contents.repositories);
    append(lines, additions.build_repositories);
    append(lines, additions.repositories);
    if (lines.empty()) {
        return Error(ErrorCode::usage, "the image has no repository to take packages from")
            .help("name one under contents.repositories or with -r");
    }
    std::transform(lines.begin(), lines.end(), lines.begin(), without_slash);
    Sources sources;
    sources.ignore_signatures = additions.ignore_signatures;
    sources.resolve_timeout = additions.resolve_timeout;
    for (const std::string& line : sorted_set(std::move(lines))) {
        QUERN_TRY(repository::Location location, repository::Location::parse(line));
        sources.locations.push_back(std::move(location));
    }
    std::vector<std::string> places = contents.keyring;
    append(places, additions.keyring);
    for (const std::string& place : sorted_set(std::move(places))) {
        if (auto added = add_key(place, sources, services); !added) {
            return std::move(added)
                .error()
                .context(fmt::format("reading the key {}", printable(redact_url(place))))
                .help("keys are named under contents.keyring and with -k: PEM files or their URLs");
        }
    }
    return sources;
}

std::vector<std::string> image_repositories(const Contents& contents, const Additions& additions) {
    std::vector<std::string> lines = contents.repositories;
    append(lines, additions.repositories);
    std::transform(lines.begin(), lines.end(), lines.begin(), redact_url);
    append(lines, contents.runtime_repositories);
    std::transform(lines.begin(), lines.end(), lines.begin(), without_slash);
    return sorted_set(std::move(lines));
}

Result<std::vector<repository::RepositoryIndex>> read_indexes(
    const Sources& sources, const std::string& architecture, const Services& services
) {
    const repository::IndexClientOptions client = {
        .architecture = architecture,
        .cache_directory = services.cache / "indexes",
        .ignore_signatures = sources.ignore_signatures,
        .offline = services.fetcher.is_offline(),
        .limits = services.index_limits,
    };
    return repository::read_indexes(
        sources.locations, sources.keyring, services.fetcher, client, services.reporter
    );
}

}  // namespace quern::image
