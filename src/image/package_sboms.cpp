// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/package_sboms.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace quern::image {
namespace {

constexpr std::string_view file_prefix = "SPDXRef-File-";

/// A text of an object; empty if it is not there or is something else.
std::string text_of(const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() && found->is_string()
               ? found->get<std::string>()
               : std::string();
}

/// A list of an object; empty if it is not there or is something else.
Json list_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_array() ? *found : Json::array();
}

std::vector<std::string> described(const Json& document) {
    std::vector<std::string> ids;
    for (const Json& id : list_of(document, "documentDescribes")) {
        if (id.is_string()) {
            ids.push_back(id.get<std::string>());
        }
    }
    if (!ids.empty()) {
        return ids;
    }
    for (const Json& relationship : list_of(document, "relationships")) {
        if (text_of(relationship, "spdxElementId") == "SPDXRef-DOCUMENT" &&
            text_of(relationship, "relationshipType") == "DESCRIBES") {
            ids.push_back(text_of(relationship, "relatedSpdxElement"));
        }
    }
    return ids;
}

/// Everything that `tops` lead to through relationships; files are not followed.
std::set<std::string> reachable(const std::vector<std::string>& tops, const Json& relationships) {
    std::multimap<std::string, std::string> next;
    for (const Json& relationship : relationships) {
        const std::string to = text_of(relationship, "relatedSpdxElement");
        if (!to.starts_with(file_prefix)) {
            next.emplace(text_of(relationship, "spdxElementId"), to);
        }
    }
    std::set<std::string> seen(tops.begin(), tops.end());
    std::vector<std::string> pending = tops;
    while (!pending.empty()) {
        const std::string id = std::move(pending.back());
        pending.pop_back();
        const auto [first, last] = next.equal_range(id);
        for (auto each = first; each != last; ++each) {
            if (seen.insert(each->second).second) {
                pending.push_back(each->second);
            }
        }
    }
    return seen;
}

std::vector<std::string> file_names(const apk::PackageInfo& info) {
    std::vector<std::string> names = {fmt::format("{}-{}", info.name, info.version)};
    const std::size_t release = info.version.rfind("-r");
    if (release != std::string::npos) {
        names.push_back(fmt::format("{}-{}", info.name, info.version.substr(0, release)));
    }
    names.push_back(info.name);
    return names;
}

}  // namespace

Result<void> PackageSboms::add(
    const RootTree& tree, const Spool& spool, const apk::PackageInfo& info
) {
    constexpr std::uint64_t largest = std::uint64_t{64} << 20U;
    for (const std::string& name : file_names(info)) {
        const Inode* file = tree.find(fmt::format("var/lib/db/sbom/{}.spdx.json", name));
        if (file == nullptr || !file->is_file() || file->content.size_bytes() > largest) {
            continue;
        }
        QUERN_TRY(const std::string text, read_content(spool, file->content, largest));
        const Json document = Json::parse(text, nullptr, false);
        if (document.is_object()) {
            add_document(document);
        }
        return {};
    }
    return {};
}

void PackageSboms::add_document(const Json& document) {
    const std::vector<std::string> tops = described(document);
    const Json relationships = list_of(document, "relationships");
    const std::set<std::string> wanted = reachable(tops, relationships);
    for (const Json& package : list_of(document, "packages")) {
        if (wanted.count(text_of(package, "SPDXID")) != 0) {
            add_package(package);
        }
    }
    for (const Json& relationship : relationships) {
        const std::string from = text_of(relationship, "spdxElementId");
        const std::string to = text_of(relationship, "relatedSpdxElement");
        if (wanted.count(from) != 0 && known_packages_.count(from) != 0 &&
            known_packages_.count(to) != 0) {
            relationships_.push_back(relationship);
        }
    }
    for (const std::string& top : tops) {
        if (known_packages_.count(top) != 0) {
            tops_.push_back(top);
        }
    }
    for (const Json& license : list_of(document, "hasExtractedLicensingInfos")) {
        const std::string id = text_of(license, "licenseId");
        if (!id.empty() && known_licenses_.insert(id).second) {
            licenses_.push_back(
                {{"licenseId", id}, {"extractedText", text_of(license, "extractedText")}}
            );
        }
    }
}

void PackageSboms::add_package(const Json& package) {
    if (!known_packages_.insert(text_of(package, "SPDXID")).second) {
        return;
    }
    Json added = package;
    added["filesAnalyzed"] = false;
    added.erase("packageVerificationCode");
    added.erase("hasFiles");
    for (const char* key : {"originator", "supplier"}) {
        if (text_of(added, key).empty()) {
            added[key] = supplier_;
        }
    }
    packages_.push_back(std::move(added));
}

void PackageSboms::merge_into(Json& document, const std::string& image_id) {
    for (Json& package : packages_) {
        document["packages"].push_back(std::move(package));
    }
    for (Json& relationship : relationships_) {
        document["relationships"].push_back(std::move(relationship));
    }
    for (const std::string& top : tops_) {
        document["relationships"].push_back(
            {{"spdxElementId", image_id},
             {"relationshipType", "CONTAINS"},
             {"relatedSpdxElement", top}}
        );
    }
    if (!licenses_.empty()) {
        document["hasExtractedLicensingInfos"] = std::move(licenses_);
    }
}

}  // namespace quern::image
