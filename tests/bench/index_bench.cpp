// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Reading, printing and verifying indexes, and the head of each of many packages. Prints one line
// of JSON; milliseconds, the best of several runs.
#include "apk/package_writer.hpp"
#include "measured.hpp"
#include "quern/index.hpp"
#include "quern/package_file.hpp"
#include "quern/version.hpp"
#include "support/temp_dir.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

using namespace quern;
using namespace quern::bench;
using namespace quern::apk;

namespace {

double best_milliseconds(const std::function<void()>& work) {
    constexpr int runs = 7;
    double best = 1e9;
    for (int run = 0; run < runs; ++run) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double, std::milli> spent =
            std::chrono::steady_clock::now() - start;
        best = std::min(best, spent.count());
    }
    return best;
}

PackageInfo package_of(std::size_t number) {
    PackageInfo info;
    info.name = fmt::format("package-{:05}", number);
    info.version = fmt::format("{}.{}.{}-r{}", number % 7, number % 101, number % 13, number % 5);
    info.architecture = "x86_64";
    info.origin = info.name;
    info.description =
        "a package of the usual size for measurements, with a sentence that says what it is";
    info.url = "https://example.org/" + info.name;
    info.licenses = {"Apache-2.0"};
    info.maintainer = "A Person <person@example.org>";
    info.commit = std::string(40, 'c');
    info.build_date = 1700000000;
    for (std::size_t i = 0; i < 6; ++i) {
        info.depends.push_back(fmt::format("so:lib{}.so.{}", number + i, i));
    }
    for (std::size_t i = 0; i < 4; ++i) {
        info.provides.push_back(fmt::format("cmd:tool-{}-{}={}", number, i, info.version));
    }
    return info;
}

Index index_of(std::size_t count) {
    Index index;
    for (std::size_t i = 0; i < count; ++i) {
        index.entries.push_back(
            make_index_entry(package_of(i), "Q1m+sdMKtErkREQmg/kWNgnKU1BfM=", 123456)
        );
    }
    return index;
}

std::string measure_index(std::size_t count, const PrivateKey& key, const Keyring& keyring) {
    const Index index = index_of(count);
    const std::string text = index.to_string();
    const std::string bytes = value_of(write_index(index, &key));
    const double parse = best_milliseconds([&] { value_of(Index::parse(text)); });
    const double print = best_milliseconds([&] { (void)index.to_string(); });
    const double read = best_milliseconds([&] { value_of(read_index(bytes, &keyring)); });
    const double write = best_milliseconds([&] { value_of(write_index(index, &key)); });
    const double merge = best_milliseconds([&] {
        Index merged;
        merged.merge(index.entries);
        merged.merge(index.entries);
    });
    return fmt::format(
        R"("index_{}":{{"text_bytes":{},"parse_ms":{:.2f},"print_ms":{:.2f},"verify_and_read_ms":{:.2f},"write_and_sign_ms":{:.2f},"merge_twice_ms":{:.2f}}})",
        count,
        text.size(),
        parse,
        print,
        read,
        write,
        merge
    );
}

std::string measure_heads(std::size_t count, const PrivateKey& key) {
    const TempDir folder = value_of(TempDir::create("/tmp", "quern-bench-"));
    std::vector<std::filesystem::path> paths;
    PackageWriterOptions options;
    options.key = &key;
    for (std::size_t i = 0; i < count; ++i) {
        const auto write = [&](DataSink& sink) -> Result<void> {
            archive::TarEntry entry;
            entry.path = "file";
            entry.mode = 0644;
            entry.size = 20000;
            return sink.add_file(entry, std::string(entry.size, static_cast<char>('a' + i % 26)));
        };
        paths.push_back(value_of(write_package(
                                     folder.path(),
                                     package_of(i),
                                     {{".melange.yaml", std::string(3000, 'y')}},
                                     write,
                                     options
                                 ))
                            .path);
    }
    const double one_thread = best_milliseconds([&] {
        for (const auto& path : paths) {
            value_of(PackageFile::open(path));
        }
    });
    ThreadPool pool;
    const double all_threads = best_milliseconds([&] {
        const auto read = pool.for_each_index(paths.size(), [&](std::size_t i) -> Result<void> {
            value_of(PackageFile::open(paths[i]));
            return {};
        });
        static_cast<void>(read);
    });
    return fmt::format(
        R"("heads_{}":{{"one_thread_ms":{:.1f},"threads":{},"all_threads_ms":{:.1f}}})",
        count,
        one_thread,
        pool.size(),
        all_threads
    );
}

std::string measure_versions() {
    constexpr std::size_t rounds = 1'000'000;
    int lower = 0;
    const double spent = best_milliseconds([&] {
        for (std::size_t i = 0; i < rounds; ++i) {
            lower += compare_versions("1.36.1_rc2-r12", "1.36.1_rc2-r13") < 0 ? 1 : 0;
        }
    });
    return fmt::format(R"("compare_versions_ns":{:.1f})", lower == 0 ? 0 : spent * 1e6 / rounds);
}

}  // namespace

int main() {
    const PrivateKey key = value_of(PrivateKey::generate("bench.rsa", 2048));
    Keyring keyring;
    static_cast<void>(keyring.add(key.public_key_name(), value_of(key.public_key())));
    std::cout << fmt::format(
        "{{\"bench\":\"index\",{},{},{},{}}}\n",
        measure_index(3000, key, keyring),
        measure_index(10000, key, keyring),
        measure_heads(3000, key),
        measure_versions()
    );
}
