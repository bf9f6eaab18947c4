// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/decode_values.hpp"

#include <array>

namespace quern::recipe {

namespace {

using yaml::field;
using yaml::Field;
using yaml::Node;
using yaml::Reader;
using yaml::Shape;
using yaml::Table;

/// Keys of images that mean nothing to a build.
template <typename T>
void ignore(const Node& /*node*/, T& /*value*/, Reader& /*reader*/) {}

constexpr std::array contents_fields = {
    field<&Environment::repositories>("repositories", Shape::list),
    field<&Environment::build_repositories>("build_repositories", Shape::list),
    field<&Environment::runtime_repositories>("runtime_repositories", Shape::list),
    field<&Environment::keyring>("keyring", Shape::list),
    Field<Environment>{"runtime_keyring", ignore, Shape::list},
    field<&Environment::packages>("packages", Shape::list),
    Field<Environment>{"baseimage", ignore, Shape::object},
};
constexpr Table<Environment> contents_table{"contents", contents_fields};

constexpr std::array entrypoint_fields = {
    field<&Environment::entrypoint_type>("type"),
    field<&Environment::entrypoint_command>("command"),
    field<&Environment::entrypoint_shell_fragment>("shell-fragment"),
    field<&Environment::entrypoint_services>("services", Shape::map),
};
constexpr Table<Environment> entrypoint_table{"entrypoint", entrypoint_fields};

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

bool read_value(const Node& node, User& value, Reader& reader) {
    value.where = node.where();
    return yaml::read_fields(node, value, user_table, reader);
}
bool read_value(const Node& node, Group& value, Reader& reader) {
    value.where = node.where();
    return yaml::read_fields(node, value, group_table, reader);
}

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

bool read_value(const Node& node, PathMutation& value, Reader& reader) {
    value.where = node.where();
    return yaml::read_fields(node, value, path_table, reader);
}

template <typename T>
void read_list(const Node& node, std::vector<T>& list, Reader& reader) {
    if (node.is_null()) {
        return;
    }
    if (!node.is_list()) {
        yaml::report_wrong_type(node, "a list", reader);
        return;
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (const Node item = node.item(i); !item.is_null() && reader.objects_left != 0) {
            read_value(item, list.emplace_back(), reader);
        }
    }
}

void read_users(const Node& node, Environment& value, Reader& reader) {
    read_list(node, value.users, reader);
}
void read_groups(const Node& node, Environment& value, Reader& reader) {
    read_list(node, value.groups, reader);
}

constexpr std::array accounts_fields = {
    field<&Environment::run_as>("run-as"),
    Field<Environment>{"users", read_users, Shape::list},
    Field<Environment>{"groups", read_groups, Shape::list},
};
constexpr Table<Environment> accounts_table{"accounts", accounts_fields};

void read_paths(const Node& node, Environment& value, Reader& reader) {
    read_list(node, value.paths, reader);
}

template <const Table<Environment>& Part>
void read_part(const Node& node, Environment& value, Reader& reader) {
    yaml::read_fields(node, value, Part, reader);
}

constexpr std::array environment_fields = {
    Field<Environment>{"contents", read_part<contents_table>, Shape::object},
    Field<Environment>{"entrypoint", read_part<entrypoint_table>, Shape::object},
    field<&Environment::cmd>("cmd"),
    field<&Environment::stop_signal>("stop-signal"),
    field<&Environment::work_dir>("work-dir"),
    Field<Environment>{"accounts", read_part<accounts_table>, Shape::object},
    field<&Environment::archs>("archs", Shape::list),
    field<&Environment::environment>("environment", Shape::map),
    Field<Environment>{"paths", read_paths, Shape::list},
    field<&Environment::vcs_url>("vcs-url"),
    field<&Environment::annotations>("annotations", Shape::map),
    Field<Environment>{"include", ignore, Shape::text},
    field<&Environment::volumes>("volumes", Shape::list),
    Field<Environment>{"layering", ignore, Shape::object},
    Field<Environment>{"format", ignore, Shape::text},
    Field<Environment>{"certificates", ignore, Shape::object},
};
constexpr Table<Environment> environment_table{"environment", environment_fields};

}  // namespace

bool read_value(const Node& node, Environment& value, Reader& reader) {
    value.is_given = !node.is_null();
    return yaml::read_fields(node, value, environment_table, reader);
}

void add_environment_keys(std::vector<KnownKeys>& known) {
    known.push_back(keys_of("environment", environment_table));
    known.push_back(keys_of("environment.contents", contents_table));
    known.push_back(keys_of("environment.accounts", accounts_table));
    known.push_back(keys_of("environment.accounts.users", user_table));
    known.push_back(keys_of("environment.accounts.groups", group_table));
    known.push_back(keys_of("environment.paths", path_table));
}

}  // namespace quern::recipe
