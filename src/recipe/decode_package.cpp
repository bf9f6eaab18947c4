// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/decode_values.hpp"
#include "recipe/duration.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <array>

namespace quern::recipe {

namespace {

using yaml::field;
using yaml::Field;
using yaml::Node;
using yaml::Reader;
using yaml::Shape;
using yaml::Table;

constexpr std::array trigger_fields = {
    field<&Trigger::script>("script"),
    field<&Trigger::paths>("paths", Shape::list),
};
constexpr Table<Trigger> trigger_table{"trigger", trigger_fields};

constexpr std::array scriptlets_fields = {
    field<&Scriptlets::trigger>("trigger", Shape::object),
    field<&Scriptlets::pre_install>("pre-install"),
    field<&Scriptlets::post_install>("post-install"),
    field<&Scriptlets::pre_deinstall>("pre-deinstall"),
    field<&Scriptlets::post_deinstall>("post-deinstall"),
    field<&Scriptlets::pre_upgrade>("pre-upgrade"),
    field<&Scriptlets::post_upgrade>("post-upgrade"),
};
constexpr Table<Scriptlets> scriptlets_table{"scriptlets", scriptlets_fields};

constexpr std::array dependencies_fields = {
    field<&Dependencies::runtime>("runtime", Shape::list),
    field<&Dependencies::provides>("provides", Shape::list),
    field<&Dependencies::replaces>("replaces", Shape::list),
    field<&Dependencies::provider_priority>("provider-priority"),
    field<&Dependencies::replaces_priority>("replaces-priority"),
};
constexpr Table<Dependencies> dependencies_table{"dependencies", dependencies_fields};

constexpr std::array options_fields = {
    field<&PackageOptions::no_provides>("no-provides", Shape::boolean),
    field<&PackageOptions::no_depends>("no-depends", Shape::boolean),
    field<&PackageOptions::no_commands>("no-commands", Shape::boolean),
    field<&PackageOptions::no_versioned_shlib_deps>("no-versioned-shlib-deps", Shape::boolean),
};
constexpr Table<PackageOptions> options_table{"package options", options_fields};

constexpr std::array copyright_fields = {
    field<&Copyright::paths>("paths", Shape::list),
    field<&Copyright::attestation>("attestation"),
    field<&Copyright::license>("license"),
    field<&Copyright::license_path>("license-path"),
    field<&Copyright::detection_override>("detection-override"),
};
constexpr Table<Copyright> copyright_table{"copyright", copyright_fields};

constexpr std::array cpe_fields = {
    field<&Cpe::part>("part"),
    field<&Cpe::vendor>("vendor"),
    field<&Cpe::product>("product"),
    field<&Cpe::edition>("edition"),
    field<&Cpe::language>("language"),
    field<&Cpe::software_edition>("sw_edition"),
    field<&Cpe::target_software>("target_sw"),
    field<&Cpe::target_hardware>("target_hw"),
    field<&Cpe::other>("other"),
};
constexpr Table<Cpe> cpe_table{"cpe", cpe_fields};

constexpr std::array capability_fields = {
    field<&FileCapability::path>("path"),
    field<&FileCapability::add>("add", Shape::map),
    field<&FileCapability::reason>("reason"),
};
constexpr Table<FileCapability> capability_table{"setcap", capability_fields};

constexpr std::array resources_fields = {
    field<&Resources::cpu>("cpu"),
    field<&Resources::cpu_model>("cpumodel"),
    field<&Resources::memory>("memory"),
    field<&Resources::disk>("disk"),
};
constexpr Table<Resources> resources_table{"resources", resources_fields};

constexpr std::array package_checks_fields = {
    field<&Package::checks_disabled>("disabled", Shape::list)};
constexpr Table<Package> package_checks_table{"checks", package_checks_fields};
constexpr std::array subpackage_checks_fields = {
    field<&Subpackage::checks_disabled>("disabled", Shape::list)};
constexpr Table<Subpackage> subpackage_checks_table{"checks", subpackage_checks_fields};

void read_package_checks(const Node& node, Package& value, Reader& reader) {
    yaml::read_fields(node, value, package_checks_table, reader);
}

void read_subpackage_checks(const Node& node, Subpackage& value, Reader& reader) {
    yaml::read_fields(node, value, subpackage_checks_table, reader);
}

void read_timeout(const Node& node, Package& package, Reader& reader) {
    std::string text;
    if (node.is_null() || !yaml::read_value(node, text, reader)) {
        return;
    }
    package.timeout = parse_duration(text);
    if (!package.timeout) {
        const bool is_number = yaml::parse_integer(text).has_value();
        reader.diagnostics.error(
            "wrong-type",
            fmt::format("expected a duration, got '{}'", printable(text)),
            node.where(),
            is_number ? fmt::format("did you mean '{}s'?", text) : "write it as '1h30m' or '90s'"
        );
    }
}

constexpr std::array package_fields = {
    field<&Package::name>("name"),
    field<&Package::version>("version"),
    field<&Package::epoch>("epoch", Shape::integer),
    field<&Package::description>("description"),
    field<&Package::annotations>("annotations", Shape::map),
    field<&Package::url>("url"),
    field<&Package::commit>("commit"),
    field<&Package::target_architectures>("target-architecture", Shape::list),
    field<&Package::copyright>("copyright", Shape::list),
    field<&Package::dependencies>("dependencies", Shape::object),
    field<&Package::options>("options", Shape::object),
    field<&Package::scriptlets>("scriptlets", Shape::object),
    Field<Package>{"checks", read_package_checks, Shape::object},
    field<&Package::cpe>("cpe", Shape::object),
    field<&Package::setcap>("setcap", Shape::list),
    Field<Package>{"timeout", read_timeout, Shape::text},
    field<&Package::resources>("resources", Shape::object),
    field<&Package::test_resources>("test-resources", Shape::object),
};
constexpr Table<Package> package_table{"package", package_fields};

constexpr std::array subpackage_fields = {
    field<&Subpackage::name>("name"),
    field<&Subpackage::condition>("if"),
    field<&Subpackage::range>("range"),
    field<&Subpackage::pipeline>("pipeline", Shape::list),
    field<&Subpackage::dependencies>("dependencies", Shape::object),
    field<&Subpackage::options>("options", Shape::object),
    field<&Subpackage::scriptlets>("scriptlets", Shape::object),
    field<&Subpackage::description>("description"),
    field<&Subpackage::annotations>("annotations", Shape::map),
    field<&Subpackage::url>("url"),
    field<&Subpackage::commit>("commit"),
    Field<Subpackage>{"checks", read_subpackage_checks, Shape::object},
    field<&Subpackage::test>("test", Shape::object),
    field<&Subpackage::setcap>("setcap", Shape::list),
};
constexpr Table<Subpackage> subpackage_table{"a subpackage", subpackage_fields};

}  // namespace

bool read_value(const Node& node, Trigger& value, Reader& reader) {
    return read_fields(node, value, trigger_table, reader);
}
bool read_value(const Node& node, Scriptlets& value, Reader& reader) {
    return read_fields(node, value, scriptlets_table, reader);
}
bool read_value(const Node& node, Dependencies& value, Reader& reader) {
    return read_fields(node, value, dependencies_table, reader);
}
bool read_value(const Node& node, PackageOptions& value, Reader& reader) {
    return read_fields(node, value, options_table, reader);
}
bool read_value(const Node& node, Copyright& value, Reader& reader) {
    return read_fields(node, value, copyright_table, reader);
}
bool read_value(const Node& node, Cpe& value, Reader& reader) {
    return read_fields(node, value, cpe_table, reader);
}
bool read_value(const Node& node, FileCapability& value, Reader& reader) {
    return read_fields(node, value, capability_table, reader);
}
bool read_value(const Node& node, Resources& value, Reader& reader) {
    return read_fields(node, value, resources_table, reader);
}
bool read_value(const Node& node, Package& value, Reader& reader) {
    return read_fields(node, value, package_table, reader);
}
bool read_value(const Node& node, Subpackage& value, Reader& reader) {
    value.where = node.where();
    return read_fields(node, value, subpackage_table, reader);
}

void add_package_keys(std::vector<KnownKeys>& known) {
    known.push_back(keys_of("package", package_table));
    known.push_back(keys_of("package.options", options_table));
    known.push_back(keys_of("package.dependencies", dependencies_table));
    known.push_back(keys_of("package.scriptlets", scriptlets_table));
    known.push_back(keys_of("package.scriptlets.trigger", trigger_table));
    known.push_back(keys_of("package.copyright", copyright_table));
    known.push_back(keys_of("package.cpe", cpe_table));
    known.push_back(keys_of("package.setcap", capability_table));
    known.push_back(keys_of("package.resources", resources_table));
    known.push_back(keys_of("package.checks", package_checks_table));
    known.push_back(keys_of("a subpackage", subpackage_table));
}

}  // namespace quern::recipe
