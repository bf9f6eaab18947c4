// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Packages and subpackages. Fields in the order of Go's structs, for they are printed in it.
#include "recipe/go_view.hpp"

#include <fmt/format.h>

#include <array>

namespace quern::recipe::go {

namespace {

constexpr std::array trigger_fields = {
    field<&Trigger::script>("Script"),
    field<&Trigger::paths>("Paths"),
};
constexpr std::array scriptlet_fields = {
    field<&Scriptlets::trigger>("Trigger"),
    field<&Scriptlets::pre_install>("PreInstall"),
    field<&Scriptlets::post_install>("PostInstall"),
    field<&Scriptlets::pre_deinstall>("PreDeinstall"),
    field<&Scriptlets::post_deinstall>("PostDeinstall"),
    field<&Scriptlets::pre_upgrade>("PreUpgrade"),
    field<&Scriptlets::post_upgrade>("PostUpgrade"),
};
constexpr std::array dependency_fields = {
    field<&Dependencies::runtime>("Runtime"),
    field<&Dependencies::provides>("Provides"),
    field<&Dependencies::replaces>("Replaces"),
    field<&Dependencies::provider_priority>("ProviderPriority"),
    field<&Dependencies::replaces_priority>("ReplacesPriority"),
};
constexpr std::array option_fields = {
    field<&PackageOptions::no_provides>("NoProvides"),
    field<&PackageOptions::no_depends>("NoDepends"),
    field<&PackageOptions::no_commands>("NoCommands"),
    field<&PackageOptions::no_versioned_shlib_deps>("NoVersionedShlibDeps"),
};
constexpr std::array copyright_fields = {
    field<&Copyright::paths>("Paths"),
    field<&Copyright::attestation>("Attestation"),
    field<&Copyright::license>("License"),
    field<&Copyright::license_path>("LicensePath"),
    field<&Copyright::detection_override>("DetectionOverride"),
};
constexpr std::array cpe_fields = {
    field<&Cpe::part>("Part"),
    field<&Cpe::vendor>("Vendor"),
    field<&Cpe::product>("Product"),
    field<&Cpe::edition>("Edition"),
    field<&Cpe::language>("Language"),
    field<&Cpe::software_edition>("SWEdition"),
    field<&Cpe::target_software>("TargetSW"),
    field<&Cpe::target_hardware>("TargetHW"),
    field<&Cpe::other>("Other"),
};
constexpr std::array capability_fields = {
    field<&FileCapability::path>("Path"),
    field<&FileCapability::add>("Add"),
    field<&FileCapability::reason>("Reason"),
};
constexpr std::array resource_fields = {
    field<&Resources::cpu>("CPU"),
    field<&Resources::cpu_model>("CPUModel"),
    field<&Resources::memory>("Memory"),
    field<&Resources::disk>("Disk"),
};

constexpr std::array package_checks_fields = {field<&Package::checks_disabled>("Disabled")};
constexpr StructType package_checks = {"config.Checks", package_checks_fields};

bool has_texts(const Scriptlets& value) {
    return !value.trigger.script.is_empty() || !value.pre_install.is_empty() ||
           !value.post_install.is_empty() || !value.pre_deinstall.is_empty() ||
           !value.post_deinstall.is_empty() || !value.pre_upgrade.is_empty() ||
           !value.post_upgrade.is_empty();
}
bool has_any(const PackageOptions& value) {
    return value.no_provides || value.no_depends || value.no_commands ||
           value.no_versioned_shlib_deps;
}
template <typename T>
bool has_scriptlets(const T& holder) {
    return has_texts(holder.scriptlets);
}
template <typename T>
bool has_options(const T& holder) {
    return has_any(holder.options);
}
bool always(const Package&) {
    return true;
}
bool has_test_resources(const Package& package) {
    const Resources& value = package.test_resources;
    return !value.cpu.empty() || !value.cpu_model.empty() || !value.memory.empty() ||
           !value.disk.empty();
}

constexpr std::array package_fields = {
    field<&Package::name>("Name"),
    field<&Package::version>("Version"),
    field<&Package::epoch>("Epoch"),
    field<&Package::description>("Description"),
    field<&Package::annotations>("Annotations"),
    field<&Package::url>("URL"),
    field<&Package::commit>("Commit"),
    field<&Package::target_architectures>("TargetArchitecture"),
    field<&Package::copyright>("Copyright"),
    field<&Package::dependencies>("Dependencies"),
    pointer<&Package::options, has_options<Package>>("Options"),
    pointer<&Package::scriptlets, has_scriptlets<Package>>("Scriptlets"),
    part<package_checks>("Checks"),
    field<&Package::cpe>("CPE"),
    field<&Package::timeout>("Timeout"),
    pointer<&Package::resources, always>("Resources"),
    pointer<&Package::test_resources, has_test_resources>("TestResources"),
    field<&Package::setcap>("SetCap"),
};

Value full_version(const void* object) {
    return Value::owned(static_cast<const Package*>(object)->full_version());
}
Value license_expression(const void* object) {
    std::string all;
    for (const Copyright& entry : static_cast<const Package*>(object)->copyright) {
        if (!entry.license.is_empty()) {
            all += fmt::format("{}{}", all.empty() ? "" : " AND ", entry.license.value);
        }
    }
    return Value::owned(std::move(all));
}
constexpr std::array package_methods = {
    Field{"FullVersion", full_version},
    Field{"LicenseExpression", license_expression},
};

constexpr std::array subpackage_checks_fields = {field<&Subpackage::checks_disabled>("Disabled")};
constexpr StructType subpackage_checks = {"config.Checks", subpackage_checks_fields};
constexpr std::array subpackage_fields = {
    field<&Subpackage::condition>("If"),
    field<&Subpackage::range>("Range"),
    field<&Subpackage::name>("Name"),
    field<&Subpackage::pipeline>("Pipeline"),
    field<&Subpackage::dependencies>("Dependencies"),
    pointer<&Subpackage::options, has_options<Subpackage>>("Options"),
    pointer<&Subpackage::scriptlets, has_scriptlets<Subpackage>>("Scriptlets"),
    field<&Subpackage::description>("Description"),
    field<&Subpackage::annotations>("Annotations"),
    field<&Subpackage::url>("URL"),
    field<&Subpackage::commit>("Commit"),
    part<subpackage_checks>("Checks"),
    Field{"Test", test_of<Subpackage>},
    field<&Subpackage::setcap>("SetCap"),
};

}  // namespace

const StructType& type_of(const Trigger&) {
    static constexpr StructType type = {"config.Trigger", trigger_fields};
    return type;
}
const StructType& type_of(const Scriptlets&) {
    static constexpr StructType type = {"config.Scriptlets", scriptlet_fields};
    return type;
}
const StructType& type_of(const Dependencies&) {
    static constexpr StructType type = {"config.Dependencies", dependency_fields};
    return type;
}
const StructType& type_of(const PackageOptions&) {
    static constexpr StructType type = {"config.PackageOption", option_fields};
    return type;
}
const StructType& type_of(const Copyright&) {
    static constexpr StructType type = {"config.Copyright", copyright_fields};
    return type;
}
const StructType& type_of(const Cpe&) {
    static constexpr StructType type = {"config.CPE", cpe_fields};
    return type;
}
const StructType& type_of(const FileCapability&) {
    static constexpr StructType type = {"config.Capability", capability_fields};
    return type;
}
const StructType& type_of(const Resources&) {
    static constexpr StructType type = {"config.Resources", resource_fields};
    return type;
}
const StructType& type_of(const Package&) {
    static constexpr StructType type = {"config.Package", package_fields, package_methods};
    return type;
}
const StructType& type_of(const Subpackage&) {
    static constexpr StructType type = {"config.Subpackage", subpackage_fields};
    return type;
}

}  // namespace quern::recipe::go
