// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/shell_check.hpp"

#include "support/cancel.hpp"
#include "support/temp_dir.hpp"
#include "tests/unit/pipeline/compile_fixture.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace quern;
using Texts = std::vector<std::string>;

namespace {

std::vector<Diagnostic> check(const Outcome& outcome) {
    INFO(outcome.messages());
    REQUIRE(outcome.compiled);
    Diagnostics diagnostics;
    const CancelToken cancel;
    REQUIRE(pipeline::check_scripts(outcome.compiled->plan, cancel, diagnostics));
    return diagnostics.take();
}

std::string place_of(const Diagnostic& diagnostic) {
    const Span where = diagnostic.where;
    REQUIRE(where.file != nullptr);
    return std::string(where.file->name()) + ":" +
           std::to_string(where.file->position(where.begin).line) + " " +
           std::string(where.file->text().substr(where.begin, where.length));
}

}  // namespace

TEST_CASE("shell: scripts of every kind are accepted", "[pipeline][shell_check]") {
    const auto outcome = compile_demo(R"(pipeline:
  - runs: |
      #!/bin/sh
      set -- a b; for i in "$@"; do echo "$i"; done
      cat <<'EOF' | tr a b
      if (unfinished {
      EOF
      case "$x" in a) ;; *) exit 1 ;; esac
      f() { local x=$(( 1 + 2 )); [[ "$x" =~ ^[0-9]+$ ]] && echo "${x//a/b}"; }
      diff <(ls) <(ls) || rm -f !(keep)
  - runs: ""
  - runs: "# only a comment"
)");
    CHECK(check(outcome).empty());
}

TEST_CASE("shell: a mistake is told at its line of the recipe", "[pipeline][shell_check]") {
    const auto outcome = compile_demo(R"(pipeline:
  - runs: echo fine
  - runs: |
      echo one

      echo two )
      echo 'three
  - runs: if true; then
  - name: late
    pipeline:
      - runs: |
          case x in
            a) echo ${{package.name}}
subpackages:
  - name: sub
    pipeline:
      - runs: "echo `x"
    test:
      pipeline:
        - runs: fi
)");
    const auto found = check(outcome);
    Texts places;
    for (const Diagnostic& diagnostic : found) {
        CHECK(diagnostic.id == "shell-syntax");
        CHECK(diagnostic.severity == Severity::error);
        places.push_back(place_of(diagnostic));
    }
    CHECK(
        places ==
        Texts{
            "recipe.yaml:7 echo two )",
            "recipe.yaml:9 if true; then",
            "recipe.yaml:14   a) echo ${{package.name}}",
            "recipe.yaml:18 echo `x",
            "recipe.yaml:21 fi"}
    );
}

TEST_CASE("shell: steps that differ in paths are read once", "[pipeline][shell_check]") {
    const auto outcome = compile_demo(R"yaml(pipeline:
  - runs: cp a-1.0/x /usr/lib; if true; then
  - runs: cp b-2.0/y /usr/bin; if true; then
  - runs: "list+=(a)"
  - runs: "li/st=(a)"
  - runs: "[[ -f x ]]"
  - runs: "[[ x-f x ]]"
  - runs: "cat <<a/b\n)\na/b"
  - runs: "cat <<c/d\n)\na/b\n"
)yaml");
    const auto found = check(outcome);
    Texts places;
    for (const Diagnostic& diagnostic : found) {
        places.push_back(place_of(diagnostic));
    }
    REQUIRE(found.size() == 4);
    CHECK(places[0].find(":3 ") != std::string::npos);
    CHECK(places[1].find(":6 ") != std::string::npos);
    CHECK(places[2].find(":8 ") != std::string::npos);
    CHECK(places[3].find(":10 ") != std::string::npos);
}

TEST_CASE("shell: a mistake in a definition shows who used it", "[pipeline][shell_check]") {
    const auto outcome = compile_demo(
        "pipeline: [{uses: outer}]",
        {{"outer", "pipeline: [{uses: inner}]"}, {"inner", "pipeline: [{runs: 'echo )'}]"}}
    );
    const auto found = check(outcome);
    REQUIRE(found.size() == 1);
    CHECK(place_of(found[0]) == "pipelines/inner.yaml:1 echo )");
    REQUIRE(found[0].notes.size() == 2);
    CHECK(found[0].notes[1].where.file->name() == "recipe.yaml");
}

TEST_CASE("shell: a here-document without its end is a warning", "[pipeline][shell_check]") {
    const auto found = check(compile_demo("pipeline: [{runs: \"cat <<E\\nx\\n\"}]"));
    REQUIRE(found.size() == 1);
    CHECK(found[0].severity == Severity::warning);
}

TEST_CASE("shell: nothing of a script is run", "[pipeline][shell_check]") {
    const auto parent = std::filesystem::temp_directory_path();
    const auto folder = TempDir::create(parent, "shell-check-");
    REQUIRE(folder);
    const std::string touch = "touch " + (folder->path() / "ran").string();
    const std::vector<std::string> scripts = {
        touch,
        "set +n; " + touch,
        "}; " + touch + "; {",
        ")\n" + touch,
        "$(" + touch + ")",
        "echo `" + touch + "`",
        "trap '" + touch + "' EXIT",
        "\"; " + touch + "; \"",
        "' ; " + touch + " ; '",
        "cat <<E\n$(" + touch + ")\nE\n",
        "alias x='" + touch + "'\nx",
        "shopt -u extglob; set +n\n" + touch};
    for (const std::string& script : scripts) {
        CAPTURE(script);
        std::string indented = script;
        for (std::size_t at = 0; (at = indented.find('\n', at)) != std::string::npos; ++at) {
            indented.insert(at + 1, "      ");
        }
        check(compile_demo("pipeline:\n  - runs: |\n      " + indented + "\n"));
        CHECK(!std::filesystem::exists(folder->path() / "ran"));
    }
}
