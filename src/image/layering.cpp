// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/layering.hpp"

#include "image/database.hpp"
#include "quern/dependency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace quern::image {
namespace {

/// Sets that grow together; each is known by its lowest member.
class Unions {
 public:
    explicit Unions(std::size_t count) : parents_(count) {
        std::iota(parents_.begin(), parents_.end(), std::size_t{0});
    }
    std::size_t find(std::size_t member) {
        while (parents_[member] != member) {
            parents_[member] = parents_[parents_[member]];
            member = parents_[member];
        }
        return member;
    }
    void join(std::size_t a, std::size_t b) {
        a = find(a);
        b = find(b);
        parents_[std::max(a, b)] = std::min(a, b);
    }

 private:
    std::vector<std::size_t> parents_;
};

struct WeighedGroup {
    PackageGroup members;
    std::uint64_t size = 0;
    std::string greatest_name;
};

void join_origins(const std::vector<Installed>& packages, Unions& unions) {
    std::map<std::string_view, std::size_t> first;
    for (std::size_t i = 0; i < packages.size(); ++i) {
        unions.join(first.emplace(packages[i].info.origin, i).first->second, i);
    }
}

void join_replaced(const std::vector<Installed>& packages, Unions& unions) {
    std::unordered_map<std::string_view, std::size_t> by_name;
    for (std::size_t i = 0; i < packages.size(); ++i) {
        by_name.emplace(packages[i].info.name, i);
    }
    for (std::size_t i = 0; i < packages.size(); ++i) {
        for (const std::string& text : packages[i].info.replaces) {
            const auto relation = apk::Dependency::parse(text);
            const auto replaced = relation ? by_name.find(relation->name) : by_name.end();
            if (replaced != by_name.end() &&
                (!relation->has_version() ||
                 relation->is_satisfied_by(packages[replaced->second].info.version))) {
                unions.join(i, replaced->second);
            }
        }
    }
}

std::vector<WeighedGroup> weigh(const std::vector<Installed>& packages, Unions& unions) {
    std::map<std::size_t, WeighedGroup> groups;
    for (std::size_t i = 0; i < packages.size(); ++i) {
        WeighedGroup& group = groups[unions.find(i)];
        group.members.push_back(i);
        group.size += packages[i].info.installed_size;
        group.greatest_name = std::max(group.greatest_name, packages[i].info.name);
    }
    std::vector<WeighedGroup> list;
    for (auto& [root, group] : groups) {
        list.push_back(std::move(group));
    }
    std::sort(list.begin(), list.end(), [](const WeighedGroup& a, const WeighedGroup& b) {
        return a.size != b.size ? a.size > b.size : a.greatest_name < b.greatest_name;
    });
    return list;
}

/// Walks a tree and deals its entries out to layers.
class Planner {
 public:
    Planner(const std::vector<Installed>& packages, const std::vector<PackageGroup>& groups)
        : packages_(packages),
          groups_(groups),
          layer_of_(packages.size(), groups.size()),
          plans_(groups.size() + 1),
          written_(groups.size()) {
        for (std::size_t layer = 0; layer < groups.size(); ++layer) {
            for (const std::size_t package : groups[layer]) {
                layer_of_[package] = layer;
            }
        }
    }

    void walk(const Inode& directory, const std::string& path) {
        for (const auto& [part, name] : directory.children) {
            const std::string below = path.empty() ? part : fmt::format("{}/{}", path, part);
            if (name.inode->is_directory()) {
                enter(below, *name.inode);
                walk(*name.inode, below);
            } else {
                add(below, name);
            }
        }
    }
    std::vector<LayerPlan> take() { return std::move(plans_); }

 private:
    struct Open {
        std::string path;
        const Inode* inode;
    };

    // The stack is cut back when a directory is entered only: a file that sorts behind a directory
    // finds that one on it, and puts it in its layer though nothing of the layer lies there. Images
    // that are brought here have it so.
    void enter(const std::string& path, const Inode& inode) {
        const auto is_above = [&](const Open& open) {
            return path.size() > open.path.size() && path.starts_with(open.path) &&
                   path[open.path.size()] == '/';
        };
        while (!stack_.empty() && !is_above(stack_.back())) {
            stack_.pop_back();
        }
        stack_.push_back({path, &inode});
        LayerEntry entry;
        entry.path = path;
        entry.inode = &inode;
        entry.mtime = inode.mtime;
        plans_.back().push_back(std::move(entry));
    }

    void add(const std::string& path, const Name& name) {
        const Inode& inode = *name.inode;
        const bool is_packaged =
            inode.package != no_package && (inode.is_file() || inode.is_symlink());
        const std::size_t layer = is_packaged ? layer_of_[inode.package] : groups_.size();
        LayerEntry entry;
        entry.path = path;
        entry.inode = &inode;
        entry.link_path = name.link_path;
        entry.mtime = inode.mtime;
        put(layer, entry);
        if (path == fmt::format("{}/installed", database_path)) {
            for (std::size_t each = 0; each < groups_.size(); ++each) {
                entry.text = records_of(groups_[each]);
                entry.has_text = true;
                put(each, entry);
            }
        }
    }

    void put(std::size_t layer, const LayerEntry& entry) {
        if (layer < groups_.size()) {
            for (const Open& open : stack_) {
                if (written_[layer].insert(open.path).second) {
                    LayerEntry parent;
                    parent.path = open.path;
                    parent.inode = open.inode;
                    parent.mtime = entry.mtime;
                    plans_[layer].push_back(std::move(parent));
                }
            }
        }
        plans_[layer].push_back(entry);
    }

    std::string records_of(const PackageGroup& group) const {
        std::string text;
        for (const std::size_t package : group) {
            text += installed_record(packages_[package]);
        }
        return text;
    }

    const std::vector<Installed>& packages_;
    const std::vector<PackageGroup>& groups_;
    std::vector<std::size_t> layer_of_;
    std::vector<LayerPlan> plans_;
    std::vector<std::set<std::string>> written_;
    std::vector<Open> stack_;
};

}  // namespace

std::vector<PackageGroup> group_by_origin(
    const std::vector<Installed>& packages, std::uint32_t budget
) {
    Unions unions(packages.size());
    join_origins(packages, unions);
    join_replaced(packages, unions);
    std::vector<PackageGroup> groups;
    for (WeighedGroup& group : weigh(packages, unions)) {
        const bool is_over = !groups.empty() && groups.size() >= budget;
        if (is_over) {
            groups.back().insert(groups.back().end(), group.members.begin(), group.members.end());
        } else {
            groups.push_back(std::move(group.members));
        }
    }
    for (PackageGroup& group : groups) {
        std::sort(group.begin(), group.end(), [&](std::size_t a, std::size_t b) {
            return packages[a].info.name < packages[b].info.name;
        });
    }
    return groups;
}

std::vector<LayerPlan> plan_layers(
    const RootTree& tree,
    const std::vector<Installed>& packages,
    const std::vector<PackageGroup>& groups
) {
    Planner planner(packages, groups);
    planner.walk(tree.root(), {});
    return planner.take();
}

}  // namespace quern::image
