// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "package/origin.hpp"

#include "package/sbom.hpp"
#include "support/text.hpp"

#include <nlohmann/json.hpp>

#include <optional>

namespace quern::package {
namespace {

using Json = nlohmann::json;

std::optional<int> hex_digit(char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const std::size_t at = digits.find(to_lower(std::string_view(&c, 1)));
    return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<int>(at));
}

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto high =
            text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
        const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
        if (low) {
            decoded += static_cast<char>(*high * 16 + *low);
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

// "pkg:github/OWNER/NAME@COMMIT#PATH" where the URL was cut at its first slash, so an URL elsewhere
// has its scheme as owner (recipe-and-build 6.10).
std::string url_of(std::string_view purl) {
    constexpr std::string_view prefix = "pkg:github/";
    if (!purl.starts_with(prefix)) {
        return {};
    }
    purl.remove_prefix(prefix.size());
    const std::string path = percent_decoded(purl.substr(0, purl.find('@')));
    return path.starts_with("https:") || path.starts_with("http:")
               ? path
               : std::string(purl_host()) + path;
}

std::string text_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

RecipeOrigin origin_of(const Json& package) {
    RecipeOrigin origin;
    origin.path = text_of(package, "name");
    origin.commit = text_of(package, "versionInfo");
    origin.license = text_of(package, "licenseDeclared");
    origin.license = origin.license == "NOASSERTION" ? std::string() : origin.license;
    for (const Json& reference : package.value("externalRefs", Json::array())) {
        if (text_of(reference, "referenceType") == "purl") {
            origin.repository_url = url_of(text_of(reference, "referenceLocator"));
        }
    }
    return origin;
}

}  // namespace

Result<RecipeOrigin> recipe_origin(std::string_view spdx) {
    const Json document = Json::parse(spdx, nullptr, false);
    if (document.is_object()) {
        for (const Json& package : document.value("packages", Json::array())) {
            if (package.is_object() && text_of(package, "primaryPackagePurpose") == "INSTALL") {
                return origin_of(package);
            }
        }
    }
    return Error(ErrorCode::invalid_data, "the SPDX document of the package names no recipe")
        .help(
            "it holds no way to build it again: build its recipe, then compare: quern diff OLD NEW"
        );
}

}  // namespace quern::package
