// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "build/pack.hpp"

#include "build/source_tree.hpp"
#include "package/emit.hpp"
#include "package/license.hpp"
#include "support/text.hpp"
#include "support/thread_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace quern::build {
namespace {

std::vector<std::string> sorted_values(const std::vector<recipe::Text>& texts) {
    std::set<std::string> values;
    for (const recipe::Text& text : texts) {
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

std::string input_of(const recipe::PipelineNode& node, std::string_view name) {
    const auto found = node.with.find(name);
    return found == node.with.end() ? std::string() : found->second.value;
}

std::vector<package::SbomSource> sources_of(
    const std::vector<recipe::PipelineNode>& pipeline, const recipe::Package& package
) {
    std::vector<package::SbomSource> sources;
    for (std::size_t i = 0; i < pipeline.size(); ++i) {
        const recipe::PipelineNode& node = pipeline[i];
        package::SbomSource source;
        source.kind = node.uses.value;
        source.step = i;
        if (source.kind == "fetch") {
            source.uri = input_of(node, "uri");
            source.name = input_of(node, "purl-name");
            source.version = input_of(node, "purl-version");
            source.name = source.name.empty() ? package.name.value : source.name;
            source.version = source.version.empty() ? package.version.value : source.version;
            source.sha256 = input_of(node, "expected-sha256");
            source.sha512 = input_of(node, "expected-sha512");
        } else if (source.kind == "git-checkout") {
            source.uri = input_of(node, "repository");
            source.branch = input_of(node, "branch");
            source.tag = input_of(node, "tag");
            source.commit = input_of(node, "expected-commit");
        } else {
            continue;
        }
        sources.push_back(std::move(source));
    }
    return sources;
}

Result<std::vector<package::LicenseEntry>> license_entries(const PackContext& context) {
    std::vector<package::LicenseEntry> entries;
    for (const recipe::Copyright& copyright : context.configuration.package.copyright) {
        package::LicenseEntry entry;
        entry.license = copyright.license.value;
        if (!copyright.license_path.is_empty()) {
            entry.has_path = true;
            auto text = context.workspace.home().read(copyright.license_path.value);
            if (!text) {
                return std::move(text).error().context(fmt::format(
                    "reading the licence text {}", printable(copyright.license_path.value)
                ));
            }
            entry.text = std::move(*text);
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

Result<std::string> spdx_document(
    const Output& output, const PackContext& context, const Services& services
) {
    const recipe::Package& main = context.configuration.package;
    QUERN_TRY(const auto entries, license_entries(context));
    package::LicenseSummary licenses = package::summarize_licenses(entries);
    if (output.is_main) {
        for (const std::string& warning : licenses.warnings) {
            services.reporter.warning(warning);
        }
    }
    package::SbomInput input;
    input.package = output.name;
    input.full_version = main.full_version();
    input.architecture = context.options.load.architecture;
    input.namespace_name = context.options.namespace_name;
    input.license_expression = std::move(licenses.expression);
    for (const recipe::Copyright& copyright : main.copyright) {
        if (!copyright.attestation.is_empty()) {
            input.attestations.push_back(copyright.attestation.value);
        }
    }
    input.cpe = cpe_name(main);
    input.recipe_path = context.options.recipe.string();
    input.recipe_commit = context.options.load.commit;
    input.recipe_repository_url = context.options.repository_url;
    input.recipe_license = context.options.recipe_license;
    input.sources = sources_of(*output.pipeline, main);
    if (!output.is_main) {
        input.inherited_sources = sources_of(context.configuration.pipeline, main);
    }
    input.extracted_licenses = std::move(licenses.extracted);
    input.created = Timestamp(context.options.source_date);
    return package::to_spdx_json(input);
}

// Scanners look for the document here. Source: recipe-and-build 10.1.
Result<void> write_document(
    const FileTree& tree,
    const Output& output,
    const std::string& version,
    const std::string& document
) {
    constexpr std::string_view directory = "var/lib/db/sbom";
    QUERN_CHECK(tree.make_directories(directory));
    const std::string path = fmt::format("{}/{}-{}.spdx.json", directory, output.name, version);
    QUERN_CHECK(tree.remove(path));
    return tree.write(path, document, 0644);
}

}  // namespace

std::vector<Output> outputs_of(const recipe::Configuration& configuration) {
    const recipe::Package& main = configuration.package;
    std::vector<Output> outputs;
    outputs.push_back(
        {main.name.value,
         main.description.value,
         main.url.value,
         main.commit.value,
         &main.dependencies,
         &main.scriptlets,
         &main.setcap,
         &configuration.pipeline,
         true}
    );
    for (const recipe::Subpackage& sub : configuration.subpackages) {
        outputs.push_back(
            {sub.name.value,
             sub.description.value,
             sub.url.value,
             sub.commit.is_empty() ? main.commit.value : sub.commit.value,
             &sub.dependencies,
             &sub.scriptlets,
             &sub.setcap,
             &sub.pipeline,
             false}
        );
    }
    return outputs;
}

apk::PackageInfo package_info(const Output& output, const PackContext& context) {
    const recipe::Package& main = context.configuration.package;
    apk::PackageInfo info;
    info.name = output.name;
    info.version = main.full_version();
    info.architecture = context.options.load.architecture;
    info.origin = context.options.strip_origin_name ? output.name : main.name.value;
    info.description = output.description;
    info.url = output.url;
    info.commit = output.commit;
    info.maintainer = context.options.namespace_name;
    if (context.options.source_date != 0) {
        info.build_date = context.options.source_date;
    }
    for (const recipe::Copyright& copyright : main.copyright) {
        info.licenses.push_back(copyright.license.value);
    }
    info.provides = sorted_values(output.dependencies->provides);
    info.depends = sorted_values(output.dependencies->runtime);
    drop_own_names(info.depends, info.provides);
    for (const recipe::Text& replaced : output.dependencies->replaces) {
        info.replaces.push_back(replaced.value);
    }
    info.provider_priority = parse_unsigned(output.dependencies->provider_priority.value);
    info.replaces_priority = parse_unsigned(output.dependencies->replaces_priority.value);
    for (const recipe::Text& path : output.scriptlets->trigger.paths) {
        info.triggers.push_back(path.value);
    }
    return info;
}

std::map<std::string, std::string> control_files(const Output& output, const PackContext& context) {
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
    files[".melange.yaml"] = recipe::to_yaml(context.configuration);
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

Result<apk::WrittenPackage> pack(
    const Output& output,
    const PackContext& context,
    const std::filesystem::path& staging,
    const Services& services
) {
    Activity activity(services.reporter, fmt::format("packing {}", output.name));
    QUERN_TRY(const FileTree root, context.workspace.output(output.name));
    QUERN_TRY(const std::string document, spdx_document(output, context, services));
    QUERN_CHECK(write_document(root, output, context.configuration.package.full_version(), document)
    );

    const Timestamp timestamp(context.options.source_date);
    const package::TreeOptions tree_options = {
        .ids = services.ids,
        .timestamp = timestamp,
        .capabilities = file_capabilities(*output.setcap),
    };
    QUERN_TRY(const package::Tree tree, package::read_tree(root, context.owners, tree_options));
    const apk::PackageWriterOptions writer_options = {
        .key = context.options.key,
        .timestamp = timestamp,
        .compression_level = context.options.compression_level,
        .pool = &services.pool,
    };
    QUERN_TRY(
        apk::WrittenPackage written,
        package::emit(
            staging,
            root,
            tree,
            {package_info(output, context), control_files(output, context)},
            writer_options
        )
    );
    activity.outcome(human_size(written.file_size));
    return written;
}

}  // namespace quern::build
