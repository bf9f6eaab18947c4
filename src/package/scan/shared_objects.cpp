// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Which libraries a package is and needs: by the ELF files in it, and by the links of development
// packages to libraries of their sibling packages. Source: recipe-and-build 8.2.
#include "package/go_build_info.hpp"
#include "package/path.hpp"
#include "package/scan/scanner.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <array>

namespace quern::package {
namespace {

using archive::TarEntry;
using archive::TarType;

// Libraries of a graphics driver come from the machine that runs the program, never from a package.
constexpr std::array<std::string_view, 8> host_libraries = {
    "libEGL_nvidia.so.1",
    "libGLESv1_CM_nvidia.so.1",
    "libGLESv2_nvidia.so.1",
    "libGLX_nvidia.so.1",
    "libcuda.so.1",
    "libcudadebugger.so.1",
    "libnvcuvid.so.1",
    "libnvoptix.so.1",
};
constexpr std::array<std::string_view, 18> host_nvidia_libraries = {
    "allocator",
    "cfg",
    "eglcore",
    "encode",
    "fbc",
    "glcore",
    "glsi",
    "glvkspirv",
    "gpucomp",
    "ml",
    "ngx",
    "nvvm",
    "opencl",
    "opticalflow",
    "pkcs11-openssl3",
    "pkcs11",
    "ptxjitcompiler",
    "rtcore",
};

bool is_host_library(std::string_view name) {
    if (std::find(host_libraries.begin(), host_libraries.end(), name) != host_libraries.end()) {
        return true;
    }
    constexpr std::string_view prefix = "libnvidia-";
    constexpr std::string_view suffix = ".so.1";
    if (!name.starts_with(prefix) || !name.ends_with(suffix) ||
        name.size() < prefix.size() + suffix.size()) {
        return false;
    }
    name = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    return name == "tls" ||
           std::find(host_nvidia_libraries.begin(), host_nvidia_libraries.end(), name) !=
               host_nvidia_libraries.end();
}

const ElfFile* elf_at(const Subject& subject, std::optional<std::size_t> index) {
    const FileFacts* facts = index ? subject.facts(*index) : nullptr;
    return facts != nullptr && facts->elf ? &*facts->elf : nullptr;
}

class SharedObjects {
 public:
    SharedObjects(const ScanContext& context, ScanSink& sink) : context_(context), sink_(sink) {}

    void visit(std::size_t index) {
        const TarEntry& entry = context_.subject.entries()[index];
        if (entry.type == TarType::symlink && entry.path.find(".so") != std::string::npos) {
            follow_development_link(entry);
        }
        const ElfFile* elf = elf_at(
            context_.subject,
            entry.type == TarType::symlink ? context_.subject.resolve(entry.path) : index
        );
        if (elf == nullptr) {
            return;
        }
        add_needs(*elf, entry.path);
        const std::string_view name = file_name(entry.path);
        const bool looks_like_library =
            name.find(".so.") != std::string_view::npos || name.ends_with(".so");
        if (!elf->soname.empty() && (elf->interpreter.empty() || looks_like_library)) {
            add_soname(elf->soname, entry.path);
        }
    }

 private:
    // libfoo.so of a -dev package points to libfoo.so.1.2, which may lie in a sibling package.
    void follow_development_link(const TarEntry& entry) {
        const std::string target(file_name(entry.link_target));
        if (target.empty()) {
            return;
        }
        for (const Subject& relative : context_.relatives) {
            for (const std::string& directory : context_.library_directories) {
                const ElfFile* elf = elf_at(relative, relative.resolve(directory + "/" + target));
                if (elf != nullptr && !elf->soname.empty()) {
                    need(elf->soname, entry.path);
                    return;
                }
            }
        }
    }

    void need(const std::string& library, std::string_view file) {
        if (!is_host_library(library)) {
            sink_.depends("so:" + library, file);
        }
    }

    void add_needs(const ElfFile& elf, std::string_view file) {
        if (!elf.interpreter.empty()) {
            std::string loader(file_name(elf.interpreter));
            constexpr std::string_view musl = "ld-musl";
            if (loader.starts_with(musl)) {
                loader.replace(0, musl.size(), "libc.musl");
            }
            need(loader, file);
        }
        for (const std::string& library : elf.needed) {
            // What has no version is a plugin that is found by its path.
            if (library.find(".so.") != std::string::npos) {
                need(library, file);
            }
        }
        if (elf.go_build_info && uses_openssl_for_fips(*elf.go_build_info)) {
            sink_.depends("openssl-config-fipshardened", file);
            sink_.depends("so:libcrypto.so.3", file);
        }
    }

    void add_soname(const std::string& soname, std::string_view file) {
        if (is_host_library(soname)) {
            return;
        }
        const std::string version = soname_version(soname);
        const std::string& full_version = context_.options.full_version;
        if (context_.is_library_directory(parent_path(file))) {
            sink_.provides("so:" + soname, version, file);
            sink_.provides("so-ver:" + soname, full_version, file);
        } else {
            sink_.vendored("so:" + soname, version, file);
            sink_.vendored("so-ver:" + soname, full_version, file);
        }
    }

    const ScanContext& context_;
    ScanSink& sink_;
};

}  // namespace

void scan_shared_objects(const ScanContext& context, ScanSink& sink) {
    SharedObjects scanner(context, sink);
    const auto& entries = context.subject.entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (is_regular(entries[i]) || entries[i].type == TarType::symlink) {
            scanner.visit(i);
        }
    }
}

}  // namespace quern::package
