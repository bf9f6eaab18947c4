// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/resolver.hpp"
#include "repository/greedy_walk.hpp"
#include "repository/resolution.hpp"
#include "repository/soundness.hpp"
#include "unit/repository/index_text.hpp"
#include "unit/repository/package_oracle.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>
#include <variant>

using namespace quern;
using namespace quern::repository;
using namespace quern::test;

namespace {

/// Small universes in which much goes wrong: few names, some versions, constraints that often
/// contradict each other.
class RandomUniverse {
 public:
    explicit RandomUniverse(unsigned seed) : random_(seed) {}

    std::string index(int packages) {
        std::string text;
        for (int i = 0; i < packages; ++i) {
            text += fmt::format("{} {}", name(), version());
            text += list(" D:", 3, [this] { return relation(true); });
            if (chance(3)) {
                text += list(" p:", 2, [this] {
                    return chance(2) ? virtual_name() : virtual_name() + "=" + version();
                });
            }
            if (chance(8)) {
                text += " k:" + version();
            }
            if (chance(10)) {
                text += " i:" + name();
            }
            text += ";";
        }
        return text;
    }
    std::string world() {
        std::string text = name();
        for (int more = number(3); more > 0; --more) {
            text += " " + relation(true);
        }
        return text;
    }

 private:
    int number(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
    bool chance(int one_in) { return number(one_in) == 0; }
    std::string name() { return std::string(1, static_cast<char>('a' + number(5))); }
    std::string virtual_name() { return chance(4) ? name() : chance(2) ? "v" : "w"; }
    std::string version() { return std::to_string(1 + number(3)); }
    std::string relation(bool may_conflict) {
        static constexpr const char* signs[] = {"=", "<", ">", "<=", ">=", "~"};
        const std::string target = chance(4) ? virtual_name() : name();
        const std::string mark = may_conflict && chance(6) ? "!" : "";
        return mark + target + (chance(2) ? "" : signs[number(6)] + version());
    }
    template <typename Make>
    std::string list(const char* before, int most, Make make) {
        std::string text;
        for (int i = number(most + 1); i > 0; --i) {
            text += (text.empty() ? before : " ") + make();
        }
        return text;
    }
    std::mt19937 random_;  // the same numbers everywhere, unlike distributions
};

PackageOracle::Entries members_of(const PackageOracle& oracle, const Resolution& resolution) {
    PackageOracle::Entries members;
    for (const Selected& selected : resolution.packages) {
        members.push_back(oracle.find(*selected.entry));
        REQUIRE(members.back() != nullptr);
    }
    return members;
}

bool is_in(const std::vector<PackageId>& packages, PackageId id) {
    return std::find(packages.begin(), packages.end(), id) != packages.end();
}

std::vector<std::string> texts_of(const std::vector<apk::Dependency>& world) {
    std::vector<std::string> texts;
    for (const apk::Dependency& dependency : world) {
        texts.push_back(dependency.to_string());
    }
    return texts;
}

}  // namespace

TEST_CASE("resolver: what it says of random universes is right", "[repository][resolver]") {
    int found = 0;
    int refused = 0;
    int searched = 0;
    for (unsigned seed = 0; seed < 3000; ++seed) {
        RandomUniverse universe(seed);
        const std::string index = universe.index(4 + static_cast<int>(seed % 9));
        const std::string wanted = universe.world();
        CAPTURE(seed, index, wanted);
        const auto indexes = indexes_of(index);
        const auto world = world_of(wanted);
        const PackageOracle oracle(indexes);
        const auto decision = decide(world, indexes);
        REQUIRE(decision);
        if (const auto* refusal = std::get_if<Refusal>(&*decision)) {
            ++refused;
            CHECK_FALSE(refusal->reasons.empty());
            const auto is_possible = oracle.is_possible(texts_of(world), 1'000'000);
            REQUIRE(is_possible);
            CHECK_FALSE(*is_possible);
        } else {
            const auto& resolution = std::get<Resolution>(*decision);
            ++found;
            searched += resolution.used_search ? 1 : 0;
            CHECK(
                oracle.breaches(texts_of(world), members_of(oracle, resolution)) ==
                std::vector<std::string>()
            );
            // The walk can leave what a package needed that another one displaced; so does the
            // reference.
            if (resolution.used_search) {
                CHECK(oracle.superfluous(texts_of(world), members_of(oracle, resolution)).empty());
            }
            CHECK(resolution.used_search == !resolution.notes.empty());
        }
    }
    // The universes are of use only if each of the outcomes is common.
    CHECK(found > 800);
    CHECK(refused > 800);
    CHECK(searched > 100);
}

TEST_CASE("resolver: a search keeps what the walk chose", "[repository][resolver]") {
    for (unsigned seed = 0; seed < 1500; ++seed) {
        RandomUniverse universe(seed);
        const std::string index = universe.index(6 + static_cast<int>(seed % 7));
        const std::string wanted = universe.world();
        CAPTURE(seed, index, wanted);
        const auto indexes = indexes_of(index);
        PackagePool pool(indexes);
        const auto world = make_world(pool, world_of(wanted));
        const auto decision = decide_in(pool, world, {});
        const auto* set = std::get_if<SearchedSet>(&*decision);
        if (set == nullptr || !set->used_search) {
            continue;
        }
        const WalkResult walk = GreedyWalk(pool, world).run();
        std::set<PackageId> kept;
        for (const PackageId id : walk.packages) {
            if (is_in(set->packages, id)) {
                kept.insert(id);
            }
        }
        // No sound set without superfluous packages keeps all of these and one more.
        const auto all = static_cast<std::uint32_t>(pool.size());
        REQUIRE(all <= 14);
        for (std::uint32_t mask = 0; mask < (1U << all); ++mask) {
            std::vector<PackageId> packages;
            std::size_t stay = 0;
            std::size_t more = 0;
            for (PackageId id = 0; id < all; ++id) {
                if ((mask >> id & 1U) != 0) {
                    packages.push_back(id);
                    stay += kept.contains(id) ? 1U : 0U;
                    more += is_in(walk.packages, id) ? 1U : 0U;
                }
            }
            if (stay < kept.size() || more <= kept.size()) {
                continue;
            }
            const bool is_sound = find_breaches(pool, world, packages).empty();
            const bool is_lean = in_install_order(pool, world, packages).size() == packages.size();
            CHECK_FALSE((is_sound && is_lean));
        }
    }
}
