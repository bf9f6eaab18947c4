// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/sbom.hpp"

#include "config.hpp"
#include "image/json_text.hpp"
#include "image/package_sboms.hpp"
#include "image/spdx_id.hpp"
#include "quern/package_info.hpp"
#include "support/text.hpp"
#include "support/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::image {
namespace {

constexpr int indent = 2;
constexpr const char* no_assertion = "NOASSERTION";
constexpr const char* own_supplier = "Organization: quern, in the manner of apko";

/// What etc/os-release says of the distribution.
struct Distribution {
    std::string id = "unknown";
    std::string version = "unknown";
    std::string supplier = "Organization: apko-generated image";  // the words that scanners know
};

std::string unquoted(std::string_view text) {
    text = trim(text);
    const bool is_quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                           text.back() == text.front();
    return std::string(is_quoted ? text.substr(1, text.size() - 2) : text);
}

Result<Distribution> read_distribution(const SbomParts& parts) {
    Distribution distribution;
    const Inode* file = parts.tree.find("etc/os-release");
    if (file == nullptr || !file->is_file()) {
        return distribution;
    }
    QUERN_TRY(const std::string text, read_content(parts.spool, file->content));
    for (const std::string_view line : split(text, '\n')) {
        if (line.starts_with("ID=")) {
            distribution.id = unquoted(line.substr(3));
        } else if (line.starts_with("VERSION_ID=")) {
            distribution.version = unquoted(line.substr(11));
        } else if (line.starts_with("NAME=")) {
            distribution.supplier = "Organization: " + unquoted(line.substr(5));
        }
    }
    return distribution;
}

Json document(const std::string& name, const std::string& described, std::int64_t created) {
    return {
        {"SPDXID", "SPDXRef-DOCUMENT"},
        {"name", name},
        {"spdxVersion", "SPDX-2.3"},
        {"creationInfo",
         {{"created", Timestamp(created).to_rfc3339()},
          {"creators", {fmt::format("Tool: quern ({})", QUERN_VERSION), "Organization: quern"}},
          {"licenseListVersion", "3.27"}}},
        {"dataLicense", "CC0-1.0"},
        // The digest in the name makes it one of a kind, as SPDX wants it.
        {"documentNamespace", "https://spdx.org/spdxdocs/quern/" + name},
        {"documentDescribes", {described}},
        {"packages", Json::array()},
        {"relationships", Json::array()},
    };
}

Json purl(std::string_view image_name, const std::string& digest, std::string_view query) {
    return Json::array(
        {{{"referenceCategory", "PACKAGE-MANAGER"},
          {"referenceLocator", fmt::format("pkg:oci/{}@{}?{}", image_name, digest, query)},
          {"referenceType", "purl"}}}
    );
}

std::string escaped_type(std::string_view media_type) {
    std::string text = replace_all(std::string(media_type), "/", "%2F");
    return replace_all(std::move(text), "+", "%2B");
}

std::string query_of(const Image& image, std::string_view media_type) {
    return fmt::format(
        "arch={}&mediaType={}&os=linux",
        Platform::of(image.architecture).architecture,
        escaped_type(media_type)
    );
}

Json checksums_of(const std::string& digest) {
    const std::string hex = digest.substr(digest.find(':') + 1);
    return Json::array({{{"algorithm", "SHA256"}, {"checksumValue", hex}}});
}

/// A container or a part of one, known by its digest.
Json container(const std::string& id, const std::string& digest, const std::string& supplier) {
    return {
        {"SPDXID", id},
        {"name", digest},
        {"versionInfo", digest},
        {"filesAnalyzed", false},
        {"downloadLocation", no_assertion},
        {"supplier", supplier},
        {"primaryPackagePurpose", "CONTAINER"},
    };
}

void relate(Json& document, const std::string& from, const char* type, const std::string& to) {
    document["relationships"].push_back(
        {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}}
    );
}

void add_layers(
    Json& spdx, const Image& image, const SbomParts& parts, const Distribution& distribution
) {
    for (const Layer& layer : image.layers) {
        const std::string id = "SPDXRef-Package-ImageLayer-" + spdx_id(layer.digest);
        Json package = container(id, layer.digest, distribution.supplier);
        package["versionInfo"] = distribution.version;
        package["description"] = "layer of an image in the manner of apko";
        package["externalRefs"] =
            purl(parts.image_name, layer.digest, query_of(image, layer.media_type));
        spdx["packages"].push_back(std::move(package));
        relate(spdx, spdx["documentDescribes"][0], "CONTAINS", id);
    }
}

Json source_package(std::string_view vcs_url) {
    const auto [url, commit] = split_vcs_url(vcs_url);
    const std::size_t scheme = url.find("://");
    return {
        {"SPDXID", "SPDXRef-Package-" + spdx_id(vcs_url)},
        {"name", scheme == std::string::npos ? url : url.substr(scheme + 3)},
        {"versionInfo", commit},
        {"filesAnalyzed", false},
        {"description", "Image configuration source"},
        {"downloadLocation", std::string(vcs_url)},
        {"supplier", own_supplier},
        {"primaryPackagePurpose", "SOURCE"},
        {"checksums", Json::array({{{"algorithm", "SHA1"}, {"checksumValue", commit}}})},
    };
}

}  // namespace

Result<std::string> spdx_of_image(const Image& image, const SbomParts& parts) {
    QUERN_TRY(const Distribution distribution, read_distribution(parts));
    const std::string id = "SPDXRef-Package-Image-" + spdx_id(image.manifest.digest);
    Json spdx = document("sbom-" + image.layers.front().digest, id, image.created);
    Json package = container(id, image.manifest.digest, distribution.supplier);
    package["description"] = "container image in the manner of apko";
    package["checksums"] = checksums_of(image.manifest.digest);
    package["externalRefs"] =
        purl(parts.image_name, image.manifest.digest, query_of(image, manifest_type));
    spdx["packages"].push_back(std::move(package));
    add_layers(spdx, image, parts, distribution);
    spdx["packages"].push_back({
        {"SPDXID", "SPDXRef-OperatingSystem-" + spdx_id(distribution.id)},
        {"name", distribution.id},
        {"versionInfo", distribution.version},
        {"filesAnalyzed", false},
        {"description", "Operating System"},
        {"downloadLocation", no_assertion},
        {"supplier", distribution.supplier},
        {"primaryPackagePurpose", "OPERATING_SYSTEM"},
    });
    PackageSboms inner(distribution.supplier);
    for (const Installed& installed : parts.packages) {
        QUERN_CHECK(inner.add(parts.tree, parts.spool, installed.info));
    }
    inner.merge_into(spdx, id);
    return json_text(spdx, indent) + "\n";
}

std::string spdx_of_index(
    const ImageSet& set, std::string_view image_name, std::string_view vcs_url
) {
    std::int64_t created = 0;
    for (const Image& image : set.images) {
        created = std::max(created, image.created);
    }
    const std::string& digest = set.index.digest;
    const std::string id = "SPDXRef-Package-" + spdx_id(digest);
    Json spdx = document("sbom-" + digest, id, created);
    Json package = container(id, digest, own_supplier);
    package["description"] = "Multi-arch image index";
    package["sourceInfo"] = "made by quern from an image file of apko";
    package["checksums"] = checksums_of(digest);
    package["externalRefs"] = purl(image_name, digest, "mediaType=" + escaped_type(index_type));
    spdx["packages"].push_back(std::move(package));
    for (const Image& image : set.images) {
        const std::string image_id = "SPDXRef-Package-" + spdx_id(image.manifest.digest);
        Json each = container(image_id, image.manifest.digest, own_supplier);
        each["checksums"] = checksums_of(image.manifest.digest);
        each["externalRefs"] =
            purl(image_name, image.manifest.digest, query_of(image, manifest_type));
        spdx["packages"].push_back(std::move(each));
        relate(spdx, id, "VARIANT_OF", image_id);
    }
    if (!split_vcs_url(vcs_url).second.empty()) {
        Json source = source_package(vcs_url);
        relate(spdx, id, "GENERATED_FROM", source["SPDXID"]);
        spdx["packages"].push_back(std::move(source));
    }
    return json_text(spdx, indent) + "\n";
}

std::string cyclonedx_of_image(const Image& image, const SbomParts& parts) {
    Json components = Json::array();
    for (const Installed& package : parts.packages) {
        const apk::PackageInfo& info = package.info;
        Json properties = Json::array();
        for (const Script& script : package.scripts) {
            properties.push_back({{"name", "quern:script-not-run"}, {"value", script.entry.path}});
        }
        for (const std::string& trigger : info.triggers) {
            properties.push_back({{"name", "quern:trigger-not-run"}, {"value", trigger}});
        }
        Json licenses = Json::array();
        for (const std::string& license : info.licenses) {
            licenses.push_back({{"expression", license}});
        }
        const std::string locator =
            fmt::format("pkg:apk/{}@{}?arch={}", info.name, info.version, info.architecture);
        Json component = {
            {"type", "library"},
            {"bom-ref", locator},
            {"name", info.name},
            {"version", info.version},
            {"licenses", licenses},
            {"purl", locator},
        };
        if (!properties.empty()) {
            component["properties"] = std::move(properties);
        }
        components.push_back(std::move(component));
    }
    return json_text(
               {
                   {"bomFormat", "CycloneDX"},
                   {"specVersion", "1.5"},
                   {"version", 1},
                   {"metadata",
                    {{"timestamp", Timestamp(image.created).to_rfc3339()},
                     {"tools", Json::array({{{"name", "quern"}, {"version", QUERN_VERSION}}})},
                     {"component",
                      {{"type", "container"},
                       {"name", std::string(parts.image_name)},
                       {"version", image.manifest.digest}}}}},
                   {"components", std::move(components)},
               },
               indent
           ) +
           "\n";
}

}  // namespace quern::image
