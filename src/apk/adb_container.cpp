// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// The container: a magic and the name of the schema, then blocks padded to eight bytes. What stands
// in front of the whole tells how it is compressed.
#include "apk/adb_container.hpp"

#include "apk/adb_writer.hpp"
#include "apk/file_source.hpp"
#include "archive/extract_stream.hpp"
#include "archive/gzip_deflate.hpp"
#include "support/digest.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace quern::apk {

namespace {

constexpr std::size_t word = 4;
constexpr std::size_t alignment = 8;
constexpr std::uint32_t extended_block = 3;
constexpr unsigned type_shift = 30;
constexpr std::uint32_t size_mask = (std::uint32_t{1} << type_shift) - 1;
constexpr std::size_t extended_head = 16;
constexpr std::uint64_t largest_ratio = 2000;  ///< deflate cannot pass about 1030

constexpr std::string_view plain_magic = "ADB.";
constexpr std::string_view deflate_magic = "ADBd";
constexpr std::string_view other_magic = "ADBc";

// Version 0, digest 4 (SHA-512), the key's id, then the signature.
constexpr std::string_view signature_version("\x00\x04", 2);
constexpr std::size_t id_size = 16;
constexpr std::size_t signature_head = 2 + id_size;

Error invalid(std::string message) {
    return {ErrorCode::invalid_data, std::move(message)};
}

std::string raw(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()};
}

bool needs_extension(std::uint64_t content_size) {
    return content_size + word > size_mask;
}

std::uint64_t head_size(std::uint64_t content_size) {
    return needs_extension(content_size) ? extended_head : word;
}

std::uint64_t padding_behind(std::uint64_t whole) {
    return (alignment - whole % alignment) % alignment;
}

std::string hex_of(std::string_view bytes) {
    return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

/// The RSAPublicKey inside a SubjectPublicKeyInfo: what follows the header of its bit string.
Result<std::string> rsa_public_key(const PublicKey& key) {
    std::string base64;
    const std::string pem = key.to_pem();
    for (const std::string_view line : split(pem, '\n')) {
        base64 += line.starts_with("-----") ? std::string_view() : line;
    }
    // Behind the algorithm: tag 3, a length of one to three bytes, no unused bits, a sequence.
    const auto bytes = from_base64(base64);
    constexpr std::string_view algorithm("\x01\x01\x01\x05\x00\x03", 6);
    const std::size_t at = bytes ? bytes->find(algorithm) : std::string::npos;
    const std::size_t begin =
        at == std::string::npos ? at : bytes->find(std::string_view("\0\x30", 2), at + 6);
    if (begin == std::string::npos) {
        return invalid("the public key has an unknown form");
    }
    return bytes->substr(begin + 1);
}

Result<std::string> id_of(const PublicKey& key) {
    QUERN_TRY(const std::string rsa, rsa_public_key(key));
    return raw(digest_of(DigestKind::sha512, rsa)).substr(0, id_size);
}

/// What a signature is made over. Source: apk-format 7 (signature).
SignedDigests signed_digests(
    std::string_view schema, std::string_view head, std::string_view payload
) {
    SignedDigests digests;
    digests.update(schema);
    digests.update(head);
    digests.update(raw(digest_of(DigestKind::sha512, payload)));
    return digests;
}

/// The name under which the ring has the key of this id; empty if it has none.
Result<std::string> name_of(std::string_view id, const Keyring& keyring) {
    for (const std::string& name : keyring.names()) {
        QUERN_TRY(const std::string known, id_of(*keyring.find(name)));
        if (known == id) {
            return name;
        }
    }
    return std::string();
}

/// Drops what frames the deflate stream of a gzip member: ten bytes in front, eight behind.
class StreamSink final : public archive::ByteSink {
 public:
    explicit StreamSink(archive::ByteSink& sink) : sink_(sink) {}

    Result<void> write(std::string_view bytes) override {
        constexpr std::size_t trailer = 8;
        const std::size_t dropped = std::min(head_left_, bytes.size());
        head_left_ -= dropped;
        held_ += bytes.substr(dropped);
        if (held_.size() <= trailer) {
            return {};
        }
        const std::size_t ready = held_.size() - trailer;
        QUERN_CHECK(sink_.write(std::string_view(held_).substr(0, ready)));
        held_.erase(0, ready);
        return {};
    }

 private:
    archive::ByteSink& sink_;
    std::size_t head_left_ = 10;
    std::string held_;
};

}  // namespace

std::string adb_block_head(AdbBlock type, std::uint64_t content_size) {
    const auto number = static_cast<std::uint32_t>(type);
    if (!needs_extension(content_size)) {
        return little_endian(number << type_shift | (content_size + word), word);
    }
    return little_endian(extended_block << type_shift | number, word) + little_endian(0, word) +
           little_endian(content_size + extended_head, 2 * word);
}

std::string adb_block_padding(std::uint64_t content_size) {
    return std::string(padding_behind(head_size(content_size) + content_size), '\0');
}

std::string adb_block(AdbBlock type, std::string_view content) {
    std::string block = adb_block_head(type, content.size());
    block += content;
    return block + adb_block_padding(content.size());
}

Result<std::string> sign_adb(std::string_view schema, std::string_view payload, const Signer& key) {
    QUERN_TRY(const PublicKey public_key, key.public_key());
    QUERN_TRY(const std::string id, id_of(public_key));
    const std::string head = std::string(signature_version) + id;
    QUERN_TRY(
        const Signature signature,
        key.sign(signed_digests(schema, head, payload), SignatureKind::rsa512)
    );
    return head + signature.bytes;
}

std::string adb_key_id(std::string_view signature) {
    if (signature.size() <= signature_head || !signature.starts_with(signature_version)) {
        return {};
    }
    return hex_of(signature.substr(signature_version.size(), id_size));
}

Result<std::string> adb_key_id(const PublicKey& key) {
    QUERN_TRY(const std::string id, id_of(key));
    return hex_of(id);
}

Result<std::string> verify_adb(
    std::string_view schema,
    std::string_view payload,
    const std::vector<std::string>& signatures,
    const Keyring& keyring
) {
    std::vector<std::string> unknown;
    for (const std::string_view signature : signatures) {
        if (adb_key_id(signature).empty()) {
            continue;
        }
        const std::string_view head = signature.substr(0, signature_head);
        QUERN_TRY(const std::string name, name_of(head.substr(signature_version.size()), keyring));
        if (!name.empty()) {
            return keyring.verify(
                {{SignatureKind::rsa512, name, std::string(signature.substr(signature_head))}},
                signed_digests(schema, head, payload)
            );
        }
        unknown.push_back(adb_key_id(signature));
    }
    if (unknown.empty()) {
        return Error(ErrorCode::signature, "not signed, or by no kind of signature that is known");
    }
    const std::string trusted =
        keyring.is_empty() ? "none" : printable(join(keyring.names(), ", "));
    return Error(
               ErrorCode::signature,
               fmt::format("signed by the key {}, which is not trusted", join(unknown, ", "))
    )
        .help(fmt::format(
            "trusted keys: {}; add a public key with --keyring-append FILE, its name is free",
            trusted
        ));
}

struct AdbSink::State {
    State(archive::ByteSink& sink, const archive::GzipOptions& options)
        : out(sink), stream(sink), gzip(stream, options) {}

    archive::ByteSink& out;
    StreamSink stream;
    archive::GzipWriter gzip;
    bool has_begun = false;
};

AdbSink::AdbSink(archive::ByteSink& sink, const archive::GzipOptions& options)
    : state_(std::make_unique<State>(sink, options)) {}

AdbSink::~AdbSink() = default;

Result<void> AdbSink::write(std::string_view bytes) {
    if (!state_->has_begun) {
        state_->has_begun = true;
        QUERN_CHECK(state_->out.write(deflate_magic));
    }
    return state_->gzip.write(bytes);
}

Result<void> AdbSink::finish() {
    return state_->gzip.finish();
}

struct AdbSource::State {
    std::unique_ptr<FileSource> file;
    std::unique_ptr<archive::ByteSource> inflated;  ///< none: the file is plain
    std::uint64_t left = 0;                         ///< bytes that may still come
};

AdbSource::AdbSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
AdbSource::~AdbSource() = default;

bool is_adb(std::string_view first_bytes) {
    const std::string_view magic = first_bytes.substr(0, word);
    return magic == plain_magic || magic == deflate_magic || magic == other_magic;
}

Result<std::unique_ptr<AdbSource>> AdbSource::open(
    int fd, std::uint64_t file_size, std::uint64_t most_bytes
) {
    // Algorithms behind "ADBc". Source: apk-format 7.
    constexpr char none = 0;
    constexpr char deflate = 1;
    constexpr char zstd = 2;
    std::array<char, word + 2> head{};
    FileSource first(fd, 0);
    QUERN_TRY(const std::size_t count, first.read(head));
    const std::string_view magic(head.data(), std::min(count, word));
    if (!is_adb(magic) || count < head.size()) {
        return invalid("no file of the ADB format");
    }
    const bool has_algorithm = magic == other_magic;
    const char algorithm = has_algorithm ? head[word] : magic == deflate_magic ? deflate : none;
    const std::uint64_t begin = magic == plain_magic ? 0 : has_algorithm ? head.size() : word;
    auto state = std::make_unique<State>();
    state->left = most_bytes;
    state->file = std::make_unique<FileSource>(fd, begin);
    if (algorithm == deflate) {
        state->inflated = std::make_unique<archive::DeflateReader>(
            *state->file, archive::GzipLimits{.output_bytes = most_bytes, .ratio = largest_ratio}
        );
    } else if (algorithm == zstd) {
        archive::ExtractLimits limits;
        limits.total_bytes = most_bytes;
        QUERN_TRY(
            state->inflated, archive::InflatedRange::open({fd, begin, file_size - begin}, limits)
        );
    } else if (algorithm != none) {
        return Error(
            ErrorCode::unsupported,
            fmt::format(
                "it is compressed in a way that is not known ({})",
                static_cast<unsigned>(static_cast<unsigned char>(algorithm))
            )
        );
    }
    return std::unique_ptr<AdbSource>(new AdbSource(std::move(state)));
}

Result<std::size_t> AdbSource::read(std::span<char> buffer) {
    archive::ByteSource& source =
        state_->inflated ? *state_->inflated : static_cast<archive::ByteSource&>(*state_->file);
    QUERN_TRY(const std::size_t count, source.read(buffer));
    if (count > state_->left) {
        return Error(ErrorCode::limit, "it unpacks to more than is allowed");
    }
    state_->left -= count;
    return count;
}

Result<bool> AdbBlocks::fill(std::span<char> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        QUERN_TRY(const std::size_t count, plain_.read(buffer.subspan(filled)));
        if (count == 0) {
            return filled == 0 ? Result<bool>(false) : invalid("it is truncated");
        }
        filled += count;
    }
    return true;
}

Result<void> AdbBlocks::read_schema(std::string_view schema) {
    std::array<char, 2 * word> head{};
    QUERN_TRY(const bool any, fill(head));
    const std::string_view text(head.data(), head.size());
    if (!any || !text.starts_with(plain_magic)) {
        return invalid("it does not hold the ADB format");
    }
    if (text.substr(word) != schema) {
        Error error =
            invalid(fmt::format("it holds '{}', not '{}'", printable(text.substr(word)), schema));
        return text.substr(word) == "indx"
                   ? std::move(error).help("this is an index: name a package that stands in it")
                   : std::move(error);
    }
    return {};
}

Result<void> AdbBlocks::finish_block() {
    std::array<char, 8192> buffer{};
    while (left_ != 0) {
        QUERN_TRY(std::ignore, read(buffer));
    }
    const std::span<char> zeros = std::span<char>(buffer).first(std::exchange(padding_, 0));
    QUERN_TRY(const bool any, fill(zeros));
    if ((!any && !zeros.empty()) ||
        std::any_of(zeros.begin(), zeros.end(), [](char byte) { return byte != 0; })) {
        return invalid("the bytes behind a block are not zero");
    }
    return {};
}

Result<std::optional<AdbBlocks::Head>> AdbBlocks::next() {
    QUERN_CHECK(finish_block());
    std::array<char, extended_head> bytes{};
    QUERN_TRY(const bool any, fill(std::span<char>(bytes).first(word)));
    if (!any) {
        return has_payload_ ? Result<std::optional<Head>>(std::optional<Head>())
                            : invalid("it holds nothing");
    }
    const auto number = static_cast<std::uint32_t>(number_of({bytes.data(), word}));
    std::uint32_t type = number >> type_shift;
    std::uint64_t whole = number & size_mask;
    std::uint64_t head = word;
    if (type == extended_block) {
        QUERN_TRY(const bool has_rest, fill(std::span<char>(bytes).subspan(word)));
        if (!has_rest) {
            return invalid("it is truncated");
        }
        type = number & size_mask;
        whole = number_of({bytes.data() + 2 * word, 2 * word});
        head = extended_head;
    }
    constexpr std::uint64_t most = std::uint64_t{1} << 60U;
    if (type > static_cast<std::uint32_t>(AdbBlock::data) || whole < head || whole > most) {
        return invalid("it has a block of no known kind");
    }
    const auto kind = static_cast<AdbBlock>(type);
    if (has_payload_ == (kind == AdbBlock::payload) || kind < last_) {
        return invalid("its blocks do not stand in their order");
    }
    has_payload_ = true;
    last_ = kind;
    left_ = whole - head;
    padding_ = padding_behind(whole);
    return std::optional<Head>(Head{kind, left_});
}

Result<std::size_t> AdbBlocks::read(std::span<char> buffer) {
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), left_);
    if (wanted == 0) {
        return std::size_t{0};
    }
    QUERN_TRY(const std::size_t count, plain_.read(buffer.first(wanted)));
    if (count == 0) {
        return invalid("it is truncated");
    }
    left_ -= count;
    return count;
}

Result<std::string> AdbBlocks::read_all(std::uint64_t limit) {
    if (left_ > limit) {
        return Error(ErrorCode::limit, fmt::format("a block of more than {} bytes", limit));
    }
    std::string content;
    std::array<char, 65536> buffer{};
    while (left_ != 0) {
        QUERN_TRY(const std::size_t count, read(buffer));
        content.append(buffer.data(), count);
    }
    return content;
}

}  // namespace quern::apk
