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
    field<&Environment::repositories>(
        "repositories", "repositories of packages, for builds and images"
    ),
    field<&Environment::build_repositories>("build_repositories", "repositories for builds only"),
    field<&Environment::runtime_repositories>(
        "runtime_repositories", "repositories for images only"
    ),
    field<&Environment::keyring>("keyring", "public keys that sign the repositories"),
    Field<Environment>{"runtime_keyring", ignore, Shape::list, "public keys for images only"},
    field<&Environment::packages>(
        "packages", "packages to install: name, name=1.2-r0, name>1, !name"
    ),
    Field<Environment>{
        "baseimage", ignore, Shape::object, "image to build on; of no meaning to builds"},
};
constexpr Table<Environment> contents_table{"contents", contents_fields};

constexpr std::array entrypoint_fields = {
    field<&Environment::entrypoint_type>("type", "kind of the entry point"),
    field<&Environment::entrypoint_command>("command", "command that an image starts"),
    field<&Environment::entrypoint_shell_fragment>(
        "shell-fragment", "shell text that an image starts"
    ),
    field<&Environment::entrypoint_services>("services", "services by name"),
};
constexpr Table<Environment> entrypoint_table{"entrypoint", entrypoint_fields};

constexpr std::array user_fields = {
    field<&User::name>("username", "name of the account"),
    field<&User::uid>("uid", "number of the account, not 0"),
    field<&User::gid>("gid", "number of its group"),
    field<&User::shell>("shell", "login shell"),
    field<&User::home>("homedir", "home directory"),
};
constexpr Table<User> user_table{"a user", user_fields};

constexpr std::array group_fields = {
    field<&Group::name>("groupname", "name of the group"),
    field<&Group::gid>("gid", "number of the group"),
    field<&Group::members>("members", "names of accounts"),
};
constexpr Table<Group> group_table{"a group", group_fields};

constexpr std::array path_fields = {
    field<&PathMutation::path>("path", "absolute path in the guest"),
    field<&PathMutation::type>("type", "directory, empty-file, hardlink, symlink or permissions"),
    field<&PathMutation::uid>("uid", "owner"),
    field<&PathMutation::gid>("gid", "group"),
    field<&PathMutation::permissions>("permissions", "mode: 0o755"),
    field<&PathMutation::source>("source", "what a link points to"),
    field<&PathMutation::recursive>("recursive", "applies to all below"),
};
constexpr Table<PathMutation> path_table{"a path", path_fields};

constexpr std::array accounts_fields = {
    field<&Environment::run_as>("run-as", "account that steps run as"),
    field<&Environment::users>("users", "accounts to make"),
    field<&Environment::groups>("groups", "groups to make"),
};
constexpr Table<Environment> accounts_table{"accounts", accounts_fields};

template <const Table<Environment>& Part>
void read_part(const Node& node, Environment& value, Reader& reader) {
    yaml::read_fields(node, value, Part, reader);
}

constexpr std::array environment_fields = {
    Field<Environment>{
        "contents",
        read_part<contents_table>,
        Shape::object,
        "repositories and packages",
        yaml::object_form<contents_table>},
    Field<Environment>{
        "entrypoint",
        read_part<entrypoint_table>,
        Shape::object,
        "what an image starts",
        yaml::object_form<entrypoint_table>},
    field<&Environment::cmd>("cmd", "arguments of what an image starts"),
    field<&Environment::stop_signal>("stop-signal", "signal that ends an image"),
    field<&Environment::work_dir>("work-dir", "working directory of an image"),
    Field<Environment>{
        "accounts",
        read_part<accounts_table>,
        Shape::object,
        "accounts and groups",
        yaml::object_form<accounts_table>},
    field<&Environment::archs>("archs", "architectures of an image"),
    field<&Environment::environment>("environment", "environment variables of all steps"),
    field<&Environment::paths>("paths", "changes to the tree of the guest"),
    field<&Environment::vcs_url>("vcs-url", "repository that holds the specification"),
    field<&Environment::annotations>("annotations", "annotations of an image"),
    Field<Environment>{"include", ignore, Shape::text, "of no meaning"},
    field<&Environment::volumes>("volumes", "volumes of an image"),
    Field<Environment>{"layering", ignore, Shape::object, "layers of an image"},
    Field<Environment>{"format", ignore, Shape::text, "format of an image"},
    Field<Environment>{"certificates", ignore, Shape::object, "further certificates of an image"},
};
constexpr Table<Environment> environment_table{"environment", environment_fields};

}  // namespace

bool read_value(const Node& node, Environment& value, Reader& reader) {
    value.is_given = !node.is_null();
    return yaml::read_fields(node, value, environment_table, reader);
}

const Table<Environment>& table_of(const Environment* /*of*/) {
    return environment_table;
}
const Table<User>& table_of(const User* /*of*/) {
    return user_table;
}
const Table<Group>& table_of(const Group* /*of*/) {
    return group_table;
}
const Table<PathMutation>& table_of(const PathMutation* /*of*/) {
    return path_table;
}

}  // namespace quern::recipe
