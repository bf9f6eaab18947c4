// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/adb_info.hpp"

#include "quern/dependency.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace quern::apk {

namespace {

using Value = AdbWriter::Value;

constexpr unsigned conflict_bit = 16;  ///< of `match`, beside those of Dependency

/// Numbers of fields of `pkginfo`.
enum Field : std::uint32_t {
    name_field = 1,
    version_field = 2,
    description_field = 4,
    architecture_field = 5,
    license_field = 6,
    origin_field = 7,
    maintainer_field = 8,
    url_field = 9,
    commit_field = 10,
    build_time_field = 11,
    installed_size_field = 12,
    provider_priority_field = 14,
    depends_field = 15,
    provides_field = 16,
    replaces_field = 17,
    install_if_field = 18,
};

std::string_view text_of(const Digest& digest) {
    const auto bytes = digest.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Collects lines of .PKGINFO.
class InfoText {
 public:
    InfoText(const AdbReader& reader, Value info, std::uint64_t most_bytes)
        : reader_(reader), info_(info), most_bytes_(most_bytes) {}

    void add(const char* key, std::string_view value) {
        if (value.find('\n') != std::string_view::npos && problem_.empty()) {
            problem_ = fmt::format("{} holds a line break", key);
        }
        if (!value.empty()) {
            text_ += fmt::format("{} = {}\n", key, value);
        }
    }
    void add_text(const char* key, Field field) {
        add(key, reader_.blob(reader_.field(info_, field)));
    }
    void add_number(const char* key, Field field) {
        if (const Value value = reader_.field(info_, field); value != AdbReader::null) {
            add(key, std::to_string(reader_.number(value)));
        }
    }
    void add_relations(const char* key, Field field, bool in_one_line) {
        const Value list = reader_.field(info_, field);
        std::string line;
        for (std::size_t i = 0; i < reader_.size(list) && !is_full(line); ++i) {
            const auto relation = adb_relation_text(reader_, reader_.item(list, i));
            if (!relation) {
                problem_ = problem_.empty() ? relation.error().message() : problem_;
                return;
            }
            if (in_one_line) {
                line += (line.empty() ? "" : " ") + *relation;
            } else {
                add(key, *relation);
            }
        }
        add(key, line);
    }

    Result<std::string> take() {
        if (is_full({})) {
            return Error(
                ErrorCode::limit,
                fmt::format("package: it says more than {} bytes of itself", most_bytes_)
            );
        }
        if (!problem_.empty()) {
            return Error(ErrorCode::invalid_data, fmt::format("package: {}", problem_));
        }
        return std::move(text_);
    }

 private:
    bool is_full(std::string_view line) const { return text_.size() + line.size() > most_bytes_; }

    const AdbReader& reader_;
    Value info_;
    std::uint64_t most_bytes_;
    std::string text_;
    std::string problem_;
};

}  // namespace

Value AdbInfo::add(
    const IndexEntry& entry, const std::vector<std::string>& replaces, Value hashes
) {
    const auto commit = Digest::from_hex(DigestKind::sha1, entry.commit);
    const bool has_date = entry.build_date && *entry.build_date > 0;
    const auto number = [this](std::uint64_t value) {
        return value == 0 ? AdbWriter::null : writer_.number(value);
    };
    // By their number, from 1.
    return writer_.object({
        writer_.blob(entry.name),
        writer_.blob(entry.version),
        hashes,
        writer_.blob(entry.description),
        writer_.blob(entry.architecture),
        writer_.blob(entry.license),
        writer_.blob(entry.origin),
        writer_.blob(entry.maintainer),
        writer_.blob(entry.url),
        commit ? writer_.blob(text_of(*commit)) : AdbWriter::null,
        has_date ? writer_.number(static_cast<std::uint64_t>(*entry.build_date)) : AdbWriter::null,
        number(entry.installed_size),
        number(entry.file_size),
        number(entry.provider_priority),
        relations(entry, entry.depends),
        relations(entry, entry.provides),
        relations(entry, replaces),
        relations(entry, entry.install_if),
    });
}

Value AdbInfo::relations(const IndexEntry& entry, const std::vector<std::string>& texts) {
    std::vector<Dependency> list;
    for (const std::string& text : texts) {
        auto relation = Dependency::parse(text);
        if (relation && !relation->is_identity) {
            list.push_back(std::move(*relation));
        } else if (problem_.empty()) {
            problem_ = fmt::format(
                "'{}' of {} cannot be written in version 3", printable(text), entry.name
            );
        }
    }
    std::stable_sort(list.begin(), list.end(), [](const Dependency& a, const Dependency& b) {
        return a.name < b.name;
    });
    std::vector<Value> values;
    for (const Dependency& relation : list) {
        const unsigned match = relation.match | (relation.is_conflict ? conflict_bit : 0U);
        // Absent means equal with a version, and any without.
        const unsigned usual = relation.has_version() ? Dependency::equal : Dependency::any;
        values.push_back(writer_.object({
            writer_.blob(relation.name),
            writer_.blob(relation.version),
            match == usual ? AdbWriter::null : writer_.number(match),
        }));
    }
    return writer_.array(values);
}

Result<std::string> adb_relation_text(const AdbReader& reader, Value value) {
    Dependency relation;
    relation.name = reader.blob(reader.field(value, 1));
    relation.version = reader.blob(reader.field(value, 2));
    const Value match = reader.field(value, 3);
    const std::uint64_t bits = reader.number(match);
    if (match == AdbReader::null) {
        relation.match = relation.has_version() ? Dependency::equal : Dependency::any;
    } else {
        constexpr std::uint64_t known = Dependency::any | Dependency::fuzzy;
        relation.match = static_cast<unsigned>(bits & known);
        relation.is_conflict = (bits & conflict_bit) != 0;
    }
    if (!relation.has_version()) {
        relation.match = Dependency::any;
    }
    std::string text = relation.to_string();
    const auto again = Dependency::parse(text);
    if (!again || !(*again == relation)) {
        return Error(
            ErrorCode::invalid_data,
            fmt::format("'{}' is no relation to a package", printable(relation.name))
        );
    }
    return text;
}

Result<std::string> adb_info_text(const AdbReader& reader, Value info, std::uint64_t most_bytes) {
    InfoText text(reader, info, most_bytes);
    text.add_text("pkgname", name_field);
    text.add_text("pkgver", version_field);
    text.add_text("arch", architecture_field);
    text.add_number("size", installed_size_field);
    text.add_text("origin", origin_field);
    text.add_text("pkgdesc", description_field);
    text.add_text("url", url_field);
    const std::string_view commit = reader.blob(reader.field(info, commit_field));
    text.add(
        "commit", to_hex({reinterpret_cast<const std::uint8_t*>(commit.data()), commit.size()})
    );
    text.add_text("maintainer", maintainer_field);
    text.add_number("builddate", build_time_field);
    text.add_text("license", license_field);
    text.add_number("provider_priority", provider_priority_field);
    text.add_relations("depend", depends_field, false);
    text.add_relations("provides", provides_field, false);
    text.add_relations("replaces", replaces_field, false);
    text.add_relations("install_if", install_if_field, true);
    return text.take();
}

}  // namespace quern::apk
