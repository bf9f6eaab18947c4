// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "package/subject.hpp"

#include <string>
#include <vector>

namespace quern::package {

/// A file of a package under test; a link if it has a target, a directory if its path ends in '/'.
struct MadeFile {
    std::string path;
    std::string content = "x";
    std::uint32_t mode = 0644;
    std::string target = {};
};

/// A package of these files and the directories above them, each looked at as packing does.
Subject make_subject(const std::string& name, const std::vector<MadeFile>& files);

/// A 64-bit x86-64 shared object, or a program if `interpreter` is given.
struct MadeElf {
    std::string soname = {};
    std::vector<std::string> needed = {};
    std::string interpreter = {};
    std::string search_path = {};
    std::uint16_t machine = 62;
    std::uint16_t type = 3;
    bool has_relro = true;
    std::vector<std::string> sections = {};
};
std::string make_elf(const MadeElf& made);

}  // namespace quern::package
