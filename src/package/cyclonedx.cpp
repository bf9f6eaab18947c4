// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "package/cyclonedx.hpp"

#include "config.hpp"
#include "quern/error.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quern::package {
namespace {

using Json = nlohmann::ordered_json;

// A name-based UUID: version 8 (custom) and the usual variant set in a digest.
// Source: RFC 9562 5.8.
std::string uuid_of(std::string_view name) {
    std::string hex = digest_of(DigestKind::sha256, name).hex().substr(0, 32);
    hex[12] = '8';
    hex[16] = '8';
    return fmt::format(
        "urn:uuid:{}-{}-{}-{}-{}",
        hex.substr(0, 8),
        hex.substr(8, 4),
        hex.substr(12, 4),
        hex.substr(16, 4),
        hex.substr(20)
    );
}

const char* component_type(const std::string& purpose) {
    if (purpose == "OPERATING-SYSTEM") {
        return "operating-system";
    }
    return purpose == "APPLICATION" ? "application" : "file";
}

std::string text_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void add_references(const Json& package, Json& component) {
    for (const Json& reference : package.value("externalRefs", Json::array())) {
        const std::string type = text_of(reference, "referenceType");
        if (type == "purl") {
            component["purl"] = text_of(reference, "referenceLocator");
        } else if (type == "cpe23Type") {
            component["cpe"] = text_of(reference, "referenceLocator");
        }
    }
}

Json component_of(const Json& package) {
    Json component;
    component["type"] = component_type(text_of(package, "primaryPackagePurpose"));
    component["bom-ref"] = text_of(package, "SPDXID");
    component["name"] = text_of(package, "name");
    const std::string version = text_of(package, "versionInfo");
    if (!version.empty()) {
        component["version"] = version;
    }
    for (const Json& checksum : package.value("checksums", Json::array())) {
        const std::string algorithm = text_of(checksum, "algorithm");
        component["hashes"].push_back(
            {{"alg", algorithm == "SHA256" ? "SHA-256" : "SHA-512"},
             {"content", text_of(checksum, "checksumValue")}}
        );
    }
    const std::string license = text_of(package, "licenseDeclared");
    if (!license.empty() && license != "NOASSERTION") {
        component["licenses"] = Json::array({{{"expression", license}}});
    }
    add_references(package, component);
    return component;
}

}  // namespace

std::string to_cyclonedx_json(std::string_view spdx) {
    const Json document = Json::parse(spdx, nullptr, false);
    QUERN_ASSERT(document.is_object());
    const std::string described = document["documentDescribes"][0].get<std::string>();
    Json bom;
    bom["bomFormat"] = "CycloneDX";
    bom["specVersion"] = "1.5";
    bom["serialNumber"] = uuid_of(text_of(document, "documentNamespace"));
    bom["version"] = 1;
    bom["metadata"]["timestamp"] = text_of(document["creationInfo"], "created");
    bom["metadata"]["tools"]["components"] =
        Json::array({{{"type", "application"}, {"name", "quern"}, {"version", QUERN_VERSION}}});
    bom["components"] = Json::array();
    for (const Json& package : document["packages"]) {
        if (text_of(package, "SPDXID") == described) {
            bom["metadata"]["component"] = component_of(package);
        } else {
            bom["components"].push_back(component_of(package));
        }
    }
    Json sources = Json::array();
    for (const Json& relationship : document["relationships"]) {
        if (text_of(relationship, "spdxElementId") == described) {
            sources.push_back(text_of(relationship, "relatedSpdxElement"));
        }
    }
    bom["dependencies"] = Json::array({{{"ref", described}, {"dependsOn", sources}}});
    return bom.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace quern::package
