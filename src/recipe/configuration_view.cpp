// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// The top of a recipe. Fields in the order of Go's structs.
#include "recipe/configuration_view.hpp"

#include "recipe/go_view.hpp"

#include <array>

namespace quern::recipe {

namespace go {

namespace {

constexpr std::array capabilities_fields = {
    field<&Capabilities::add>("Add"),
    field<&Capabilities::drop>("Drop"),
};
constexpr std::array range_fields = {
    field<&RangeData::name>("Name"),
    field<&RangeData::items>("Items"),
};
constexpr std::array transform_fields = {
    field<&VarTransform::from>("From"),
    field<&VarTransform::match>("Match"),
    field<&VarTransform::replace>("Replace"),
    field<&VarTransform::to>("To"),
};
constexpr std::array list_option_fields = {
    field<&BuildOption::add_packages>("Add"),
    field<&BuildOption::remove_packages>("Remove"),
};
constexpr StructType list_option = {"config.ListOption", list_option_fields};
constexpr std::array contents_option_fields = {part<list_option>("Packages")};
constexpr StructType contents_option = {"config.ContentsOption", contents_option_fields};
constexpr std::array environment_option_fields = {part<contents_option>("Contents")};
constexpr StructType environment_option = {"config.EnvironmentOption", environment_option_fields};
constexpr std::array build_option_fields = {
    field<&BuildOption::vars>("Vars"),
    part<environment_option>("Environment"),
};

constexpr std::array configuration_fields = {
    field<&Configuration::package>("Package"),
    field<&Configuration::environment>("Environment"),
    field<&Configuration::capabilities>("Capabilities"),
    field<&Configuration::pipeline>("Pipeline"),
    field<&Configuration::subpackages>("Subpackages"),
    field<&Configuration::data>("Data"),
    field<&Configuration::update>("Update"),
    field<&Configuration::vars>("Vars"),
    field<&Configuration::var_transforms>("VarTransforms"),
    field<&Configuration::options>("Options"),
    Field{"Test", test_of<Configuration>},
};

/// The main package's name and those of the subpackages.
const ListType all_names = {
    "iter.Seq[string]",
    [](const void* object) {
        return static_cast<const Configuration*>(object)->subpackages.size() + 1;
    },
    [](const void* object, std::size_t index) {
        const auto& configuration = *static_cast<const Configuration*>(object);
        return view(
            index == 0 ? configuration.package.name : configuration.subpackages[index - 1].name
        );
    }};
constexpr std::array configuration_methods = {
    Field{
        "Name",
        [](const void* object) {
            return view(static_cast<const Configuration*>(object)->package.name);
        }},
    Field{
        "AllPackageNames",
        [](const void* object) {
            return Value(ListValue{&all_names, object, 0, all_names.size(object)});
        }},
};

}  // namespace

const StructType& type_of(const Capabilities&) {
    static constexpr StructType type = {"config.Capabilities", capabilities_fields};
    return type;
}
const StructType& type_of(const RangeData&) {
    static constexpr StructType type = {"config.RangeData", range_fields};
    return type;
}
const StructType& type_of(const VarTransform&) {
    static constexpr StructType type = {"config.VarTransforms", transform_fields};
    return type;
}
const StructType& type_of(const BuildOption&) {
    static constexpr StructType type = {"config.BuildOption", build_option_fields};
    return type;
}
const StructType& type_of(const Configuration&) {
    static constexpr StructType type = {
        "config.Configuration", configuration_fields, configuration_methods};
    return type;
}

}  // namespace go

Value view_of(const Configuration& configuration) {
    return go::view(configuration);
}

}  // namespace quern::recipe
