// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0

// Stands in for libFuzzer where the compiler has none: runs a target over every file of its corpus
// and over mutations of them that are the same every time. Arguments: the directory of the corpus,
// and how many mutations to try.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t longest_input = 65536;

class Numbers {
 public:
    std::uint64_t next() {
        state_ ^= state_ << 13U;
        state_ ^= state_ >> 7U;
        state_ ^= state_ << 17U;
        return state_;
    }
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : next() % bound; }

 private:
    std::uint64_t state_ = 88172645463325252U;
};

void run(const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

/// Changes `input` in one place.
void mutate_once(std::string& input, const std::string& other, Numbers& numbers) {
    const std::size_t place = numbers.below(input.size() + 1);
    const std::size_t length = 1 + numbers.below(16);
    switch (numbers.below(7)) {
        case 0:
            if (place < input.size()) {
                input[place] = static_cast<char>(input[place] ^ (1 << numbers.below(8)));
            }
            break;
        case 1:
            if (place < input.size()) {
                input[place] = static_cast<char>(numbers.next());
            }
            break;
        case 2:
            input.erase(place, length);
            break;
        case 3:
            input.insert(place, length, static_cast<char>(numbers.next()));
            break;
        case 4:
            input.resize(place);
            break;
        case 5:
            input.insert(place, input.substr(numbers.below(input.size() + 1), length));
            break;
        default:
            input = input.substr(0, place) + other.substr(numbers.below(other.size() + 1));
            break;
    }
    input.resize(std::min(input.size(), longest_input));
}

std::vector<std::string> read_corpus(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> inputs;
    for (const auto& file : files) {
        std::ifstream stream(file, std::ios::binary);
        inputs.emplace_back(
            std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()
        );
    }
    return inputs;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: fuzz-target CORPUS-DIRECTORY [MUTATIONS]\n", stderr);
        return 2;
    }
    const std::vector<std::string> corpus = read_corpus(argv[1]);
    if (corpus.empty()) {
        std::fprintf(stderr, "there is no corpus in %s\n", argv[1]);
        return 1;
    }
    run({});
    for (const std::string& input : corpus) {
        run(input);
    }
    Numbers numbers;
    const unsigned long mutations = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2000;
    for (unsigned long round = 0; round < mutations; ++round) {
        std::string input = corpus[numbers.below(corpus.size())];
        for (std::size_t count = 1 + numbers.below(4); count != 0; --count) {
            mutate_once(input, corpus[numbers.below(corpus.size())], numbers);
        }
        run(input);
    }
    std::printf("%zu files and %lu mutations\n", corpus.size(), mutations);
    return 0;
}
