// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/metadata.hpp"

#include "quern/source_file.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace quern::build {
namespace {

std::vector<std::string> values_of(const std::vector<recipe::Text>& texts) {
    std::vector<std::string> values;
    for (const recipe::Text& text : texts) {
        values.push_back(text.value);
    }
    return values;
}

/// Declared and generated relations, sorted, each once.
std::vector<std::string> merged(
    const std::vector<recipe::Text>& declared, const std::vector<std::string>& generated
) {
    std::set<std::string> values(generated.begin(), generated.end());
    for (const recipe::Text& text : declared) {
        values.insert(text.value);
    }
    return {values.begin(), values.end()};
}

// A package does not depend on what it provides itself; an entry with a constraint is kept. Source:
// recipe-and-build 7.2.
void drop_own_names(std::vector<std::string>& depends, const std::vector<std::string>& provides) {
    std::set<std::string> own;
    for (const std::string& provided : provides) {
        own.insert(provided.substr(0, provided.find_first_of("=<>~")));
    }
    std::erase_if(depends, [&](const std::string& name) { return own.count(name) != 0; });
}

void append_little_endian(std::string& bytes, std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes += static_cast<char>((value >> shift) & 0xffU);
    }
}

// Source: linux/capability.h; the names that a recipe may use are those of recipe-and-build 2.2.
std::uint32_t capability_bit(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, unsigned>, 5> numbers = {{
        {"cap_net_bind_service", 10},
        {"cap_net_admin", 12},
        {"cap_net_raw", 13},
        {"cap_ipc_lock", 14},
        {"cap_sys_admin", 21},
    }};
    for (const auto& [known, number] : numbers) {
        if (known == name) {
            return 1U << number;
        }
    }
    return 0;
}

// Source: linux/capability.h, struct vfs_ns_cap_data: magic and flags, then permitted and
// inheritable by halves, then the root id.
std::string capability_value(const recipe::FileCapability& capability) {
    constexpr std::uint32_t version_3 = 0x03000000;
    std::uint32_t permitted = 0;
    std::uint32_t inheritable = 0;
    bool is_effective = false;
    for (const auto& [names, flags] : capability.add) {
        for (const std::string_view name : split(names, ',')) {
            const std::uint32_t bit = capability_bit(trim(name));
            permitted |= flags.value.find('p') != std::string::npos ? bit : 0;
            inheritable |= flags.value.find('i') != std::string::npos ? bit : 0;
            is_effective = is_effective || flags.value.find('e') != std::string::npos;
        }
    }
    std::string value;
    append_little_endian(value, version_3 | (is_effective ? 1U : 0U));
    append_little_endian(value, permitted);
    append_little_endian(value, inheritable);
    append_little_endian(value, 0);
    append_little_endian(value, 0);
    append_little_endian(value, 0);
    return value;
}

}  // namespace

package::ScanOptions scan_options(const Output& output, const recipe::Package& main) {
    return {main.full_version(), *output.options, values_of(output.dependencies->runtime)};
}

namespace {

// Recipes may write a sign. Below 0, which loading warns of, there is none.
std::optional<std::uint64_t> priority(const recipe::Text& text) {
    std::string_view digits = text.value;
    digits.remove_prefix(digits.starts_with('+') ? 1 : 0);
    return parse_unsigned(digits);
}

}  // namespace

apk::PackageInfo package_info(
    const Output& output,
    const recipe::Package& main,
    const BuildOptions& options,
    const package::ScanResult& scan
) {
    apk::PackageInfo info;
    info.name = output.name;
    info.version = main.full_version();
    info.architecture = options.load.architecture;
    info.origin = options.strip_origin_name ? output.name : main.name.value;
    info.description = output.description;
    info.url = output.url;
    info.commit = output.commit;
    info.maintainer = options.namespace_name;
    if (options.source_date != 0) {
        info.build_date = options.source_date;
    }
    for (const recipe::Copyright& copyright : main.copyright) {
        info.licenses.push_back(copyright.license.value);
    }
    using package::Relation;
    info.provides = merged(output.dependencies->provides, scan.texts(Relation::provides));
    info.depends = merged(output.dependencies->runtime, scan.texts(Relation::depends));
    info.vendored = scan.texts(Relation::vendored);
    drop_own_names(info.depends, info.provides);
    for (const recipe::Text& replaced : output.dependencies->replaces) {
        info.replaces.push_back(replaced.value);
    }
    info.provider_priority = priority(output.dependencies->provider_priority);
    info.replaces_priority = priority(output.dependencies->replaces_priority);
    for (const recipe::Text& path : output.scriptlets->trigger.paths) {
        info.triggers.push_back(path.value);
    }
    return info;
}

namespace {

// Values of env files are the builder's own; who gets the package gets none of them.
recipe::Configuration without_env_files(
    recipe::Configuration configuration, const recipe::LoadOptions& load
) {
    std::erase_if(configuration.environment.environment, [&](const auto& variable) {
        const SourceFile* file = variable.second.where.file;
        return file != nullptr &&
               std::any_of(load.env_files.begin(), load.env_files.end(), [&](const auto& path) {
                   return file->name() == path.string();
               });
    });
    return configuration;
}

}  // namespace

std::map<std::string, std::string> control_files(
    const Output& output, const recipe::Configuration& configuration, const BuildOptions& options
) {
    const recipe::Scriptlets& scriptlets = *output.scriptlets;
    const std::array<std::pair<const char*, const recipe::Text*>, 7> scripts = {{
        {".pre-install", &scriptlets.pre_install},
        {".post-install", &scriptlets.post_install},
        {".pre-deinstall", &scriptlets.pre_deinstall},
        {".post-deinstall", &scriptlets.post_deinstall},
        {".pre-upgrade", &scriptlets.pre_upgrade},
        {".post-upgrade", &scriptlets.post_upgrade},
        {".trigger", &scriptlets.trigger.script},
    }};
    std::map<std::string, std::string> files;
    for (const auto& [name, text] : scripts) {
        if (!text->is_empty()) {
            files[name] = text->value;
        }
    }
    // A comment, because readers of this file refuse keys that they do not know.
    const std::string_view doubt = options.environment.ignore_signatures
                                       ? "# built with --ignore-signatures: the indexes of the "
                                         "environment's repositories were "
                                         "not verified\n"
                                       : "";
    files[".melange.yaml"] =
        std::string(doubt) + recipe::to_yaml(without_env_files(configuration, options.load));
    return files;
}

std::map<std::string, std::string> file_capabilities(
    const std::vector<recipe::FileCapability>& setcap
) {
    std::map<std::string, std::string> values;
    for (const recipe::FileCapability& capability : setcap) {
        std::string path = capability.path.value;
        path.erase(0, path.find_first_not_of('/'));
        values[path] = capability_value(capability);
    }
    return values;
}

}  // namespace quern::build
