// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// publish_bench [--scratch DIR]
// Indexing a directory of 3,000 packages, and publishing one more package beside 3,000 and 10,000
// that are in the index, with keys of both usual sizes; and what a signature alone costs. Prints
// one line of JSON; milliseconds of the clock and of the processors, the best of several runs.

#include "apk/package_writer.hpp"
#include "measured.hpp"
#include "quern/index.hpp"
#include "repository/publisher.hpp"
#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

using namespace quern;
using namespace quern::bench;
using namespace quern::repository;

namespace {

constexpr int runs = 7;

void require(const Result<void>& result) {
    if (!result) {
        std::cerr << result.error().message() << '\n';
        std::exit(1);  // NOLINT(concurrency-mt-unsafe): a program of its own
    }
}

/// The least that was seen, of either clock.
struct Spent {
    double milliseconds = 1e9;
    double processor_milliseconds = 1e9;  ///< of all threads: less shaken by what else runs

    std::string json() const {
        return fmt::format("[{:.2f},{:.2f}]", milliseconds, processor_milliseconds);
    }
};

double now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

void measure(Spent& best, const std::function<void()>& work) {
    const double processor_start = now(CLOCK_PROCESS_CPUTIME_ID);
    const double start = now(CLOCK_MONOTONIC);
    work();
    best.milliseconds = std::min(best.milliseconds, now(CLOCK_MONOTONIC) - start);
    best.processor_milliseconds =
        std::min(best.processor_milliseconds, now(CLOCK_PROCESS_CPUTIME_ID) - processor_start);
}

Spent best_of(const std::function<void()>& work) {
    Spent best;
    for (int run = 0; run < runs; ++run) {
        measure(best, work);
    }
    return best;
}

/// As distributions have them: names, relations and texts that differ as much as real ones do.
apk::PackageInfo package_of(std::size_t number) {
    apk::PackageInfo info;
    const std::size_t scattered = number * 2654435761U % 1000003;
    info.name = fmt::format("package-{:x}", scattered);
    info.version = fmt::format("{}.{}.{}-r{}", number % 7, scattered % 31, number % 13, number % 5);
    info.architecture = "x86_64";
    info.origin = fmt::format("source-{:x}", scattered / 3);
    info.description =
        fmt::format("a program for {:x} and what belongs to it, number {}", scattered, number);
    info.url = "https://example.org/" + info.name;
    info.licenses = {"Apache-2.0"};
    info.commit = fmt::format("{:040x}", scattered * 7919);
    info.build_date = 1700000000 + static_cast<std::int64_t>(scattered);
    for (std::size_t i = 0; i < 5; ++i) {
        info.depends.push_back(fmt::format("so:lib{:x}.so.{}", (scattered + i * i) % 4001, i));
    }
    for (std::size_t i = 0; i < 3; ++i) {
        info.provides.push_back(fmt::format("cmd:tool-{:x}-{}={}", scattered, i, info.version));
    }
    return info;
}

/// Not signed: that is no part of what is measured.
StagedPackage write_package(const std::filesystem::path& directory, std::size_t number) {
    const auto write = [&](apk::DataSink& sink) -> Result<void> {
        archive::TarEntry entry;
        entry.path = "file";
        entry.mode = 0644;
        entry.size = 2000;
        return sink.add_file(entry, std::string(entry.size, static_cast<char>('a' + number % 26)));
    };
    std::filesystem::create_directories(directory);
    const auto written = value_of(apk::write_package(
        directory, package_of(number), {{".melange.yaml", std::string(3000, 'y')}}, write, {}
    ));
    return {written.path, apk::make_index_entry(written.info, written.checksum, written.file_size)};
}

/// Publishing a package that the index of `count` others does not have yet.
Spent measure_append(
    const std::filesystem::path& scratch, std::size_t count, const apk::PrivateKey& key
) {
    const std::filesystem::path repository = scratch / fmt::format("append-{}", count);
    std::filesystem::create_directories(repository / "x86_64");
    apk::Index index;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string checksum = fmt::format("Q1{:026x}0=", i * 2654435761U * 97);
        index.entries.push_back(apk::make_index_entry(package_of(i), checksum, 123456 + i * 7));
    }
    require(write_file_atomically(
        repository / "x86_64" / "APKINDEX.tar.gz", value_of(apk::write_index(index, &key))
    ));
    Spent best;
    for (std::size_t run = 0; run < runs; ++run) {
        auto staged = write_package(scratch / "staging", count + run);
        measure(best, [&] {
            require(publish(repository, "x86_64", {std::move(staged)}, {.key = &key}));
        });
    }
    std::filesystem::remove_all(repository);
    return best;
}

Spent measure_signature(const apk::PrivateKey& key) {
    apk::SignedDigests digests;
    digests.update("text");
    return best_of([&] { value_of(key.sign(digests)); });
}

std::string measure_with_key(
    const std::filesystem::path& scratch,
    const std::vector<std::filesystem::path>& packages,
    int bits
) {
    const auto key = value_of(apk::PrivateKey::generate("bench.rsa", bits));
    ThreadPool pool;
    const Spent indexing = best_of([&] {
        value_of(index_packages(scratch / "APKINDEX.tar.gz", packages, {.key = &key}, pool));
    });
    return fmt::format(
        R"("rsa_{}":{{"signature_ms":{},"index_3000_ms":{},"append_to_3000_ms":{},"append_to_10000_ms":{}}})",
        bits,
        measure_signature(key).json(),
        indexing.json(),
        measure_append(scratch, 3000, key).json(),
        measure_append(scratch, 10000, key).json()
    );
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const std::string place = words.size() == 2 && words[0] == "--scratch" ? words[1] : "/tmp";
    const TempDir scratch = value_of(TempDir::create(place, "quern-publish-bench-"));
    std::vector<std::filesystem::path> packages;
    for (std::size_t i = 0; i < 3000; ++i) {
        packages.push_back(write_package(scratch.path() / "packages", i).path);
    }
    std::cout << fmt::format(
        "{{\"bench\":\"publish\",\"figures\":\"[clock, processors]\",{},{}}}\n",
        measure_with_key(scratch.path(), packages, 2048),
        measure_with_key(scratch.path(), packages, 4096)
    );
    return 0;
}
