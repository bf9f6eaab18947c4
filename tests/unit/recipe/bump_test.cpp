// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/bump.hpp"

#include "quern/error.hpp"
#include "support/memory_file_reader.hpp"
#include "support/text.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

using namespace quern;

namespace {

const std::string head =
    "# about\npackage:\n  name: demo # n\n  version: 1.2.3\n  epoch: 4   # reset\n\n\n";
const std::string new_head =
    "# about\npackage:\n  name: demo # n\n  version: 2.0\n  epoch: 0   # reset\n\n\n";
const std::string old_sum(64, 'a');
const std::string old_commit(40, 'c');
const std::string new_commit(40, 'd');

struct Bumped {
    std::string text;  ///< or "refused", or the error's message
    recipe::BumpReport report;
    std::vector<std::string> urls;
};

/// The checksum of the file at `url`: digits that tell the URL's length.
std::string sum_of(const std::string& url, std::size_t digits) {
    return std::string(digits - 3, 'b') + fmt::format("{:03}", url.size());
}

Bumped bump(const std::string& text, recipe::BumpOptions options = {}) {
    MemoryFileReader files;
    files.add("recipe.yaml", text);
    Bumped bumped;
    options.version = options.version.empty() ? "2.0" : options.version;
    options.host_architecture = "x86_64";
    options.download = [&](const std::string& url) -> Result<recipe::SourceDigests> {
        bumped.urls.push_back(url);
        if (url.find("gone") != std::string::npos) {
            return Error(ErrorCode::network, url + " answers 404");
        }
        return recipe::SourceDigests{sum_of(url, 64), sum_of(url, 128)};
    };
    Diagnostics diagnostics;
    auto report = recipe::bump("recipe.yaml", files, options, diagnostics);
    if (!report) {
        bumped.text = report.error().message();
    } else if (!*report) {
        bumped.text = "refused";
    } else {
        bumped.report = **report;
        bumped.text = bumped.report.text;
    }
    return bumped;
}

std::string fetch_step(
    const std::string& uri, const std::string& sum, const std::string& more = ""
) {
    return fmt::format(
        "  - uses: fetch\n    with:\n      uri: {}\n      expected-sha256: {}\n{}", uri, sum, more
    );
}

}  // namespace

TEST_CASE("bump: version and epoch are all that changes", "[recipe][bump]") {
    CHECK(bump(head + "vars: {a:   b} # x\n").text == new_head + "vars: {a:   b} # x\n");
    const Bumped same = bump(head, {.version = "1.2.3"});
    CHECK(same.text == replace_all(head, "epoch: 4", "epoch: 5"));
    CHECK(same.report.epoch == 5);
    CHECK(same.report.old_version == "1.2.3");
    const std::string quoted = "package: {name: d, 'version': '1', \"epoch\": 0x10}";
    CHECK(bump(quoted).text == "package: {name: d, 'version': '2.0', \"epoch\": 0}");
    const std::string marked =
        "\xEF\xBB\xBFpackage:\r\n  name: d\r\n  version: \"1\"\r\n  epoch: 1\r\n";
    CHECK(
        bump(marked).text ==
        "\xEF\xBB\xBFpackage:\r\n  name: d\r\n  version: \"2.0\"\r\n  epoch: 0\r\n"
    );
}

TEST_CASE("bump: checksums are those of the new addresses", "[recipe][bump]") {
    const std::string uri = "https://example.org/${{package.version}}/${{vars.m}}.tar";
    const std::string rest =
        "vars: {u: x}\nvar-transforms: [{from: '${{package.version}}', match: "
        "'\\.', replace: _, to: m}]\npipeline:\n";
    const std::string url = "https://example.org/2.0/2_0.tar";
    const Bumped bumped = bump(head + rest + fetch_step(uri, old_sum + " # sum"));
    CHECK(bumped.text == new_head + rest + fetch_step(uri, sum_of(url, 64) + " # sum"));
    CHECK(bumped.urls == std::vector<std::string>{url});
    CHECK(bumped.report.checksums == 1);
    CHECK(bumped.report.warnings.empty());
}

TEST_CASE("bump: subpackages, tests and nested steps are among it", "[recipe][bump]") {
    const auto recipe = [](const std::string& top, const std::string& sum) {
        const std::string step =
            "{uses: fetch, with: {uri: 'https://e.org/${{package.version}}', "
            "expected-sha256: " +
            sum + "}}";
        return top + "pipeline: [{pipeline: [" + step + "]}]\nsubpackages:\n  - name: s\n" +
               "    pipeline: [" + step + "]\n    test: {pipeline: [" + step +
               "]}\ntest: {pipeline: [" + step + "]}\n";
    };
    const Bumped bumped = bump(recipe(head, old_sum));
    CHECK(bumped.text == recipe(new_head, sum_of("https://e.org/2.0", 64)));
    CHECK(bumped.urls.size() == 1);
    CHECK(bumped.report.checksums == 4);
}

TEST_CASE("bump: a step for one architecture gets that one's file", "[recipe][bump]") {
    const std::string uri = "https://e.org/${{package.version}}-${{build.arch}}";
    const auto recipe = [&uri](
                            const std::string& top, const std::string& x86, const std::string& arm
                        ) {
        return top + "pipeline:\n" + fetch_step(uri, x86, "    if: ${{build.arch}} == 'x86_64'\n") +
               fetch_step(uri, arm, "    if: ${{build.arch}} == 'aarch64'\n");
    };
    CHECK(
        bump(recipe(head, old_sum, old_sum)).text == recipe(
                                                         new_head,
                                                         sum_of("https://e.org/2.0-x86_64", 64),
                                                         sum_of("https://e.org/2.0-aarch64", 64)
                                                     )
    );
}

TEST_CASE("bump: a checksum that is a variable changes there", "[recipe][bump]") {
    const auto recipe = [](const std::string& top, const std::string& sum) {
        return top + "vars: {sum: " + sum + "}\npipeline:\n" +
               fetch_step("https://e.org/${{package.version}}", "${{vars.sum}}");
    };
    CHECK(bump(recipe(head, old_sum)).text == recipe(new_head, sum_of("https://e.org/2.0", 64)));
    const std::string ranged =
        head + "data: [{name: r, items: {a: " + old_sum +
        "}}]\nsubpackages:\n"
        "  - name: s-${{range.key}}\n    range: r\n    pipeline:\n      - uses: fetch\n        "
        "with: "
        "{uri: 'https://e.org/${{range.key}}', expected-sha256: '${{range.value}}'}\n";
    CHECK(bump(ranged).text.find("made of variables") != std::string::npos);
}

TEST_CASE("bump: missing checksums are written where that is asked for", "[recipe][bump]") {
    const std::string block =
        "pipeline:\n  - uses: fetch\n    with:\n      uri: https://e.org/a # u\n"
        "      strip-components: 0\n";
    CHECK(bump(head + block).text == new_head + block);
    const std::string sum = sum_of("https://e.org/a", 64);
    CHECK(
        bump(head + block, {.write_checksums = true}).text ==
        new_head + replace_all(block, "# u\n", "# u\n      expected-sha256: " + sum + "\n")
    );
    const std::string flow = "pipeline: [{uses: fetch, with: {uri: https://e.org/a}}]\n";
    CHECK(
        bump(head + flow, {.write_checksums = true}).text ==
        new_head + replace_all(flow, "a}}", "a, expected-sha256: " + sum + "}}")
    );
    const std::string empty =
        "pipeline:\n  - uses: fetch\n    with:\n      expected-sha256:\n      uri: https://e.org/a";
    CHECK(
        bump(head + empty, {.write_checksums = true}).text ==
        new_head + replace_all(empty, "sha256:", "sha256: " + sum)
    );
    const std::string none =
        "pipeline: [{uses: fetch, with: {uri: https://e.org/a, expected-none: x}}]\n";
    CHECK(bump(head + none, {.write_checksums = true}).text == new_head + none);
}

TEST_CASE("bump: a file that changed under its address is warned of", "[recipe][bump]") {
    const Bumped bumped = bump(head + "pipeline:\n" + fetch_step("https://e.org/fixed", old_sum));
    REQUIRE(bumped.report.warnings.size() == 1);
    CHECK(bumped.report.warnings[0].find("another checksum") != std::string::npos);
}

TEST_CASE("bump: commits follow tags that come from the version", "[recipe][bump]") {
    const auto step = [](const std::string& tag, const std::string& commit) {
        return "  - uses: git-checkout\n    with:\n      repository: https://e.org/r\n      tag: " +
               tag + "\n      expected-commit: " + commit + "\n";
    };
    const recipe::BumpOptions options = {.expected_commit = new_commit};
    const std::string one = "pipeline:\n" + step("fixed", old_commit);
    CHECK(bump(head + one, options).text == new_head + replace_all(one, old_commit, new_commit));
    const std::string vars = "vars: {w: 'v${{vars.v}}', v: '${{package.version}}'}\npipeline:\n";
    CHECK(
        bump(head + vars + step("fixed", old_commit) + step("${{vars.w}}", old_commit), options)
            .text == new_head + vars + step("fixed", old_commit) + step("${{vars.w}}", new_commit)
    );
    const Bumped without = bump(head + vars + step("v${{package.version}}", old_commit));
    REQUIRE(without.report.warnings.size() == 1);
    CHECK(without.report.warnings[0].find("--expected-commit sets it") != std::string::npos);
}

TEST_CASE("bump: what cannot be bumped is told, and nothing is given", "[recipe][bump]") {
    CHECK(bump("package: {name: d, version: 1}\n").text.find("has no epoch") != std::string::npos);
    CHECK(bump(head + "stray: 1\n").text == "refused");
    CHECK(bump(head, {.version = "1 2"}).text == "'1 2' is no version");
    CHECK(bump(head, {.version = "1\n2"}).text == "'1\\x0a2' is no version");
    CHECK(bump(head, {.expected_commit = "abc"}).text == "'abc' is no commit");
    const std::string gone = "https://e.org/gone";
    CHECK(bump(head + "pipeline:\n" + fetch_step(gone, old_sum)).text == gone + " answers 404");
    const std::string block = "package:\n  name: d\n  version: |-\n    1\n  epoch: 0\n";
    CHECK(
        bump(block).text ==
        "recipe.yaml:3:12: a block cannot be changed; write the value on one line"
    );
    CHECK(bump(head, {.version = "next"}).report.warnings.size() == 1);
}
