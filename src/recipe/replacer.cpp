// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/replacer.hpp"

#include "recipe/decode_values.hpp"

#include <fmt/format.h>

namespace quern::recipe {

void Replacer::replace(Text& text) const {
    if (text.value.find("${{") != std::string::npos) {
        set(text, replace_exactly(text.value, variables_));
    }
}

void Replacer::replace_condition(Text& text) const {
    if (text.value.find("${{") != std::string::npos) {
        set(text, replace_in_condition(text.value, variables_));
    }
}

void Replacer::replace(TextMap& map) const {
    for (auto& [key, value] : map) {
        replace(value);
    }
}

void Replacer::replace(Dependencies& dependencies) const {
    replace_all(
        dependencies.runtime,
        dependencies.provides,
        dependencies.replaces,
        dependencies.provider_priority,
        dependencies.replaces_priority
    );
}

void Replacer::replace(Scriptlets& scriptlets) const {
    replace_all(
        scriptlets.pre_install,
        scriptlets.post_install,
        scriptlets.pre_deinstall,
        scriptlets.post_deinstall
    );
    replace_all(
        scriptlets.pre_upgrade,
        scriptlets.post_upgrade,
        scriptlets.trigger.script,
        scriptlets.trigger.paths
    );
}

void Replacer::replace(Copyright& copyright) const {
    replace_all(copyright.license, copyright.paths, copyright.license_path);
}

void Replacer::replace(Package& package) const {
    replace_all(
        package.name, package.version, package.description, package.annotations, package.url
    );
    replace_all(
        package.target_architectures, package.copyright, package.dependencies, package.scriptlets
    );
}

void Replacer::replace(PipelineNode& node) const {
    replace_all(
        node.name,
        node.with,
        node.runs,
        node.needs_packages,
        node.working_directory,
        node.environment
    );
    if (node.downloads) {
        replace_all(node.downloads->into, node.downloads->locks);
    }
    replace_condition(node.condition);
    replace(node.pipeline);
}

void Replacer::replace(Environment& environment) const {
    replace_all(
        environment.repositories,
        environment.build_repositories,
        environment.keyring,
        environment.packages
    );
    replace_all(
        environment.entrypoint_type,
        environment.entrypoint_command,
        environment.entrypoint_shell_fragment
    );
    replace_all(
        environment.entrypoint_services,
        environment.cmd,
        environment.stop_signal,
        environment.work_dir
    );
    replace_all(
        environment.environment, environment.vcs_url, environment.annotations, environment.volumes
    );
}

void Replacer::replace(Subpackage& subpackage) const {
    replace_condition(subpackage.condition);
    replace_all(
        subpackage.name, subpackage.pipeline, subpackage.dependencies, subpackage.scriptlets
    );
    replace_all(subpackage.description, subpackage.annotations, subpackage.url);
    if (subpackage.test) {
        replace(*subpackage.test);
    }
}

void Replacer::replace(UpdateValue& value, const std::string& path) const {
    for (UpdateValue& item : value.list) {
        replace(item, path);
    }
    for (auto& [key, entry] : value.map) {
        replace(entry, path.empty() ? key : fmt::format("{}.{}", path, key));
    }
    if (value.kind == UpdateValue::Kind::scalar && is_replaced_in_update(path)) {
        replace(value.scalar);
    }
}

void Replacer::set(Text& text, std::string value) const {
    if (budget_.spend(value.size(), text.where)) {
        text.value = std::move(value);
    }
}
std::size_t size_of(const TextMap& map) {
    constexpr std::size_t entry = 128;
    std::size_t size = 0;
    for (const auto& [key, value] : map) {
        size += entry + key.size() + value.value.size();
    }
    return size;
}

}  // namespace quern::recipe
