// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "archive_samples.hpp"

#include <array>

namespace quern::archive {

std::uint64_t SampleNumbers::next() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return state_;
}

std::string sample_text(std::size_t size, std::uint64_t seed) {
    constexpr std::array words{
        "return",
        "const ",
        "std::",
        "{\n    ",
        "}\n",
        "size",
        "if (",
        ");\n",
        "value",
        "= ",
        "the ",
        "0x",
        "path",
        "_"};
    SampleNumbers numbers(seed);
    std::string text;
    while (text.size() < size) {
        text += words[numbers.below(words.size())];
        text.push_back(static_cast<char>('a' + numbers.below(26)));
    }
    text.resize(size);
    return text;
}

std::string sample_noise(std::size_t size, std::uint64_t seed) {
    SampleNumbers numbers(seed);
    std::string noise(size, '\0');
    for (char& byte : noise) {
        byte = static_cast<char>(numbers.next() >> 24U);
    }
    return noise;
}

TarEntry file_entry(std::string path, std::uint64_t size) {
    TarEntry entry;
    entry.path = std::move(path);
    entry.mode = 0644;
    entry.size = size;
    return entry;
}

UstarBlock raw_header(std::string_view name, char type, std::uint64_t size) {
    UstarBlock block;
    block.set_text(UstarBlock::name, name);
    block.set_number(UstarBlock::mode, type == '5' ? 0755 : 0644);
    block.set_number(UstarBlock::uid, 0);
    block.set_number(UstarBlock::gid, 0);
    block.set_number(UstarBlock::content_size, size);
    block.set_number(UstarBlock::mtime, 1'000'000'000);
    block.set_text(UstarBlock::type, std::string_view(&type, 1));
    block.set_text(UstarBlock::magic, "ustar");
    block.set_text(UstarBlock::version, "00");
    block.set_checksum();
    return block;
}

std::string raw_member(UstarBlock block, std::string_view content) {
    std::string bytes(block.bytes());
    bytes += content;
    bytes.append(padding_after(content.size()), '\0');
    return bytes;
}

std::string raw_link(std::string_view name, char type, std::string_view target) {
    UstarBlock block = raw_header(name, type, 0);
    block.set_text(UstarBlock::link_name, target);
    block.set_checksum();
    return raw_member(block, {});
}

std::string end_blocks() {
    return std::string(2 * UstarBlock::size, '\0');
}

Result<std::vector<std::pair<TarEntry, std::string>>> read_tar(
    std::string_view bytes, const TarLimits& limits
) {
    StringSource source(bytes);
    TarReader reader(source, limits);
    std::vector<std::pair<TarEntry, std::string>> entries;
    for (;;) {
        QUERN_TRY(std::optional<TarEntry> entry, reader.next());
        if (!entry) {
            return entries;
        }
        QUERN_TRY(std::string content, reader.read_all(std::uint64_t{1} << 30U));
        entries.emplace_back(std::move(*entry), std::move(content));
    }
}

}  // namespace quern::archive
