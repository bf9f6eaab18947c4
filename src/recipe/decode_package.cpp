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
    field<&Trigger::script>(
        "script", "script that runs when one of the paths changes, with its first line (#!/bin/sh)"
    ),
    field<&Trigger::paths>("paths", "directories that are watched; wildcards are allowed"),
};
constexpr Table<Trigger> trigger_table{"trigger", trigger_fields};

constexpr std::array scriptlets_fields = {
    field<&Scriptlets::trigger>("trigger", "script that runs when files of other packages change"),
    field<&Scriptlets::pre_install>(
        "pre-install", "script, with its first line, before the package is installed"
    ),
    field<&Scriptlets::post_install>("post-install", "script after the package was installed"),
    field<&Scriptlets::pre_deinstall>("pre-deinstall", "script before the package is removed"),
    field<&Scriptlets::post_deinstall>("post-deinstall", "script after the package was removed"),
    field<&Scriptlets::pre_upgrade>(
        "pre-upgrade", "script before the package is replaced by a newer one"
    ),
    field<&Scriptlets::post_upgrade>(
        "post-upgrade", "script after the package was replaced by a newer one"
    ),
};
constexpr Table<Scriptlets> scriptlets_table{"scriptlets", scriptlets_fields};

constexpr std::array dependencies_fields = {
    field<&Dependencies::runtime>(
        "runtime",
        "packages that must be installed with this one: name, name=1.2-r0, name>1, so:..., "
        "cmd:..., !name"
    ),
    field<&Dependencies::provides>("provides", "further names of this package: name=version"),
    field<&Dependencies::replaces>("replaces", "packages whose files this one may overwrite"),
    field<&Dependencies::provider_priority>(
        "provider-priority",
        "which package wins where several provide a name without a version; a whole number, the "
        "largest wins"
    ),
    field<&Dependencies::replaces_priority>(
        "replaces-priority",
        "which package wins where several replace the same file; a whole number"
    ),
};
constexpr Table<Dependencies> dependencies_table{"dependencies", dependencies_fields};

constexpr std::array options_fields = {
    field<&PackageOptions::no_provides>("no-provides", "provide nothing that is found in the tree"),
    field<&PackageOptions::no_depends>("no-depends", "depend on nothing that is found in the tree"),
    field<&PackageOptions::no_commands>("no-commands", "provide no cmd: names"),
    field<&PackageOptions::no_versioned_shlib_deps>(
        "no-versioned-shlib-deps", "do not depend on versions of shared libraries"
    ),
};
constexpr Table<PackageOptions> options_table{"package options", options_fields};

constexpr std::array copyright_fields = {
    field<&Copyright::paths>("paths", "files of the source that the licence covers"),
    field<&Copyright::attestation>("attestation", "text of the copyright notice"),
    field<&Copyright::license>("license", "licence by its SPDX identifier or expression"),
    field<&Copyright::license_path>(
        "license-path", "file of the workspace with the text of the licence"
    ),
    field<&Copyright::detection_override>(
        "detection-override", "licence to be believed instead of the one that is detected"
    ),
};
constexpr Table<Copyright> copyright_table{"copyright", copyright_fields};

constexpr std::array cpe_fields = {
    field<&Cpe::part>("part", "'a' for applications, 'o' for operating systems"),
    field<&Cpe::vendor>("vendor", "vendor in the dictionary of CPE names"),
    field<&Cpe::product>("product", "product in the dictionary of CPE names"),
    field<&Cpe::edition>("edition", "edition"),
    field<&Cpe::language>("language", "language"),
    field<&Cpe::software_edition>("sw_edition", "edition of the software"),
    field<&Cpe::target_software>("target_sw", "software that it runs in"),
    field<&Cpe::target_hardware>("target_hw", "hardware that it runs on"),
    field<&Cpe::other>("other", "anything else"),
};
constexpr Table<Cpe> cpe_table{"cpe", cpe_fields};

constexpr std::array capability_fields = {
    field<&FileCapability::path>("path", "file of the package, absolute"),
    field<&FileCapability::add>(
        "add", "names of capabilities, separated by commas, to flags such as +ep"
    ),
    field<&FileCapability::reason>("reason", "why the file needs them"),
};
constexpr Table<FileCapability> capability_table{"setcap", capability_fields};

constexpr std::array resources_fields = {
    field<&Resources::cpu>("cpu", "number of processors"),
    field<&Resources::cpu_model>("cpumodel", "model of the processor"),
    field<&Resources::memory>("memory", "memory: 4Gi"),
    field<&Resources::disk>("disk", "disk space: 20Gi"),
};
constexpr Table<Resources> resources_table{"resources", resources_fields};

constexpr std::array package_checks_fields = {
    field<&Package::checks_disabled>("disabled", "linters that only warn for this package")};
constexpr Table<Package> package_checks_table{"checks", package_checks_fields};
constexpr std::array subpackage_checks_fields = {
    field<&Subpackage::checks_disabled>("disabled", "linters that only warn for this subpackage")};
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
    required(field<&Package::name>("name", "name of the package: letters, digits, + _ . -")),
    required(field<&Package::version>("version", "version without the epoch: 1.2.3, 1.2_rc1")),
    field<&Package::epoch>(
        "epoch", "number of the build of this version, from 0 on; goes up with each change"
    ),
    field<&Package::description>("description", "one line that says what the package is"),
    field<&Package::annotations>("annotations", "free texts by name, kept in the recipe only"),
    field<&Package::url>("url", "home page of the software"),
    field<&Package::commit>("commit", "commit of the repository that holds the recipe"),
    field<&Package::target_architectures>(
        "target-architecture",
        "architectures that the package is built for, by apk's names; none means all"
    ),
    field<&Package::copyright>("copyright", "licences"),
    field<&Package::dependencies>("dependencies", "relations to other packages"),
    field<&Package::options>("options", "what is not derived from the tree"),
    field<&Package::scriptlets>(
        "scriptlets", "scripts that run when the package is installed or removed"
    ),
    Field<Package>{
        "checks",
        read_package_checks,
        Shape::object,
        "linters",
        yaml::object_form<package_checks_table>},
    field<&Package::cpe>("cpe", "name of the software in databases of vulnerabilities"),
    field<&Package::setcap>("setcap", "capabilities of files"),
    Field<Package>{"timeout", read_timeout, Shape::text, "bound on the whole build: 1h30m"},
    field<&Package::resources>("resources", "what a build wants of its machine"),
    field<&Package::test_resources>("test-resources", "what a test wants of its machine"),
};
constexpr Table<Package> package_table{"package", package_fields};

constexpr std::array subpackage_fields = {
    required(field<&Subpackage::name>("name", "name of the subpackage")),
    field<&Subpackage::condition>(
        "if",
        "condition: without it, or where it holds, the subpackage is built; ${{build.arch}} == "
        "'x86_64'"
    ),
    field<&Subpackage::range>(
        "range", "name of an entry of data: the subpackage is repeated for each of its items"
    ),
    field<&Subpackage::pipeline>("pipeline", "steps that fill ${{targets.subpkgdir}}"),
    field<&Subpackage::dependencies>("dependencies", "relations to other packages"),
    field<&Subpackage::options>("options", "what is not derived from the tree"),
    field<&Subpackage::scriptlets>(
        "scriptlets", "scripts that run when the subpackage is installed or removed"
    ),
    field<&Subpackage::description>("description", "one line that says what the subpackage is"),
    field<&Subpackage::annotations>("annotations", "free texts by name"),
    field<&Subpackage::url>("url", "home page"),
    field<&Subpackage::commit>("commit", "commit of the repository that holds the recipe"),
    Field<Subpackage>{
        "checks",
        read_subpackage_checks,
        Shape::object,
        "linters",
        yaml::object_form<subpackage_checks_table>},
    field<&Subpackage::test>("test", "test of the installed subpackage"),
    field<&Subpackage::setcap>("setcap", "capabilities of files"),
};
constexpr Table<Subpackage> subpackage_table{"a subpackage", subpackage_fields};

}  // namespace

const Table<Trigger>& table_of(const Trigger* /*of*/) {
    return trigger_table;
}
const Table<Scriptlets>& table_of(const Scriptlets* /*of*/) {
    return scriptlets_table;
}
const Table<Dependencies>& table_of(const Dependencies* /*of*/) {
    return dependencies_table;
}
const Table<PackageOptions>& table_of(const PackageOptions* /*of*/) {
    return options_table;
}
const Table<Copyright>& table_of(const Copyright* /*of*/) {
    return copyright_table;
}
const Table<Cpe>& table_of(const Cpe* /*of*/) {
    return cpe_table;
}
const Table<FileCapability>& table_of(const FileCapability* /*of*/) {
    return capability_table;
}
const Table<Resources>& table_of(const Resources* /*of*/) {
    return resources_table;
}
const Table<Package>& table_of(const Package* /*of*/) {
    return package_table;
}
const Table<Subpackage>& table_of(const Subpackage* /*of*/) {
    return subpackage_table;
}

}  // namespace quern::recipe
