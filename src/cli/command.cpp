// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.hpp"

#include "cli/explain_command.hpp"
#include "cli/license_check_command.hpp"
#include "cli/rebuild_command.hpp"
#include "cli/recipe_commands.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace quern::cli {

// NOLINTNEXTLINE(readability-function-size): a table
const std::vector<CommandDefinition>& command_definitions() {
    static const std::vector<CommandDefinition> definitions = {
        {"build",
         "Packages",
         "build a recipe into packages of a repository",
         "  quern build hello/melange.yaml --signing-key melange.rsa -r seed -k seed.rsa.pub\n"
         "  quern build --arch x86_64 --build-option ssl --out-dir packages\n"
         "  quern build --test hello/melange.yaml -r seed -k seed.rsa.pub   # publish if tests "
         "pass\n"
         "  quern build --twice --generate-provenance hello/melange.yaml -r seed -k seed.rsa.pub\n"
         "  quern build --from configure       # that step and all behind it, from the state "
         "before\n"
         "  quern build --interactive          # a shell in the guest where a step fails",
         define_build},
        {"test",
         "Packages",
         "run a recipe's `test:` blocks against packages of a repository",
         "  quern test hello/melange.yaml -r packages -r seed -k melange.rsa.pub,seed.rsa.pub\n"
         "  quern test hello/melange.yaml 'hello=2.10-r0' -r packages -r seed -k ...\n"
         "  quern test hello/melange.yaml --jobs 4 --junit results.xml -r packages -r seed -k ...\n"
         "Each block runs in a fresh guest and workspace of its own, without the network; steps "
         "with\n"
         "`network: true` have it. `quern build --test` does the same before it publishes.",
         define_test},
        {"retry",
         "Packages",
         "do the last build or test that failed again",
         "  quern retry                # the same words in the same directory\n"
         "  quern retry --save-patch fix.patch   # a shell where it fails; its changes are kept\n"
         "  quern retry -- --debug --interactive",
         define_retry},
        {"check",
         "Packages",
         "say everything that is wrong with recipes, without building",
         "  quern check hello/melange.yaml\n"
         "  quern check --pipeline-dir pipelines -r packages -k melange.rsa.pub .   # all recipes "
         "here\n"
         "  quern check --sarif *.yaml > findings.sarif\n"
         "  # In a recipe, to keep a warning quiet:  # quern: allow unused-variable - read by CI",
         define_check},
        {"source",
         "Packages",
         "get a recipe's source as a git repository, and its commits as patches of the recipe",
         "  quern source get hello/melange.yaml\n"
         "  cd source/hello && git commit -am 'Greet louder'\n"
         "  quern source pop hello/melange.yaml",
         define_source},
        {"update-cache",
         "Packages",
         "put the files that a recipe fetches in a cache directory",
         "  quern update-cache hello/melange.yaml --cache-dir melange-cache\n"
         "  quern build hello/melange.yaml --cache-dir melange-cache --offline ...",
         define_update_cache},
        {"compile",
         "Packages",
         "print a recipe with everything expanded, as JSON",
         "  quern compile --arch x86_64 hello/melange.yaml | jq .package\n"
         "  quern compile --arch x86_64 --plan hello/melange.yaml",
         define_compile},
        {"schema",
         "Packages",
         "print the JSON schema of recipes, for editors and validators",
         "  quern schema > recipe.schema.json\n"
         "  # then, as the first line of a recipe:  # yaml-language-server: "
         "$schema=recipe.schema.json",
         define_schema},
        {"query",
         "Packages",
         "print fields of a recipe through a Go template",
         "  quern query hello/melange.yaml '{{ .Package.Name }}'\n"
         "  quern query hello/melange.yaml '{{ range .Subpackages }}{{ println .Name }}{{ end }}'\n"
         "  quern query hello/melange.yaml '{{ .Package.LicenseExpression }}'",
         define_query},
        {"package-version",
         "Packages",
         "print a recipe's name-version-rEPOCH",
         "  quern package-version hello/melange.yaml",
         define_package_version},
        {"bump",
         "Packages",
         "set a recipe's version and its sources' checksums",
         "  quern bump hello/melange.yaml 2.12.1\n"
         "  quern bump lib/melange.yaml 1.3 --expected-commit "
         "0123456789abcdef0123456789abcdef01234567\n"
         "  quern bump new/melange.yaml 1.0 --write-checksums",
         define_bump},
        {"index",
         "Repositories",
         "make or extend the index of package files",
         "  quern index -o packages/x86_64/APKINDEX.tar.gz --signing-key melange.rsa "
         "packages/x86_64/*.apk\n"
         "  quern index --merge -o APKINDEX.tar.gz new-1.0-r0.apk\n"
         "  quern index --prune --keep 2 --signing-key melange.rsa -o "
         "packages/x86_64/APKINDEX.tar.gz\n"
         "  quern index --html https://packages.example.org -o packages/x86_64/APKINDEX.tar.gz",
         define_index},
        {"sign",
         "Repositories",
         "sign packages in place",
         "  quern sign --signing-key melange.rsa packages/x86_64/*.apk\n"
         "  quern sign --signer 'kms-sign release' --signer-key release.rsa.pub "
         "packages/x86_64/*.apk",
         define_sign},
        {"sign-index",
         "Repositories",
         "sign an index in place",
         "  quern sign-index --signing-key melange.rsa packages/x86_64/APKINDEX.tar.gz",
         define_sign_index},
        {"verify",
         "Repositories",
         "check signatures and every hash of packages or repositories",
         "  quern verify -k melange.rsa.pub packages/x86_64/hello-2.10-r0.apk\n"
         "  quern verify -k melange.rsa.pub packages/x86_64\n"
         "  quern verify -k melange.rsa.pub,seed.rsa.pub --with-repository seed packages\n"
         "  quern verify --provenance -k melange.rsa.pub packages/x86_64/*.apk   # how they were "
         "made",
         define_verify},
        {"show",
         "Repositories",
         "tell what a package or an index holds",
         "  quern show --files packages/x86_64/hello-2.10-r0.apk\n"
         "  quern show --why packages/x86_64/hello-2.10-r0.apk\n"
         "  quern show --control .melange.yaml hello-2.10-r0.apk\n"
         "  quern show packages/x86_64/APKINDEX.tar.gz",
         define_show},
        {"resolve",
         "Repositories",
         "choose the packages that a list of names needs",
         "  quern resolve -r seed -k seed.rsa.pub build-base 'zlib-dev>1.2'\n"
         "  quern resolve --index APKINDEX --arch x86_64 -- busybox '!dash'",
         define_resolve},
        {"lock",
         "Repositories",
         "write down the exact packages that a recipe is built in",
         "  quern lock hello/melange.yaml -r seed -k seed.rsa.pub    # melange.lock.json beside "
         "it\n"
         "  quern lock --update hello/melange.yaml                   # shows what changed\n"
         "  quern build --locked hello/melange.yaml",
         define_lock},
        {"explain",
         "Repositories",
         "say why a package is among the chosen ones, or why not",
         "  quern explain zlib -r seed -k seed.rsa.pub build-base\n"
         "  quern explain so:libssl.so.3 --recipe hello/melange.yaml -r seed -k seed.rsa.pub\n"
         "  quern explain --format json --index APKINDEX.tar.gz dash busybox",
         define_explain},
        {"keygen",
         "Repositories",
         "make a key pair for signing",
         "  quern keygen                       # melange.rsa and melange.rsa.pub\n"
         "  quern keygen --key-size 2048 team.rsa",
         define_keygen},
        {"lint",
         "Content",
         "look for what should not be in packages",
         "  quern lint packages/x86_64/*.apk\n"
         "  quern lint --sarif https://example.org/x86_64/hello-2.10-r0.apk > lint.sarif\n"
         "  quern lint --rules",
         define_lint},
        {"license-check",
         "Content",
         "find the licences of sources and compare them with the recipe",
         "  quern license-check hello/melange.yaml\n"
         "  quern license-check --fix hello/melange.yaml\n"
         "  quern license-check --scan-type deep some-source-tree\n"
         "  quern license-check packages/x86_64/hello-2.10-r0.apk",
         define_license_check},
        {"diff",
         "Content",
         "tell what changed between two packages",
         "  quern diff hello-2.10-r0.apk hello-2.11-r0.apk\n"
         "  quern diff --exit-code --format json old.apk new.apk",
         define_diff},
        {"rebuild",
         "Content",
         "build packages again from what they hold, and compare",
         "  quern rebuild -r seed -k seed.rsa.pub packages/x86_64/hello*.apk\n"
         "  quern rebuild --format json -r seed -k seed.rsa.pub hello-2.10-r0.apk",
         define_rebuild},
        {"scan",
         "Content",
         "derive again what packages need and give, or explain it",
         "  quern scan --diff hello/melange.yaml -r packages\n"
         "  quern scan --explain packages/x86_64/hello-2.10-r0.apk",
         define_scan},
        {"image",
         "Images",
         "build and look at images made of packages",
         "  quern image build app.yaml app:1.0 app.tar --arch host --output-type docker\n"
         "  quern image show-packages app.yaml --arch host",
         define_image},
        {"seed",
         "Seeds",
         "make a repository to build in from a Debian mirror",
         "  quern seed examples/seed/debian-12.yaml --out-dir seed --signing-key seed.rsa\n"
         "  quern seed examples/seed/debian-12.yaml --group shell,build-base",
         define_seed},
        {"convert",
         "Seeds",
         "convert Debian packages into apk packages",
         "  quern convert --out-dir packages libfoo1_1.2-3_amd64.deb",
         define_convert},
        {"enter",
         "Packages",
         "open the guest of the last failed build, or a throw-away root made of packages",
         "  quern enter                        # a shell where the last build failed\n"
         "  quern enter -- cat config.log\n"
         "  quern enter -r packages -r seed -k melange.rsa.pub,seed.rsa.pub -p hello -- hello "
         "--version\n"
         "  quern enter -r seed -k seed.rsa.pub -p busybox,build-base      # a shell",
         define_enter},
        {"doctor",
         "The machine",
         "say whether builds work here, and what to do if not",
         "  quern doctor",
         define_doctor},
        {"cache",
         "The machine",
         "look at, trim or empty what quern keeps",
         "  quern cache du\n"
         "  quern cache gc --max-size 10G      # drops what was not used for longest\n"
         "  quern cache clean",
         define_cache},
        {"completion",
         "The machine",
         "print a script that completes commands and flags",
         "  quern completion bash > /etc/bash_completion.d/quern",
         define_completion},
        {"manual",
         "The machine",
         "print the manual page",
         "  quern manual | man -l -",
         define_manual},
        {"version", "The machine", "print the version", "  quern version --json", define_version},
    };
    return definitions;
}

void add_commands(
    CLI::App& app,
    std::span<const CommandDefinition> definitions,
    std::span<const char* const> words,
    Run& chosen
) {
    const auto is_called = [&](const char* name) {
        return name != nullptr && std::ranges::find(words, std::string_view(name)) != words.end();
    };
    app.require_subcommand(1);
    app.fallthrough();
    for (const CommandDefinition& definition : definitions) {
        CLI::App* command = app.add_subcommand(definition.name, definition.description);
        command->group(definition.group);
        if (definition.alias != nullptr) {
            command->alias(definition.alias);
        }
        if (!words.empty() && !is_called(definition.name) && !is_called(definition.alias)) {
            continue;
        }
        command->footer(fmt::format("Examples:\n{}", definition.examples));
        Run run = definition.define(*command);
        command->callback([&chosen, run] { chosen = run; });
    }
}

void add_global_flags(CLI::App& app, GlobalOptions& global) {
    add_option(app, "--log-level", global.log_level, "debug, info, warn or error")
        ->check(one_of({"debug", "info", "warn", "error"}))
        ->capture_default_str();
    add_option(app, "--format", global.format, "of results and progress: text or json")
        ->check(one_of({"text", "json"}))
        ->capture_default_str();
    add_option(
        app,
        "--cache-root",
        global.cache_directory,
        "where quern keeps roots, packages and sources; default: ~/.cache/quern"
    );
    add_option(app, "--color", global.color, "auto, always or never")
        ->check(one_of({"auto", "always", "never"}))
        ->capture_default_str();
    add_option(app, "--threads", global.threads, "default: one for each processor")
        ->check(within(0, 1024));
    add_flag(
        app, "-v,--verbose", global.verbosity, "show what steps print; twice: developers' log"
    );
    add_flag(app, "-q,--quiet", global.quiet, "only warnings and errors");
    add_flag(
        app,
        "--single-id",
        global.single_id,
        "use one user id in guests, as where newuidmap is missing"
    );
    add_limit_flags(app, global.limits);
    add_flag(app, "--gcplog", global.accepted, "accepted, without effect")->group("");
}

}  // namespace quern::cli
