// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/inspect.hpp"

#include "package/embedded_time.hpp"
#include "package/kernel.hpp"
#include "package/path.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace quern::package {
namespace {

constexpr std::string_view elf_magic =
    "\x7f"
    "ELF";

// Source: recipe-and-build 8.8.
constexpr std::size_t longest_interpreter_line = 80;

std::string interpreter_line(std::string_view head) {
    head = head.substr(0, longest_interpreter_line);
    return std::string(head.substr(2, head.find('\n', 2) - 2));
}

// Each line that begins with a slash is a directory; there are no comments and no includes.
// Source: recipe-and-build 8.1.
std::vector<std::string> library_directories(std::string_view text) {
    constexpr std::size_t most_directories = 1'024;
    std::vector<std::string> directories;
    for (const std::string_view line : split(text, '\n')) {
        const std::string_view path = trim(line);
        if (path.starts_with('/') && path.size() > 1 && directories.size() < most_directories) {
            directories.emplace_back(path.substr(1));
        }
    }
    return directories;
}

bool is_loader_configuration(std::string_view path) {
    return parent_path(path) == "etc/ld.so.conf.d" && path.ends_with(".conf");
}

/// The whole of a file that is small enough to be read at once, else nothing.
PkgConfigFile read_pkg_config(Content& content) {
    std::string text;
    constexpr std::uint64_t largest_text = std::uint64_t{1} << 20U;
    if (content.size() > largest_text) {
        return {{}, "it has more than 1 MiB"};
    }
    while (text.size() < content.size()) {
        const std::string_view piece = content.read(text.size(), Content::largest_read);
        if (piece.empty()) {
            break;
        }
        text += piece;
    }
    return parse_pkg_config(text);
}

// What a key file begins with; programs that write such files hold the words too, but not at the
// start of a line with the dashes behind it.
bool has_private_key(std::string_view head) {
    for (const std::string_view kind : {"", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "}) {
        const std::string mark = fmt::format("-----BEGIN {}PRIVATE KEY-----\n", kind);
        const std::size_t at = head.find(mark);
        if (at != std::string_view::npos && (at == 0 || head[at - 1] == '\n')) {
            return true;
        }
    }
    return false;
}

bool is_document(std::string_view path) {
    return is_below(path, "var/lib/db/sbom");
}

FileFacts inspect(std::string_view path, Content& content, bool& is_worth_noting) {
    FileFacts facts;
    const std::string_view head = content.head();
    if (head.starts_with(elf_magic)) {
        facts.elf = read_elf(content);
    } else if (head.starts_with("#!")) {
        facts.interpreter_line = interpreter_line(head);
    } else if (is_loader_configuration(path)) {
        facts.library_directories = library_directories(head);
    }
    if (!facts.elf) {
        facts.has_private_key = has_private_key(content.head());
        facts.embedded_time = embedded_time(content.head());
    }
    if (path.ends_with(".pc")) {
        facts.pkg_config = read_pkg_config(content);
    }
    if (is_kernel_path(path)) {
        facts.kernel_version =
            is_module_path(path) ? kernel_module_version(content) : kernel_image_version(content);
    }
    facts.names_build_path =
        !is_document(path) && content.contains("/home/build/", 0, content.size());
    is_worth_noting = facts.elf || facts.interpreter_line || facts.pkg_config ||
                      facts.embedded_time || facts.has_private_key ||
                      !facts.kernel_version.empty() || facts.names_build_path ||
                      !facts.library_directories.empty();
    return facts;
}

}  // namespace

Result<std::unique_ptr<FileFacts>> Inspector::look(std::string_view path, Content& content) {
    bool is_worth_noting = false;
    auto facts = std::make_unique<FileFacts>(inspect(path, content, is_worth_noting));
    if (!is_worth_noting) {
        return std::unique_ptr<FileFacts>();
    }
    noted_ += facts->size();
    if (noted_ > largest_facts) {
        return Error(
                   ErrorCode::limit,
                   fmt::format(
                       "'{}': the files of this package name more libraries than 64 MiB can hold",
                       printable(path)
                   )
        )
            .help("no honest package does: look at what the step installs there");
    }
    return facts;
}

}  // namespace quern::package
