// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/decode_values.hpp"
#include "image/pem.hpp"
#include "quern/dependency.hpp"
#include "quern/keyring.hpp"
#include "quern/repository.hpp"
#include "support/file_tree.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::image {
namespace {

using yaml::field;
using yaml::Field;
using yaml::Node;
using yaml::Reader;
using yaml::Shape;
using yaml::Table;

constexpr std::array named_text_fields = {
    field<&NamedText::name>("name"),
    field<&NamedText::content>("content"),
};
constexpr Table<NamedText> named_text_table{"a named text", named_text_fields};

/// Reads names with texts; `problem(content)` says what is wrong with one, empty for nothing.
template <typename Problem>
void read_named_texts(
    const Node& node, std::vector<NamedText>& list, Reader& reader, const Problem& problem
) {
    read_list(node, list, reader, [&](const Node& item, NamedText& text) {
        yaml::read_fields(item, text, named_text_table, reader);
        const auto is_same = [&](const NamedText& other) { return other.name == text.name; };
        if (!is_file_name(text.name)) {
            refuse(
                part_of(item, "name"),
                fmt::format("'{}' cannot be the name of a file", printable(text.name)),
                reader,
                "use letters, digits, '_', '-' and '.', the last not in front"
            );
        } else if (std::count_if(list.begin(), list.end(), is_same) > 1) {
            refuse(part_of(item, "name"), fmt::format("'{}' stands here twice", text.name), reader);
        }
        if (std::string wrong = problem(text.content); !wrong.empty()) {
            refuse(
                part_of(item, "content"),
                fmt::format("'{}' {}", printable(text.name), wrong),
                reader
            );
        }
    });
}

template <std::vector<std::string> Contents::*Member>
void read_repositories(const Node& node, Contents& value, Reader& reader) {
    read_texts(node, value.*Member, reader, [&](const Node& item, std::string& text) {
        while (text.size() > 1 && text.ends_with('/')) {
            text.pop_back();
        }
        if (const auto parsed = repository::Location::parse(text); !parsed) {
            refuse(item, parsed.error().message(), reader, "write URL, DIRECTORY or '@tag URL'");
        }
    });
}

void read_packages(const Node& node, Contents& value, Reader& reader) {
    read_texts(node, value.packages, reader, [&](const Node& item, const std::string& text) {
        if (!apk::Dependency::parse(text)) {
            refuse(
                item,
                fmt::format("'{}' is no package name or constraint", printable(text)),
                reader,
                "write a name, name=version, name~version or name@tag"
            );
        }
    });
}

void read_runtime_keyring(const Node& node, Contents& value, Reader& reader) {
    read_named_texts(node, value.runtime_keyring, reader, [](const std::string& content) {
        const auto blocks = parse_pem(content);
        const bool is_key = blocks && blocks->size() == 1 &&
                            blocks->front().label == "PUBLIC KEY" &&
                            apk::PublicKey::parse(content).has_value();
        return is_key ? std::string() : "is not one public RSA key in PEM";
    });
}

constexpr std::array base_image_fields = {
    field<&BaseImage::image>("image"),
    field<&BaseImage::apk_index>("apkindex"),
};
constexpr Table<BaseImage> base_image_table{"contents.baseimage", base_image_fields};

void read_base_image(const Node& node, Contents& value, Reader& reader) {
    if (node.is_null()) {
        return;
    }
    value.base_image.emplace();
    yaml::read_fields(node, *value.base_image, base_image_table, reader);
    if (value.base_image->image.empty() || value.base_image->apk_index.empty()) {
        refuse(node, "a base image needs both 'image' and 'apkindex'", reader);
    }
}

constexpr std::array plain_file_fields = {
    field<&PlainFile::path>("path"),
    field<&PlainFile::source>("source"),
    field<&PlainFile::content>("content"),
    field<&PlainFile::mode>("mode", Shape::integer),
    field<&PlainFile::uid>("uid", Shape::integer),
    field<&PlainFile::gid>("gid", Shape::integer),
    field<&PlainFile::owner>("owner"),
};
constexpr Table<PlainFile> plain_file_table{"a file", plain_file_fields};

void judge_owner(const Node& node, const PlainFile& file, Reader& reader) {
    const auto owner = node.find("owner");
    if (!owner) {
        return;
    }
    if (node.find("uid") || node.find("gid")) {
        refuse(*owner, "a file has either 'owner' or 'uid' and 'gid'", reader, "leave one out");
        return;
    }
    const auto parts = split(file.owner, ':');
    const auto is_empty = [](std::string_view part) { return part.empty(); };
    if (parts.size() > 2 || std::any_of(parts.begin(), parts.end(), is_empty)) {
        refuse(
            *owner,
            fmt::format("'{}' is no owner", printable(file.owner)),
            reader,
            "write USER or USER:GROUP, names or numbers"
        );
    }
}

void read_files(const Node& node, Contents& value, Reader& reader) {
    read_list(node, value.files, reader, [&](const Node& item, PlainFile& file) {
        yaml::read_fields(item, file, plain_file_table, reader);
        const std::string_view path = file.path;
        if (!path.starts_with('/') || !is_confined_path(path.substr(1))) {
            refuse(
                part_of(item, "path"),
                fmt::format("'{}' is no path of a file in the image", printable(path)),
                reader,
                "write it from '/', without '..'"
            );
        }
        if (item.find("source").has_value() == item.find("content").has_value()) {
            refuse(item, "a file has either 'source' or 'content'", reader);
        }
        file.directory = std::filesystem::path(item.where().file->name()).parent_path();
        if (!file.source.empty() && !is_confined_path(file.source)) {
            refuse(
                part_of(item, "source"),
                fmt::format(
                    "'{}' is no path below the image file's folder", printable(file.source)
                ),
                reader,
                "write it from that folder, without '..'"
            );
        }
        if (file.mode > 07777U) {
            refuse(part_of(item, "mode"), "a mode has at most four octal digits", reader);
        }
        judge_owner(item, file, reader);
    });
}

void read_owners(const Node& node, Contents& value, Reader& reader) {
    yaml::read_value(node, value.owners, reader);
    if (!value.owners.empty() && value.owners != "packages" && value.owners != "root") {
        refuse(
            node,
            fmt::format("unknown owners '{}'", printable(value.owners)),
            reader,
            "'root' gives packaged files to root, 'packages' keeps their owners"
        );
    }
}

constexpr std::array contents_fields = {
    Field<Contents>{
        "build_repositories", read_repositories<&Contents::build_repositories>, Shape::list},
    Field<Contents>{
        "runtime_repositories", read_repositories<&Contents::runtime_repositories>, Shape::list},
    Field<Contents>{"repositories", read_repositories<&Contents::repositories>, Shape::list},
    field<&Contents::keyring>("keyring", Shape::list),
    Field<Contents>{"runtime_keyring", read_runtime_keyring, Shape::list},
    Field<Contents>{"packages", read_packages, Shape::list},
    Field<Contents>{"baseimage", read_base_image, Shape::object},
    Field<Contents>{"files", read_files, Shape::list},
    Field<Contents>{"owners", read_owners, Shape::text},
};
constexpr Table<Contents> contents_table{"contents", contents_fields};

void read_certificate_list(const Node& node, Certificates& value, Reader& reader) {
    read_named_texts(node, value.additional, reader, [](const std::string& content) {
        return parse_certificate(content) ? std::string() : "is not one certificate in PEM";
    });
}

constexpr std::array certificates_fields = {
    Field<Certificates>{"additional", read_certificate_list, Shape::list},
    field<&Certificates::providers>("providers", Shape::list),
};
constexpr Table<Certificates> certificates_table{"certificates", certificates_fields};

}  // namespace

bool read_value(const Node& node, Contents& value, Reader& reader) {
    return yaml::read_fields(node, value, contents_table, reader);
}
bool read_value(const Node& node, Certificates& value, Reader& reader) {
    return yaml::read_fields(node, value, certificates_table, reader);
}

}  // namespace quern::image
