// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// What a recipe means depends neither on the order in which the keys of a map are written nor on
// what they are called: both are permuted, and the scripts must come out alike.
#include "tests/unit/pipeline/compile_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr int names = 8;

/// A network of values in which each may name those with lower numbers.
std::vector<std::vector<int>> make_network(std::mt19937& random) {
    std::vector<std::vector<int>> network(names);
    for (int i = 0; i < names; ++i) {
        for (int j = 0; j < i; ++j) {
            if (random() % 3 == 0) {
                network[static_cast<std::size_t>(i)].push_back(j);
            }
        }
    }
    return network;
}

std::vector<int> shuffled(std::mt19937& random) {
    std::vector<int> order(names);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    return order;
}

/// The entries of a map, `indent` before each: value i is "<i" and what it refers to and ">".
std::string entries(
    const std::vector<std::vector<int>>& network,
    const std::string& prefix,
    const std::vector<int>& called,
    const std::vector<int>& order
) {
    std::string text;
    for (const int i : order) {
        const auto at = static_cast<std::size_t>(i);
        text += "      n" + std::to_string(called[at]) + ": \"<" + std::to_string(i);
        for (const int j : network[at]) {
            text +=
                "${{" + prefix + ".n" + std::to_string(called[static_cast<std::size_t>(j)]) + "}}";
        }
        text += ">\"\n";
    }
    return text;
}

std::string echo(const std::string& prefix, const std::vector<int>& called) {
    std::string text = "echo";
    for (const int name : called) {
        text += " ${{" + prefix + ".n" + std::to_string(name) + "}}";
    }
    return text;
}

std::vector<std::string> scripts_of(
    const std::vector<std::vector<int>>& network,
    const std::vector<int>& called,
    const std::vector<int>& order
) {
    std::string definition = "inputs:\n";
    for (const int name : order) {
        definition += "  n" + std::to_string(name) + ": {}\n";
    }
    definition += "pipeline: [{runs: '" + echo("inputs", called) + "'}]\n";
    const std::string recipe = "vars:\n" + entries(network, "vars", called, order) +
                               "pipeline:\n  - runs: " + echo("vars", called) +
                               "\n  - uses: d\n    with:\n" +
                               entries(network, "inputs", called, order);
    return compile_demo(recipe, {{"d", definition}}).scripts();
}

}  // namespace

TEST_CASE("order: neither names nor places in a map change what is meant", "[pipeline][order]") {
    std::mt19937 random(7);
    for (int round = 0; round < 60; ++round) {
        const auto network = make_network(random);
        std::vector<int> plain(names);
        std::iota(plain.begin(), plain.end(), 0);
        const auto wanted = scripts_of(network, plain, plain);
        CHECK(wanted.size() == 2);
        CHECK(wanted[0] == wanted[1]);
        CHECK(wanted[0].find("${{") == std::string::npos);
        CHECK(scripts_of(network, shuffled(random), shuffled(random)) == wanted);
    }
}
