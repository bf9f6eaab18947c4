// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/content_key.hpp"

#include "config.hpp"
#include "image/plain_files.hpp"
#include "support/digest.hpp"

#include <fmt/format.h>

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace quern::image {
namespace {

/// Hashes named values; no two lists of values have the same text.
class KeyHasher {
 public:
    void add(std::string_view name, std::string_view value) {
        hasher_.update(fmt::format("{} {}:{}\n", name, value.size(), value));
    }
    std::string finish() { return hasher_.finish().hex(); }

 private:
    Hasher hasher_{DigestKind::sha256};
};

/// The GNU build ID in a segment of notes. Source: elf(5), "Notes (Nhdr)".
std::string build_id_of(std::string_view notes) {
    while (notes.size() >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) header = {};
        std::memcpy(&header, notes.data(), sizeof header);
        notes.remove_prefix(sizeof header);
        const std::size_t name_size = (std::size_t{header.n_namesz} + 3) / 4 * 4;
        const std::size_t size = (std::size_t{header.n_descsz} + 3) / 4 * 4;
        if (name_size + size > notes.size()) {
            break;
        }
        if (header.n_type == NT_GNU_BUILD_ID) {
            return std::string(notes.substr(name_size, header.n_descsz));
        }
        notes.remove_prefix(name_size + size);
    }
    return {};
}

/// Which program this is: its build ID tells builds of one version apart. Empty without one.
std::string own_build_id() {
    std::string id;
    const auto look = [](dl_phdr_info* program, std::size_t, void* found) {
        for (std::size_t i = 0; i < program->dlpi_phnum; ++i) {
            const auto& segment = program->dlpi_phdr[i];
            if (segment.p_type == PT_NOTE && static_cast<std::string*>(found)->empty()) {
                // The kernel mapped the segment there. NOLINTNEXTLINE(performance-no-int-to-ptr)
                const auto* begin =
                    reinterpret_cast<const char*>(program->dlpi_addr + segment.p_vaddr);
                *static_cast<std::string*>(found) = build_id_of({begin, segment.p_memsz});
            }
        }
        return 1;  // the first is the program itself
    };
    ::dl_iterate_phdr(look, &id);
    return id;
}

void add_packages(KeyHasher& key, const std::vector<Chosen>& all) {
    for (const Chosen& chosen : all) {
        key.add("architecture", chosen.architecture);
        for (const repository::Selected& selected : chosen.packages) {
            key.add("package", selected.entry->name);
            key.add("version", selected.entry->version);
            key.add("checksum", selected.entry->checksum);
            key.add("data", selected.data_hash);
            key.add("from", selected.location.shown());
        }
        for (const std::string& pinned : chosen.pinned) {
            key.add("pinned", pinned);
        }
        for (const std::string& below : chosen.below) {
            key.add("below", below);
        }
    }
}

void add_bases(KeyHasher& key, const Bases& bases) {
    for (const auto& [architecture, base] : bases) {
        key.add("base", architecture);
        key.add("config", base.parts.config);
        key.add("database", base.database);
        for (const Layer& layer : base.parts.layers) {
            key.add("layer", layer.digest);
        }
    }
}

Result<void> add_files(KeyHasher& key, const std::vector<PlainFile>& files) {
    for (const PlainFile& file : files) {
        if (!file.source.empty()) {
            QUERN_TRY(const UniqueFd fd, open_source(file));
            QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha256, fd.get()));
            key.add("file", digest.hex());
        }
    }
    return {};
}

void add_options(KeyHasher& key, const ComposeOptions& options) {
    key.add("date", std::to_string(options.build_date));
    key.add("epoch", options.source_date_epoch ? std::to_string(*options.source_date_epoch) : "");
    key.add("name", options.image_name);
    key.add("vcs-url", options.vcs_url);
    for (const std::string& format : options.sbom_formats) {
        key.add("sbom", format);
    }
}

}  // namespace

Result<std::string> content_key(const ImagePlan& plan, const std::vector<std::string>& more) {
    KeyHasher key;
    key.add("quern", QUERN_VERSION);
    key.add("build", own_build_id());
    key.add("image", to_json(*plan.specification));
    add_options(key, *plan.options);
    for (const std::string& line :
         image_repositories(plan.specification->contents, plan.options->additions)) {
        key.add("repository", line);
    }
    for (const auto& [name, pem] : plan.sources.keys) {
        key.add(name, pem);
    }
    add_bases(key, plan.bases);
    add_packages(key, plan.chosen);
    QUERN_CHECK(add_files(key, plan.specification->contents.files));
    for (const std::string& text : more) {
        key.add("more", text);
    }
    return key.finish();
}

}  // namespace quern::image
