// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/provenance.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

namespace quern::package {
namespace {

// printf content | sha256sum
constexpr const char* content_sha256 =
    "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";

Provenance sample() {
    Provenance provenance;
    provenance.subject = "a-1-r0.apk";
    provenance.subject_sha256 = content_sha256;
    provenance.parameters = {{"architecture", "x86_64"}, {"namespace", "unknown"}};
    provenance.runner = "bubblewrap";
    provenance.network = {"a/get"};
    provenance.secrets = {"token"};
    provenance.version = "0.1.0";
    provenance.materials = {
        {"recipe", "a.yaml", "", {{"sha256", std::string(64, '1')}}, {}},
        {"source", "a", "git+https://x/y", {{"gitCommit", std::string(40, '2')}}, {{"tag", "v1"}}},
        {"source", "a", "https://x/unpinned", {}, {}},
    };
    return provenance;
}

/// A package of the text "content" with a statement beside it.
struct Fixture {
    TempDir directory =
        std::move(*TempDir::create(std::filesystem::temp_directory_path(), "quern-test-"));
    std::filesystem::path package = directory.path() / "a-1-r0.apk";

    explicit Fixture(const apk::PrivateKey* key = &test::test_key()) {
        REQUIRE(write_file_atomically(package, "content"));
        const auto text = write_provenance(sample(), key);
        REQUIRE(text);
        REQUIRE(write_file_atomically(package.string() + ".intoto.jsonl", *text));
    }
    Error problem(const apk::Keyring* keyring = &test::test_keyring()) const {
        const auto verified = verify_provenance(package, keyring);
        REQUIRE_FALSE(verified);
        return verified.error();
    }
};

}  // namespace

TEST_CASE("provenance: what is written reads the same", "[package][provenance]") {
    const auto again = Provenance::parse(sample().to_json());
    REQUIRE(again);
    CHECK(*again == sample());
    CHECK(again->to_json() == sample().to_json());
}

TEST_CASE("provenance: the statement has the fields of in-toto and SLSA", "[package][provenance]") {
    const auto json = nlohmann::json::parse(sample().to_json());
    CHECK(json["_type"] == "https://in-toto.io/Statement/v1");
    CHECK(json["predicateType"] == "https://slsa.dev/provenance/v1");
    CHECK(json["subject"][0]["digest"]["sha256"] == content_sha256);
    const auto& definition = json["predicate"]["buildDefinition"];
    CHECK(definition["buildType"].is_string());
    CHECK(definition["externalParameters"]["architecture"] == "x86_64");
    CHECK(definition["internalParameters"]["network"][0] == "a/get");
    CHECK(definition["resolvedDependencies"][1]["uri"] == "git+https://x/y");
    CHECK(definition["resolvedDependencies"][1]["annotations"]["role"] == "source");
    CHECK(json["predicate"]["runDetails"]["builder"]["id"].is_string());
}

TEST_CASE("provenance: it is verified against key and package", "[package][provenance]") {
    const Fixture f;
    const auto verified = verify_provenance(f.package, &test::test_keyring());
    REQUIRE(verified);
    CHECK(verified->signer == "test.rsa.pub");
    CHECK(verified->statement == sample());
    CHECK(
        to_text(verified->statement).find("https://x/unpinned (nobody knows its bytes)") !=
        std::string::npos
    );
}

TEST_CASE("provenance: that of other bytes is refused", "[package][provenance]") {
    const Fixture f;
    REQUIRE(write_file_atomically(f.package, "Content"));
    CHECK(f.problem().code() == ErrorCode::digest_mismatch);
}

TEST_CASE("provenance: without a trusted signature it is refused", "[package][provenance]") {
    CHECK(Fixture(nullptr).problem().code() == ErrorCode::signature);
    const apk::Keyring empty;
    CHECK(Fixture().problem(&empty).code() == ErrorCode::signature);
    CHECK(verify_provenance(Fixture(nullptr).package, nullptr));
}

TEST_CASE("provenance: a package without one is told", "[package][provenance]") {
    const Fixture f;
    std::filesystem::remove(f.package.string() + ".intoto.jsonl");
    CHECK(f.problem().code() == ErrorCode::not_found);
}

TEST_CASE("provenance: what is no file is not waited for", "[package][provenance]") {
    const Fixture f;
    const std::string path = f.package.string() + ".intoto.jsonl";
    std::filesystem::remove(path);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(f.problem().code() == ErrorCode::invalid_data);
}

TEST_CASE(
    "provenance: two builds are compared by what they were made from", "[package][provenance]"
) {
    Provenance after = sample();
    CHECK(compare_materials(sample(), after).empty());
    after.runner = "chroot";
    after.materials[0].digest["sha256"] = "recipes are left out";
    after.materials[1].digest["gitCommit"] = "3";
    after.materials.pop_back();
    CHECK(
        compare_materials(sample(), after) ==
        std::vector<std::string>{
            "~ runner: bubblewrap => chroot",
            "- source git+https://x/y gitCommit:" + std::string(40, '2'),
            "- source https://x/unpinned (nobody knows its bytes)",
            "+ source git+https://x/y gitCommit:3",
        }
    );
}

TEST_CASE("provenance: statements about something else are refused", "[package][provenance]") {
    const auto [from, to, message] = GENERATE(table<std::string, std::string, std::string>({
        {"in-toto.io/Statement/v1", "example.org", "is no in-toto statement"},
        {"slsa.dev/provenance/v1", "example.org", "is no SLSA provenance"},
        {R"("subject":[)", R"("subject":[{},)", "does not speak of one package"},
        {content_sha256, "abc", "has no SHA-256 of the package"},
    }));
    std::string json = sample().to_json();
    json.replace(json.find(from), from.size(), to);
    const auto parsed = Provenance::parse(json);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message().find(message) != std::string::npos);
}

}  // namespace quern::package
