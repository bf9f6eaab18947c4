// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// The document lists, in this order: the operating system, the package, then the recipe and the
// sources. The order of keys is that of recipe-and-build 10.2 and 10.3, so that documents can be
// compared as text.

#include "package/sbom.hpp"

#include "config.hpp"
#include "package/spdx_list.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cctype>
#include <set>
#include <utility>

namespace quern::package {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* no_assertion = "NOASSERTION";

/// One element of `packages`, before it is written.
struct Element {
    std::string id;
    std::string name;
    std::string version;
    std::string license = no_assertion;
    std::string description;
    std::string location = no_assertion;
    std::string supplier;
    std::string copyright;
    std::string purpose;
    std::vector<std::pair<std::string, std::string>> checksums;
    std::string purl;
    std::string cpe;
};

// Source: recipe-and-build 10.3, "ID encoding".
std::string to_id(const std::vector<std::string>& parts) {
    std::string id = "SPDXRef-Package";
    for (const std::string& part : parts) {
        id += '-';
        std::size_t i = 0;
        while (i < part.size()) {
            const auto byte = static_cast<unsigned char>(part[i]);
            if (byte == ':' || byte == '/') {
                id += '-';
                ++i;
            } else if (std::isalnum(byte) != 0 || byte == '.' || byte == '-') {
                id += part[i];
                ++i;
            } else {
                std::uint32_t code = byte;
                std::size_t length = 1;
                if (byte >= 0xc0U) {
                    length = byte >= 0xf0U ? 4 : byte >= 0xe0U ? 3 : 2;
                    code = byte & (0xffU >> (length + 1));
                    for (std::size_t k = 1; k < length && i + k < part.size(); ++k) {
                        code = (code << 6U) | (static_cast<unsigned char>(part[i + k]) & 0x3fU);
                    }
                }
                id += fmt::format("C{}", code);
                i += length;
            }
        }
    }
    return id;
}

// Percent-encoding as the purl specification wants it: ':' stays bare, '/' too where it separates.
std::string encode_purl(std::string_view text, bool keep_slash) {
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_bare = std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' ||
                             c == '~' || c == ':' || (keep_slash && c == '/');
        encoded += is_bare ? std::string(1, c) : fmt::format("%{:02X}", byte);
    }
    return encoded;
}

std::string title_case(std::string_view text) {
    std::string titled(text);
    bool at_start = true;
    for (char& c : titled) {
        const auto byte = static_cast<unsigned char>(c);
        c = static_cast<char>(at_start ? std::toupper(byte) : std::tolower(byte));
        at_start = std::isalnum(byte) == 0 && c != '\'';
    }
    return titled;
}

std::string organization(std::string_view name) {
    return "Organization: " + title_case(name);
}

bool has_http_scheme(std::string_view url) {
    return url.starts_with("https://") || url.starts_with("http://");
}

std::string without_scheme(std::string_view url) {
    return std::string(has_http_scheme(url) ? url.substr(url.find("//") + 2) : url);
}

std::string without_git_suffix(std::string text) {
    if (text.ends_with(".git")) {
        text.resize(text.size() - 4);
    }
    return text;
}

Element operating_system(const SbomInput& input) {
    Element element;
    element.id = "SPDXRef-OperatingSystem";
    element.name = input.namespace_name;
    element.description = "Operating System";
    element.supplier = organization(input.namespace_name);
    element.purpose = "OPERATING-SYSTEM";
    return element;
}

Element apk_package(const SbomInput& input) {
    Element element;
    element.id = to_id({"apk", input.package, input.full_version});
    element.name = input.package;
    element.version = input.full_version;
    element.license = input.license_expression;
    element.supplier = organization(input.namespace_name);
    for (const std::string& attestation : input.attestations) {
        element.copyright += attestation + "\n";
    }
    if (element.copyright.empty()) {
        element.copyright = no_assertion;
    }
    element.purpose = "APPLICATION";
    element.purl = fmt::format(
        "pkg:apk/{}/{}@{}?arch={}",
        encode_purl(to_lower(input.namespace_name), false),
        encode_purl(input.package, false),
        encode_purl(input.full_version, false),
        encode_purl(input.architecture, false)
    );
    if (input.namespace_name != "unknown") {
        element.purl += "&distro=" + encode_purl(input.namespace_name, false);
    }
    element.cpe = input.cpe;
    return element;
}

std::string recipe_purl(const SbomInput& input);

// "https://github.com/acme/recipes" gives acme and recipes; other URLs are cut at their first slash
// (recipe-and-build 6.10).
Element recipe_file(const SbomInput& input) {
    Element element;
    element.id = to_id({"Melange", input.recipe_path, input.recipe_commit});
    element.name = input.recipe_path;
    element.version = input.recipe_commit;
    element.license = input.recipe_license.empty() ? no_assertion : input.recipe_license;
    element.supplier = organization(input.namespace_name);
    element.purpose = "INSTALL";
    element.purl = recipe_purl(input);
    return element;
}

}  // namespace

std::string_view purl_host() {
    constexpr std::string_view github = "https://github.com/";
    return github;
}

namespace {

std::string recipe_purl(const SbomInput& input) {
    const std::string_view github = purl_host();
    std::string_view url = input.recipe_repository_url;
    if (url.starts_with(github)) {
        url.remove_prefix(github.size());
    }
    const std::size_t slash = url.find('/');
    if (slash != std::string_view::npos) {
        return fmt::format(
            "pkg:github/{}/{}@{}#{}",
            encode_purl(to_lower(url.substr(0, slash)), false),
            encode_purl(to_lower(url.substr(slash + 1)), false),
            encode_purl(input.recipe_commit, false),
            encode_purl(input.recipe_path, true)
        );
    }
    return {};
}

Element fetched_source(const SbomInput& input, const SbomSource& source) {
    Element element;
    element.id = to_id({"Source", source.name, source.version, source.step});
    element.name = source.name;
    element.version = source.version;
    element.location = redact_url(source.uri);
    element.supplier = organization(input.namespace_name);
    element.purpose = "SOURCE";
    std::string checksum;
    if (!source.sha256.empty()) {
        element.checksums.emplace_back("SHA256", source.sha256);
        checksum = "sha256:" + source.sha256;
    }
    if (!source.sha512.empty()) {
        element.checksums.emplace_back("SHA512", source.sha512);
        checksum = "sha512:" + source.sha512;
    }
    element.purl = fmt::format(
        "pkg:generic/{}@{}?", encode_purl(source.name, false), encode_purl(source.version, false)
    );
    if (!checksum.empty()) {
        element.purl += "checksum=" + checksum + "&";
    }
    element.purl += "download_url=" + encode_purl(redact_url(source.uri), false);
    return element;
}

Element github_source(
    Element element, const SbomSource& source, std::string_view path, const std::string& reference
) {
    const std::string name = without_git_suffix(std::string(path));
    const std::size_t slash = name.find('/');
    const std::string owner = name.substr(0, slash);
    const std::string repository =
        slash == std::string::npos ? std::string() : name.substr(slash + 1);
    element.supplier = organization(owner);
    element.purl = fmt::format(
        "pkg:github/{}/{}@{}",
        encode_purl(to_lower(owner), false),
        encode_purl(to_lower(repository), false),
        encode_purl(reference, false)
    );
    element.location = fmt::format(
        "{}github.com/{}/archive/{}.tar.gz",
        source.uri.substr(0, source.uri.find("//") + 2),
        name,
        source.commit.empty() ? source.tag : source.commit
    );
    return element;
}

Element git_source(const SbomInput& input, const SbomSource& source) {
    Element element;
    const std::string url = redact_url(source.uri);
    const std::string path_with_host = without_scheme(url);
    std::vector<std::string> parts = {"Source", path_with_host};
    for (const std::string* part : {&source.branch, &source.tag, &source.commit}) {
        if (!part->empty()) {
            parts.push_back(*part);
        }
    }
    parts.push_back(source.step);
    const std::string reference = source.tag.empty() ? source.commit : source.tag;
    const std::size_t slash = path_with_host.find('/');
    const std::string path =
        slash == std::string::npos ? path_with_host : path_with_host.substr(slash + 1);
    element.id = to_id(parts);
    element.name = without_git_suffix(
        path.substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1)
    );
    element.version = reference;
    element.license = input.license_expression;
    element.supplier = organization(input.namespace_name);
    element.purpose = "SOURCE";
    if (path_with_host.starts_with("github.com/")) {
        return github_source(std::move(element), source, path, reference);
    }
    std::string vcs = "git+" + url;
    if (!source.commit.empty()) {
        vcs += "@" + source.commit;
    }
    element.purl = fmt::format(
        "pkg:generic/{}@{}?vcs_url={}",
        encode_purl(without_git_suffix(path), false),
        encode_purl(reference, false),
        encode_purl(vcs, false)
    );
    element.location = vcs;
    return element;
}

Json external_reference(const char* category, const std::string& locator, const char* type) {
    Json reference;
    reference["referenceCategory"] = category;
    reference["referenceLocator"] = locator;
    reference["referenceType"] = type;
    return reference;
}

Json to_json(const Element& element) {
    Json json;
    const auto add_text = [&](const char* key, const std::string& value) {
        if (!value.empty()) {
            json[key] = value;
        }
    };
    json["SPDXID"] = element.id;
    json["name"] = element.name;
    add_text("versionInfo", element.version);
    json["filesAnalyzed"] = false;
    json["licenseConcluded"] = no_assertion;
    json["licenseDeclared"] = element.license;
    add_text("description", element.description);
    json["downloadLocation"] = element.location;
    json["originator"] = element.supplier;
    json["supplier"] = element.supplier;
    add_text("copyrightText", element.copyright);
    add_text("primaryPackagePurpose", element.purpose);
    for (const auto& [algorithm, value] : element.checksums) {
        Json checksum;
        checksum["algorithm"] = algorithm;
        checksum["checksumValue"] = value;
        json["checksums"].push_back(std::move(checksum));
    }
    if (!element.purl.empty()) {
        json["externalRefs"].push_back(external_reference("PACKAGE-MANAGER", element.purl, "purl"));
    }
    if (!element.cpe.empty()) {
        json["externalRefs"].push_back(external_reference("SECURITY", element.cpe, "cpe23Type"));
    }
    return json;
}

Json relationship(const std::string& from, const char* type, const std::string& to) {
    Json json;
    json["spdxElementId"] = from;
    json["relationshipType"] = type;
    json["relatedSpdxElement"] = to;
    return json;
}

// Unlike melange's, the namespace tells packages of the same version apart (recipe-and-build 14.2
// #15).
std::string document_namespace(const SbomInput& input) {
    const std::string identity = fmt::format(
        "{}/{}/{}/{}", input.namespace_name, input.package, input.full_version, input.architecture
    );
    return fmt::format(
        "https://spdx.org/spdxdocs/quern/{}-{}-{}",
        encode_purl(input.package, false),
        encode_purl(input.full_version, false),
        digest_of(DigestKind::sha256, identity).hex().substr(0, 32)
    );
}

// '&', '<' and '>' stand only inside of strings, so the text can be escaped as a whole.
std::string escape_html(std::string text) {
    text = replace_all(std::move(text), "&", "\\u0026");
    text = replace_all(std::move(text), "<", "\\u003c");
    return replace_all(std::move(text), ">", "\\u003e");
}

Element source_element(const SbomInput& input, const SbomSource& source) {
    return source.kind == "fetch" ? fetched_source(input, source) : git_source(input, source);
}

bool is_told(const SbomSource& source) {
    return source.kind == "fetch" || !source.tag.empty() || !source.commit.empty();
}

}  // namespace

std::string to_spdx_json(const SbomInput& input) {
    const Element package = apk_package(input);
    std::vector<Element> elements = {operating_system(input), package};
    Json relationships = Json::array();
    // A subpackage may fetch what the main package did: ids are told apart, they name one element.
    std::set<std::string> ids = {elements[0].id, elements[1].id};
    const auto add = [&](Element element, const char* type) {
        for (int copy = 2; !ids.insert(element.id).second; ++copy) {
            element.id += fmt::format("-{}", copy);
        }
        relationships.push_back(relationship(package.id, type, element.id));
        elements.push_back(std::move(element));
    };
    for (const SbomSource& source :
         input.inherited_sources.empty() ? std::vector<SbomSource>{} : input.sources) {
        if (is_told(source)) {
            add(source_element(input, source), "GENERATED_FROM");
        }
    }
    add(recipe_file(input), "DESCRIBED_BY");
    for (const SbomSource& source :
         input.inherited_sources.empty() ? input.sources : input.inherited_sources) {
        if (is_told(source)) {
            add(source_element(input, source), "GENERATED_FROM");
        }
    }

    Json document;
    document["SPDXID"] = "SPDXRef-DOCUMENT";
    document["name"] = fmt::format("apk-{}-{}", input.package, input.full_version);
    document["spdxVersion"] = "SPDX-2.3";
    document["creationInfo"]["created"] = input.created.to_rfc3339();
    document["creationInfo"]["creators"] =
        Json::array({fmt::format("Tool: quern ({})", QUERN_VERSION)});
    document["creationInfo"]["licenseListVersion"] = license_list_version;
    document["dataLicense"] = "CC0-1.0";
    document["documentNamespace"] = document_namespace(input);
    document["documentDescribes"] = Json::array({package.id});
    for (const Element& element : elements) {
        document["packages"].push_back(to_json(element));
    }
    document["relationships"] = std::move(relationships);
    for (const ExtractedLicense& license : input.extracted_licenses) {
        Json json;
        json["licenseId"] = license.id;
        json["extractedText"] = license.text;
        document["hasExtractedLicensingInfos"].push_back(std::move(json));
    }
    constexpr int indent = 2;
    return escape_html(document.dump(indent, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace quern::package
