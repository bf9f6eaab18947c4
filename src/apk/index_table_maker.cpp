// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Makes a table of the text of an index.
#include "apk/field_rules.hpp"
#include "apk/index_scanner.hpp"
#include "apk/index_table_storage.hpp"
#include "apk/name_table.hpp"

#include <algorithm>
#include <utility>

namespace quern::apk {

namespace {

constexpr std::size_t usual_record = 400;
/// Names of a package. Room that is not used costs nothing.
constexpr std::size_t most_usual_names = 8;

constexpr std::size_t least_slots = 4096;

class TableMaker {
 public:
    TableMaker(std::string_view text, std::size_t expected) : text_(text) {
        made_.packages.reserve(expected);
        made_.provided.reserve(expected * most_usual_names);
        made_.names.reserve(expected * most_usual_names);
        made_.slots.assign(least_slots, no_id);
    }

    void add(const IndexFields& fields);
    MadeRecords finish();

 private:
    TextRange range(std::string_view part) const {
        return part.empty() ? TextRange()
                            : TextRange{
                                  static_cast<std::uint32_t>(part.data() - text_.data()),
                                  static_cast<std::uint32_t>(part.size())};
    }
    std::string_view view(const TextRange& range) const {
        return text_.substr(range.begin, range.size);
    }
    NameId intern(std::string_view name);
    void grow_slots();
    TextRange compared_version(const RelationParts& parts);
    void sort_candidates();

    std::string_view text_;
    MadeRecords made_;
};

TextRange TableMaker::compared_version(const RelationParts& parts) {
    if (!parts.is_bare_soname()) {
        return range(parts.version);
    }
    const std::size_t begin = text_.size() + made_.more_text.size();
    made_.more_text += "0.";
    made_.more_text += parts.version;
    return {
        static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(parts.version.size() + 2)};
}

void TableMaker::add(const IndexFields& fields) {
    PackageRecord& package = made_.packages.emplace_back();
    package.provider_priority = fields.provider_priority;
    package.record = range(fields.record);
    package.version = range(fields.version);
    package.origin = range(fields.origin);
    package.depends = range(fields.depends);
    package.install_if = range(fields.install_if);
    package.name = intern(fields.name);
    for_each_word(fields.provides, [this](std::string_view word) {
        const RelationParts parts = RelationParts::split(word);
        made_.provided.push_back({intern(parts.name), compared_version(parts)});
    });
    package.end_provided = static_cast<std::uint32_t>(made_.provided.size());
}

NameId TableMaker::intern(std::string_view name) {
    const std::uint32_t hash = hash_of_name(name);
    const std::size_t mask = made_.slots.size() - 1;
    std::size_t place = hash & mask;
    for (; made_.slots[place] != no_id; place = (place + 1) & mask) {
        const NameRecord& known = made_.names[made_.slots[place]];
        if (known.hash == hash && view(known.text) == name) {
            return made_.slots[place];
        }
    }
    const auto id = static_cast<NameId>(made_.names.size());
    made_.slots[place] = id;
    made_.names.push_back({range(name), hash});
    if (made_.slots.size() < 2 * made_.names.size()) {
        grow_slots();
    }
    return id;
}

void TableMaker::grow_slots() {
    const std::size_t size = 2 * made_.slots.size();
    made_.slots.assign(size, no_id);
    for (NameId id = 0; id < made_.names.size(); ++id) {
        std::size_t place = made_.names[id].hash & (size - 1);
        while (made_.slots[place] != no_id) {
            place = (place + 1) & (size - 1);
        }
        made_.slots[place] = id;
    }
}

/// Counts, then places: no vector for each of many thousand names.
void TableMaker::sort_candidates() {
    std::vector<std::uint32_t>& first = made_.first_candidate;
    first.assign(made_.names.size() + 1, 0);
    for (const PackageRecord& package : made_.packages) {
        ++first[package.name + 1];
    }
    for (const ProvidedRecord& one : made_.provided) {
        ++first[one.name + 1];
    }
    for (std::size_t i = 1; i < first.size(); ++i) {
        first[i] += first[i - 1];
    }
    std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
    made_.candidates.resize(first.back());
    for (std::uint32_t i = 0; i < made_.packages.size(); ++i) {
        made_.candidates[next[made_.packages[i].name]++] = i;
    }
    std::uint32_t provided = 0;
    for (std::uint32_t i = 0; i < made_.packages.size(); ++i) {
        for (; provided < made_.packages[i].end_provided; ++provided) {
            made_.candidates[next[made_.provided[provided].name]++] = i;
        }
    }
}

MadeRecords TableMaker::finish() {
    sort_candidates();
    return std::move(made_);
}

}  // namespace

Result<IndexTable> IndexTable::parse(std::string text, const IndexLimits& limits) {
    const auto owner = std::make_shared<const std::string>(std::move(text));
    return parse(owner, *owner, limits);
}

Result<IndexTable> IndexTable::parse(
    std::shared_ptr<const void> owner, std::string_view text, const IndexLimits& limits
) {
    // Versions that do not stand in the text come behind it: less than three times as much.
    constexpr std::size_t most_text = UINT32_MAX / 4;
    QUERN_CHECK(check_text_size(text, limits));
    if (text.size() > most_text) {
        return Error(ErrorCode::limit, "APKINDEX has more than 1 GiB");
    }
    TableMaker maker(text, std::min<std::uint64_t>(text.size() / usual_record, limits.entries));
    IndexScanner scanner(text, limits);
    IndexFields fields;
    while (true) {
        QUERN_TRY(const bool any, scanner.next(fields));
        if (!any) {
            break;
        }
        maker.add(fields);
    }
    auto storage = std::make_shared<Storage>();
    storage->owner = std::move(owner);
    storage->text = text;
    storage->made = maker.finish();
    storage->more_text = storage->made.more_text;
    storage->packages = storage->made.packages;
    storage->names = storage->made.names;
    storage->provided = storage->made.provided;
    storage->slots = storage->made.slots;
    storage->first_candidate = storage->made.first_candidate;
    storage->candidates = storage->made.candidates;
    storage->relations = scanner.relations();
    storage->longest_line = scanner.longest_line();
    return IndexTable(std::move(storage));
}

Result<IndexTable> IndexTable::of(const Index& index) {
    IndexLimits limits;
    limits.text_bytes = UINT64_MAX;
    limits.line_bytes = UINT64_MAX;
    limits.entries = UINT64_MAX;
    limits.relations = UINT64_MAX;
    return parse(index.to_string(), limits);
}

}  // namespace quern::apk
