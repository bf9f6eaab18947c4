// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/embedded.hpp"

#include "support/file_reader.hpp"

#include <fmt/format.h>

#include <utility>

namespace quern::package {
namespace {

constexpr const char* file_name_in_control = ".melange.yaml";

/// A configuration names no other file, and none of this machine must be read for it.
class OneFile final : public FileReader {
 public:
    explicit OneFile(const std::string& text) : text_(text) {}

    Result<std::string> read(const std::filesystem::path& path) const override {
        if (path == file_name_in_control) {
            return text_;
        }
        return Error(ErrorCode::not_found, fmt::format("{} is not in the package", path.string()));
    }
    bool exists(const std::filesystem::path& path) const override {
        return path == file_name_in_control;
    }

 private:
    const std::string& text_;
};

}  // namespace

std::optional<recipe::Configuration> embedded_configuration(
    const apk::PackageHead& head, Diagnostics& diagnostics
) {
    const auto file = head.control_files.find(file_name_in_control);
    if (file == head.control_files.end()) {
        return std::nullopt;
    }
    recipe::LoadOptions options;
    options.architecture = head.info.architecture;
    options.commit = head.info.commit;
    auto configuration =
        recipe::load(file_name_in_control, OneFile(file->second), options, diagnostics);
    return diagnostics.has_errors() ? std::nullopt : std::move(configuration);
}

}  // namespace quern::package
