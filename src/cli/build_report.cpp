// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/build_report.hpp"

#include "cli/terminal.hpp"

#include <nlohmann/json.hpp>

namespace quern::cli {
namespace {

nlohmann::ordered_json to_json(const build::CacheReport& cache) {
    nlohmann::ordered_json json = {{"name", cache.name}};
    if (cache.is_counted) {
        json["files"] = cache.files;
        json["bytes"] = cache.bytes;
        json["new_files"] = cache.new_files;
        json["new_bytes"] = cache.new_bytes;
    }
    if (cache.counts) {
        json["hits"] = cache.counts->hits;
        json["misses"] = cache.counts->misses;
        json["passed_over"] = cache.counts->passed_over;
    }
    return json;
}

}  // namespace

std::string to_text(const build::BuildReport& report) {
    std::string text;
    for (const build::BuiltPackage& package : report.packages) {
        text += package.path.string() + "\n";
    }
    return text;
}

std::string json_of(const build::BuildReport& report) {
    nlohmann::ordered_json packages = nlohmann::ordered_json::array();
    for (const build::BuiltPackage& package : report.packages) {
        packages.push_back({
            {"name", package.name},
            {"path", package.path.string()},
            {"size", package.file_size},
            {"checksum", package.checksum},
        });
        if (!package.provenance.empty()) {
            packages.back()["provenance"] = package.provenance.string();
        }
    }
    nlohmann::ordered_json caches = nlohmann::ordered_json::array();
    for (const build::CacheReport& cache : report.caches) {
        caches.push_back(to_json(cache));
    }
    return to_json_text(
        {{"packages", packages},
         {"caches", caches},
         {"log", report.log.string()},
         {"unchanged", report.is_unchanged}}
    );
}

}  // namespace quern::cli
