// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/query.hpp"

#include "load_fixture.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <string>
#include <utility>

using namespace quern;

namespace {

const char* const demo = R"(package:
  name: demo
  version: 1.2.3
  epoch: 4
  description: say "hi" <b>
  target-architecture: [x86_64, aarch64]
  copyright:
    - license: MIT
    - license: Apache-2.0
      attestation: somebody
  dependencies:
    runtime: [b, a]
  resources: {cpu: 4, memory: 8Gi}
  timeout: 1h30m
  setcap: [{path: /bin/x, add: {cap_net_raw: +ep}, reason: pings}]
vars: {z: last, a: first}
options: {ssl: {vars: {b: c}, environment: {contents: {packages: {add: [openssl-dev]}}}}}
environment:
  contents: {packages: [gcc]}
  accounts: {users: [{username: u, uid: 7}]}
pipeline:
  - name: one
    runs: echo one
    assertions: {required-steps: 0}
  - uses: fetch
    with: {uri: "https://example.org/${{package.version}}.tar"}
    needs: {packages: [wget]}
subpackages:
  - name: demo-doc
    scriptlets: {pre-install: "#!/bin/sh"}
  - name: demo-lib
    options: {no-depends: true}
    test: {pipeline: [{runs: x}]}
update:
  enabled: true
  ignore-regex-patterns: [a, b]
  github: {identifier: acme/demo, use-tag: true}
  release-monitor: {identifier: 42}
  version-transform: [{match: x, replace: y}]
)";

struct Answer {
    std::string text;
    std::string problem;  ///< "column: id: message (help)"
};

Answer ask(const std::string& text) {
    const auto loaded = load_text(demo);
    REQUIRE(loaded.configuration);
    Diagnostics diagnostics;
    const auto source = std::make_shared<const SourceFile>("template", text);
    const auto output = recipe::query(*loaded.configuration, source, diagnostics);
    Answer answer{output.value_or("refused"), ""};
    for (const Diagnostic& diagnostic : diagnostics.take()) {
        answer.problem += fmt::format(
            "{}: {}: {} ({})",
            source->position(diagnostic.where.begin).column,
            diagnostic.id,
            diagnostic.message,
            diagnostic.help
        );
    }
    return answer;
}

using Case = std::pair<const char*, const char*>;

void check(std::initializer_list<Case> cases) {
    for (const auto& [text, expected] : cases) {
        CAPTURE(text);
        const Answer answer = ask(text);
        CHECK(answer.problem.empty());
        CHECK(answer.text == expected);
    }
}

void check_problems(std::initializer_list<Case> cases) {
    for (const auto& [text, expected] : cases) {
        CAPTURE(text);
        const Answer answer = ask(text);
        CHECK(answer.text == "refused");
        CHECK(answer.problem == expected);
    }
}

}  // namespace

TEST_CASE("query: fields have the names that melange gives them", "[recipe][query]") {
    check({
        {"{{ .Package.Name }} {{ .Name }} {{ .Package.FullVersion }}", "demo demo 1.2.3-r4"},
        {"{{ .Package.TargetArchitecture }}", "[x86_64 aarch64]"},
        {"{{ .Package.LicenseExpression }}", "MIT AND Apache-2.0"},
        {"{{ .Package.Timeout }} {{ .Package.Resources.CPU }}", "1h30m0s 4"},
        {"{{ range .Package.SetCap }}{{ .Path }} {{ .Add }} {{ .Reason }}{{ end }}",
         "/bin/x map[cap_net_raw:+ep] pings"},
        {"{{ range .AllPackageNames }}{{ . }},{{ end }}", "demo,demo-doc,demo-lib,"},
        {"{{ range .Pipeline }}[{{ .Name }} {{ .Uses }} {{ .Runs }} {{ .With.uri }}]{{ end }}",
         "[one  echo one <no value>][ fetch  https://example.org/1.2.3.tar]"},
        {"{{ with index .Pipeline 1 }}{{ .Needs.Packages }}{{ end }}", "[wget]"},
        {"{{ (index .Pipeline 0).Assertions.RequiredSteps }}", "0"},
        {"{{ .Environment.Contents.Packages }} {{ .Environment.Environment.HOME }}",
         "[gcc] /home/build"},
        {"{{ range .Environment.Accounts.Users }}{{ .UserName }}={{ .UID }}:{{ .GID }} {{ end }}",
         "u=7:<nil> build=1000:1000 "},
        {"{{ .Options.ssl.Vars }} {{ .Options.ssl.Environment.Contents.Packages.Add }}",
         "map[b:c] [openssl-dev]"},
        {"{{ .Update.Enabled }} {{ .Update.GitHubMonitor.Identifier }} "
         "{{ .Update.ReleaseMonitor.Identifier }} {{ .Update.IgnoreRegexPatterns }} "
         "{{ .Update.VersionTransform }} {{ .Update.Manual }}",
         "true acme/demo 42 [a b] [{x y}] false"},
        {"{{ range .Subpackages }}{{ .Name }}:{{ if .Test }}test{{ end }}{{ if .Options }}"
         "options{{ end }}{{ if .Scriptlets }}{{ .Scriptlets.PreInstall }}{{ end }} {{ end }}",
         "demo-doc:#!/bin/sh demo-lib:testoptions "},
    });
}

TEST_CASE("query: control structures and variables follow Go", "[recipe][query]") {
    check({
        {"{{ if eq .Package.Epoch 3 }}a{{ else if eq .Package.Epoch 4 }}b{{ else }}c{{ end }}",
         "b"},
        {"{{ with .Test }}x{{ else with .Update.OCIMonitor }}y{{ else }}z{{ end }}", "z"},
        {"{{ range $i, $v := .Package.Dependencies.Runtime }}{{ $i }}{{ $v }}{{ end }}", "0b1a"},
        {"{{ range $k, $v := .Vars }}{{ $k }}={{ $v }};{{ end }}", "a=first;z=last;"},
        {"{{ range .Package.Annotations }}x{{ else }}none{{ end }}", "none"},
        {"{{ range 3 }}{{ . }}{{ end }}", "012"},
        {"{{ range 5 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if eq . 3 }}{{ break }}{{ end }}"
         "{{ . }}{{ end }}",
         "02"},
        {"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}", "32"},
        {"{{ range .Subpackages }}{{ $.Package.Name }} {{ end }}", "demo demo "},
        {"{{ define \"t\" }}<{{ .Name }}{{ end }}{{ range .Subpackages }}{{ template \"t\" . }}"
         "{{ end }}",
         "<demo-doc<demo-lib"},
        {"{{ block \"b\" .Package }}{{ .Name }}{{ end }}", "demo"},
        {"a {{- /* no */ -}} b{{/* one */}}  {{- 1 -}}  c", "ab1c"},
        {"{{ -3 }} {{- 4 }}", "-34"},
        {"{{ `a\nb` }}{{ \"\\t\\u00e9\\x41\\101\" }}",
         "a\nb\t\xC3\xA9"
         "AA"},
        {"{{ 'a' }} {{ 0x10 }} {{ 0b11 }} {{ 017 }} {{ 1_000 }} {{ 1.5 }} {{ 1e3 }} {{ 1e21 }} "
         "{{ .5 }}",
         "97 16 3 15 1000 1.5 1000 1e+21 0.5"},
        {"{{ (len .Subpackages) | printf \"%03d\" }}", "002"},
    });
}

TEST_CASE("query: functions follow Go", "[recipe][query]") {
    check({
        {"{{ and 1 0 2 }} {{ or 0 \"\" }}| {{ or 0 5 }} {{ not \"\" }}", "0 | 5 true"},
        {"{{ and .Test .Test.Pipeline }}", "<nil>"},
        {"{{ eq 1 2 1 }} {{ ne \"a\" \"b\" }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt 1.5 1.0 }} "
         "{{ ge \"a\" \"b\" }}",
         "true true true true true false"},
        {"{{ eq .Package.Epoch 4 }} {{ lt -1 .Package.Epoch }} {{ eq .Test nil }} "
         "{{ eq .Vars.none \"x\" }}",
         "true true true false"},
        {"{{ len .Package.Name }} {{ len .Vars }} {{ len .Subpackages }}", "4 2 2"},
        {"{{ index .Vars \"a\" }} {{ index .Vars \"none\" }}| {{ index .Package.Name 0 }}",
         "first | 100"},
        {"{{ slice .Package.Version 2 }} {{ slice .Package.Dependencies.Runtime 0 1 }} "
         "{{ slice \"abc\" 3 }}|",
         "2.3 [b] |"},
        {"{{ print 1 2 \"a\" \"b\" 3 }} {{ println 1 \"a\" }}", "1 2ab3 1 a\n"},
        {"{{ html .Package.Description }} {{ js .Package.Description }} "
         "{{ urlquery .Package.Description }}",
         "say &#34;hi&#34; &lt;b&gt; say \\\"hi\\\" \\u003Cb\\u003E say+%22hi%22+%3Cb%3E"},
    });
}

TEST_CASE("query: a wrong template is refused at the place of its mistake", "[recipe][query]") {
    check_problems({
        {"{{ .Package.Nmae }}",
         "12: template-failed: a config.Package has no field 'Nmae' (did you mean 'Name'?)"},
        {"{{ prnt }}", "4: bad-template: there is no function 'prnt' (did you mean 'print'?)"},
        {"{{ call .X }}",
         "4: bad-template: 'call' is not supported: a recipe holds no functions ()"},
        {"{{ 2i }}", "4: bad-template: complex numbers such as '2i' are not supported ()"},
        {"{{ end }}", "4: bad-template: 'end' without anything to end ()"},
        {"{{ if true }}x", "4: bad-template: 'if' without its end (add {{ end }})"},
        {"{{ .Package.Name", "17: bad-template: the action is not closed: '}}' is missing ()"},
        {"{{ \"a }}", "4: bad-template: the text is not closed ()"},
        {"{{ /* a */ }}", "4: bad-template: this character means nothing in an action ()"},
        {"{{ $x }}", "4: bad-template: unknown variable '$x' (declare it first: {{ $x := … }})"},
        {"{{ }}", "4: bad-template: something is missing behind '{{' ()"},
        {"{{ .Name | }}", "10: bad-template: something is missing behind '|' ()"},
        {"{{ .Name | \"x\" }}", "12: bad-template: only functions belong behind '|' ()"},
        {"{{ nil }}", "4: bad-template: 'nil' does nothing here ()"},
        {"{{ break }}", "4: bad-template: 'break' outside of a range ()"},
        {"{{ (len .Name }}", "4: bad-template: the parenthesis is not closed ()"},
        {"{{ .Package.Name.First }}", "17: template-failed: a string has no field 'First' ()"},
        {"{{ .Test.Pipeline }}",
         "9: template-failed: the recipe says nothing of this config.Test, so it has no "
         "'Pipeline' (ask first: {{ with … }} or {{ if … }})"},
        {"{{ .Package.Name 1 }}", "12: template-failed: 'Name' takes no arguments ()"},
        {"{{ 1 2 }}", "4: template-failed: only a function takes arguments ()"},
        {"{{ len }}", "4: template-failed: 'len' takes 1 argument, not 0 ()"},
        {"{{ eq .Package.Epoch \"4\" }}",
         "4: template-failed: 'eq': a uint64 and a string cannot be compared ()"},
        {"{{ index .Subpackages 2 }}",
         "4: template-failed: 'index': the index 2 is out of range ()"},
        {"{{ range .Package.Name }}{{ end }}",
         "10: template-failed: a string has no members to range over ()"},
        {"{{ and 0 ($x := 1) }}{{ $x }}",
         "25: template-failed: the declaration of '$x' was passed over ()"},
        {"{{ template \"none\" }}", "4: template-failed: there is no template 'none' ()"},
        {"{{ printf \"%p\" 1 }}", "4: template-failed: 'printf': %p is not supported ()"},
    });
}

TEST_CASE("query: no template takes much time or memory", "[recipe][query]") {
    const std::string doubling =
        "{{ $x := \"0123456789abcdef\" }}{{ range 40 }}{{ $x = print $x $x }}{{ end }}";
    CHECK(ask(doubling).problem.find("grows over 16 MiB") != std::string::npos);
    CHECK(
        ask("{{ range 1000000 }}{{ range 1000000 }}{{ end }}{{ end }}").problem.find("steps") !=
        std::string::npos
    );
    CHECK(
        ask("{{ range 1000 }}{{ printf \"%1000000d\" 1 }}{{ end }}").problem.find("16 MiB") !=
        std::string::npos
    );
    std::string deep;
    for (int i = 0; i < 100'000; ++i) {
        deep += "{{ if (((1))) }}";
    }
    CHECK(ask(deep).problem.find("deeper than 500 levels") != std::string::npos);
    CHECK(
        ask("{{ " + std::string(100'000, '(')).problem.find("deeper than 500 levels") !=
        std::string::npos
    );
}
