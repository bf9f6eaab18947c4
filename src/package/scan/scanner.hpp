// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/scan/scan.hpp"

#include <map>
#include <utility>

namespace quern::package {

/// What a scanner looks at.
struct ScanContext {
    const Subject& subject;
    std::span<const Subject> relatives;  ///< all packages of the recipe, the main one first
    std::vector<std::string> library_directories;  ///< with those of etc/ld.so.conf.d
    const ScanOptions& options;

    bool is_library_directory(std::string_view directory) const;
};

/// Collects what scanners find. A name that clients cannot read becomes a warning.
class ScanSink {
 public:
    void set_scanner(std::string_view scanner) { scanner_ = scanner; }
    void depends(const std::string& text, std::string_view file);
    void provides(const std::string& text, std::string_view file);
    void provides(const std::string& name, std::string_view version, std::string_view file);
    void vendored(const std::string& name, std::string_view version, std::string_view file);
    void warn(std::string_view file, std::string_view text);

    /// What was found, in the order of ScanResult.
    ScanResult finish();

 private:
    void add(Relation relation, const std::string& text, std::string_view file);

    std::string_view scanner_;
    std::map<std::pair<Relation, std::string>, Generated> found_;
    std::vector<std::string> warnings_;
};

/// One generator. Its name stands in explanations.
struct Scanner {
    std::string_view name;
    std::string_view description;
    void (*run)(const ScanContext& context, ScanSink& sink);
};

/// All of them in the order of recipe-and-build 8.
std::span<const Scanner> scanners();

void scan_shared_objects(const ScanContext& context, ScanSink& sink);
void scan_commands(const ScanContext& context, ScanSink& sink);
void scan_documentation(const ScanContext& context, ScanSink& sink);
void scan_pkg_config(const ScanContext& context, ScanSink& sink);
void scan_perl(const ScanContext& context, ScanSink& sink);
void scan_python(const ScanContext& context, ScanSink& sink);
void scan_ruby(const ScanContext& context, ScanSink& sink);
void scan_interpreters(const ScanContext& context, ScanSink& sink);
void scan_kernel(const ScanContext& context, ScanSink& sink);

/// The program of a line behind "#!": "/usr/bin/env -S perl -w" gives "perl". Empty if there is
/// none; then `problem` may say why.
std::string interpreter_of(std::string_view line, std::string& problem);

}  // namespace quern::package
