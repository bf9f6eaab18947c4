// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The environment of a recipe has the same keys, but is read anew here: there its texts are
// templates that are substituted later and what only means something to images is passed over;
// here every value is final and is judged where it stands.
#include "image/decode.hpp"

#include "image/decode_values.hpp"
#include "image/shell_words.hpp"
#include "quern/package_info.hpp"
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

void read_text_map(const Node& node, std::map<std::string, std::string>& map, Reader& reader) {
    yaml::for_each_entry(node, reader, [&](const Node& key, const Node& entry) {
        yaml::read_value(entry, map[key.text()], reader);
    });
}

template <auto Member, typename T>
void read_map_member(const Node& node, T& value, Reader& reader) {
    read_text_map(node, value.*Member, reader);
}

template <typename T, std::string T::*Member>
void read_command(const Node& node, T& value, Reader& reader) {
    if (yaml::read_value(node, value.*Member, reader) && !split_shell_words(value.*Member)) {
        refuse(node, "a quote is not closed", reader);
    }
}

void read_entrypoint_type(const Node& node, Entrypoint& value, Reader& reader) {
    yaml::read_value(node, value.type, reader);
    if (!value.type.empty() && value.type != "service-bundle") {
        reader.diagnostics.warning(
            "bad-image",
            fmt::format("entrypoint type '{}' means nothing", printable(value.type)),
            node.where(),
            "only 'service-bundle' does"
        );
    }
}

void read_services(const Node& node, Entrypoint& value, Reader& reader) {
    yaml::for_each_entry(node, reader, [&](const Node& key, const Node& entry) {
        if (!is_file_name(key.text())) {
            refuse(
                key,
                fmt::format("'{}' cannot be the name of a service", printable(key.text())),
                reader,
                "it becomes the directory /sv/NAME: letters, digits, '_', '-' and '.', the last "
                "not in front"
            );
            return;
        }
        yaml::read_value(entry, value.services[key.text()], reader);
    });
}

constexpr std::array entrypoint_fields = {
    Field<Entrypoint>{"type", read_entrypoint_type, Shape::text},
    Field<Entrypoint>{"command", read_command<Entrypoint, &Entrypoint::command>, Shape::text},
    field<&Entrypoint::shell_fragment>("shell-fragment"),
    Field<Entrypoint>{"services", read_services, Shape::map},
};
constexpr Table<Entrypoint> entrypoint_table{"entrypoint", entrypoint_fields};

constexpr std::array user_fields = {
    field<&User::name>("username"),
    field<&User::uid>("uid", Shape::integer),
    field<&User::gid>("gid", Shape::integer),
    field<&User::shell>("shell"),
    field<&User::home>("homedir"),
};
constexpr Table<User> user_table{"a user", user_fields};

constexpr std::array group_fields = {
    field<&Group::name>("groupname"),
    field<&Group::gid>("gid", Shape::integer),
    field<&Group::members>("members", Shape::list),
};
constexpr Table<Group> group_table{"a group", group_fields};

/// A field of passwd or group: anything that does not break the line.
bool is_account_field(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char letter) {
        return letter == ':' || static_cast<unsigned char>(letter) < 0x20U || letter == '\x7f';
    });
}

void judge_field(const Node& node, const std::string& text, Reader& reader) {
    if (!is_account_field(text)) {
        refuse(
            node,
            fmt::format("'{}' cannot stand in an accounts file", printable(text)),
            reader,
            "leave ':' and control characters out: they end a field or a line of /etc/passwd"
        );
    }
}

void read_user(const Node& node, User& user, Reader& reader) {
    yaml::read_fields(node, user, user_table, reader);
    judge_field(part_of(node, "username"), user.name, reader);
    judge_field(part_of(node, "shell"), user.shell, reader);
    judge_field(part_of(node, "homedir"), user.home, reader);
    if (user.name.empty()) {
        refuse(node, "a user needs a username", reader);
    } else if (!node.find("uid")) {
        refuse(
            node,
            fmt::format("the user '{}' needs a uid", printable(user.name)),
            reader,
            "choose a number that no package uses, such as 10001"
        );
    } else if (user.uid == 0) {
        refuse(
            part_of(node, "uid"),
            fmt::format("the user '{}' has uid 0", printable(user.name)),
            reader,
            "to run as root, write `run-as: 0`"
        );
    }
    if (user.home.empty()) {
        user.home = "/home/" + user.name;
    }
}

void read_group(const Node& node, Group& group, Reader& reader) {
    yaml::read_fields(node, group, group_table, reader);
    judge_field(part_of(node, "groupname"), group.name, reader);
    for (const std::string& member : group.members) {
        judge_field(part_of(node, "members"), member, reader);
    }
    if (group.name.empty()) {
        refuse(node, "a group needs a groupname", reader);
    }
}

void read_users(const Node& node, Accounts& value, Reader& reader) {
    read_list(node, value.users, reader, [&](const Node& item, User& user) {
        read_user(item, user, reader);
    });
}
void read_groups(const Node& node, Accounts& value, Reader& reader) {
    read_list(node, value.groups, reader, [&](const Node& item, Group& group) {
        read_group(item, group, reader);
    });
}

constexpr std::array accounts_fields = {
    field<&Accounts::run_as>("run-as"),
    Field<Accounts>{"users", read_users, Shape::list},
    Field<Accounts>{"groups", read_groups, Shape::list},
};
constexpr Table<Accounts> accounts_table{"accounts", accounts_fields};

constexpr std::array path_fields = {
    field<&PathMutation::path>("path"),
    field<&PathMutation::type>("type"),
    field<&PathMutation::uid>("uid", Shape::integer),
    field<&PathMutation::gid>("gid", Shape::integer),
    field<&PathMutation::permissions>("permissions", Shape::integer),
    field<&PathMutation::source>("source"),
    field<&PathMutation::recursive>("recursive", Shape::boolean),
};
constexpr Table<PathMutation> path_table{"a path", path_fields};

constexpr std::array<std::string_view, 5> path_types = {
    "directory", "empty-file", "hardlink", "permissions", "symlink"};

void read_path(const Node& node, PathMutation& path, Reader& reader) {
    yaml::read_fields(node, path, path_table, reader);
    if (path.path.empty() || path.path.find('\0') != std::string::npos) {
        refuse(part_of(node, "path"), "a path needs the place where it is", reader);
    }
    if (std::find(path_types.begin(), path_types.end(), path.type) == path_types.end()) {
        const std::string_view near = nearest(path.type, path_types);
        refuse(
            part_of(node, "type"),
            fmt::format("unknown type of path '{}'", printable(path.type)),
            reader,
            near.empty() ? "it is one of directory, empty-file, hardlink, permissions, symlink"
                         : fmt::format("did you mean '{}'?", near)
        );
    }
    if ((path.type == "symlink" || path.type == "hardlink") && path.source.empty()) {
        refuse(node, fmt::format("a {} needs a source", path.type), reader);
    }
    if (path.permissions > 07777U) {
        refuse(
            part_of(node, "permissions"),
            "permissions have at most four octal digits",
            reader,
            "write them as 0o755"
        );
    }
}

void read_paths(const Node& node, Specification& value, Reader& reader) {
    read_list(node, value.paths, reader, [&](const Node& item, PathMutation& path) {
        read_path(item, path, reader);
    });
}

constexpr std::array layering_fields = {
    field<&Layering::strategy>("strategy"),
    field<&Layering::budget>("budget", Shape::integer),
};
constexpr Table<Layering> layering_table{"layering", layering_fields};

void read_layering(const Node& node, Specification& value, Reader& reader) {
    if (node.is_null()) {
        return;
    }
    Layering layering;
    yaml::read_fields(node, layering, layering_table, reader);
    if (layering.strategy.empty() && layering.budget == 0) {
        return;  // `{}`: one layer
    }
    if (layering.strategy != "origin") {
        refuse(
            part_of(node, "strategy"),
            fmt::format("unknown layering strategy '{}'", printable(layering.strategy)),
            reader,
            "the only one is 'origin'"
        );
    }
    value.layering = std::move(layering);
}

void read_certificates(const Node& node, Specification& value, Reader& reader) {
    if (!node.is_null()) {
        value.certificates.emplace();
        read_value(node, *value.certificates, reader);
    }
}

void read_archs(const Node& node, Specification& value, Reader& reader) {
    read_texts(node, value.archs, reader, [&](const Node& item, std::string& text) {
        text = apk::to_apk_architecture(text);
        if (!is_file_name(text)) {
            refuse(item, fmt::format("'{}' is no architecture", printable(text)), reader);
        }
    });
}

void read_environment(const Node& node, Specification& value, Reader& reader) {
    yaml::for_each_entry(node, reader, [&](const Node& key, const Node& entry) {
        if (key.text().empty() ||
            key.text().find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
            refuse(
                key,
                fmt::format("'{}' cannot be a variable", printable(key.text())),
                reader,
                "a variable has a name, without '='"
            );
        }
        yaml::read_value(entry, value.environment[key.text()], reader);
    });
}

void read_format(const Node& node, Specification& value, Reader& reader) {
    yaml::read_value(node, value.format, reader);
    if (!value.format.empty() && value.format != "tar") {
        refuse(
            node,
            fmt::format("layers of format '{}' are not made", printable(value.format)),
            reader,
            "leave it out: layers are tar"
        );
    }
}

void read_contents(const Node& node, Specification& value, Reader& reader) {
    read_value(node, value.contents, reader);
}

template <auto Member, const auto& Part>
void read_part(const Node& node, Specification& value, Reader& reader) {
    yaml::read_fields(node, value.*Member, Part, reader);
}

constexpr std::array specification_fields = {
    Field<Specification>{"contents", read_contents, Shape::object},
    Field<Specification>{
        "entrypoint", read_part<&Specification::entrypoint, entrypoint_table>, Shape::object},
    Field<Specification>{"cmd", read_command<Specification, &Specification::cmd>, Shape::text},
    field<&Specification::stop_signal>("stop-signal"),
    field<&Specification::work_dir>("work-dir"),
    Field<Specification>{
        "accounts", read_part<&Specification::accounts, accounts_table>, Shape::object},
    Field<Specification>{"archs", read_archs, Shape::list},
    Field<Specification>{"environment", read_environment, Shape::map},
    Field<Specification>{"paths", read_paths, Shape::list},
    field<&Specification::vcs_url>("vcs-url"),
    Field<Specification>{
        "annotations", read_map_member<&Specification::annotations, Specification>, Shape::map},
    field<&Specification::include>("include"),
    field<&Specification::volumes>("volumes", Shape::list),
    Field<Specification>{"layering", read_layering, Shape::object},
    Field<Specification>{"format", read_format, Shape::text},
    Field<Specification>{"certificates", read_certificates, Shape::object},
};
constexpr Table<Specification> specification_table{"an image file", specification_fields};

}  // namespace

void refuse(const Node& node, std::string message, Reader& reader, std::string help) {
    reader.diagnostics.error("bad-image", std::move(message), node.where(), std::move(help));
}

Node part_of(const Node& node, std::string_view key) {
    return node.find(key).value_or(node);
}

bool is_file_name(std::string_view name) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return !name.empty() && letters.find(name.front()) != std::string_view::npos &&
           std::all_of(name.begin(), name.end(), [&](char letter) {
               return letter == '.' || letters.find(letter) != std::string_view::npos;
           });
}

bool read_value(const yaml::Node& node, Specification& value, yaml::Reader& reader) {
    return yaml::read_fields(node, value, specification_table, reader);
}

}  // namespace quern::image
