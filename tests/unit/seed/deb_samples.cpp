// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "deb_samples.hpp"

#include "archive/gzip_writer.hpp"
#include "archive/tar_writer.hpp"
#include "support/atomic_file.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using quern::archive::TarType;

std::string make_ar(const std::vector<std::pair<std::string, std::string>>& members) {
    std::string bytes = "!<arch>\n";
    for (const auto& [name, content] : members) {
        bytes += fmt::format(
            "{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", name, 0, 0, 0, "100644", content.size()
        );
        bytes += content;
        bytes += content.size() % 2 != 0 ? "\n" : "";
    }
    return bytes;
}

namespace {

TarSample sample(TarType type, std::string path, std::uint32_t mode) {
    TarSample result;
    result.entry.type = type;
    result.entry.path = std::move(path);
    result.entry.mode = mode;
    result.entry.user_name = "root";
    result.entry.group_name = "root";
    result.entry.mtime = 1'600'000'000;
    return result;
}

void put_number(std::string& bytes, std::size_t offset, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
        bytes[offset + i] = static_cast<char>(value >> (8 * i) & 0xffU);
    }
}

}  // namespace

TarSample directory_at(std::string path, std::uint32_t mode) {
    return sample(TarType::directory, std::move(path), mode);
}

TarSample file_at(std::string path, std::string content, std::uint32_t mode) {
    TarSample result = sample(TarType::file, std::move(path), mode);
    result.entry.size = content.size();
    result.content = std::move(content);
    return result;
}

TarSample link_to(std::string path, std::string target) {
    TarSample result = sample(TarType::symlink, std::move(path), 0777);
    result.entry.link_target = std::move(target);
    return result;
}

TarSample hard_link_to(std::string path, std::string target) {
    TarSample result = sample(TarType::hard_link, std::move(path), 0644);
    result.entry.link_target = std::move(target);
    return result;
}

std::string make_tar(const std::vector<TarSample>& samples) {
    quern::archive::StringSink sink;
    quern::archive::TarWriter tar(sink);
    for (const TarSample& one : samples) {
        REQUIRE(tar.add(one.entry, one.content));
    }
    REQUIRE(tar.finish_with_end_blocks());
    return sink.take();
}

std::string make_deb(std::string_view control, const std::vector<TarSample>& data) {
    const std::string control_tar = make_tar({file_at("./control", std::string(control))});
    return make_ar({
        {"debian-binary", "2.0\n"},
        {"control.tar.gz", *quern::archive::gzip_compress(control_tar)},
        {"data.tar.gz", *quern::archive::gzip_compress(make_tar(data))},
    });
}

std::filesystem::path write_deb(
    const std::filesystem::path& directory,
    const std::string& name,
    std::string_view control,
    const std::vector<TarSample>& data
) {
    const std::filesystem::path path = directory / (name + ".deb");
    REQUIRE(quern::write_file_atomically(path, make_deb(control, data)));
    return path;
}

std::string make_shared_object(std::string_view soname, const std::vector<std::string>& needed) {
    constexpr std::size_t header = 64;
    constexpr std::size_t program_header = 56;
    constexpr std::size_t dynamic_offset = header + 2 * program_header;
    std::string strings("\0", 1);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> dynamic;
    for (const std::string& name : needed) {
        dynamic.emplace_back(1, strings.size());
        strings += name + '\0';
    }
    dynamic.emplace_back(14, strings.size());
    strings += std::string(soname) + '\0';
    const std::size_t strings_offset = dynamic_offset + 16 * (dynamic.size() + 3);
    dynamic.emplace_back(5, strings_offset);
    dynamic.emplace_back(10, strings.size());
    dynamic.emplace_back(0, 0);

    std::string bytes(strings_offset, '\0');
    bytes.replace(
        0,
        7,
        "\x7f"
        "ELF\2\1\1"
    );
    put_number(bytes, 16, 3, 2);
    put_number(bytes, 18, 62, 2);
    put_number(bytes, 32, header, 8);
    put_number(bytes, 54, program_header, 2);
    put_number(bytes, 56, 2, 2);
    const std::uint64_t whole = strings_offset + strings.size();
    put_number(bytes, header, 1, 4);
    put_number(bytes, header + 32, whole, 8);
    put_number(bytes, header + program_header, 2, 4);
    put_number(bytes, header + program_header + 8, dynamic_offset, 8);
    put_number(bytes, header + program_header + 32, 16 * dynamic.size(), 8);
    for (std::size_t i = 0; i < dynamic.size(); ++i) {
        put_number(bytes, dynamic_offset + 16 * i, dynamic[i].first, 8);
        put_number(bytes, dynamic_offset + 16 * i + 8, dynamic[i].second, 8);
    }
    return bytes + strings;
}
