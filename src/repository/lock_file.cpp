// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// JSON in, values out and back. What is read is judged here once, before any path is made of it: a
// lock may come with a recipe that nobody has looked at.
#include "repository/lock_file.hpp"

#include "apk/field_rules.hpp"
#include "quern/dependency.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace quern::repository {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view format_version = "v1";
constexpr std::uint64_t largest_lock = std::uint64_t{256} << 20U;

/// One JSON object under its path in the file. The first thing that is wrong is kept, what follows
/// reads as empty, so that a decoder is a list of fields.
class Object {
 public:
    Object(const Json* json, std::string path, std::optional<std::string>& problem)
        : json_(json), path_(std::move(path)), problem_(&problem) {
        if (json_ != nullptr && !json_->is_object()) {
            fail("", "is no object");
            json_ = nullptr;
        }
    }

    std::string text(const char* key, bool is_required = false) const {
        const Json* value = find(key);
        if (value == nullptr) {
            if (is_required) {
                fail(key, "is missing");
            }
            return {};
        }
        const auto* found = value->get_ptr<const std::string*>();
        if (found == nullptr || !is_valid_utf8(*found)) {
            fail(key, "is no text");
            return {};
        }
        return *found;
    }

    bool flag(const char* key) const {
        const Json* value = find(key);
        if (value != nullptr && !value->is_boolean()) {
            fail(key, "is neither true nor false");
        }
        return value != nullptr && value->is_boolean() && value->get<bool>();
    }

    Object object(const char* key) const { return {find(key), place(key), *problem_}; }

    std::vector<Object> objects(const char* key) const {
        std::vector<Object> list;
        const Json* value = array(key);
        for (std::size_t i = 0; value != nullptr && i < value->size(); ++i) {
            list.emplace_back(&(*value)[i], fmt::format("{}[{}]", place(key), i), *problem_);
        }
        return list;
    }

    std::vector<std::string> texts(const char* key) const {
        std::vector<std::string> list;
        const Json* value = array(key);
        for (std::size_t i = 0; value != nullptr && i < value->size(); ++i) {
            const auto* found = (*value)[i].get_ptr<const std::string*>();
            if (found == nullptr) {
                fail(key, "holds something that is no text");
                return {};
            }
            list.push_back(*found);
        }
        return list;
    }

    void fail(std::string_view key, std::string_view problem) const {
        if (!problem_->has_value()) {
            const std::string where = place(key);
            *problem_ = fmt::format("{} {}", where.empty() ? "the whole" : where, problem);
        }
    }

 private:
    const Json* find(const char* key) const {
        if (json_ == nullptr) {
            return nullptr;
        }
        const auto found = json_->find(key);
        return found == json_->end() || found->is_null() ? nullptr : &*found;
    }

    const Json* array(const char* key) const {
        const Json* value = find(key);
        if (value != nullptr && !value->is_array()) {
            fail(key, "is no list");
            return nullptr;
        }
        return value;
    }

    std::string place(std::string_view key) const {
        return path_.empty() || key.empty() ? fmt::format("{}{}", path_, key)
                                            : fmt::format("{}.{}", path_, key);
    }

    const Json* json_;
    std::string path_;
    std::optional<std::string>* problem_;
};

LockedSection read_section(const Object& object) {
    return {object.text("range"), object.text("checksum")};
}

LockedRepository read_repository(const Object& object) {
    return {object.text("name"), object.text("url", true), object.text("architecture", true)};
}

std::vector<LockedRepository> read_repositories(const Object& contents, const char* key) {
    std::vector<LockedRepository> repositories;
    for (const Object& object : contents.objects(key)) {
        repositories.push_back(read_repository(object));
    }
    return repositories;
}

/// Names become parts of paths and URLs: nothing but the file that a repository has under them is
/// taken.
void check_package(const LockedPackage& package, const Object& object) {
    if (!apk::is_package_name(package.name)) {
        object.fail("name", "is no package name");
    }
    if (!apk::is_path_safe_version(package.version)) {
        object.fail("version", "is no version");
    }
    const std::string end = fmt::format("/{}-{}.apk", package.name, package.version);
    if (!package.url.ends_with(end) ||
        !apk::is_architecture_name(package.directory_architecture())) {
        object.fail("url", "is not REPOSITORY/ARCHITECTURE/NAME-VERSION.apk of this package");
    }
    const auto checksum = apk::parse_checksum(package.checksum);
    if (!checksum || checksum->empty()) {
        object.fail("checksum", "is no identity of a package (Q1…): lock again");
    }
    if (!package.data.checksum.empty() && package.data.checksum.find("sha256-") != 0) {
        object.fail("data.checksum", "is no sha256");
    }
}

LockedPackage read_package(const Object& object) {
    LockedPackage package;
    package.name = object.text("name", true);
    package.url = object.text("url", true);
    package.version = object.text("version", true);
    package.architecture = object.text("architecture");
    package.signature = read_section(object.object("signature"));
    package.control = read_section(object.object("control"));
    package.data = read_section(object.object("data"));
    package.checksum = object.text("checksum", true);
    check_package(package, object);
    return package;
}

LockFile read_all(const Object& top) {
    LockFile lock;
    if (const std::string version = top.text("version", true); version != format_version) {
        top.fail("version", fmt::format("is '{}', not '{}'", printable(version), format_version));
    }
    const Object config = top.object("config");
    lock.config_name = config.text("name");
    lock.config_checksum = config.text("checksum");
    const Object contents = top.object("contents");
    for (const Object& key : contents.objects("keyring")) {
        lock.keyring.push_back(
            {key.text("name"), key.text("url"), key.text("content"), key.text("fingerprint")}
        );
    }
    lock.build_repositories = read_repositories(contents, "build_repositories");
    lock.runtime_repositories = read_repositories(contents, "runtime_repositories");
    lock.repositories = read_repositories(contents, "repositories");
    for (const Object& package : contents.objects("packages")) {
        lock.packages.push_back(read_package(package));
    }
    for (const Object& world : contents.objects("worlds")) {
        lock.worlds.push_back({world.text("architecture", true), world.texts("packages")});
    }
    lock.ignores_signatures = contents.flag("ignore_signatures");
    return lock;
}

Json to_json(const LockedSection& section) {
    return {{"range", section.range}, {"checksum", section.checksum}};
}

Json to_json(const std::vector<LockedRepository>& repositories) {
    Json list = Json::array();
    for (const LockedRepository& repository : repositories) {
        list.push_back({
            {"name", repository.name},
            {"url", repository.url},
            {"architecture", repository.architecture},
        });
    }
    return list;
}

Json to_json(const std::vector<LockedKey>& keys) {
    Json list = Json::array();
    for (const LockedKey& key : keys) {
        Json one = {{"name", key.name}, {"url", key.url}, {"content", key.content}};
        if (!key.fingerprint.empty()) {
            one["fingerprint"] = key.fingerprint;
        }
        list.push_back(std::move(one));
    }
    return list;
}

Json to_json(const std::vector<LockedPackage>& packages) {
    Json list = Json::array();
    for (const LockedPackage& package : packages) {
        list.push_back({
            {"name", package.name},
            {"url", package.url},
            {"version", package.version},
            {"architecture", package.architecture},
            {"signature", to_json(package.signature)},
            {"control", to_json(package.control)},
            {"data", to_json(package.data)},
            {"checksum", package.checksum},
        });
    }
    return list;
}

Json to_json(const std::vector<LockedWorld>& worlds) {
    Json list = Json::array();
    for (const LockedWorld& world : worlds) {
        list.push_back({{"architecture", world.architecture}, {"packages", world.packages}});
    }
    return list;
}

}  // namespace

std::string LockedPackage::directory_architecture() const {
    const std::size_t end = url.rfind('/');
    if (end == std::string::npos || end == 0) {
        return {};
    }
    const std::size_t begin = url.rfind('/', end - 1);
    return begin == std::string::npos ? url.substr(0, end) : url.substr(begin + 1, end - begin - 1);
}

Result<LockFile> LockFile::parse(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) {
        return Error(ErrorCode::invalid_data, "not JSON");
    }
    std::optional<std::string> problem;
    LockFile lock = read_all(Object(&json, "", problem));
    if (problem) {
        return Error(ErrorCode::invalid_data, printable(*problem));
    }
    return lock;
}

std::string LockFile::to_string() const {
    Json contents = {
        {"keyring", to_json(keyring)},
        {"build_repositories", to_json(build_repositories)},
        {"runtime_repositories", to_json(runtime_repositories)},
        {"repositories", to_json(repositories)},
        {"packages", to_json(packages)},
    };
    if (!worlds.empty()) {
        contents["worlds"] = to_json(worlds);
    }
    if (ignores_signatures) {
        contents["ignore_signatures"] = true;
    }
    const Json json = {
        {"version", format_version},
        {"config", {{"name", config_name}, {"checksum", config_checksum}}},
        {"contents", std::move(contents)},
    };
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<LockFile> read_lock_file(const std::filesystem::path& path) {
    QUERN_TRY(const std::string text, read_file(path, largest_lock));
    auto lock = LockFile::parse(text);
    if (!lock) {
        return std::move(lock).error().context(fmt::format("lock file {}", path.string()));
    }
    return lock;
}

std::filesystem::path lock_path_of(const std::filesystem::path& config) {
    return std::filesystem::path(config).replace_extension(".lock.json");
}

std::string config_checksum(std::span<const std::string_view> texts) {
    Hasher hasher(DigestKind::sha256);
    for (const std::string_view text : texts) {
        hasher.update(text);
    }
    return "sha256-" + hasher.finish().base64();
}

}  // namespace quern::repository
