// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/sbom.hpp"

#include "package/cyclonedx.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <set>
#include <string>

namespace quern::package {
namespace {

SbomInput demo() {
    SbomInput input;
    input.package = "demo";
    input.full_version = "1.0.0-r0";
    input.architecture = "x86_64";
    input.namespace_name = "unknown";
    input.license_expression = "MIT";
    input.recipe_path = "dir/recipe_a.yaml";
    input.recipe_commit = std::string(40, 'b');
    input.recipe_repository_url = "https://github.com/Acme/Recipes";
    return input;
}

nlohmann::json parse(const SbomInput& input) {
    return nlohmann::json::parse(to_spdx_json(input));
}

}  // namespace

TEST_CASE(
    "case 40: a git source of GitHub is named by owner, repository and tag", "[package][sbom]"
) {
    SbomInput input = demo();
    SbomSource source;
    source.kind = "git-checkout";
    source.uri = "https://github.com/Acme/Widget.git";
    source.tag = "v1";
    source.commit = std::string(40, 'a');
    input.sources = {source};
    const auto document = parse(input);
    const auto& element = document["packages"][3];
    CHECK(element["versionInfo"] == "v1");
    CHECK(element["externalRefs"][0]["referenceLocator"] == "pkg:github/acme/widget@v1");
    CHECK(
        element["downloadLocation"] ==
        "https://github.com/Acme/Widget/archive/" + source.commit + ".tar.gz"
    );
    CHECK(element["supplier"] == "Organization: Acme");
    CHECK(element["SPDXID"].get<std::string>().ends_with("-0"));
    CHECK(document["relationships"][0]["relationshipType"] == "DESCRIBED_BY");
    CHECK(document["relationships"][1]["relationshipType"] == "GENERATED_FROM");
}

TEST_CASE("sbom: a fetched source carries its checksum and where it came from", "[package][sbom]") {
    SbomInput input = demo();
    SbomSource source;
    source.kind = "fetch";
    source.uri = "https://7-zip.org/a/7z2301-src.tar.xz";
    source.name = "7zip";
    source.version = "23.01";
    source.sha512 = std::string(128, 'c');
    input.sources = {source};
    const auto document = parse(input);
    const auto& element = document["packages"][3];
    CHECK(
        element["externalRefs"][0]["referenceLocator"] ==
        "pkg:generic/7zip@23.01?checksum=sha512:" + source.sha512 +
            "&download_url=https:%2F%2F7-zip.org%2Fa%2F7z2301-src.tar.xz"
    );
    CHECK(element["checksums"][0]["algorithm"] == "SHA512");
}

TEST_CASE(
    "sbom: a subpackage tells its own sources, then the recipe, then the main package's",
    "[package][sbom]"
) {
    SbomInput input = demo();
    SbomSource own;
    own.kind = "fetch";
    own.uri = "https://example.org/own.tar.gz";
    own.name = "own";
    own.version = "1";
    SbomSource inherited = own;
    inherited.name = "main";
    input.sources = {own};
    input.inherited_sources = {inherited};
    const auto document = parse(input);
    CHECK(document["packages"][2]["name"] == "own");
    CHECK(document["packages"][3]["name"] == "dir/recipe_a.yaml");
    CHECK(document["packages"][4]["name"] == "main");
}

TEST_CASE("sbom: what is fetched twice has two ids", "[package][sbom]") {
    SbomInput input = demo();
    SbomSource source;
    source.kind = "fetch";
    source.uri = "https://example.org/a.tar.gz";
    source.name = "a";
    source.version = "1";
    input.sources = {source};
    input.inherited_sources = {source};
    std::set<std::string> ids;
    const auto document = parse(input);
    for (const auto& package : document["packages"]) {
        CHECK(ids.insert(package["SPDXID"].get<std::string>()).second);
    }
    CHECK(ids.count("SPDXRef-Package-Source-a-1-0") == 1);
    CHECK(ids.count("SPDXRef-Package-Source-a-1-0-2") == 1);
}

TEST_CASE("sbom: ids hold only what SPDX allows", "[package][sbom]") {
    SbomInput input = demo();
    input.package = "lib_x+é";
    const auto document = parse(input);
    CHECK(document["packages"][1]["SPDXID"] == "SPDXRef-Package-apk-libC95xC43C233-1.0.0-r0");
    CHECK(
        document["packages"][2]["SPDXID"] ==
        "SPDXRef-Package-Melange-dir-recipeC95a.yaml-" + input.recipe_commit
    );
}

TEST_CASE("sbom: packages of the same version have different namespaces", "[package][sbom]") {
    SbomInput other = demo();
    other.package = "other";
    CHECK(parse(demo())["documentNamespace"] != parse(other)["documentNamespace"]);
}

TEST_CASE("sbom: passwords in addresses of sources are left out", "[package][sbom]") {
    SbomInput input = demo();
    SbomSource source;
    source.kind = "fetch";
    source.uri = "https://user:hunter2@example.org/x.tar.gz";
    source.name = "x";
    source.version = "1";
    SbomSource git = source;
    git.kind = "git-checkout";
    git.tag = "v1";
    input.sources = {source, git};
    CHECK(to_spdx_json(input).find("hunter2") == std::string::npos);
}

TEST_CASE("sbom: text is escaped for web pages and ends in a newline", "[package][sbom]") {
    SbomInput input = demo();
    input.attestations = {"a <b> & c"};
    const std::string text = to_spdx_json(input);
    CHECK(text.find("a \\u003cb\\u003e \\u0026 c\\n") != std::string::npos);
    CHECK(text.ends_with("}\n"));
    CHECK(text == to_spdx_json(input));
}

TEST_CASE("sbom: CycloneDX tells the same packages, licences and checksums", "[package][sbom]") {
    SbomInput input = demo();
    SbomSource source;
    source.kind = "fetch";
    source.uri = "https://example.org/a.tar.gz";
    source.name = "a";
    source.version = "1";
    source.sha256 = std::string(64, 'c');
    input.sources = {source};
    const std::string spdx = to_spdx_json(input);
    const auto bom = nlohmann::json::parse(to_cyclonedx_json(spdx));
    CHECK(bom["bomFormat"] == "CycloneDX");
    CHECK(bom["specVersion"] == "1.5");
    CHECK(bom["metadata"]["component"]["purl"] == "pkg:apk/unknown/demo@1.0.0-r0?arch=x86_64");
    CHECK(bom["metadata"]["component"]["licenses"][0]["expression"] == "MIT");
    REQUIRE(bom["components"].size() == 3);
    CHECK(bom["components"][2]["hashes"][0]["content"] == source.sha256);
    CHECK(bom["dependencies"][0]["dependsOn"].size() == 2);
    CHECK(to_cyclonedx_json(spdx) == to_cyclonedx_json(to_spdx_json(input)));
    input.full_version = "1.0.0-r1";
    CHECK(
        nlohmann::json::parse(to_cyclonedx_json(to_spdx_json(input)))["serialNumber"] !=
        bom["serialNumber"]
    );
}

}  // namespace quern::package
