// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Choosing packages: a distribution of 5,000 packages, and 20,000 packages in deep fans of
// versions. Prints one line of JSON; milliseconds of the processor, the best of several runs.
#include "measured.hpp"
#include "quern/index.hpp"
#include "quern/resolver.hpp"
#include "repository/package_pool.hpp"
#include "repository/resolution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

using namespace quern;
using namespace quern::bench;
using namespace quern::repository;

namespace {

/// The least processor time of some runs.
double best_milliseconds(int runs, const std::function<void()>& work) {
    double best = 1e9;
    for (int run = 0; run < runs; ++run) {
        const double start = processor_seconds();
        work();
        best = std::min(best, (processor_seconds() - start) * 1e3);
    }
    return best;
}

RepositoryIndex as_repository(const apk::Index& index) {
    RepositoryIndex repository;
    repository.location.base = "/bench";
    repository.architecture = "x86_64";
    repository.packages = value_of(apk::IndexTable::of(index));
    return repository;
}

apk::IndexEntry entry_of(std::string name, std::string version) {
    apk::IndexEntry entry;
    entry.checksum = "Q1m+sdMKtErkREQmg/kWNgnKU1BfM=";
    entry.description = "a package of the usual size for measurements, with a sentence about it";
    entry.url = "https://example.org/" + name;
    entry.license = "Apache-2.0";
    entry.origin = name;
    entry.commit = std::string(40, 'c');
    entry.build_date = 1'700'000'000;
    entry.architecture = "x86_64";
    entry.name = std::move(name);
    entry.version = std::move(version);
    return entry;
}

/// Every package needs libraries of some before it, and provides commands and a library.
apk::Index distribution(std::size_t count) {
    apk::Index index;
    for (std::size_t i = 0; i < count; ++i) {
        auto entry = entry_of(
            fmt::format("package-{:05}", i), fmt::format("{}.{}-r{}", i % 7, i % 101, i % 5)
        );
        for (std::size_t k = 1; k <= 6 && i > 0; ++k) {
            entry.depends.push_back(fmt::format("so:lib{}.so.1", i * k / 7 * 2 % (i / 2 + 1)));
        }
        entry.provides.push_back(fmt::format("so:lib{}.so.1=1.{}", i, i % 9));
        for (std::size_t k = 0; k < 4; ++k) {
            entry.provides.push_back(fmt::format("cmd:tool-{}-{}={}", i, k, entry.version));
        }
        index.entries.push_back(std::move(entry));
    }
    return index;
}

std::vector<apk::Dependency> world_of_200(const RepositoryIndex& repository) {
    std::vector<apk::Dependency> world;
    for (std::size_t i = 0; i < repository.packages.size(); i += 37) {
        world.push_back(*apk::Dependency::parse(repository.packages.row(i).name));
        if (value_of(resolve(world, std::span(&repository, 1))).packages.size() >= 200) {
            break;
        }
    }
    return world;
}

std::string measure_distribution() {
    const apk::PrivateKey key = value_of(apk::PrivateKey::generate("bench.rsa", 2048));
    apk::Keyring keyring;
    static_cast<void>(keyring.add(key.public_key_name(), value_of(key.public_key())));
    const apk::Index index = distribution(5000);
    const auto repository = as_repository(index);
    const std::string bytes = value_of(apk::write_index(index, &key));
    const auto world = world_of_200(repository);
    const std::span indexes(&repository, 1);
    const double read = best_milliseconds(7, [&] {
        value_of(apk::read_index_table(value_of(apk::verified_index_body(bytes, &keyring)).bytes));
    });
    const double pool = best_milliseconds(7, [&] { const PackagePool made(indexes); });
    std::size_t members = 0;
    const double choose =
        best_milliseconds(7, [&] { members = value_of(resolve(world, indexes)).packages.size(); });
    return fmt::format(
        R"("distribution":{{"packages":5000,"members":{},"verify_and_read_ms":{:.2f},"pool_ms":{:.2f},"resolve_ms":{:.2f}}})",
        members,
        read,
        pool,
        choose
    );
}

/// Two chains of names with many versions, each version tied to the same one of the next name; both
/// end in one library. `gap` is between what the chains want of it: 0 fits at once, a small one by
/// a search, one that no pair of versions has never.
apk::Index fans(std::size_t length, std::size_t versions, std::size_t step, std::size_t gap) {
    apk::Index index;
    const auto chain = [&](const char* side, std::size_t shift) {
        for (std::size_t i = 0; i < length; ++i) {
            for (std::size_t v = 1; v <= versions; ++v) {
                auto entry = entry_of(fmt::format("{}{}", side, i), std::to_string(v));
                entry.depends = {
                    i + 1 < length ? fmt::format("{}{}={}", side, i + 1, v)
                                   : fmt::format("lib={}", v * step + shift)};
                index.entries.push_back(std::move(entry));
            }
        }
    };
    chain("left", 0);
    chain("right", gap);
    for (std::size_t v = 0; v <= versions * step + gap; ++v) {
        index.entries.push_back(entry_of("lib", std::to_string(v)));
    }
    return index;
}

std::string measure_fan(const char* name, std::size_t step, std::size_t gap) {
    const auto repository = as_repository(fans(50, 200, step, gap));
    const std::vector<apk::Dependency> world{
        *apk::Dependency::parse("left0"), *apk::Dependency::parse("right0")};
    bool is_possible = false;
    const double spent = best_milliseconds(3, [&] {
        const auto decision = value_of(decide(world, std::span(&repository, 1)));
        is_possible = std::holds_alternative<Resolution>(decision);
    });
    return fmt::format(
        R"("fan_{}":{{"packages":{},"possible":{},"decide_ms":{:.1f}}})",
        name,
        repository.packages.size(),
        is_possible,
        spent
    );
}

}  // namespace

int main() {
    std::cout << fmt::format(
        "{{\"bench\":\"resolve\",{},{},{},{}}}\n",
        measure_distribution(),
        measure_fan("agreed", 1, 0),
        measure_fan("searched", 1, 60),
        measure_fan("impossible", 2, 1)
    );
}
