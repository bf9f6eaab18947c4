// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Everything that decided the bytes of a package and can be named without naming this machine:
// files by their last name, repositories only if they are remote, addresses without passwords.

#include "build/provenance.hpp"

#include "apk/provenance_name.hpp"
#include "config.hpp"
#include "quern/diagnostic.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/file_reader.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <cerrno>
#include <map>
#include <set>
#include <utility>

namespace quern::build {
namespace {

using package::Material;

std::string sha256_of(std::string_view text) {
    return digest_of(DigestKind::sha256, text).hex();
}

std::string input_of(const pipeline::Step& step, std::string_view name) {
    const auto found = step.inputs.find(name);
    return found == step.inputs.end() ? std::string() : found->second;
}

std::string yes_or_no(bool value) {
    return value ? "true" : "false";
}

void set_unless_empty(
    std::map<std::string, std::string>& texts, const char* name, std::string value
) {
    if (!value.empty()) {
        texts[name] = std::move(value);
    }
}

std::map<std::string, std::string> parameters_of(
    const recipe::Package& package, const BuildOptions& options
) {
    std::map<std::string, std::string> parameters = {
        {"architecture", options.load.architecture},
        {"buildOptions", join(options.load.build_options, ",")},
        {"compressionLevel", std::to_string(options.compression_level)},
        {"cyclonedx", yes_or_no(options.cyclonedx)},
        {"emptyWorkspace", yes_or_no(options.empty_workspace)},
        {"extraPackages", join(options.environment.extra_packages, ",")},
        {"gitCommit", options.load.commit},
        {"gitRepositoryUrl", redact_url(options.repository_url)},
        {"ignoreSignatures", yes_or_no(options.environment.ignore_signatures)},
        {"namespace", options.namespace_name},
        {"network", yes_or_no(options.network)},
        {"origin", package.name.value},
        {"recipeLicense", options.recipe_license},
        {"sourceDateEpoch", std::to_string(options.source_date)},
        {"stripOriginName", yes_or_no(options.strip_origin_name)},
        {"version", package.full_version()},
    };
    set_unless_empty(parameters, "caches", join(options.caches, ","));
    return parameters;
}

Result<void> add_file(
    const std::filesystem::path& path,
    const char* role,
    const Services& services,
    std::vector<Material>& materials
) {
    QUERN_TRY(const std::string text, services.reader.read(path));
    materials.push_back({role, path.filename().string(), {}, {{"sha256", sha256_of(text)}}, {}});
    return {};
}

void add_names(const std::vector<recipe::PipelineNode>& pipeline, std::set<std::string>& names) {
    for (const recipe::PipelineNode& node : pipeline) {
        if (!node.uses.is_empty()) {
            names.insert(node.uses.value);
        }
        add_names(node.pipeline, names);
    }
}

void add_pipelines(
    const recipe::Configuration& configuration,
    const Services& services,
    std::vector<Material>& materials
) {
    std::set<std::string> names;
    add_names(configuration.pipeline, names);
    for (const recipe::Subpackage& subpackage : configuration.subpackages) {
        add_names(subpackage.pipeline, names);
    }
    for (const std::string& name : names) {
        Diagnostics ignored;  // they were told when the recipe was compiled
        const auto* definition = services.library.find(name, {}, ignored);
        if (definition != nullptr) {
            materials.push_back(
                {"pipeline",
                 name,
                 {},
                 {{"sha256", sha256_of(definition->file->text())}},
                 {{"builtIn", yes_or_no(definition->built_in)}}}
            );
        }
    }
}

Material fetched(const pipeline::Step& step, const TakenSources& taken) {
    Material material;
    material.uri = redact_url(input_of(step, "uri"));
    set_unless_empty(material.digest, "sha256", to_lower(input_of(step, "expected-sha256")));
    set_unless_empty(material.digest, "sha512", to_lower(input_of(step, "expected-sha512")));
    if (const auto found = taken.find(&step); found != taken.end()) {
        material.digest["sha256"] = found->second;
    }
    return material;
}

Material checked_out(const pipeline::Step& step, const TakenSources& taken) {
    Material material;
    material.uri = "git+" + redact_url(input_of(step, "repository"));
    set_unless_empty(material.digest, "gitCommit", to_lower(input_of(step, "expected-commit")));
    if (const auto found = taken.find(&step); found != taken.end()) {
        material.digest["gitCommit"] = found->second;
    }
    set_unless_empty(material.annotations, "branch", input_of(step, "branch"));
    set_unless_empty(material.annotations, "tag", input_of(step, "tag"));
    set_unless_empty(material.annotations, "cherryPicks", input_of(step, "cherry-picks"));
    return material;
}

void add_sources(const BuildFacts& facts, std::vector<Material>& materials) {
    for (const PlannedStep& planned : facts.steps) {
        if (planned.step == nullptr || planned.step->native.empty()) {
            continue;
        }
        const pipeline::Step& step = *planned.step;
        Material material =
            step.native == "fetch" ? fetched(step, facts.taken) : checked_out(step, facts.taken);
        material.role = "source";
        material.name = step.package;
        materials.push_back(std::move(material));
    }
    if (!facts.source_digest.empty()) {
        materials.push_back(
            {"source-tree", "source directory", {}, {{"quernTree", facts.source_digest}}, {}}
        );
    }
}

Material installed(const repository::Selected& selected) {
    const apk::IndexEntry& entry = *selected.entry;
    Material material;
    material.role = "package";
    material.name = entry.name;
    material.uri =
        fmt::format("pkg:apk/{}@{}?arch={}", entry.name, entry.version, entry.architecture);
    // "Q1" and the SHA-1 of the control section, which holds the SHA-256 of all files.
    const auto checksum = std::string_view(entry.checksum);
    const auto control = Digest::from_base64(
        DigestKind::sha1, checksum.substr(std::min<std::size_t>(2, checksum.size()))
    );
    if (control) {
        material.digest["apkControlSha1"] = control->hex();
    }
    if (selected.location.is_remote()) {
        material.annotations["repository"] = selected.location.shown();
    }
    return material;
}

void add_environment(const ResolvedEnvironment& environment, std::vector<Material>& materials) {
    std::map<std::string, Material> packages;
    for (const repository::Selected& selected : environment.root.packages) {
        packages[selected.entry->name] = installed(selected);
    }
    for (auto& [name, material] : packages) {
        materials.push_back(std::move(material));
    }
    for (const auto& [name, pem] : environment.root.keys) {
        materials.push_back({"key", name, {}, {{"sha256", sha256_of(pem)}}, {}});
    }
}

Result<std::string> sha256_of_file(const std::filesystem::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", path.filename().string()));
    }
    QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha256, fd.get()));
    return digest.hex();
}

}  // namespace

std::string provenance_key(const Services& services) {
    return fmt::format("\n{} {}", QUERN_VERSION, services.sandbox.name());
}

Result<package::Provenance> describe_build(
    const BuildFacts& facts, const BuildOptions& options, const Services& services
) {
    const recipe::Configuration& configuration = facts.compiled.configuration;
    package::Provenance provenance;
    provenance.version = QUERN_VERSION;
    provenance.runner = services.sandbox.name();
    provenance.is_mended = !facts.is_as_written;
    provenance.parameters = parameters_of(configuration.package, options);
    for (const PlannedStep& planned : facts.steps) {
        const pipeline::Step* step = planned.step;
        if (step != nullptr && !step->script.empty() &&
            (step->network || step->downloads || options.network)) {
            provenance.network.push_back(fmt::format("{}/{}", step->package, step->name));
        }
    }
    for (const auto& [name, file] : options.secrets) {
        provenance.secrets.push_back(name);
    }
    std::vector<Material>& materials = provenance.materials;
    QUERN_CHECK(add_file(options.recipe, "recipe", services, materials));
    for (const std::filesystem::path& file : options.load.env_files) {
        QUERN_CHECK(add_file(file, "parameters", services, materials));
    }
    if (!options.load.vars_file.empty()) {
        QUERN_CHECK(add_file(options.load.vars_file, "parameters", services, materials));
    }
    add_pipelines(configuration, services, materials);
    add_sources(facts, materials);
    add_environment(facts.environment, materials);
    return provenance;
}

Result<void> stage_provenance(
    const BuildFacts& facts,
    StagedPackages& staged,
    const BuildOptions& options,
    const Services& services
) {
    if (options.key == nullptr) {
        services.reporter.warning(
            "nobody signs what is said of how packages were made, so that nobody can trust it "
            "(--signing-key KEY)"
        );
    }
    QUERN_TRY(package::Provenance provenance, describe_build(facts, options, services));
    for (std::size_t i = 0; i < staged.packages.size(); ++i) {
        repository::StagedPackage& package = staged.packages[i];
        provenance.subject = package.entry.file_name();
        QUERN_TRY(provenance.subject_sha256, sha256_of_file(package.path));
        QUERN_TRY(const std::string text, package::write_provenance(provenance, options.key));
        package.provenance = package.path.string() + std::string(apk::provenance_suffix);
        QUERN_CHECK(write_file_atomically(package.provenance, text));
        staged.built[i].provenance =
            staged.built[i].path.string() + std::string(apk::provenance_suffix);
    }
    return {};
}

}  // namespace quern::build
