// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "quern/dependency.hpp"
#include "quern/error.hpp"
#include "quern/explain.hpp"
#include "quern/index.hpp"
#include "quern/resolver.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

using namespace quern;

namespace {

/// Small enough to be decided in the time of one run, large enough to hold every kind of trouble.
constexpr std::size_t most_packages = 60;
constexpr std::size_t most_wishes = 20;

}  // namespace

/// The first line is a world, the rest an index. Whatever they say: a sound set (the resolver
/// asserts that itself), a refusal with reasons, or no answer in time; and the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t line = std::min(bytes.find('\n'), bytes.size());
    auto world = apk::Dependency::parse_list(bytes.substr(0, line));
    auto index = apk::Index::parse(bytes.substr(std::min(line + 1, bytes.size())));
    if (!world || !index || index->entries.size() > most_packages || world->size() > most_wishes) {
        return 0;
    }
    repository::RepositoryIndex repository;
    repository.location.base = "/r";
    repository.architecture = "x86_64";
    auto table = apk::IndexTable::of(*index);
    QUERN_ASSERT(table && table->to_index().to_string() == index->to_string());
    repository.packages = std::move(*table);
    const std::span indexes(&repository, 1);
    const repository::ResolveOptions options{
        .time_limit = std::chrono::milliseconds(200), .peers = {}};
    const auto decision = repository::decide(*world, indexes, options);
    if (!decision) {
        QUERN_ASSERT(decision.error().code() == ErrorCode::limit);
        return 0;
    }
    if (const auto* refusal = std::get_if<repository::Refusal>(&*decision)) {
        QUERN_ASSERT(!refusal->reasons.empty());
        return 0;
    }
    const auto& packages = std::get<repository::Resolution>(*decision).packages;
    const auto again = repository::resolve(*world, indexes, options);
    QUERN_ASSERT(again && again->packages.size() == packages.size());
    for (const apk::IndexEntry& entry : index->entries) {
        if (entry.name.size() % 2 == 0) {
            static_cast<void>(repository::explain(entry.name, *world, indexes, options));
            break;
        }
    }
    return 0;
}
