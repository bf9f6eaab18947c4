// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// license_reference ID [PHRASE] < TEXT: prints the line for TEXT in
// src/package/license/references.txt. What follows from the last place of PHRASE may be missing in
// copies.

#include "package/license/words.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::string to_base64(const std::string& bytes) {
    constexpr const char* digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        unsigned bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = (bits << 8U) |
                   (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            text += i + k <= bytes.size() ? digits[(bits >> (18U - 6U * k)) & 63U] : '=';
        }
    }
    return text;
}

std::vector<std::uint16_t> codes_of(const std::string& text) {
    std::vector<std::uint16_t> codes;
    for (const auto& word : quern::package::license_words(text)) {
        codes.push_back(word.code);
    }
    return codes;
}

}  // namespace

int main(int count, char** words) {
    if (count < 2) {
        std::cerr << "license_reference ID [PHRASE] < TEXT\n";
        return 2;
    }
    const std::string text((std::istreambuf_iterator<char>(std::cin)), {});
    const std::vector<std::uint16_t> codes = codes_of(text);
    std::size_t optional = 0;
    if (count > 2) {
        const std::vector<std::uint16_t> phrase = codes_of(words[2]);
        const auto found = std::find_end(codes.begin(), codes.end(), phrase.begin(), phrase.end());
        if (found == codes.end()) {
            std::cerr << words[1] << ": no '" << words[2] << "'\n";
            return 1;
        }
        optional = static_cast<std::size_t>(codes.end() - found);
    }
    std::string bytes;
    for (const std::uint16_t code : codes) {
        bytes += static_cast<char>(code & 0xffU);
        bytes += static_cast<char>(code >> 8U);
    }
    std::cout << words[1] << ' ' << optional << ' ' << to_base64(bytes) << '\n';
    return 0;
}
