// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/database.hpp"

#include "archive/byte_stream.hpp"
#include "archive/tar_writer.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace quern::image {
namespace {

std::string owner_line(char letter, const archive::TarEntry& entry, std::uint32_t usual_mode) {
    if (entry.uid == 0 && entry.gid == 0 && entry.mode == usual_mode) {
        return {};
    }
    return fmt::format("{}:{}:{}:{:04o}\n", letter, entry.uid, entry.gid, entry.mode);
}

std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos
               ? std::pair(std::string_view(), path)
               : std::pair(path.substr(0, slash), path.substr(slash + 1));
}

/// What one package put in one directory.
struct Directory {
    const archive::TarEntry* own = nullptr;  ///< of the package; the root has none
    std::map<std::string_view, const DataEntry*> files;
    std::map<std::string_view, Directory> directories;
};

/// A directory's files stand before what is below it.
void add_lines(const std::string& path, const Directory& directory, std::string& text) {
    if (directory.own != nullptr || !directory.files.empty()) {
        text += fmt::format("F:{}\n", path);
    }
    if (directory.own != nullptr) {
        text += owner_line('M', *directory.own, 0755);
    }
    for (const auto& [name, data] : directory.files) {
        text += fmt::format("R:{}\n", name) + owner_line('a', data->entry, 0644);
        if (const auto digest = Digest::from_hex(DigestKind::sha1, data->checksum)) {
            text += "Z:Q1" + digest->base64() + "\n";
        }
    }
    for (const auto& [name, below] : directory.directories) {
        add_lines(path.empty() ? std::string(name) : fmt::format("{}/{}", path, name), below, text);
    }
}

/// The directory of that path, if the package has it and all above it.
Directory* find_directory(Directory& root, std::string_view path) {
    Directory* directory = &root;
    for (const std::string_view part : split(path, '/')) {
        if (part.empty()) {
            continue;
        }
        const auto found = directory->directories.find(part);
        if (found == directory->directories.end()) {
            return nullptr;
        }
        directory = &found->second;
    }
    return directory;
}

/// Entries whose directories the package does not have itself are left out.
std::string entries_text(const Installed& package) {
    Directory root;
    std::map<std::string_view, const archive::TarEntry*> directories;
    for (const DataEntry& data : package.entries) {
        if (data.entry.type == archive::TarType::directory) {
            directories[data.entry.path] = &data.entry;
        }
    }
    for (const auto& [path, entry] : directories) {  // "a" comes before "a/b"
        const auto [parent, name] = split_path(path);
        if (Directory* above = find_directory(root, parent)) {
            above->directories[name].own = entry;
        }
    }
    for (const DataEntry& data : package.entries) {
        const auto [parent, name] = split_path(data.entry.path);
        if (data.entry.type != archive::TarType::directory) {
            if (Directory* above = find_directory(root, parent)) {
                above->files[name] = &data;
            }
        }
    }
    std::string text;
    add_lines({}, root, text);
    return text;
}

/// Texts of packages stand on one line, whatever is in them.
std::string one_line(const std::string& text) {
    return replace_all(text, "\n", " ");
}

Result<std::string> scripts_archive(
    const std::vector<Installed>& packages, std::int64_t timestamp
) {
    archive::StringSink sink;
    archive::TarWriter writer(sink);
    for (const Installed& package : packages) {
        for (const Script& script : package.scripts) {
            archive::TarEntry entry = script.entry;
            entry.path = fmt::format(
                "{}-{}.{}{}{}",
                package.info.name,
                package.info.version,
                package.checksum,
                script.entry.path.starts_with('.') ? "" : ".",
                script.entry.path
            );
            entry.mtime = timestamp;
            entry.records.clear();
            QUERN_CHECK(writer.add(entry, script.content));
        }
    }
    QUERN_CHECK(writer.finish_with_end_blocks());
    return sink.take();
}

bool is_empty_below(const Inode& directory) {
    for (const auto& [name, child] : directory.children) {
        if (!child.inode->is_directory() || !is_empty_below(*child.inode)) {
            return false;
        }
    }
    return true;
}

/// lib/apk leads to the database for those who look there.
Result<void> link_old_place(RootTree& tree) {
    QUERN_TRY(Inode * lib, tree.make_directories("lib"));
    if (lib == tree.find("usr/lib")) {
        return {};
    }
    const auto existing = lib->children.find("apk");
    if (existing != lib->children.end()) {
        const Inode& inode = *existing->second.inode;
        if (inode.is_symlink()) {
            return {};
        }
        if (!inode.is_directory() || !is_empty_below(inode)) {
            return Error(
                ErrorCode::invalid_data,
                "/lib/apk of a package is in the way of the link to the package database"
            );
        }
        lib->children.erase(existing);
    }
    QUERN_CHECK(tree.add_symlink("lib/apk", "../usr/lib/apk", lib->mtime));
    return {};
}

struct Device {
    const char* name;
    std::uint32_t major;
    std::uint32_t minor;
    std::uint32_t mode;
};
constexpr std::array<Device, 5> devices = {{
    {"zero", 1, 5, 0666},
    {"urandom", 1, 9, 0666},
    {"null", 1, 3, 0666},
    {"random", 1, 8, 0666},
    {"console", 5, 1, 0620},
}};

}  // namespace

std::string installed_record(const Installed& package) {
    const apk::PackageInfo& info = package.info;
    std::string text = fmt::format(
        "P:{}\nV:{}\nA:{}\nL:{}\nT:{}\no:{}\nm:{}\nU:{}\nD:{}\np:{}\n",
        info.name,
        info.version,
        info.architecture,
        one_line(join(info.licenses, " AND ")),
        one_line(info.description),
        info.origin,
        one_line(info.maintainer),
        one_line(info.url),
        join(info.depends, " "),
        join(info.provides, " ")
    );
    if (!info.replaces.empty()) {
        text += fmt::format("r:{}\n", join(info.replaces, " "));
    }
    text += fmt::format(
        "c:{}\ni:[{}]\nt:{}\nS:{}\nI:{}\nk:{}\n",
        one_line(info.commit),
        join(info.install_if, " "),
        info.build_date.value_or(0),
        package.file_size,
        info.installed_size,
        info.provider_priority.value_or(0)
    );
    if (!package.checksum.empty()) {
        text += fmt::format("C:{}\n", package.checksum);
    }
    return text + entries_text(package) + "\n";
}

Result<void> write_database(
    RootTree& tree,
    const std::vector<Installed>& packages,
    const std::string& before,
    std::int64_t timestamp
) {
    const auto path = [](const char* name) { return fmt::format("{}/{}", database_path, name); };
    std::string installed = before;
    std::string triggers;
    for (const Installed& package : packages) {
        installed += installed_record(package);
        if (!package.info.triggers.empty()) {
            triggers += fmt::format("{} {}\n", package.checksum, join(package.info.triggers, " "));
        }
    }
    QUERN_TRY(std::string scripts, scripts_archive(packages, timestamp));
    QUERN_CHECK(tree.write(path("installed"), std::move(installed)));
    QUERN_CHECK(tree.write(path("triggers"), std::move(triggers)));
    QUERN_CHECK(tree.write(path("scripts.tar"), std::move(scripts)));
    return link_old_place(tree);
}

Result<void> write_skeleton(RootTree& tree, const std::string& architecture) {
    QUERN_CHECK(tree.make_directories("tmp", 01777));
    QUERN_CHECK(tree.make_directories("proc", 0555));
    for (const char* path :
         {"dev",
          "opt",
          "etc/apk/keys",
          "usr/lib/apk/db",
          "usr/lib/apk/exec",
          "var/cache/apk",
          "var/cache/misc"}) {
        QUERN_CHECK(tree.make_directories(path));
    }
    QUERN_CHECK(tree.write("etc/apk/world", "\n"));
    QUERN_CHECK(tree.write("etc/apk/repositories", "\n"));
    QUERN_CHECK(tree.write("etc/apk/arch", architecture + "\n"));
    QUERN_CHECK(tree.write("usr/lib/apk/db/installed", {}));
    QUERN_CHECK(tree.write("usr/lib/apk/db/triggers", {}));
    QUERN_CHECK(tree.write("usr/lib/apk/db/lock", {}, 0600));
    QUERN_CHECK(tree.write("usr/lib/apk/db/scripts.tar", {}));
    return write_devices(tree);
}

Result<void> write_devices(RootTree& tree) {
    QUERN_CHECK(tree.make_directories("dev"));
    for (const Device& device : devices) {
        const std::string path = fmt::format("dev/{}", device.name);
        if (tree.find(path, false) != nullptr) {
            continue;
        }
        Inode made;
        made.type = archive::TarType::character_device;
        made.mode = device.mode;
        made.device_major = device.major;
        made.device_minor = device.minor;
        QUERN_CHECK(tree.add(path, std::move(made)));
    }
    return {};
}

std::string without_files(std::string_view database) {
    std::string records;
    bool has_files = false;
    for (std::size_t at = 0; at < database.size();) {
        const std::size_t end = std::min(database.find('\n', at), database.size() - 1);
        const std::string_view line = database.substr(at, end + 1 - at);
        has_files = line != "\n" && (has_files || line.starts_with("F:"));
        if (!has_files) {
            records += line;
        }
        at = end + 1;
    }
    return records;
}

}  // namespace quern::image
