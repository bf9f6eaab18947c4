// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/layer_store.hpp"

#include "support/atomic_file.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>

using namespace quern;
using image::Layer;
using image::LayerStore;

namespace {

const std::string bytes = "the bytes of a layer";

TempDir make_directory() {
    auto made = TempDir::create(std::filesystem::temp_directory_path(), "layers.");
    REQUIRE(made);
    return std::move(*made);
}

struct Fixture {
    TempDir directory = make_directory();
    std::filesystem::path cache = directory.path() / "cache";
    std::filesystem::path layout = directory.path() / "layout";
    Digest digest = digest_of(DigestKind::sha256, bytes);
    std::filesystem::path blob = layout / "blobs" / "sha256" / digest.hex();

    Layer keep(LayerStore& store) const {
        auto file = store.begin();
        REQUIRE(file);
        REQUIRE((*file)->write(bytes));
        const auto state = store.keep(digest, **file);
        REQUIRE(state);
        Layer layer;
        layer.digest = "sha256:" + digest.hex();
        layer.size = bytes.size();
        layer.state = *state;
        return layer;
    }
};

std::string content(int fd) {
    std::string text(100, '\0');
    const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
}

}  // namespace

TEST_CASE("layer_store: layers are kept in the cache by digest", "[image][layer_store]") {
    const Fixture f;
    LayerStore store(f.cache);
    const Layer layer = f.keep(store);
    CHECK(std::filesystem::exists(f.cache / ("sha256:" + f.digest.hex())));
    const auto opened = store.open(layer);
    REQUIRE(opened);
    CHECK(content(opened->get()) == bytes);
}

TEST_CASE("layer_store: layers of a layout are blobs of it", "[image][layer_store]") {
    const Fixture f;
    {
        LayerStore store(f.cache, f.layout);
        const Layer layer = f.keep(store);
        const auto opened = store.open(layer);
        REQUIRE(opened);
        CHECK(content(opened->get()) == bytes);
        store.settle();
    }
    CHECK_FALSE(std::filesystem::exists(f.cache));
    struct stat status = {};
    REQUIRE(::stat(f.blob.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0644U);
    CHECK(status.st_nlink == 1);
}

TEST_CASE("layer_store: a layout that is not finished gets no blobs", "[image][layer_store]") {
    const Fixture f;
    const bool had_blob = GENERATE(false, true);
    if (had_blob) {
        std::filesystem::create_directories(f.blob.parent_path());
        REQUIRE(write_file_atomically(f.blob, bytes));
    }
    {
        LayerStore store(f.cache, f.layout);
        f.keep(store);
    }
    CHECK(std::filesystem::exists(f.blob) == had_blob);
    CHECK(std::filesystem::exists(f.layout) == had_blob);
}

TEST_CASE("layer_store: a layer that was changed is not given", "[image][layer_store]") {
    const Fixture f;
    const bool is_in_layout = GENERATE(false, true);
    std::optional<LayerStore> store;
    if (is_in_layout) {
        store.emplace(f.cache, f.layout);
    } else {
        store.emplace(f.cache);
    }
    const Layer layer = f.keep(*store);
    const auto path = is_in_layout ? f.blob : f.cache / ("sha256:" + f.digest.hex());
    REQUIRE(write_file_atomically(path, "other bytes, another file"));
    const auto opened = store->open(layer);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == ErrorCode::not_found);
}
