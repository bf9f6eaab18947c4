// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/output_record.hpp"

#include "image/json_text.hpp"
#include "support/digest.hpp"
#include "support/file_state.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace quern::image {
namespace {

std::string place_of(const std::filesystem::path& path) {
    std::error_code failure;
    return path.empty() ? std::string()
                        : std::filesystem::absolute(path, failure).lexically_normal().string();
}

/// Over all that a record holds: one that a disk or a hand has changed counts as none.
std::string seal_of(const Json& json) {
    return digest_of(DigestKind::sha256, json_text(json)).hex();
}

}  // namespace

Result<OutputRecord> OutputRecord::open(
    const std::filesystem::path& cache,
    const std::filesystem::path& output,
    const std::filesystem::path& side_directory
) {
    const std::filesystem::path directory = cache / "image" / "outputs";
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    if (failure) {
        return Error::system(failure.value(), fmt::format("making {}", directory.string()));
    }
    const std::string place = place_of(output);
    const std::string name = digest_of(DigestKind::sha256, place).hex();
    QUERN_TRY(
        FileLock lock, FileLock::acquire(directory / (name + ".lock"), FileLock::Mode::exclusive)
    );
    OutputRecord record(std::move(lock), directory / (name + ".json"));
    record.output_ = place;
    record.side_directory_ = place_of(side_directory);
    return record;
}

std::optional<std::string> OutputRecord::find(const std::string& key) const {
    const auto text = read_file(file_);
    if (!text) {
        return std::nullopt;
    }
    try {
        Json json = Json::parse(*text);
        const std::string seal = json.at("seal").get<std::string>();
        json.erase("seal");
        if (seal != seal_of(json) || json.at("key") != key || json.at("output") != output_ ||
            json.at("side_directory") != side_directory_ || json.at("files").empty()) {
            return std::nullopt;
        }
        for (const auto& [path, state] : json.at("files").items()) {
            if (file_state(path) != state.get<std::string>() || file_state(path).empty()) {
                return std::nullopt;
            }
        }
        return json.at("note").get<std::string>();
    } catch (const Json::exception&) {
        return std::nullopt;  // as if there were none
    }
}

Result<void> OutputRecord::write(
    const std::string& key, const std::vector<std::filesystem::path>& files, const std::string& note
) const {
    Json states = Json::object();
    for (const std::filesystem::path& path : files) {
        states[place_of(path)] = file_state(path);
    }
    Json json = {
        {"key", key},
        {"output", output_},
        {"side_directory", side_directory_},
        {"files", std::move(states)},
        {"note", note}};
    json["seal"] = seal_of(json);
    return write_file_atomically(file_, json_text(json, 2) + "\n", 0600);
}

}  // namespace quern::image
