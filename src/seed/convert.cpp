// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/convert.hpp"

#include "quern/dependency.hpp"
#include "seed/computed_names.hpp"
#include "seed/debian_names.hpp"
#include "seed/package_tree.hpp"
#include "seed/seed.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

namespace quern::seed {

namespace {

using apk::PackageInfo;

/// A text of the description with the architecture's names put in.
std::string fill_in(const std::string& text, const ArchitectureNames& names) {
    return replace_all(
        replace_all(text, "{triplet}", names.triplet), "{multiarch}", names.multiarch
    );
}

Result<void> concatenate(PackageTree& tree, const std::string& path, const std::string& directory) {
    std::string whole;
    QUERN_CHECK(tree.for_each(
        [&](const archive::TarEntry& entry, std::string_view content) -> Result<void> {
            if (entry.path.starts_with(directory + "/") && entry.type == archive::TarType::file) {
                whole.append(content);
                if (!whole.empty() && whole.back() != '\n') {
                    whole.push_back('\n');
                }
            }
            return {};
        }
    ));
    if (whole.empty()) {
        return Error(
            ErrorCode::invalid_data, fmt::format("the package has no files below '{}'", directory)
        );
    }
    return tree.add_file(path, whole, 0644);
}

Result<void> add_contents(
    PackageTree& tree, const Contents& contents, const ArchitectureNames& names
) {
    constexpr int octal = 8;
    for (const auto& [path, directory] : contents.concatenated) {
        QUERN_CHECK(concatenate(tree, fill_in(path.text, names), fill_in(directory.text, names)));
    }
    for (const auto& [path, mode] : contents.directories) {
        QUERN_CHECK(tree.add_directory(
            fill_in(path.text, names),
            static_cast<std::uint32_t>(std::stoul(mode.text, nullptr, octal))
        ));
    }
    for (const auto& [path, target] : contents.links) {
        QUERN_CHECK(tree.add_link(fill_in(path.text, names), fill_in(target.text, names)));
    }
    for (const auto& [path, text] : contents.files) {
        QUERN_CHECK(tree.add_file(fill_in(path.text, names), fill_in(text.text, names), 0644));
    }
    for (const auto& [path, text] : contents.programs) {
        QUERN_CHECK(tree.add_file(fill_in(path.text, names), fill_in(text.text, names), 0755));
    }
    return {};
}

/// A name without version gets the package's: apk chooses no package for a provided name without
/// one.
std::string with_version(const std::string& provided, const std::string& version) {
    const auto relation = apk::Dependency::parse(provided);
    return relation && !relation->has_version() ? fmt::format("{}={}", provided, version)
                                                : provided;
}

std::string name_of_relation(const std::string& relation) {
    const auto parsed = apk::Dependency::parse(relation);
    return parsed ? parsed->name : relation;
}

/// Relations of `contents` and computed names put into `info`: sorted, each provided name once, the
/// first that was added.
void add_relations(
    PackageInfo& info,
    const Contents* contents,
    const std::set<std::string>& computed,
    const Conversion& conversion
) {
    std::vector<std::string> provides;
    for (const std::string& extra : conversion.extra_provides) {
        provides.push_back(with_version(extra, info.version));
    }
    if (contents != nullptr) {
        for (const Word& word : contents->provides) {
            provides.push_back(with_version(word.text, info.version));
        }
        for (const Word& word : contents->depends) {
            info.depends.push_back(word.text);
        }
    }
    provides.insert(provides.end(), computed.begin(), computed.end());
    provides.insert(provides.end(), info.provides.begin(), info.provides.end());
    info.provides.clear();
    std::set<std::string> seen = {info.name};
    for (std::string& relation : provides) {
        if (seen.insert(name_of_relation(relation)).second) {
            info.provides.push_back(std::move(relation));
        }
    }
    if (!conversion.layout.empty() && info.name != conversion.layout) {
        info.depends.push_back(conversion.layout);
    }
    for (std::vector<std::string>* list : {&info.provides, &info.depends}) {
        std::sort(list->begin(), list->end());
        list->erase(std::unique(list->begin(), list->end()), list->end());
    }
}

/// Debian's virtual packages, without version: several packages of a root may provide the same, and
/// apk lets only one provide a name with a version.
Result<std::vector<std::string>> virtual_names(const ControlFields& control) {
    std::vector<std::string> names;
    QUERN_TRY(const auto provided, parse_relations(control.value("provides")));
    for (const Alternatives& alternatives : provided) {
        if (apk::is_dependency_name(alternatives.front().name)) {
            names.push_back(alternatives.front().name);
        }
    }
    return names;
}

Result<PackageInfo> describe(
    const ControlFields& control, const Conversion& conversion, const Contents* amendment
) {
    PackageInfo info;
    info.name = control.value("package");
    if (!apk::is_package_name(info.name)) {
        return Error(
            ErrorCode::invalid_data, fmt::format("'{}' is no package name", printable(info.name))
        );
    }
    info.version = map_version(control.value("version"));
    info.architecture = conversion.architecture.empty()
                            ? to_apk_name_of_debian(control.value("architecture"))
                            : conversion.architecture;
    const std::string_view source = control.value("source");
    info.origin = source.empty() ? info.name : std::string(split_words(source).front());
    const std::string_view description = control.value("description");
    info.description = trim(description.substr(0, description.find('\n')));
    info.url = control.value("homepage");
    info.licenses = {"NOASSERTION"};  // it stands in the package's copyright file, as prose
    info.maintainer = control.value("maintainer");
    QUERN_TRY(info.depends, conversion.selection->map_depends(control, amendment));
    QUERN_TRY(info.provides, virtual_names(control));
    return info;
}

Result<apk::WrittenPackage> write(
    PackageTree& tree,
    PackageInfo info,
    const Conversion& conversion,
    const std::filesystem::path& directory
) {
    apk::PackageWriterOptions options;
    options.key = conversion.key;
    options.compression_level = conversion_level;
    return apk::write_package(
        directory,
        std::move(info),
        {},
        [&](apk::DataSink& sink) { return tree.write(sink); },
        options
    );
}

Result<void> read_tree(const Deb& deb, const Conversion& conversion, PackageTree& tree) {
    const PathRules* rules =
        conversion.description == nullptr ? nullptr : &conversion.description->paths;
    return deb.read_data(
        [&](const archive::TarEntry& entry, archive::TarReader& content) -> Result<void> {
            if (conversion.cancel != nullptr) {
                QUERN_CHECK(conversion.cancel->check());
            }
            if (rules != nullptr && rules->is_dropped(merged_path(entry.path))) {
                return {};
            }
            return tree.add(entry, content);
        }
    );
}

Result<apk::WrittenPackage> convert_opened(
    const Deb& deb, const Conversion& conversion, const std::filesystem::path& directory
) {
    const Contents* amendment = conversion.description == nullptr
                                    ? nullptr
                                    : conversion.description->find_amendment(deb.package());
    QUERN_TRY(PackageInfo info, describe(deb.control(), conversion, amendment));
    const std::string architecture = to_apk_name_of_debian(deb.control().value("architecture"));
    const ArchitectureNames names =
        architecture_names(architecture == "noarch" ? conversion.architecture : architecture);
    PackageTree tree(directory);
    QUERN_CHECK(read_tree(deb, conversion, tree));
    QUERN_CHECK(tree.finish());
    if (amendment != nullptr) {
        QUERN_CHECK(add_contents(tree, *amendment, names));
        QUERN_CHECK(tree.finish());
    }
    QUERN_TRY(
        const std::set<std::string> computed, computed_names(tree, info.version, names.multiarch)
    );
    add_relations(info, amendment, computed, conversion);
    return write(tree, std::move(info), conversion, directory);
}

}  // namespace

Result<apk::WrittenPackage> convert_deb(
    const Deb& deb, const Conversion& conversion, const std::filesystem::path& directory
) {
    auto written = convert_opened(deb, conversion, directory);
    if (!written) {
        return std::move(written).error().context(
            fmt::format("converting {}", printable(deb.package()))
        );
    }
    return written;
}

Result<apk::WrittenPackage> generate_package(
    const std::string& name,
    const Contents& contents,
    const Conversion& conversion,
    const std::filesystem::path& directory
) {
    PackageInfo info;
    info.name = name;
    info.version = conversion.description->version.text + "-r0";
    info.architecture = conversion.architecture;
    info.origin = name;
    info.licenses = {"Apache-2.0"};
    info.description = contents.about.text;
    PackageTree tree(directory);
    QUERN_CHECK(add_contents(tree, contents, architecture_names(conversion.architecture)));
    QUERN_CHECK(tree.finish());
    add_relations(info, &contents, {}, conversion);
    auto written = write(tree, std::move(info), conversion, directory);
    if (!written) {
        return std::move(written).error().context(fmt::format("generating {}", name));
    }
    return written;
}

Result<std::vector<std::filesystem::path>> convert(
    const std::vector<std::filesystem::path>& debs,
    const ConvertOptions& options,
    ThreadPool& pool,
    Reporter& reporter,
    const CancelToken& cancel
) {
    std::vector<std::optional<Deb>> opened(debs.size());
    QUERN_CHECK(pool.for_each_index(debs.size(), [&](std::size_t i) -> Result<void> {
        QUERN_TRY(opened[i], Deb::open(debs[i]));
        return {};
    }));
    Selection selection;
    for (const std::optional<Deb>& deb : opened) {
        QUERN_CHECK(selection.add(deb->control()));
    }
    Conversion conversion;
    conversion.selection = &selection;
    conversion.key = options.key;
    conversion.extra_provides = options.extra_provides;
    conversion.cancel = &cancel;
    std::error_code failure;
    std::filesystem::create_directories(options.out_directory, failure);
    if (failure) {
        return Error::system(
            failure.value(), fmt::format("making {}", printable(options.out_directory.string()))
        );
    }
    Activity activity(reporter, "converting packages");
    std::vector<std::filesystem::path> paths(debs.size());
    QUERN_CHECK(pool.for_each_index(debs.size(), [&](std::size_t i) -> Result<void> {
        QUERN_TRY(
            const apk::WrittenPackage written,
            convert_deb(*opened[i], conversion, options.out_directory)
        );
        paths[i] = written.path;
        return {};
    }));
    activity.outcome("done");
    return paths;
}

}  // namespace quern::seed
