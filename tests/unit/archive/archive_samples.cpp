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

namespace {

std::string number_bytes(std::uint32_t value, unsigned size) {
    std::string bytes;
    for (; size != 0; --size, value >>= 8U) {
        bytes.push_back(static_cast<char>(value & 0xffU));
    }
    return bytes;
}

std::uint32_t crc_of(std::string_view bytes) {
    std::uint32_t crc = ~std::uint32_t{0};
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
        }
    }
    return ~crc;
}

/// What a local header and a central one share, from the version that is needed to the length of
/// extra fields. Source: PKWARE APPNOTE 4.3.7, 4.3.12.
std::string shared_fields(const ZipMember& member, std::size_t extra_size) {
    constexpr std::uint32_t dos_time = 4U << 11U | 5U << 5U | 6U / 2;
    constexpr std::uint32_t dos_date = 21U << 9U | 2U << 5U | 3U;
    const auto size = static_cast<std::uint32_t>(member.content.size());
    // Bit 11 claims that the name is UTF-8.
    const std::uint32_t flags = member.name.find('\xc3') == std::string::npos ? 0 : 0x800;
    return number_bytes(10, 2) + number_bytes(flags, 4) + number_bytes(dos_time, 2) +
           number_bytes(dos_date, 2) + number_bytes(crc_of(member.content), 4) +
           number_bytes(size, 4) + number_bytes(size, 4) +
           number_bytes(static_cast<std::uint32_t>(member.name.size()), 2) +
           number_bytes(static_cast<std::uint32_t>(extra_size), 2);
}

}  // namespace

std::string make_zip(const std::vector<ZipMember>& members) {
    std::string bytes;
    std::string directory;
    for (const ZipMember& member : members) {
        std::string extra;
        if (member.mtime) {
            extra = "UT" + number_bytes(5, 2) + '\1' +
                    number_bytes(static_cast<std::uint32_t>(*member.mtime), 4);
        }
        const std::string shared = shared_fields(member, extra.size());
        const auto offset = static_cast<std::uint32_t>(bytes.size());
        bytes += "PK\3\4" + shared + member.name + extra + member.content;
        directory += "PK\1\2" + number_bytes(3U << 8U | 10, 2) + shared + number_bytes(0, 6) +
                     number_bytes(member.mode << 16U, 4) + number_bytes(offset, 4) + member.name +
                     extra;
    }
    const auto count = static_cast<std::uint32_t>(members.size());
    const auto start = static_cast<std::uint32_t>(bytes.size());
    return bytes + directory + "PK\5\6" + number_bytes(0, 4) + number_bytes(count, 2) +
           number_bytes(count, 2) + number_bytes(static_cast<std::uint32_t>(directory.size()), 4) +
           number_bytes(start, 4) + number_bytes(0, 2);
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
