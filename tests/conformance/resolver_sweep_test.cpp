// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Every package of the two recorded distributions asked for alone: a sound set, or there is none.
// What is sound is judged by code of its own.
#include "archive/gzip_reader.hpp"
#include "conformance/shared_facts.hpp"
#include "repository/resolution.hpp"
#include "support/atomic_file.hpp"
#include "unit/repository/package_oracle.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <ctime>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

RepositoryIndex read_recorded(const std::string& name) {
    const auto bytes = read_file(shared_facts("data/resolver/indexes/" + name));
    REQUIRE(bytes);
    const auto text = archive::gzip_decompress(*bytes, 1U << 28U);
    REQUIRE(text);
    auto index = apk::IndexTable::parse(*text);
    REQUIRE(index);
    RepositoryIndex read;
    read.location.base = "/" + name;
    read.architecture = "x86_64";
    read.packages = std::move(*index);
    return read;
}

/// Of this thread, so that other work of the machine does not count.
double seconds_used() {
    timespec now{};
    REQUIRE(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Tally {
    std::size_t sets = 0, searched = 0, refused = 0;
    std::vector<std::string> wrong;
    double slowest = 0;
    std::string slowest_name;
};

void judge(
    const PackageOracle& oracle,
    const std::string& name,
    const std::variant<SearchedSet, Refusal>& decision,
    Tally& tally
) {
    if (const auto* set = std::get_if<SearchedSet>(&decision)) {
        ++tally.sets;
        tally.searched += set->used_search ? 1 : 0;
        PackageOracle::Entries members;
        for (const PackageId id : set->packages) {
            members.push_back(oracle.all().at(id));
        }
        for (const std::string& breach : oracle.breaches({name}, members)) {
            tally.wrong.push_back(name + ": " + breach);
        }
        for (const std::string& member : oracle.superfluous({name}, members)) {
            tally.wrong.push_back(name + ": nothing needs " + member);
        }
        return;
    }
    ++tally.refused;
    if (oracle.is_possible({name}, 100'000) != false) {
        tally.wrong.push_back(name + ": refused, but not impossible");
    }
}

Tally sweep(const std::vector<RepositoryIndex>& indexes) {
    const PackageOracle oracle(indexes);
    PackagePool pool(indexes);
    std::set<std::string> names;
    for (const apk::IndexEntry* entry : oracle.all()) {
        names.insert(entry->name);
    }
    Tally tally;
    for (const std::string& name : names) {
        const double start = seconds_used();
        const std::vector<Relation> world{pool.parse_relation(name)};
        const auto decision = decide_in(pool, world, {});
        const double used = seconds_used() - start;
        if (used > tally.slowest) {
            tally.slowest = used;
            tally.slowest_name = name;
        }
        if (!decision) {
            tally.wrong.push_back(name + ": " + decision.error().message());
            continue;
        }
        judge(oracle, name, *decision, tally);
    }
    return tally;
}

}  // namespace

TEST_CASE("resolver: each package of a distribution has a sound set or none", "[repository]") {
    const auto [files, least, most_refused] =
        GENERATE(table<std::vector<std::string>, std::size_t, std::size_t>({
            {{"alpine-3.16-main-x86_64.gz"}, 4900, 10},
            {{"alpine-3.17-main-x86_64.gz"}, 4980, 10},
            {{"alpine-3.16-main-x86_64.gz", "alpine-3.17-main-x86_64.gz"}, 4980, 10},
        }));
    CAPTURE(files);
    std::vector<RepositoryIndex> indexes;
    std::transform(files.begin(), files.end(), std::back_inserter(indexes), read_recorded);
    const Tally tally = sweep(indexes);
    std::printf(
        "# %zu sets, %zu by search, %zu refused, slowest %s %.3f s\n",
        tally.sets,
        tally.searched,
        tally.refused,
        tally.slowest_name.c_str(),
        tally.slowest
    );
    CHECK(tally.wrong == std::vector<std::string>());
    CHECK(tally.sets >= least);
    CHECK(tally.refused <= most_refused);
    CAPTURE(tally.slowest_name);
    CHECK(tally.slowest < 1.0);
}
