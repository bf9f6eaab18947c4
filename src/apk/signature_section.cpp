// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "apk/signature_section.hpp"

#include "apk/field_rules.hpp"
#include "archive/byte_stream.hpp"
#include "archive/gzip_writer.hpp"
#include "archive/tar_reader.hpp"
#include "archive/tar_writer.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

namespace quern::apk {

namespace {

constexpr std::string_view prefix = ".SIGN.";
constexpr std::size_t block = 512;

struct KindName {
    SignatureKind kind;
    std::string_view text;
};
constexpr std::array<KindName, 3> kind_names = {{
    {SignatureKind::rsa, "RSA"},
    {SignatureKind::rsa256, "RSA256"},
    {SignatureKind::rsa512, "RSA512"},
}};

std::string_view name_of(SignatureKind kind) {
    for (const KindName& each : kind_names) {
        if (each.kind == kind) {
            return each.text;
        }
    }
    QUERN_ASSERT(false);
    return {};
}

std::optional<SignatureKind> kind_of(std::string_view text) {
    for (const KindName& each : kind_names) {
        if (each.text == text) {
            return each.kind;
        }
    }
    return std::nullopt;
}

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

/// True if the last block is one of the zero blocks that end a tar file.
bool has_end_block(std::string_view text) {
    return text.size() >= block &&
           text.substr(text.size() - block).find_first_not_of('\0') == std::string_view::npos;
}

/// An entry ".SIGN.<kind>.<key name>"; nothing for a kind that is not known.
Result<std::optional<Signature>> parse_signature(std::string_view name, std::string content) {
    if (!is_signature_name(name)) {
        return invalid(fmt::format("signature section: it holds '{}'", printable(name)));
    }
    const std::string_view rest = name.substr(prefix.size());
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos || !is_key_file_name(rest.substr(dot + 1))) {
        return invalid(fmt::format("signature section: '{}' names no key file", printable(name)));
    }
    const auto kind = kind_of(rest.substr(0, dot));
    if (!kind) {
        return std::optional<Signature>();
    }
    return std::optional<Signature>(Signature{
        *kind, std::string(rest.substr(dot + 1)), std::move(content)});
}

/// A text that is read, and what of it is left.
class TextSource final : public archive::ByteSource {
 public:
    explicit TextSource(std::string_view text) : rest_(text) {}
    Result<std::size_t> read(std::span<char> buffer) override {
        const std::size_t count = rest_.copy(buffer.data(), buffer.size());
        rest_.remove_prefix(count);
        return count;
    }
    std::string_view rest() const { return rest_; }

 private:
    std::string_view rest_;
};

}  // namespace

bool is_signature_name(std::string_view name) {
    return name.starts_with(prefix);
}

Result<std::string> make_signature_section(const Signature& signature, std::int64_t mtime) {
    archive::TarEntry entry;
    entry.path = fmt::format("{}{}.{}", prefix, name_of(signature.kind), signature.key_name);
    entry.mode = 0644;
    entry.user_name = "root";
    entry.group_name = "root";
    entry.size = signature.bytes.size();
    entry.mtime = mtime;
    archive::StringSink tar;
    archive::TarWriter writer(tar);
    QUERN_CHECK(writer.add(entry, signature.bytes));
    QUERN_CHECK(writer.finish_without_end_blocks());
    return archive::gzip_compress(tar.text());
}

Result<std::string> sign_member(std::string_view body, const Signer& key) {
    SignedDigests digests;
    digests.update(body);
    QUERN_TRY(const Signature signature, key.sign(digests));
    QUERN_TRY(std::string bytes, make_signature_section(signature, 0));
    bytes.reserve(bytes.size() + body.size());
    bytes += body;
    return bytes;
}

Result<void> read_small_tar(
    std::string_view text, std::string_view section, bool open_ended, const SmallFileVisitor& visit
) {
    const auto copy = [&visit](const archive::TarEntry& entry, std::string_view content) {
        return visit(entry, std::string(content));
    };
    return view_small_tar(text, section, open_ended, copy);
}

Result<void> view_small_tar(
    std::string_view text, std::string_view section, bool open_ended, const SmallFileViewer& visit
) {
    constexpr std::uint64_t most_entries = 1000;
    if (open_ended && has_end_block(text)) {
        return invalid(
            fmt::format("{} section: tar end blocks, where clients stop reading", section)
        );
    }
    TextSource source(text);
    archive::TarReader reader(source, {.entries = most_entries});
    std::set<std::string, std::less<>> seen;
    while (true) {
        auto next = reader.next();
        if (!next) {
            return std::move(next).error().context(fmt::format("{} section", section));
        }
        if (!*next) {
            return {};
        }
        const archive::TarEntry& entry = **next;
        if (entry.type != archive::TarType::file) {
            return invalid(fmt::format(
                "{} section: '{}' is not a regular file", section, printable(entry.path)
            ));
        }
        if (!seen.insert(entry.path).second) {
            return invalid(
                fmt::format("{} section: '{}' stands in it twice", section, printable(entry.path))
            );
        }
        if (entry.size > source.rest().size()) {
            QUERN_TRY(std::ignore, reader.read_all(text.size()));  // which says what is wrong
        }
        QUERN_CHECK(visit(entry, source.rest().substr(0, entry.size)));
    }
}

Result<std::vector<Signature>> parse_signature_section(std::string_view text) {
    std::vector<Signature> signatures;
    const auto take = [&](const archive::TarEntry& entry, std::string content) -> Result<void> {
        QUERN_TRY(auto signature, parse_signature(entry.path, std::move(content)));
        if (signature) {
            signatures.push_back(std::move(*signature));
        }
        return {};
    };
    QUERN_CHECK(read_small_tar(text, "signature", true, take));
    return signatures;
}

}  // namespace quern::apk
