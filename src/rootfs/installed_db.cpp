// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "rootfs/installed_db.hpp"

#include "archive/byte_stream.hpp"
#include "archive/tar_writer.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace quern::rootfs {
namespace {

constexpr std::string_view database = "usr/lib/apk/db";

std::string owner_line(char letter, const archive::TarEntry& entry, std::uint32_t usual_mode) {
    if (entry.uid == 0 && entry.gid == 0 && entry.mode == usual_mode) {
        return {};
    }
    return fmt::format("{}:{}:{}:{:04o}\n", letter, entry.uid, entry.gid, entry.mode);
}

std::string file_lines(const InstalledEntry& file) {
    std::string lines = fmt::format("R:{}\n", split_path(file.entry.path).second);
    const std::uint32_t usual_mode = file.entry.type == archive::TarType::symlink ? 0777 : 0644;
    lines += owner_line('a', file.entry, usual_mode);
    if (const auto digest = Digest::from_hex(DigestKind::sha1, file.checksum)) {
        lines += "Z:Q1" + digest->base64() + "\n";
    }
    return lines;
}

// Directory by directory in byte order of their paths; a file stands below the directory that holds
// it.
std::string entries_text(const InstalledPackage& package) {
    struct Directory {
        std::string head;
        std::map<std::string, std::string> files;
    };
    std::map<std::string, Directory> directories;
    for (const InstalledEntry& entry : package.entries) {
        if (entry.entry.type == archive::TarType::directory) {
            directories[entry.entry.path].head =
                fmt::format("F:{}\n{}", entry.entry.path, owner_line('M', entry.entry, 0755));
        } else {
            const auto [parent, name] = split_path(entry.entry.path);
            directories[std::string(parent)].files[std::string(name)] = file_lines(entry);
        }
    }
    std::string text;
    for (const auto& [path, directory] : directories) {
        text += directory.head.empty() ? fmt::format("F:{}\n", path) : directory.head;
        for (const auto& [name, lines] : directory.files) {
            text += lines;
        }
    }
    return text;
}

std::string stanza(const InstalledPackage& package) {
    const apk::PackageInfo& info = package.info;
    std::string text = fmt::format(
        "C:{}\nP:{}\nV:{}\nA:{}\nS:{}\nI:{}\nT:{}\nU:{}\nL:{}\n",
        package.checksum,
        info.name,
        info.version,
        info.architecture,
        package.file_size,
        info.installed_size,
        info.description,
        info.url,
        join(info.licenses, " AND ")
    );
    const auto add = [&](char letter, const std::string& value) {
        if (!value.empty()) {
            text += fmt::format("{}:{}\n", letter, value);
        }
    };
    add('o', info.origin);
    add('m', info.maintainer);
    add('t', info.build_date ? std::to_string(*info.build_date) : std::string());
    add('c', info.commit);
    add('k', info.provider_priority ? std::to_string(*info.provider_priority) : std::string());
    add('D', join(info.depends, " "));
    add('p', join(info.provides, " "));
    add('i', join(info.install_if, " "));
    add('r', join(info.replaces, " "));
    add('q', info.replaces_priority ? std::to_string(*info.replaces_priority) : std::string());
    return text;
}

Result<std::string> scripts_archive(const std::vector<InstalledPackage>& packages) {
    archive::StringSink sink;
    archive::TarWriter writer(sink);
    for (const InstalledPackage& package : packages) {
        for (const auto& [name, content] : package.control_files) {
            if (name == ".PKGINFO" || name == ".melange.yaml") {
                continue;
            }
            archive::TarEntry entry;
            entry.path = fmt::format(
                "{}-{}.{}{}", package.info.name, package.info.version, package.checksum, name
            );
            entry.mode = 0755;
            entry.size = content.size();
            QUERN_CHECK(writer.add(entry, content));
        }
    }
    QUERN_CHECK(writer.finish_with_end_blocks());
    return sink.take();
}

}  // namespace

std::string installed_database(const std::vector<InstalledPackage>& packages) {
    std::string text;
    for (const InstalledPackage& package : packages) {
        text += stanza(package) + entries_text(package) + "\n";
    }
    return text;
}

Result<void> write_database(const GuestTree& tree, const std::vector<InstalledPackage>& packages) {
    QUERN_CHECK(tree.make_directories(database));
    const auto path = [](const char* name) { return fmt::format("{}/{}", database, name); };
    std::string triggers;
    for (const InstalledPackage& package : packages) {
        if (!package.info.triggers.empty()) {
            triggers += package.checksum + " " + join(package.info.triggers, " ") + "\n";
        }
    }
    QUERN_TRY(const std::string scripts, scripts_archive(packages));
    QUERN_CHECK(tree.write(path("installed"), installed_database(packages), {.mode = 0644}));
    QUERN_CHECK(tree.write(path("triggers"), triggers, {.mode = 0644}));
    QUERN_CHECK(tree.write(path("scripts.tar"), scripts, {.mode = 0644}));
    QUERN_CHECK(tree.write(path("lock"), {}, {.mode = 0600}));
    QUERN_CHECK(tree.make_directories("lib"));
    if (!tree.status("lib/apk")) {
        QUERN_CHECK(tree.make_symlink("lib/apk", "../usr/lib/apk"));
    }
    return {};
}

}  // namespace quern::rootfs
