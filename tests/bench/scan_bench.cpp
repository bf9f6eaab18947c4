// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Scan, lint and SBOM of a tree, beside one pass of sha1sum over its files. usage: scan_bench
// DIRECTORY. Prints one line of JSON: best of three runs each, in turn, with warm caches.
#include "package/emit.hpp"
#include "package/lint/lint.hpp"
#include "package/sbom.hpp"
#include "package/scan/scan.hpp"
#include "support/cancel.hpp"
#include "support/child_process.hpp"
#include "support/digest.hpp"

#include <fmt/format.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

using namespace quern;
using namespace quern::package;

namespace {

/// What packing does to a file but for compressing: its checksum.
class ChecksumSink final : public apk::DataSink {
 public:
    Result<void> add(const archive::TarEntry&) override { return {}; }
    Result<void> add_file(const archive::TarEntry&, std::string_view content) override {
        checksum_ = digest_of(DigestKind::sha1, content).hex();
        return {};
    }
    Result<void> add_file(const archive::TarEntry&, int fd) override {
        QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha1, fd));
        checksum_ = digest.hex();
        return {};
    }
    const std::string& last_checksum() const override { return checksum_; }

 private:
    std::string checksum_;
};

template <typename T>
T value_of(Result<T> result) {
    if (!result) {
        std::cerr << result.error().message() << '\n';
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): a program of its own
    }
    return std::move(*result);
}

template <typename Work>
double seconds_of(const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Outcome {
    std::size_t entries = 0, relations = 0, findings = 0;
    std::uint64_t bytes = 0;
};

Outcome describe(const std::string& directory) {
    const FileTree root = value_of(FileTree::open(directory));
    const Owners owners;
    Tree tree = value_of(
        read_tree(root, owners, {.ids = {::getuid(), 1}, .timestamp = {}, .capabilities = {}})
    );
    Outcome outcome;
    outcome.bytes = tree.installed_size;
    Subject subject("bench", std::move(tree));
    ChecksumSink sink;
    if (auto added = add_files(root, subject, sink); !added) {
        std::cerr << added.error().message() << '\n';
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): a program of its own
    }
    const ScanResult scanned = scan({&subject, 1}, 0, {"1-r0", {}, {}});
    LintOptions options;
    options.sets = LintSets::defaults();
    outcome.findings = lint({&subject, 1}, 0, options).size();
    SbomInput input;
    input.package = "bench";
    input.full_version = "1-r0";
    static_cast<void>(to_spdx_json(input));
    outcome.entries = subject.entries().size();
    outcome.relations = scanned.relations.size();
    return outcome;
}

void sha1sum(const std::string& directory) {
    const CancelToken cancel;
    ProcessOptions options;
    options.argv = {"find", directory, "-type", "f", "-exec", "sha1sum", "{}", "+"};
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    static_cast<void>(value_of(run_captured(options, cancel)));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: scan_bench DIRECTORY\n";
        return 2;
    }
    const std::string directory = argv[1];
    constexpr int runs = 3;
    double ours = 1e9;
    double reference = 1e9;
    Outcome outcome;
    sha1sum(directory);
    for (int run = 0; run < runs; ++run) {
        ours = std::min(ours, seconds_of([&] { outcome = describe(directory); }));
        reference = std::min(reference, seconds_of([&] { sha1sum(directory); }));
    }
    rusage usage = {};
    ::getrusage(RUSAGE_SELF, &usage);
    std::cout
        << fmt::format(
               R"({{"bench":"scan","entries":{},"bytes":{},"relations":{},"findings":{},"seconds":{:.3f},"sha1sum_seconds":{:.3f},"ratio":{:.2f},"peak_rss_kib":{}}})",
               outcome.entries,
               outcome.bytes,
               outcome.relations,
               outcome.findings,
               ours,
               reference,
               ours / reference,
               usage.ru_maxrss
           )
        << '\n';
}
