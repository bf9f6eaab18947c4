// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "apk/adb_index.hpp"
#include "archive/tar_entry.hpp"
#include "archive/tar_reader.hpp"
#include "cli/command.hpp"
#include "cli/package_argument.hpp"
#include "cli/terminal.hpp"
#include "quern/index.hpp"
#include "quern/package_file.hpp"
#include "support/atomic_file.hpp"
#include "support/text.hpp"
#include "support/timestamp.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace quern::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ShowFlags {
    std::vector<std::string> targets;
    bool files = false, why = false;
    std::string control;
};

std::string list_text(const char* label, const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) {
        text += fmt::format("  {:<14} {}\n", label, printable(value));
        label = "";
    }
    return text;
}

std::string field_text(const char* label, const std::string& value) {
    return value.empty() ? std::string() : fmt::format("  {:<14} {}\n", label, printable(value));
}

std::string number_text(const char* label, const std::optional<std::uint64_t>& value) {
    return value ? field_text(label, std::to_string(*value)) : std::string();
}

std::string describe(const apk::PackageHead& head) {
    const apk::PackageInfo& info = head.info;
    std::string text = fmt::format("{} {}\n", info.name, info.version);
    text += field_text("description", info.description);
    text += field_text("architecture", info.architecture);
    text += field_text("origin", info.origin);
    text += field_text(
        "size",
        fmt::format(
            "{} installed, {} packed", human_size(info.installed_size), human_size(head.file_size)
        )
    );
    text += list_text("license", info.licenses);
    text += field_text("url", info.url);
    text += field_text("commit", info.commit);
    text += field_text("maintainer", info.maintainer);
    if (info.build_date) {
        text += field_text("built", Timestamp(*info.build_date).to_rfc3339());
    }
    text += list_text("depends", info.depends);
    text += list_text("provides", info.provides);
    text += list_text("replaces", info.replaces);
    text += list_text("install if", info.install_if);
    text += number_text("provider prio.", info.provider_priority);
    text += number_text("replaces prio.", info.replaces_priority);
    text += list_text("triggers", info.triggers);
    std::vector<std::string> scripts;
    for (const auto& [name, content] : head.control_files) {
        if (name != ".PKGINFO") {
            scripts.push_back(fmt::format("{} ({})", name, human_size(content.size())));
        }
    }
    text += list_text("control", scripts);
    text += field_text("identity", head.checksum);
    for (const apk::Signature& signature : head.signatures) {
        text += field_text("signed by", signature.key_name + " (not checked: `quern verify` does)");
    }
    return text;
}

Json to_json(const apk::PackageHead& head) {
    const apk::PackageInfo& info = head.info;
    Json json = {
        {"name", info.name},
        {"version", info.version},
        {"architecture", info.architecture},
        {"description", info.description},
        {"origin", info.origin},
        {"url", info.url},
        {"commit", info.commit},
        {"maintainer", info.maintainer},
        {"licenses", info.licenses},
        {"installed_size", info.installed_size},
        {"file_size", head.file_size},
        {"depends", info.depends},
        {"provides", info.provides},
        {"replaces", info.replaces},
        {"install_if", info.install_if},
        {"triggers", info.triggers},
        {"checksum", head.checksum},
        {"datahash", info.data_hash},
    };
    json["provider_priority"] =
        info.provider_priority ? Json(*info.provider_priority) : Json(nullptr);
    json["replaces_priority"] =
        info.replaces_priority ? Json(*info.replaces_priority) : Json(nullptr);
    json["build_date"] = info.build_date ? Json(*info.build_date) : Json(nullptr);
    json["control"] = Json::array();
    for (const auto& [name, content] : head.control_files) {
        json["control"].push_back(name);
    }
    json["signatures"] = Json::array();
    for (const apk::Signature& signature : head.signatures) {
        json["signatures"].push_back(signature.key_name);
    }
    return json;
}

std::string mode_text(const archive::TarEntry& entry) {
    constexpr std::string_view kinds = "-hlcbdp";
    std::string text(1, kinds[static_cast<std::size_t>(entry.type)]);
    constexpr std::string_view letters = "rwxrwxrwx";
    for (unsigned i = 0; i < letters.size(); ++i) {
        text += (entry.mode & (0400U >> i)) != 0 ? letters[i] : '-';
    }
    return text + (((entry.mode & 07000U) != 0) ? fmt::format(" +{:o}", entry.mode >> 9U) : "");
}

Result<std::string> list_files(const apk::PackageFile& package, Json& json) {
    std::string text;
    json["files"] = Json::array();
    QUERN_CHECK(
        package.read_data([&](const archive::TarEntry& entry, archive::TarReader&) -> Result<void> {
            const std::string target =
                entry.link_target.empty() ? "" : " -> " + printable(entry.link_target);
            text += fmt::format(
                "  {} {:>5}:{:<5} {:>10} {}{}\n",
                mode_text(entry),
                entry.uid,
                entry.gid,
                entry.size,
                printable(entry.path),
                target
            );
            Json file = {
                {"path", entry.path},
                {"mode", entry.mode},
                {"uid", entry.uid},
                {"gid", entry.gid},
                {"size", entry.size}};
            if (!entry.link_target.empty()) {
                file["target"] = entry.link_target;
            }
            json["files"].push_back(std::move(file));
            return {};
        })
    );
    return text;
}

Result<void> show_package(
    const std::string& path, const ShowFlags& flags, const GlobalOptions& global
) {
    QUERN_TRY(const apk::PackageFile package, apk::PackageFile::open(path, global.limits.package));
    if (!flags.control.empty()) {
        const auto file = package.head().control_files.find(flags.control);
        if (file == package.head().control_files.end()) {
            return Error(
                       ErrorCode::not_found,
                       fmt::format(
                           "{} has no {} in its control section", path, printable(flags.control)
                       )
            )
                .help("`quern show` lists what is there");
        }
        return print(file->second);
    }
    Json json = to_json(package.head());
    std::string text = describe(package.head());
    if (flags.files) {
        QUERN_TRY(const std::string files, list_files(package, json));
        text += "  files\n" + files;
    }
    if (flags.why) {
        QUERN_TRY(const std::vector<package::Explanation> why, explain_relations(package, path));
        text += package::to_text(package.info(), why);
        json["why"] = Json::parse(package::to_json(package.info(), why))["relations"];
    }
    return print(
        global.format == "json" ? json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                                : text
    );
}

/// Of clients of either version. Signatures are not looked at.
Result<apk::Index> read_shown_index(const std::string& path) {
    if (path.ends_with(".adb")) {
        QUERN_TRY(apk::AdbIndexFile file, apk::read_adb_index(path, nullptr));
        return std::move(file.index);
    }
    QUERN_TRY(const std::string bytes, read_file(path));
    QUERN_TRY(apk::IndexFile file, apk::read_index(bytes, nullptr));
    return std::move(file.index);
}

Result<void> show_index(const std::string& path, const GlobalOptions& global) {
    QUERN_TRY(const apk::Index index, read_shown_index(path));
    std::string text;
    Json json = Json::array();
    for (const apk::IndexEntry& entry : index.entries) {
        text += fmt::format(
            "{}-{} {} {}\n",
            entry.name,
            entry.version,
            entry.architecture,
            printable(entry.description)
        );
        json.push_back({
            {"name", entry.name},
            {"version", entry.version},
            {"architecture", entry.architecture},
            {"description", entry.description},
            {"size", entry.file_size},
            {"checksum", entry.checksum},
        });
    }
    return print(
        global.format == "json" ? json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                                : text
    );
}

Result<void> run_show(const ShowFlags& flags, const Invocation& invocation) {
    for (const std::string& target : flags.targets) {
        const bool is_index = target.ends_with(".tar.gz") || target.ends_with(".adb");
        auto shown = is_index ? show_index(target, invocation.global)
                              : show_package(target, flags, invocation.global);
        if (!shown) {
            // Errors of packages name them.
            return is_index ? std::move(shown).error().context(printable(target))
                            : std::move(shown).error();
        }
    }
    return {};
}

}  // namespace

Run define_show(CLI::App& app) {
    const auto flags = std::make_shared<ShowFlags>();
    add_option(
        app,
        "targets",
        flags->targets,
        "package files (.apk) or an index (APKINDEX.tar.gz, Packages.adb)"
    )
        ->required();
    add_flag(app, "--files", flags->files, "list the files too, with every hash checked");
    add_flag(
        app, "--why", flags->why, "name the files behind every dependency and every provided name"
    );
    add_option(
        app,
        "--control",
        flags->control,
        "print one file of the control section: .PKGINFO, .melange.yaml, .post-install"
    );
    return [flags](const Invocation& invocation) { return run_show(*flags, invocation); };
}

}  // namespace quern::cli
