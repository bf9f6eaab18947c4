// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/pem.hpp"
#include "image/shell_words.hpp"
#include "image/spdx_id.hpp"
#include "quern/image.hpp"
#include "support/memory_file_reader.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace quern;
using image::split_shell_words;
using Words = std::vector<std::string>;

namespace {

std::optional<image::Specification> load(MemoryFileReader& files, const std::string& text) {
    files.add("image.yaml", text);
    Diagnostics diagnostics;
    auto loaded = image::load("image.yaml", files, {"shared"}, diagnostics);
    return loaded ? std::optional(std::move(loaded->specification)) : std::nullopt;
}

}  // namespace

TEST_CASE("include: the including file wins, lists are joined", "[image][load]") {
    MemoryFileReader files;
    files.add(
        "shared/base.yaml",
        "contents: {packages: [a], repositories: [./r/]}\ncmd: base\nwork-dir: /b\n"
        "environment: {A: base, B: base}\nvcs-url: x@1\n"
    );
    const auto own = load(
        files, "include: base.yaml\ncontents: {packages: [b]}\ncmd: own\nenvironment: {B: own}\n"
    );
    REQUIRE(own);
    CHECK(own->contents.packages == Words{"a", "b"});
    CHECK(own->contents.repositories == Words{"./r"});
    CHECK(own->cmd == "own");
    CHECK(own->work_dir == "/b");
    CHECK(own->environment.at("A") == "base");
    CHECK(own->environment.at("B") == "own");
    CHECK(own->vcs_url.empty());
}

TEST_CASE("services: a bundle brings its command and its package", "[image][load]") {
    MemoryFileReader files;
    const auto own = load(files, "entrypoint: {type: service-bundle, services: {web: /bin/web}}\n");
    REQUIRE(own);
    CHECK(own->entrypoint.command == "/bin/s6-svscan /sv");
    CHECK(own->contents.packages == Words{"s6"});
}

TEST_CASE("json: empty values are left out, sections stay", "[image][specification_text]") {
    CHECK(image::to_json({}) == "{\"contents\":{},\"entrypoint\":{},\"accounts\":{}}\n");
    image::Specification own;
    own.cmd = "<a & b>";
    CHECK(image::to_json(own).find("\\u003ca \\u0026 b\\u003e") != std::string::npos);
}

TEST_CASE("yaml: what is printed is read back as the same", "[image][specification_text]") {
    MemoryFileReader files;
    const auto own = load(
        files,
        "contents:\n  repositories: ['@edge https://user:pass@example.org/os', ./r]\n"
        "  packages: [a, 'b=1.10']\n  files:\n    - {path: /etc/motd, content: \"a\\nb\\n\"}\n"
        "accounts:\n  run-as: '0'\n  users: [{username: u, uid: 5}]\n"
        "  groups: [{groupname: g, gid: 7, members: [u]}]\n"
        "paths: [{path: /x, type: directory, permissions: 0o755}]\nvolumes: [/data]\n"
        "environment: {A: 'yes', B: ''}\nlayering: {strategy: origin, budget: 3}\n"
    );
    REQUIRE(own);
    const std::string text = image::to_yaml(*own);
    CHECK(text.find("pass") == std::string::npos);
    const auto again = load(files, text);
    REQUIRE(again);
    CHECK(image::to_yaml(*again) == text);
}

TEST_CASE("shell words: quotes, escapes and comments", "[image][shell_words]") {
    const auto [text, words] = GENERATE(table<std::string, Words>({
        {"/bin/sh -l", {"/bin/sh", "-l"}},
        {"a \"b c\"", {"a", "b c"}},
        {"a'b c'd", {"ab cd"}},
        {"'' x", {"", "x"}},
        {"a\\ b", {"a b"}},
        {"\"a\\\"b\\n\"", {"a\"b\\n"}},
        {"a # c", {"a"}},
        {"a#b", {"a#b"}},
        {"  ", {}},
    }));
    CAPTURE(text);
    const auto split = split_shell_words(text);
    REQUIRE(split);
    CHECK(*split == words);
}

TEST_CASE("shell words: an open quote is none", "[image][shell_words]") {
    CHECK(!split_shell_words("a 'b"));
    CHECK(!split_shell_words("a \"b"));
    CHECK(!split_shell_words("a \\"));
}

TEST_CASE("pem: only whole blocks of DER count", "[image][pem]") {
    const std::string good = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    const auto block = image::parse_certificate("before\n" + good + "behind\n");
    REQUIRE(block);
    CHECK(image::to_pem(*block) == good);
    CHECK(!image::parse_certificate(good + good));
    CHECK(!image::parse_certificate("-----BEGIN CERTIFICATE-----\nMAA=\n"));
    CHECK(!image::parse_certificate("-----BEGIN CERTIFICATE-----\nMAE=\n-----END CERTIFICATE-----\n"
    ));
    CHECK(!image::parse_certificate("-----BEGIN KEY-----\nMAA=\n-----END KEY-----\n"));
}

TEST_CASE("spdx: identifiers hold only what they may", "[image][spdx_id]") {
    CHECK(image::spdx_id("sha256:ab") == "sha256-ab");
    CHECK(image::spdx_id("a/b@1_2") == "aC47bC641C952");
}
