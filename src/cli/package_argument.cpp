// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/package_argument.hpp"

#include "build/metadata.hpp"
#include "fetch/fetcher.hpp"
#include "package/embedded.hpp"
#include "package/inspect.hpp"
#include "quern/diagnostic.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace quern::cli {
namespace {

bool is_url(const std::string& target) {
    return target.starts_with("https://") || target.starts_with("http://");
}

/// A package of the same build in the same directory, if it is there and sound.
std::optional<package::Subject> read_sibling(
    const std::filesystem::path& directory, const std::string& name, const apk::PackageFile& package
) {
    const apk::PackageInfo& info = package.info();
    apk::PackageInfo wanted;
    wanted.name = name;
    wanted.version = info.version;
    auto file = apk::PackageFile::open(directory / wanted.file_name(), package.limits());
    if (!file || file->info().name != name || file->info().origin != info.origin) {
        return std::nullopt;
    }
    auto subject = package::inspect_package(*file);
    return subject ? std::optional(std::move(*subject)) : std::nullopt;
}

const build::Output* find_output(
    const std::vector<build::Output>& outputs, const std::string& name
) {
    for (const build::Output& output : outputs) {
        if (output.name == name) {
            return &output;
        }
    }
    return nullptr;
}

}  // namespace

Result<apk::PackageFile> PackageOpener::download(const std::string& url) {
    if (!session_) {
        QUERN_TRY(session_, Session::create(invocation_, {}));
    }
    fetch::FetchRequest request;
    request.url = url;
    QUERN_TRY(fetch::FetchedFile file, session_->fetcher().fetch(request, session_->reporter(), 0));
    auto package = apk::PackageFile::open_fd(file.fd.release(), invocation_.global.limits.package);
    if (!package) {
        return std::move(package).error().context(printable(redact_url(url)));
    }
    return package;
}

Result<apk::PackageFile> PackageOpener::open(const std::string& target) {
    auto package = is_url(target)
                       ? download(target)
                       : apk::PackageFile::open(target, invocation_.global.limits.package);
    const bool is_recipe = target.ends_with(".yaml") || target.ends_with(".yml");
    if (!package && is_recipe && package.error().code() == ErrorCode::invalid_data) {
        return std::move(package).error().help(
            "it looks like a recipe: build it and name its package; `quern check` says what is "
            "wrong with a recipe"
        );
    }
    return package;
}

const recipe::Dependencies* PackageFamily::declared() const {
    if (!configuration) {
        return nullptr;
    }
    const auto outputs = build::outputs_of(*configuration);
    const build::Output* output = find_output(outputs, subjects[index].name());
    return output == nullptr ? nullptr : output->dependencies;
}

package::ScanResult PackageFamily::scan(const std::string& full_version) const {
    package::ScanOptions options{full_version, {}, {}};
    if (configuration) {
        const auto outputs = build::outputs_of(*configuration);
        if (const build::Output* output = find_output(outputs, subjects[index].name())) {
            options = build::scan_options(*output, configuration->package);
        }
    }
    return package::scan(subjects, index, options);
}

Result<PackageFamily> read_family(const apk::PackageFile& package, const std::string& target) {
    PackageFamily family;
    Diagnostics diagnostics;
    family.configuration = package::embedded_configuration(package.head(), diagnostics);
    QUERN_TRY(package::Subject own, package::inspect_package(package));
    const std::string name = own.name();
    if (!family.configuration || is_url(target)) {
        family.subjects.push_back(std::move(own));
        return family;
    }
    bool is_in_recipe = false;
    const std::filesystem::path directory = std::filesystem::path(target).parent_path();
    for (const build::Output& output : build::outputs_of(*family.configuration)) {
        if (output.name == name && !is_in_recipe) {
            is_in_recipe = true;
            family.index = family.subjects.size();
            family.subjects.push_back(std::move(own));
        } else if (auto sibling = read_sibling(directory, output.name, package)) {
            family.subjects.push_back(std::move(*sibling));
        }
    }
    if (!is_in_recipe) {
        family.index = family.subjects.size();
        family.subjects.push_back(std::move(own));
    }
    return family;
}

Result<std::vector<package::Explanation>> explain_relations(
    const apk::PackageFile& package, const std::string& target
) {
    QUERN_TRY(const PackageFamily family, read_family(package, target));
    const recipe::Dependencies none;
    const recipe::Dependencies* declared = family.declared();
    return package::explain(
        package.info(), family.scan(package.info().version), declared == nullptr ? none : *declared
    );
}

}  // namespace quern::cli
