// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Publishing one package to an index of 10,000, and bringing 200 packages of 1 MB from a server on
// this machine, checked, against `curl --parallel` and `sha256sum` of the same files in turn.
// Prints one line of JSON; milliseconds, the best of several runs.
#include "apk/package_writer.hpp"
#include "repository/package_store.hpp"
#include "repository/publisher.hpp"
#include "support/atomic_file.hpp"
#include "support/child_process.hpp"
#include "support/file_tree.hpp"
#include "support/temp_dir.hpp"
#include "unit/fetch/loopback_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace quern;
using namespace quern::repository;

namespace {

constexpr int runs = 5;

template <typename T>
T value_of(Result<T> result) {
    if (!result) {
        std::cerr << result.error().message() << '\n';
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): a program of its own
    }
    return std::move(*result);
}

void succeed(const Result<void>& result) {
    if (!result) {
        std::cerr << result.error().message() << '\n';
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): a program of its own
    }
}

double milliseconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

StagedPackage make_package(
    const std::filesystem::path& directory, const std::string& name, std::size_t size, bool is_noise
) {
    std::filesystem::create_directories(directory);
    apk::PackageInfo info;
    info.name = name;
    info.version = "1.2.3-r0";
    info.architecture = "x86_64";
    info.origin = name;
    info.description = "a package of the usual size for measurements, with a sentence about it";
    info.url = "https://example.org/" + name;
    info.licenses = {"Apache-2.0"};
    info.depends = {"so:libc.so.6", "so:libm.so.6", "so:libz.so.1"};
    info.provides = {"cmd:" + name + "=1.2.3-r0"};
    std::mt19937 generator(static_cast<std::uint32_t>(name.size()));
    std::string content(size, 'x');
    for (char& byte : content) {
        byte = is_noise ? static_cast<char>(generator()) : byte;
    }
    const auto write = [&](apk::DataSink& sink) -> Result<void> {
        archive::TarEntry entry;
        entry.path = name;
        entry.mode = 0644;
        entry.size = size;
        return sink.add_file(entry, content);
    };
    apk::PackageWriterOptions options;
    options.compression_level = 1;
    auto written = value_of(apk::write_package(directory, info, {}, write, options));
    return {written.path, apk::make_index_entry(written.info, written.checksum, written.file_size)};
}

/// The index holds 10,000 entries; their files are not there, which publishing does not look at.
double measure_append(const std::filesystem::path& folder, const apk::PrivateKey& key) {
    const StagedPackage model = make_package(folder / "model", "model", 100, false);
    apk::Index index;
    for (int i = 0; i < 10'000; ++i) {
        apk::IndexEntry entry = model.entry;
        entry.name = fmt::format("package-{:05}", i);
        entry.checksum = "Q1" + digest_of(DigestKind::sha1, entry.name).base64();
        entry.provides = {
            fmt::format("cmd:tool-{}=1.2.3-r0", i), fmt::format("so:lib{}.so.1=1", i)};
        index.entries.push_back(std::move(entry));
    }
    const std::filesystem::path repository = folder / "repository";
    std::filesystem::create_directories(repository / "x86_64");
    succeed(write_file_atomically(
        repository / "x86_64" / "APKINDEX.tar.gz", value_of(apk::write_index(index, &key))
    ));
    double best = 1e9;
    for (int run = 0; run < runs; ++run) {
        const auto staged =
            make_package(folder / "staging", fmt::format("fresh-{}", run), 1000, false);
        best = std::min(best, milliseconds([&] {
                            succeed(publish(repository, "x86_64", {staged}, {.key = &key}));
                        }));
    }
    return best;
}

void run_program(std::vector<std::string> argv) {
    ProcessOptions options;
    options.argv = std::move(argv);
    const CancelToken cancel;
    const auto done = value_of(run_captured(options, cancel));
    if (!done.status.is_success()) {
        std::cerr << options.argv[0] << ": " << done.status.describe() << done.output << '\n';
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): a program of its own
    }
}

/// 200 packages behind a server.
class Downloads {
 public:
    explicit Downloads(const std::filesystem::path& folder)
        : folder_(folder), server_([this](const test::LoopbackRequest& request) {
              return test::LoopbackReply{.body = files_.at(request.path)};
          }) {
        for (int i = 0; i < 200; ++i) {
            const auto package =
                make_package(folder / "served", fmt::format("big-{:03}", i), 1'000'000, true);
            files_["/x86_64/" + package.entry.file_name()] = value_of(read_file(package.path));
            Selected selected;
            selected.entry = std::make_shared<const apk::IndexEntry>(package.entry);
            selected.location.base = server_.url("");
            selected.architecture = "x86_64";
            packages_.push_back(selected);
        }
    }

    double with_store() {
        const std::filesystem::path place = folder_ / "store";
        succeed(remove_tree(place));
        fetch::HttpClient http = value_of(fetch::HttpClient::create(""));
        const fetch::ContentStore content({folder_ / "content"});
        const CancelToken cancel;
        fetch::Fetcher fetcher(http, content, cancel, false);
        PackageStore store({.directory = place}, fetcher);
        NullReporter reporter;
        ThreadPool pool;
        return milliseconds([&] { succeed(store.prefetch(packages_, pool, reporter, cancel)); });
    }

    double with_curl() {
        const std::filesystem::path place = folder_ / "curl";
        succeed(remove_tree(place));
        std::filesystem::create_directories(place);
        std::string config;
        std::vector<std::string> sums{"sha256sum"};
        for (const auto& [path, body] : files_) {
            const std::string file = (place / std::filesystem::path(path).filename()).string();
            config += fmt::format("url = \"{}\"\noutput = \"{}\"\n", server_.url(path), file);
            sums.push_back(file);
        }
        succeed(write_file_atomically(folder_ / "config", config));
        return milliseconds([&] {
            run_program(
                {"curl",
                 "--silent",
                 "--fail",
                 "--parallel",
                 "--parallel-max",
                 "8",
                 "--config",
                 (folder_ / "config").string()}
            );
            run_program(sums);
        });
    }

 private:
    std::filesystem::path folder_;
    std::map<std::string, std::string> files_;
    test::LoopbackServer server_;
    std::vector<Selected> packages_;
};

}  // namespace

int main() {
    const TempDir folder = value_of(TempDir::create("/tmp", "quern-bench-"));
    const apk::PrivateKey key = value_of(apk::PrivateKey::generate("bench.rsa", 4096));
    const double append = measure_append(folder.path(), key);
    Downloads downloads(folder.path());
    double store = 1e9;
    double curl = 1e9;
    for (int run = 0; run < runs; ++run) {
        curl = std::min(curl, downloads.with_curl());
        store = std::min(store, downloads.with_store());
    }
    std::cout
        << fmt::format(
               R"({{"bench":"repository","append_to_10000_ms":{:.1f},"store_200_ms":{:.0f},"curl_and_sha256sum_ms":{:.0f},"ratio":{:.2f}}})",
               append,
               store,
               curl,
               store / curl
           )
        << '\n';
}
