// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/byte_stream.hpp"
#include "archive/gzip_writer.hpp"
#include "quern/keyring.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quern::apk {

/// What stands in an ADB file: one payload, signatures over it, then content of files. Source:
/// apk-format 7 (container).
enum class AdbBlock : std::uint32_t { payload = 0, signature = 1, data = 2 };

/// The word or words in front of a block's content.
std::string adb_block_head(AdbBlock type, std::uint64_t content_size);
/// Zeros behind it.
std::string adb_block_padding(std::uint64_t content_size);
/// A whole block.
std::string adb_block(AdbBlock type, std::string_view content);

/// Content of a signature block. `schema` has four letters. Errors: as signing.
Result<std::string> sign_adb(std::string_view schema, std::string_view payload, const Signer& key);
/// Checks contents of signature blocks as `Keyring::verify` does: the first one whose key is in the
/// ring decides. Keys are found by their id. Gives the name of the key. Errors: signature.
Result<std::string> verify_adb(
    std::string_view schema,
    std::string_view payload,
    const std::vector<std::string>& signatures,
    const Keyring& keyring
);
/// The id of the key that made a signature, in hex; empty for what is no signature.
std::string adb_key_id(std::string_view signature);
/// The id under which signatures name the key, in hex. Errors: invalid_data.
Result<std::string> adb_key_id(const PublicKey& key);

/// Writes an ADB file: "ADBd" and one deflate stream of what it is given. Same bytes, same file.
class AdbSink final : public archive::ByteSink {
 public:
    AdbSink(archive::ByteSink& sink, const archive::GzipOptions& options);
    ~AdbSink() override;
    Result<void> write(std::string_view bytes) override;
    /// Must be called once.
    Result<void> finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The plain bytes of an ADB file, whatever it is compressed with: from "ADB." on.
class AdbSource final : public archive::ByteSource {
 public:
    /// `fd` must outlive it. Errors: invalid_data (no ADB file), unsupported (a compression that is
    /// not known), io.
    static Result<std::unique_ptr<AdbSource>> open(
        int fd, std::uint64_t file_size, std::uint64_t most_bytes
    );
    ~AdbSource() override;
    /// Errors: invalid_data, limit (`most_bytes`, or a thousand times the size of the file), io.
    Result<std::size_t> read(std::span<char> buffer) override;

 private:
    struct State;
    explicit AdbSource(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Whether a file begins as ADB files do.
bool is_adb(std::string_view first_bytes);

/// Goes through the blocks of a file that nobody has checked.
class AdbBlocks {
 public:
    explicit AdbBlocks(archive::ByteSource& plain) : plain_(plain) {}

    struct Head {
        AdbBlock type = AdbBlock::payload;
        std::uint64_t size = 0;  ///< bytes of content
    };

    /// Must come first. Errors: invalid_data (another schema, named).
    Result<void> read_schema(std::string_view schema);
    /// The next block, after what is left of this one; nothing at the end of the file. Errors:
    /// invalid_data (truncated, an unknown type, padding that is not zero, a wrong order).
    Result<std::optional<Head>> next();
    /// Content of the current block; 0 at its end.
    Result<std::size_t> read(std::span<char> buffer);
    /// All of it. Errors: limit.
    Result<std::string> read_all(std::uint64_t limit);

 private:
    /// False if the file ends before the first byte.
    Result<bool> fill(std::span<char> buffer);
    Result<void> finish_block();

    archive::ByteSource& plain_;
    std::uint64_t left_ = 0;
    std::uint64_t padding_ = 0;
    bool has_payload_ = false;
    AdbBlock last_ = AdbBlock::payload;
};

}  // namespace quern::apk
