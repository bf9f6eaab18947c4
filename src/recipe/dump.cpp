// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "recipe/dump_tree.hpp"
#include "recipe/duration.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

namespace quern::recipe {

namespace {

DumpTree number(std::uint64_t value) {
    return DumpTree::literal(std::to_string(value));
}
DumpTree truth(bool value) {
    return DumpTree::literal(value ? "true" : "false");
}

/// Without user and password. Others stay as they are, with a tag in front too.
std::string without_password(const std::string& text) {
    const std::size_t scheme = text.find("://");
    const std::size_t at = scheme == std::string::npos ? scheme : text.find('@', scheme);
    if (at == std::string::npos || at > text.find('/', scheme + 3)) {
        return text;
    }
    const std::size_t space = text.rfind(' ', scheme);
    const std::size_t begin = space == std::string::npos ? 0 : space + 1;
    return text.substr(0, begin) + redact_url(std::string_view(text).substr(begin));
}

/// Makes the tree; one function a type, keys in the order of the tables in recipe-and-build 2.
class Dumper {
 public:
    explicit Dumper(DumpStyle style) : is_recipe_(style == DumpStyle::recipe) {}

    DumpTree configuration(const Configuration& value) const {
        DumpTree tree;
        tree.put("package", package(value.package));
        tree.put("environment", environment(value.environment));
        DumpTree capabilities;
        capabilities.put_unless_empty("add", strings(value.capabilities.add));
        capabilities.put_unless_empty("drop", strings(value.capabilities.drop));
        tree.put_unless_empty("capabilities", std::move(capabilities));
        tree.put_unless_empty("pipeline", nodes(value.pipeline));
        DumpTree subpackages = DumpTree::list();
        for (const Subpackage& item : value.subpackages) {
            subpackages.items.push_back(compact(subpackage(item)));
        }
        tree.put_unless_empty("subpackages", std::move(subpackages));
        if (value.update) {
            tree.put_unless_empty("update", update(*value.update));
        }
        tree.put_unless_empty("vars", texts(value.vars));
        tree.put_unless_empty("var-transforms", transforms(value.var_transforms));
        tree.put_unless_empty("options", build_options(value.options));
        if (value.test) {
            tree.put_unless_empty("test", test(*value.test));
        }
        return tree;
    }

 private:
    static void put(DumpTree& tree, std::string_view key, const Text& text) {
        if (!text.is_empty()) {
            tree.put(key, DumpTree::of(text.value));
        }
    }
    static void put(DumpTree& tree, std::string_view key, const std::string& text) {
        if (!text.empty()) {
            tree.put(key, DumpTree::of(text));
        }
    }
    static void put(DumpTree& tree, std::string_view key, const std::vector<Text>& list) {
        tree.put_unless_empty(key, texts(list));
    }
    static void put(DumpTree& tree, std::string_view key, const TextMap& map) {
        tree.put_unless_empty(key, texts(map));
    }

    static DumpTree texts(const std::vector<Text>& list) {
        DumpTree tree = DumpTree::list();
        for (const Text& text : list) {
            tree.items.push_back(DumpTree::of(text.value));
        }
        return tree;
    }
    static DumpTree texts(const TextMap& map) {
        DumpTree tree;
        for (const auto& [key, text] : map) {
            tree.put(key, DumpTree::of(text.value));
        }
        return tree;
    }
    static DumpTree strings(const std::vector<std::string>& list) {
        DumpTree tree = DumpTree::list();
        for (const std::string& text : list) {
            tree.items.push_back(DumpTree::of(text));
        }
        return tree;
    }
    DumpTree urls(const std::vector<Text>& list) const {
        DumpTree tree = DumpTree::list();
        for (const Text& text : list) {
            tree.items.push_back(
                DumpTree::of(is_recipe_ ? without_password(text.value) : text.value)
            );
        }
        return tree;
    }

    static DumpTree dependencies(const Dependencies& value) {
        DumpTree tree;
        put(tree, "runtime", value.runtime);
        put(tree, "provides", value.provides);
        put(tree, "replaces", value.replaces);
        put(tree, "provider-priority", value.provider_priority);
        put(tree, "replaces-priority", value.replaces_priority);
        return tree;
    }

    static DumpTree options(const PackageOptions& value) {
        DumpTree tree;
        tree.put_unless_empty("no-provides", truth(value.no_provides));
        tree.put_unless_empty("no-depends", truth(value.no_depends));
        tree.put_unless_empty("no-commands", truth(value.no_commands));
        tree.put_unless_empty("no-versioned-shlib-deps", truth(value.no_versioned_shlib_deps));
        return tree;
    }

    static DumpTree scriptlets(const Scriptlets& value) {
        DumpTree tree, trigger;
        put(trigger, "script", value.trigger.script);
        put(trigger, "paths", value.trigger.paths);
        tree.put_unless_empty("trigger", std::move(trigger));
        put(tree, "pre-install", value.pre_install);
        put(tree, "post-install", value.post_install);
        put(tree, "pre-deinstall", value.pre_deinstall);
        put(tree, "post-deinstall", value.post_deinstall);
        put(tree, "pre-upgrade", value.pre_upgrade);
        put(tree, "post-upgrade", value.post_upgrade);
        return tree;
    }

    static DumpTree copyright(const std::vector<Copyright>& list) {
        DumpTree all = DumpTree::list();
        for (const Copyright& value : list) {
            DumpTree tree;
            put(tree, "paths", value.paths);
            put(tree, "attestation", value.attestation);
            put(tree, "license", value.license);
            put(tree, "license-path", value.license_path);
            put(tree, "detection-override", value.detection_override);
            all.items.push_back(std::move(tree));
        }
        return all;
    }

    static DumpTree checks(const std::vector<Text>& disabled) {
        DumpTree tree;
        put(tree, "disabled", disabled);
        return tree;
    }

    static DumpTree cpe(const Cpe& value) {
        DumpTree tree;
        put(tree, "part", value.part);
        put(tree, "vendor", value.vendor);
        put(tree, "product", value.product);
        put(tree, "edition", value.edition);
        put(tree, "language", value.language);
        put(tree, "sw_edition", value.software_edition);
        put(tree, "target_sw", value.target_software);
        put(tree, "target_hw", value.target_hardware);
        put(tree, "other", value.other);
        return tree;
    }

    static DumpTree capabilities(const std::vector<FileCapability>& list) {
        DumpTree all = DumpTree::list();
        for (const FileCapability& value : list) {
            DumpTree tree;
            put(tree, "path", value.path);
            put(tree, "add", value.add);
            put(tree, "reason", value.reason);
            all.items.push_back(std::move(tree));
        }
        return all;
    }

    static DumpTree resources(const Resources& value) {
        DumpTree tree;
        put(tree, "cpu", value.cpu);
        put(tree, "cpumodel", value.cpu_model);
        put(tree, "memory", value.memory);
        put(tree, "disk", value.disk);
        return tree;
    }

    DumpTree package(const Package& value) const {
        DumpTree tree;
        tree.put("name", DumpTree::of(value.name.value));
        tree.put("version", DumpTree::of(value.version.value));
        tree.put("epoch", number(value.epoch));
        put(tree, "description", value.description);
        put(tree, "annotations", value.annotations);
        put(tree, "url", value.url);
        put(tree, "commit", value.commit);
        put(tree, "target-architecture", value.target_architectures);
        tree.put_unless_empty("copyright", copyright(value.copyright));
        tree.put_unless_empty("dependencies", dependencies(value.dependencies));
        tree.put_unless_empty("options", options(value.options));
        tree.put_unless_empty("scriptlets", scriptlets(value.scriptlets));
        tree.put_unless_empty("checks", checks(value.checks_disabled));
        tree.put_unless_empty("cpe", cpe(value.cpe));
        tree.put_unless_empty("setcap", capabilities(value.setcap));
        if (value.timeout) {
            tree.put(
                "timeout",
                is_recipe_ ? DumpTree::of(to_string(*value.timeout))
                           : DumpTree::literal(std::to_string(value.timeout->count()))
            );
        }
        tree.put("resources", resources(value.resources));
        tree.put_unless_empty("test-resources", resources(value.test_resources));
        return tree;
    }

    DumpTree subpackage(const Subpackage& value) const {
        DumpTree tree;
        tree.put("name", DumpTree::of(value.name.value));
        put(tree, "if", value.condition);
        put(tree, "range", value.range);
        tree.put_unless_empty("pipeline", nodes(value.pipeline));
        tree.put_unless_empty("dependencies", dependencies(value.dependencies));
        tree.put_unless_empty("options", options(value.options));
        tree.put_unless_empty("scriptlets", scriptlets(value.scriptlets));
        put(tree, "description", value.description);
        put(tree, "annotations", value.annotations);
        put(tree, "url", value.url);
        put(tree, "commit", value.commit);
        tree.put_unless_empty("checks", checks(value.checks_disabled));
        if (value.test) {
            tree.put_unless_empty("test", test(*value.test));
        }
        tree.put_unless_empty("setcap", capabilities(value.setcap));
        return tree;
    }

    DumpTree test(const Test& value) const {
        DumpTree tree;
        tree.put_unless_empty("environment", environment(value.environment));
        tree.put_unless_empty("pipeline", nodes(value.pipeline));
        return tree;
    }

    DumpTree node(const PipelineNode& value) const {
        DumpTree tree;
        // A definition may have a script of its own. A recipe may not say both, so the name of the
        // definition is then all that is kept of it.
        const bool is_script = is_recipe_ && !value.uses.is_empty() && !value.runs.is_empty();
        put(tree, "name", is_script && value.name.is_empty() ? value.uses : value.name);
        if (!is_script) {
            put(tree, "uses", value.uses);
            put(tree, "with", value.with);
        }
        put(tree, "runs", value.runs);
        tree.put_unless_empty("pipeline", nodes(value.pipeline));
        tree.put_unless_empty("inputs", inputs(value.inputs));
        if (!value.needs_packages.empty()) {
            DumpTree needs;
            put(needs, is_recipe_ ? "packages" : "Packages", value.needs_packages);
            tree.put("needs", std::move(needs));
        }
        put(tree, "label", value.label);
        put(tree, "if", value.condition);
        if (value.required_steps) {
            DumpTree assertions;
            assertions.put_unless_empty(
                "required-steps", DumpTree::literal(std::to_string(*value.required_steps))
            );
            tree.put("assertions", std::move(assertions));
        }
        put(tree, "working-directory", value.working_directory);
        put(tree, "environment", value.environment);
        if (value.network) {
            tree.put("network", truth(*value.network));
        }
        if (value.downloads) {
            tree.put("downloads", downloads(*value.downloads));
        }
        return tree;
    }

    // Printed at once where that can be: the trees of thousands of steps take ten times their text.
    DumpTree compact(DumpTree tree) const {
        return is_recipe_ ? std::move(tree) : DumpTree::literal(print_json(tree));
    }

    DumpTree nodes(const std::vector<PipelineNode>& list) const {
        DumpTree tree = DumpTree::list();
        tree.items.reserve(list.size());
        for (const PipelineNode& value : list) {
            tree.items.push_back(compact(node(value)));
        }
        return tree;
    }

    static DumpTree downloads(const Downloads& value) {
        DumpTree tree;
        put(tree, "into", value.into);
        put(tree, "locks", value.locks);
        tree.put_unless_empty("of-environment", truth(value.of_environment));
        return tree;
    }

    static DumpTree inputs(const std::map<std::string, Input, std::less<>>& map) {
        DumpTree all;
        for (const auto& [name, input] : map) {
            DumpTree tree;
            put(tree, "description", input.description);
            if (input.default_value) {
                put(tree, "default", *input.default_value);
            }
            tree.put_unless_empty("required", truth(input.required));
            all.put(name, std::move(tree));
        }
        return all;
    }

    DumpTree contents(const Environment& value) const {
        DumpTree tree;
        tree.put_unless_empty("build_repositories", urls(value.build_repositories));
        tree.put_unless_empty("repositories", urls(value.repositories));
        tree.put_unless_empty("keyring", urls(value.keyring));
        put(tree, "packages", value.packages);
        return tree;
    }

    static DumpTree accounts(const Environment& value) {
        DumpTree tree;
        put(tree, "run-as", value.run_as);
        DumpTree users = DumpTree::list();
        for (const User& user : value.users) {
            DumpTree item;
            put(item, "username", user.name);
            item.put("uid", number(user.uid));
            if (user.gid) {
                item.put("gid", number(*user.gid));
            }
            put(item, "shell", user.shell);
            put(item, "homedir", user.home);
            users.items.push_back(std::move(item));
        }
        tree.put_unless_empty("users", std::move(users));
        DumpTree groups = DumpTree::list();
        for (const Group& group : value.groups) {
            DumpTree item;
            put(item, "groupname", group.name);
            item.put("gid", number(group.gid));
            item.put_unless_empty("members", strings(group.members));
            groups.items.push_back(std::move(item));
        }
        tree.put_unless_empty("groups", std::move(groups));
        return tree;
    }

    static DumpTree paths(const std::vector<PathMutation>& list) {
        DumpTree all = DumpTree::list();
        for (const PathMutation& value : list) {
            DumpTree tree;
            put(tree, "path", value.path);
            put(tree, "type", value.type);
            tree.put("uid", number(value.uid));
            tree.put("gid", number(value.gid));
            tree.put_unless_empty("permissions", number(value.permissions));
            put(tree, "source", value.source);
            tree.put_unless_empty("recursive", truth(value.recursive));
            all.items.push_back(std::move(tree));
        }
        return all;
    }

    DumpTree environment(const Environment& value) const {
        DumpTree tree, entrypoint;
        tree.put_unless_empty("contents", contents(value));
        put(entrypoint, "type", value.entrypoint_type);
        put(entrypoint, "command", value.entrypoint_command);
        put(entrypoint, "shell-fragment", value.entrypoint_shell_fragment);
        put(entrypoint, "services", value.entrypoint_services);
        tree.put_unless_empty("entrypoint", std::move(entrypoint));
        put(tree, "cmd", value.cmd);
        put(tree, "stop-signal", value.stop_signal);
        put(tree, "work-dir", value.work_dir);
        tree.put_unless_empty("accounts", accounts(value));
        tree.put_unless_empty("archs", strings(value.archs));
        put(tree, "environment", value.environment);
        tree.put_unless_empty("paths", paths(value.paths));
        put(tree, "vcs-url", value.vcs_url);
        put(tree, "annotations", value.annotations);
        put(tree, "volumes", value.volumes);
        return tree;
    }

    static DumpTree update(const UpdateValue& value) {
        if (value.kind == UpdateValue::Kind::scalar) {
            return value.is_string ? DumpTree::of(value.scalar.value)
                                   : DumpTree::literal(value.scalar.value);
        }
        DumpTree tree = value.kind == UpdateValue::Kind::list ? DumpTree::list() : DumpTree::map();
        for (const UpdateValue& item : value.list) {
            tree.items.push_back(update(item));
        }
        for (const auto& [key, entry] : value.map) {
            tree.put_unless_empty(key, update(entry));
        }
        return tree;
    }

    static DumpTree transforms(const std::vector<VarTransform>& list) {
        DumpTree all = DumpTree::list();
        for (const VarTransform& value : list) {
            DumpTree tree;
            put(tree, "from", value.from);
            put(tree, "match", value.match);
            put(tree, "replace", value.replace);
            put(tree, "to", value.to);
            all.items.push_back(std::move(tree));
        }
        return all;
    }

    DumpTree build_options(const std::map<std::string, BuildOption, std::less<>>& options) const {
        const auto name = [this](std::string_view yaml_name, std::string_view go_name) {
            return is_recipe_ ? yaml_name : go_name;
        };
        DumpTree all;
        for (const auto& [key, option] : options) {
            DumpTree tree, packages, contents, environment;
            put(tree, name("vars", "Vars"), option.vars);
            put(packages, name("add", "Add"), option.add_packages);
            put(packages, name("remove", "Remove"), option.remove_packages);
            contents.put_unless_empty(name("packages", "Packages"), std::move(packages));
            environment.put_unless_empty(name("contents", "Contents"), std::move(contents));
            tree.put_unless_empty(name("environment", "Environment"), std::move(environment));
            all.put(key, std::move(tree));
        }
        return all;
    }

    bool is_recipe_;
};

}  // namespace

DumpTree dump(const Configuration& configuration, DumpStyle style) {
    return Dumper(style).configuration(configuration);
}

std::string to_json(const Configuration& configuration) {
    return print_json(dump(configuration, DumpStyle::compile));
}

std::string to_yaml(const Configuration& configuration) {
    return print_yaml(dump(configuration, DumpStyle::recipe));
}

}  // namespace quern::recipe
