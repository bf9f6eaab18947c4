// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/services.hpp"

#include "image/busybox_paths.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace quern::image {
namespace {

constexpr std::string_view program = "/bin/busybox";

/// The package that brought /bin/busybox, by its name or by what it provides.
const Installed* busybox_package(const std::vector<Installed>& packages) {
    const auto is_busybox = [](const Installed& package) {
        const auto& provides = package.info.provides;
        return package.info.name == "busybox" ||
               std::any_of(provides.begin(), provides.end(), [](const std::string& provide) {
                   return provide.find("busybox") != std::string::npos;
               });
    };
    const auto found = std::find_if(packages.begin(), packages.end(), is_busybox);
    return found == packages.end() ? nullptr : &*found;
}

Result<void> add_link(RootTree& tree, std::string_view path, std::int64_t date) {
    const std::size_t slash = path.rfind('/');
    QUERN_TRY(
        const Inode* parent,
        tree.make_directories(
            path.substr(0, slash == std::string_view::npos ? 0 : slash), 0755, date
        )
    );
    if (tree.find(path, false) == nullptr) {
        QUERN_CHECK(tree.add_symlink(path, std::string(program), parent->mtime));
    }
    return {};
}

}  // namespace

Result<void> write_services(RootTree& tree, const std::map<std::string, std::string>& services) {
    for (const auto& [name, command] : services) {
        QUERN_CHECK(tree.make_directories("sv", 0777));
        const std::string directory = fmt::format("sv/{}", name);
        QUERN_CHECK(tree.make_directories(directory, 0777));
        QUERN_CHECK(
            tree.write(directory + "/run", fmt::format("#!/bin/execlineb\n{}\n", command), 0755)
        );
    }
    return {};
}

Result<void> link_busybox(
    RootTree& tree, const Spool& spool, const std::vector<Installed>& packages
) {
    const Inode* busybox = tree.find(program);
    const Installed* package = busybox_package(packages);
    if (busybox == nullptr || package == nullptr) {
        return {};
    }
    const std::int64_t date = busybox->mtime;
    const Inode* list = tree.find(fmt::format("etc/busybox-paths.d/{}", package->info.name));
    if (list == nullptr || !list->is_file()) {
        for (const std::string& path : usual_busybox_paths()) {
            QUERN_CHECK(add_link(tree, path, date));
        }
        return {};
    }
    QUERN_TRY(const std::string text, read_content(spool, list->content));
    for (std::string_view path : split(text, '\n')) {
        path = trim(path);
        if (!path.empty() && path != program) {
            QUERN_CHECK(add_link(tree, path, date));
        }
    }
    return {};
}

}  // namespace quern::image
