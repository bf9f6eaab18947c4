// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "build/unchanged.hpp"

#include "build/key_text.hpp"
#include "config.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/file_state.hpp"
#include "support/handle.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <system_error>
#include <utility>

namespace quern::build {
namespace {

using Json = nlohmann::ordered_json;

/// Empty for what cannot be read.
std::string digest_of_file(const std::filesystem::path& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    const auto digest =
        file ? digest_of_fd(DigestKind::sha256, file.get()) : Result<Digest>(Digest());
    return digest ? digest->hex() : std::string();
}

}  // namespace

PublishedRecord::PublishedRecord(
    const BuildOptions& options, const std::string& package, const Services& services
) {
    std::error_code failure;
    const std::filesystem::path repository =
        std::filesystem::absolute(options.out_directory, failure) / options.load.architecture;
    const std::string place =
        fmt::format("{}\n{}", repository.lexically_normal().string(), package);
    file_ = services.cache_directory / "published" /
            (digest_of(DigestKind::sha256, place).hex() + ".json");
    index_ = repository / "APKINDEX.tar.gz";
}

std::optional<std::vector<BuiltPackage>> PublishedRecord::find(const std::string& key) const {
    const auto text = read_file(file_);
    if (!text) {
        return std::nullopt;
    }
    try {
        const Json json = Json::parse(*text);
        // The index changes with every package that is published beside; what counts is that it
        // is there.
        if (json.at("key") != key || (json.at("has_index") == true && file_state(index_).empty())) {
            return std::nullopt;
        }
        std::vector<BuiltPackage> packages;
        for (const Json& one : json.at("packages")) {
            BuiltPackage package;
            package.name = one.at("name");
            package.path = one.at("path").get<std::string>();
            package.file_size = one.at("size");
            package.checksum = one.at("checksum");
            package.provenance = one.at("provenance").get<std::string>();
            if (digest_of_file(package.provenance) != one.at("provenance_sha256")) {
                return std::nullopt;
            }
            // Who publishes beside it links the file anew, which changes its state.
            if (file_state(package.path) != one.at("state") &&
                digest_of_file(package.path) != one.at("sha256")) {
                return std::nullopt;
            }
            packages.push_back(std::move(package));
        }
        return packages;
    } catch (const Json::exception&) {
        return std::nullopt;  // as if there were none
    }
}

Result<void> PublishedRecord::write(
    const std::string& key, const std::vector<BuiltPackage>& packages
) const {
    Json list = Json::array();
    for (const BuiltPackage& package : packages) {
        list.push_back({
            {"name", package.name},
            {"path", package.path.string()},
            {"size", package.file_size},
            {"checksum", package.checksum},
            {"state", file_state(package.path)},
            {"sha256", digest_of_file(package.path)},
            {"provenance", package.provenance.string()},
            {"provenance_sha256", digest_of_file(package.provenance)},
        });
    }
    const Json json = {
        {"key", key}, {"has_index", !file_state(index_).empty()}, {"packages", std::move(list)}};
    std::error_code failure;
    std::filesystem::create_directories(file_.parent_path(), failure);
    return write_file_atomically(
        file_, json.dump(-1, ' ', true, Json::error_handler_t::replace), 0600
    );
}

std::string packing_key(
    const std::string& last_step_key,
    const recipe::Configuration& configuration,
    const BuildOptions& options
) {
    KeyText key;
    for (const std::string& part :
         {std::string(QUERN_VERSION),
          recipe::to_yaml(configuration),
          last_step_key,
          options.recipe.string(),
          options.namespace_name,
          options.repository_url,
          options.recipe_license,
          options.load.commit,
          std::to_string(options.source_date),
          std::to_string(options.compression_level),
          options.dependency_log.string()}) {
        key.add(part);
    }
    for (const bool choice :
         {options.strip_origin_name,
          options.update_index,
          options.tests != nullptr,
          options.provenance,
          options.cyclonedx,
          options.persist_lint_results,
          options.environment.ignore_signatures}) {
        key.add(choice ? "yes" : "no");
    }
    for (const auto& linters : {options.lint_require, options.lint_warn}) {
        key.add(std::to_string(linters.size()));
        for (const std::string& linter : linters) {
            key.add(linter);
        }
    }
    if (options.key != nullptr) {
        const auto public_key = options.key->public_key();
        key.add(options.key->public_key_name());
        key.add(public_key ? public_key->fingerprint() : std::string());
    }
    return key.finish();
}

}  // namespace quern::build
