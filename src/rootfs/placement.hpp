// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quern/error.hpp"
#include "rootfs/guest_tree.hpp"
#include "rootfs/stage.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace quern::rootfs {

/// Moves staged packages into a tree, one after the other in install order, and settles which of
/// them owns a path that several bring. A path is known by the directory that really holds it: with
/// `lib -> usr/lib`, lib/x and usr/lib/x are one. Source: image-and-resolver 4.3; apk-format 1.5.
class Placement {
 public:
    /// `tree` is empty and outlives this.
    explicit Placement(const GuestTree& tree) : tree_(tree) {}

    /// Takes the files out of `staging`, where `stage` put them; those that another package owns
    /// stay there. Errors: invalid_data (a path that another package, or this one, brings in
    /// another way: all are named), io.
    Result<void> place(StagedPackage staged, int staging);
    /// Gives directories the time that the last package says, or the start of 1970 where none does:
    /// placing into them changed it.
    Result<void> settle_directory_times() const;
    /// In the order of `place`; what a later package took over is listed with the later one only.
    /// To be called once all are placed.
    const std::vector<InstalledPackage>& listed_packages();
    std::uint64_t files() const { return files_; }
    std::uint64_t bytes() const { return bytes_; }

 private:
    /// A name in a directory, whatever path led there.
    struct Place {
        ino_t directory = 0;
        std::string name;
        friend bool operator==(const Place&, const Place&) = default;
    };
    struct PlaceHash {
        std::size_t operator()(const Place& place) const {
            return std::hash<std::string>()(place.name) ^ (place.directory * 0x9e3779b97f4a7c15U);
        }
    };
    /// The entry that has a place.
    struct Owner {
        std::size_t package = 0;
        std::size_t entry = 0;
    };
    enum class Claim { free, taken_over, refused };

    Result<void> place_entry(std::size_t number, int staging);
    Result<void> place_directory(std::size_t number);
    Result<void> place_file(std::size_t number, int staging);
    Result<void> place_symlink(std::size_t number);
    /// Whether the current package may have the place of its entry, which it owns then.
    Result<Claim> claim(std::size_t number);
    Result<Claim> contest(Owner& owner, std::size_t number);
    Result<void> open_parent_of(std::string_view path);
    InstalledEntry& entry_of(const Owner& owner);
    Error conflict(const Owner& owner, std::size_t number);

    const GuestTree& tree_;
    std::vector<InstalledPackage> packages_;
    std::unordered_map<Place, Owner, PlaceHash> owners_;
    UniqueFd parent_;
    std::string parent_path_;
    Place place_;  ///< of the current entry
    std::uint64_t files_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace quern::rootfs
