// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Steps and environments, those of tests among them. Fields in the order of Go's structs.
#include "recipe/go_view.hpp"

#include <array>

namespace quern::recipe::go {

namespace {

constexpr std::array needs_fields = {field<&PipelineNode::needs_packages>("Packages")};
constexpr StructType needs = {"config.Needs", needs_fields};
constexpr std::array assertion_fields = {
    Field{"RequiredSteps", [](const void* object) {
              return Value(std::int64_t{
                  static_cast<const PipelineNode*>(object)->required_steps.value_or(0)});
          }}};
constexpr StructType assertions = {"config.PipelineAssertions", assertion_fields};

Value needs_of(const void* object) {
    const bool is_given = !static_cast<const PipelineNode*>(object)->needs_packages.empty();
    return is_given ? Value(StructValue{&needs, object, true}) : Value(Nil{"config.Needs"});
}
Value assertions_of(const void* object) {
    const bool is_given = static_cast<const PipelineNode*>(object)->required_steps.has_value();
    return is_given ? Value(StructValue{&assertions, object, true})
                    : Value(Nil{"config.PipelineAssertions"});
}

constexpr std::array input_fields = {
    field<&Input::description>("Description"),
    Field{
        "Default",
        [](const void* object) {
            const auto& value = static_cast<const Input*>(object)->default_value;
            return value ? view(*value) : Value::borrowed("");
        }},
    field<&Input::required>("Required"),
};
constexpr std::array node_fields = {
    field<&PipelineNode::name>("Name"),
    field<&PipelineNode::uses>("Uses"),
    field<&PipelineNode::with>("With"),
    field<&PipelineNode::runs>("Runs"),
    field<&PipelineNode::pipeline>("Pipeline"),
    field<&PipelineNode::inputs>("Inputs"),
    Field{"Needs", needs_of},
    field<&PipelineNode::label>("Label"),
    field<&PipelineNode::condition>("If"),
    Field{"Assertions", assertions_of},
    field<&PipelineNode::working_directory>("WorkDir"),
    field<&PipelineNode::environment>("Environment"),
};

constexpr std::array contents_fields = {
    field<&Environment::build_repositories>("BuildRepositories"),
    field<&Environment::runtime_repositories>("RuntimeRepositories"),
    field<&Environment::repositories>("Repositories"),
    field<&Environment::keyring>("Keyring"),
    field<&Environment::packages>("Packages"),
};
constexpr StructType contents = {"types.ImageContents", contents_fields};
constexpr std::array entrypoint_fields = {
    field<&Environment::entrypoint_type>("Type"),
    field<&Environment::entrypoint_command>("Command"),
    field<&Environment::entrypoint_shell_fragment>("ShellFragment"),
    field<&Environment::entrypoint_services>("Services"),
};
constexpr StructType entrypoint = {"types.ImageEntrypoint", entrypoint_fields};
constexpr std::array user_fields = {
    field<&User::name>("UserName"),
    field<&User::uid>("UID"),
    Field{
        "GID",
        [](const void* object) {
            const auto& gid = static_cast<const User*>(object)->gid;
            return gid ? view(*gid) : Value(Nil{"uint32"});
        }},
    field<&User::shell>("Shell"),
    field<&User::home>("HomeDir"),
};
constexpr std::array group_fields = {
    field<&Group::name>("GroupName"),
    field<&Group::gid>("GID"),
    field<&Group::members>("Members"),
};
constexpr std::array account_fields = {
    field<&Environment::run_as>("RunAs"),
    field<&Environment::users>("Users"),
    field<&Environment::groups>("Groups"),
};
constexpr StructType accounts = {"types.ImageAccounts", account_fields};
constexpr std::array path_fields = {
    field<&PathMutation::path>("Path"),
    field<&PathMutation::type>("Type"),
    field<&PathMutation::uid>("UID"),
    field<&PathMutation::gid>("GID"),
    field<&PathMutation::permissions>("Permissions"),
    field<&PathMutation::source>("Source"),
    field<&PathMutation::recursive>("Recursive"),
};
constexpr std::array environment_fields = {
    part<contents>("Contents"),
    part<entrypoint>("Entrypoint"),
    field<&Environment::cmd>("Cmd"),
    field<&Environment::stop_signal>("StopSignal"),
    field<&Environment::work_dir>("WorkDir"),
    part<accounts>("Accounts"),
    field<&Environment::archs>("Archs"),
    field<&Environment::environment>("Environment"),
    field<&Environment::paths>("Paths"),
    field<&Environment::vcs_url>("VCSUrl"),
    field<&Environment::annotations>("Annotations"),
    field<&Environment::volumes>("Volumes"),
};

constexpr std::array test_fields = {
    field<&Test::environment>("Environment"),
    field<&Test::pipeline>("Pipeline"),
};
}  // namespace

const StructType& type_of(const PipelineNode&) {
    static constexpr StructType type = {"config.Pipeline", node_fields};
    return type;
}
const StructType& type_of(const Input&) {
    static constexpr StructType type = {"config.Input", input_fields};
    return type;
}
const StructType& type_of(const Environment&) {
    static constexpr StructType type = {"types.ImageConfiguration", environment_fields};
    return type;
}
const StructType& type_of(const User&) {
    static constexpr StructType type = {"types.User", user_fields};
    return type;
}
const StructType& type_of(const Group&) {
    static constexpr StructType type = {"types.Group", group_fields};
    return type;
}
const StructType& type_of(const PathMutation&) {
    static constexpr StructType type = {"types.PathMutation", path_fields};
    return type;
}
const StructType& type_of(const Test&) {
    static constexpr StructType type = {"config.Test", test_fields};
    return type;
}

}  // namespace quern::recipe::go
