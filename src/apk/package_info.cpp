// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Reading follows apk: lines without " = " and keys that are not known say nothing, the last of a
// repeated single key counts. What is read may be hostile: names that become paths and numbers are
// checked here, once, so that nobody behind has to. Writing is strict: what a client would refuse,
// cut or misread is an error that names the field.
#include "quern/package_info.hpp"

#include "apk/field_rules.hpp"
#include "quern/dependency.hpp"
#include "quern/version.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace quern::apk {

namespace {

constexpr std::size_t longest_text = std::size_t{1} << 20U;
/// Bounds of the clients' installed database. Source: apk-format 1.3, "Limits".
constexpr std::size_t longest_relation = 256;
constexpr std::size_t longest_stanza = 2047;
constexpr std::uint64_t highest_priority = 65535;

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

Error bad_value(std::string_view key, std::string_view value, std::string_view expected) {
    constexpr std::size_t shown = 80;
    return invalid(
        fmt::format(".PKGINFO: {} '{}' is not {}", key, printable(value.substr(0, shown)), expected)
    );
}

void append(std::vector<std::string>& list, std::string_view text) {
    for (const std::string_view word : split_words(text)) {
        list.emplace_back(word);
    }
}

template <typename Number>
Result<void> read_number(
    std::string_view key, std::string_view value, std::optional<Number>& target
) {
    const auto number = parse_unsigned(value);
    if (!number || *number > static_cast<std::uint64_t>(INT64_MAX)) {
        return bad_value(key, value, "a whole number");
    }
    target = static_cast<Number>(*number);
    return {};
}

/// Texts and lists; true if `key` is one of them.
bool read_text(PackageInfo& info, std::string_view key, std::string_view value) {
    struct Text {
        std::string_view key;
        std::string PackageInfo::*member;
    };
    static constexpr Text texts[] = {
        {"pkgname", &PackageInfo::name},
        {"pkgver", &PackageInfo::version},
        {"arch", &PackageInfo::architecture},
        {"origin", &PackageInfo::origin},
        {"pkgdesc", &PackageInfo::description},
        {"url", &PackageInfo::url},
        {"commit", &PackageInfo::commit},
        {"maintainer", &PackageInfo::maintainer},
        {"packager", &PackageInfo::packager},
        {"datahash", &PackageInfo::data_hash},
    };
    const auto* found = std::find_if(std::begin(texts), std::end(texts), [&](const Text& text) {
        return text.key == key;
    });
    if (found == std::end(texts)) {
        return false;
    }
    info.*found->member = value;
    return true;
}

bool read_list(PackageInfo& info, std::string_view key, std::string_view value) {
    if (key == "depend") {
        append(info.depends, value);
    } else if (key == "provides") {
        append(info.provides, value);
    } else if (key == "replaces") {
        append(info.replaces, value);
    } else if (key == "install_if") {
        append(info.install_if, value);
    } else if (key == "license") {
        info.licenses.emplace_back(value);
    } else if (key == "triggers") {
        info.triggers.clear();
        append(info.triggers, value);
    } else {
        return false;
    }
    return true;
}

Result<void> read_field(PackageInfo& info, std::string_view key, std::string_view value) {
    if (read_text(info, key, value) || read_list(info, key, value) || value.empty()) {
        return {};
    }
    if (key == "size") {
        std::optional<std::uint64_t> size;
        QUERN_CHECK(read_number(key, value, size));
        info.installed_size = *size;
    } else if (key == "builddate") {
        QUERN_CHECK(read_number(key, value, info.build_date));
    } else if (key == "provider_priority") {
        QUERN_CHECK(read_number(key, value, info.provider_priority));
    } else if (key == "replaces_priority") {
        QUERN_CHECK(read_number(key, value, info.replaces_priority));
    }
    return {};
}

/// What was read can be used in paths and messages.
Result<void> check_read(PackageInfo& info) {
    if (info.name.empty()) {
        return invalid(".PKGINFO: no pkgname");
    }
    if (info.version.empty()) {
        return invalid(".PKGINFO: no pkgver");
    }
    if (!is_package_name(info.name)) {
        return bad_value("pkgname", info.name, "a package name");
    }
    if (!is_path_safe_version(info.version)) {
        return bad_value("pkgver", info.version, "a version");
    }
    if (!info.architecture.empty() && !is_architecture_name(info.architecture)) {
        return bad_value("arch", info.architecture, "an architecture's name");
    }
    if (!info.origin.empty() && !is_package_name(info.origin)) {
        return bad_value("origin", info.origin, "a package name");
    }
    info.data_hash = to_lower(info.data_hash);
    const bool is_hash = info.data_hash.size() == 64 &&
                         info.data_hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!info.data_hash.empty() && !is_hash) {
        return bad_value("datahash", info.data_hash, "a SHA-256 in hex digits");
    }
    return {};
}

/// Collects the lines and the length that they take in an installed database.
class LineWriter {
 public:
    Result<void> text(std::string_view key, std::string_view value) {
        const std::string folded = fold_lines(value);
        if (has_control_character(folded)) {
            return invalid(fmt::format("{}: a control character in '{}'", key, printable(folded)));
        }
        text_ += fmt::format("{} = {}\n", key, folded);
        stanza_ += folded.size() + 3;  // "X:" and the newline
        return {};
    }
    Result<void> relations(std::string_view key, std::span<const std::string> list) {
        for (const std::string& relation : list) {
            QUERN_CHECK(check_relation(key, relation));
            text_ += fmt::format("{} = {}\n", key, relation);
        }
        return {};
    }
    Result<void> one_line(std::string_view key, std::span<const std::string> list) {
        if (list.empty()) {
            return {};
        }
        for (const std::string& relation : list) {
            QUERN_CHECK(check_relation(key, relation));
        }
        text_ += fmt::format("{} = {}\n", key, join(list, " "));
        return {};
    }
    Result<void> priority(std::string_view key, const std::optional<std::uint64_t>& value) {
        if (!value) {
            return {};
        }
        if (*value > highest_priority) {
            return Error(
                ErrorCode::limit,
                fmt::format("{} is {}: clients read at most {}", key, *value, highest_priority)
            );
        }
        return text(key, std::to_string(*value));
    }
    void line(std::string_view line) {
        text_ += line;
        text_ += '\n';
    }
    Result<std::string> finish() {
        constexpr std::size_t checksum_and_file_size = 33 + 3 + 20;
        if (stanza_ + checksum_and_file_size > longest_stanza) {
            return Error(
                       ErrorCode::limit,
                       fmt::format(
                           "description, url and the other texts take {} bytes: clients read at "
                           "most {}",
                           stanza_ + checksum_and_file_size,
                           longest_stanza
                       )
            )
                .help("shorten the description");
        }
        return std::move(text_);
    }

 private:
    static Result<void> check_relation(std::string_view key, const std::string& relation) {
        if (relation.size() > longest_relation) {
            return Error(
                ErrorCode::limit,
                fmt::format(
                    "{} '{}…' has {} bytes: clients read at most {}",
                    key,
                    printable(relation.substr(0, 40)),
                    relation.size(),
                    longest_relation
                )
            );
        }
        const auto dependency = Dependency::parse(relation);
        if (!dependency || !dependency->tag.empty()) {
            return bad_relation(
                key, relation, "is not 'name' or 'name' with an operator and a version"
            );
        }
        const bool is_plain = !dependency->is_conflict && !dependency->is_identity &&
                              dependency->match == Dependency::equal;
        if (key == "provides" && dependency->has_version() && !is_plain) {
            return bad_relation(key, relation, "is not 'name' or 'name=version'");
        }
        if (dependency->has_version() && !dependency->is_identity &&
            !is_valid_version(dependency->version)) {
            return bad_relation(key, relation, "has a version that clients cannot read");
        }
        return {};
    }
    static Error bad_relation(
        std::string_view key, std::string_view relation, std::string_view problem
    ) {
        return invalid(fmt::format("{} '{}' {}", key, printable(relation), problem));
    }

    std::string text_ = "# Generated by quern\n";
    std::size_t stanza_ = 0;
};

Result<void> check_written(const PackageInfo& info) {
    if (!is_package_name(info.name)) {
        return bad_value("pkgname", info.name, "a package name: letters, digits and . _ + -");
    }
    if (!is_valid_version(info.version)) {
        return bad_value("pkgver", info.version, "a version");
    }
    if (!is_architecture_name(info.architecture)) {
        return bad_value("arch", info.architecture, "an architecture's name");
    }
    if (!info.origin.empty() && !is_package_name(info.origin)) {
        return bad_value("origin", info.origin, "a package name");
    }
    return {};
}

Result<void> write_identity(const PackageInfo& info, LineWriter& writer) {
    QUERN_CHECK(writer.text("pkgname", info.name));
    QUERN_CHECK(writer.text("pkgver", info.version));
    QUERN_CHECK(writer.text("arch", info.architecture));
    QUERN_CHECK(writer.text("size", std::to_string(info.installed_size)));
    QUERN_CHECK(writer.text("origin", info.origin));
    QUERN_CHECK(writer.text("pkgdesc", info.description));
    QUERN_CHECK(writer.text("url", info.url));
    QUERN_CHECK(writer.text("commit", info.commit));
    if (!info.maintainer.empty()) {
        QUERN_CHECK(writer.text("maintainer", info.maintainer));
    }
    if (!info.packager.empty()) {
        QUERN_CHECK(writer.text("packager", info.packager));
    }
    if (info.build_date && *info.build_date > 0) {
        QUERN_CHECK(writer.text("builddate", std::to_string(*info.build_date)));
    }
    for (const std::string& license : info.licenses) {
        QUERN_CHECK(writer.text("license", license));
    }
    return {};
}

Result<void> write_triggers(const PackageInfo& info, LineWriter& writer) {
    if (info.triggers.empty()) {
        return {};
    }
    std::string line = "triggers = ";
    for (const std::string& trigger : info.triggers) {
        if (trigger.empty() || trigger.find_first_of(" \t\n\v\f\r") != std::string::npos ||
            has_control_character(trigger)) {
            return bad_value("triggers", trigger, "a path pattern without white space");
        }
        line += trigger + ' ';
    }
    writer.line(line);
    return {};
}

}  // namespace

Result<PackageInfo> PackageInfo::parse(std::string_view text) {
    if (text.size() > longest_text) {
        return invalid(".PKGINFO: more than 1 MiB");
    }
    PackageInfo info;
    std::size_t number = 0;
    for (const std::string_view line : split(text, '\n')) {
        ++number;
        if (has_control_character(line)) {
            return invalid(fmt::format(".PKGINFO line {}: a control character", number));
        }
        const std::size_t equals = line.find(" = ");
        if (line.starts_with('#') || equals == std::string_view::npos) {
            continue;
        }
        QUERN_CHECK(read_field(info, line.substr(0, equals), line.substr(equals + 3)));
    }
    QUERN_CHECK(check_read(info));
    return info;
}

Result<std::string> PackageInfo::to_string() const {
    QUERN_CHECK(check_written(*this));
    LineWriter writer;
    QUERN_CHECK(write_identity(*this, writer));
    QUERN_CHECK(writer.relations("depend", depends));
    QUERN_CHECK(writer.relations("provides", provides));
    QUERN_CHECK(writer.relations("replaces", replaces));
    for (const std::string& each : vendored) {
        writer.line("# vendored = " + printable(fold_lines(each)));
    }
    QUERN_CHECK(writer.priority("provider_priority", provider_priority));
    QUERN_CHECK(writer.priority("replaces_priority", replaces_priority));
    QUERN_CHECK(write_triggers(*this, writer));
    QUERN_CHECK(writer.one_line("install_if", install_if));
    if (!data_hash.empty()) {
        writer.line("datahash = " + data_hash);
    }
    return writer.finish();
}

std::string PackageInfo::file_name() const {
    return name + "-" + version + ".apk";
}

}  // namespace quern::apk
