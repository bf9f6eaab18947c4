// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "seed/seed.hpp"

#include "config.hpp"
#include "quern/index.hpp"
#include "quern/package_file.hpp"
#include "seed/apt.hpp"
#include "seed/apt_sources.hpp"
#include "seed/convert.hpp"
#include "seed/deb_store.hpp"
#include "seed/debian_names.hpp"
#include "seed/description.hpp"
#include "seed/stamp.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

// seed() is a walk: read the description, ask apt for the closure of the groups' packages, fetch
// the .debs that the cache lacks, convert what the last run did not leave, and at the end put the
// new packages and then the index in place. Everything is made in a temporary directory beside the
// repository, so that a run that is stopped leaves the old state.

namespace quern::seed {

namespace fs = std::filesystem;

namespace {

/// Counted up when the same .deb would become other bytes.
constexpr int conversion_format = 3;
constexpr std::string_view debian_keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// One package that the seed will have: a .deb or a generated one.
struct Planned {
    std::string name;
    std::string key;
    const Contents* contents = nullptr;  ///< of a generated package
    std::optional<Deb> deb;
    std::uint64_t weight = 0;  ///< bytes to read: the heaviest are begun first
};

struct Made {
    StampedPackage stamped;
    apk::IndexEntry entry;
    bool is_new = false;
};

class Walk {
 public:
    Walk(
        const SeedOptions& options, ThreadPool& pool, Reporter& reporter, const CancelToken& cancel
    )
        : options_(options), pool_(pool), reporter_(reporter), cancel_(cancel) {}

    Result<SeedReport> run(const Description& description);

 private:
    Result<std::vector<const Group*>> select_groups() const;
    Result<Apt> prepare_apt() const;
    Result<std::string> whole_key(const Apt& apt) const;
    Result<std::vector<AptPackage>> fetch(const Apt& apt);
    Result<std::vector<AptPackage>> resolve_and_fetch(const Apt& apt);
    Result<std::vector<Planned>> plan(const std::vector<AptPackage>& packages);
    Result<Made> make(const Planned& planned, const Stamp& last, const fs::path& scratch) const;
    Result<std::vector<Made>> make_all(
        const std::vector<Planned>& planned, const Stamp& last, const fs::path& scratch
    );
    Result<void> put_in_place(
        const std::vector<Planned>& planned,
        const std::vector<Made>& made,
        const Stamp& last,
        const fs::path& scratch
    );
    std::vector<std::string> absent_names() const;
    fs::path stamp_path() const {
        return options_.out_directory / fmt::format("{}-{}", stamp_name, architecture_);
    }
    std::string package_key(std::string_view content, const std::vector<std::string>& depends)
        const;

    const SeedOptions& options_;
    ThreadPool& pool_;
    Reporter& reporter_;
    const CancelToken& cancel_;

    const Description* description_ = nullptr;
    std::string architecture_;
    fs::path directory_;  ///< of the packages
    std::vector<const Group*> groups_;
    std::string key_fingerprint_;
    std::string whole_key_;
    Selection selection_;
    Conversion conversion_;
    SeedReport report_;
};

std::vector<std::string> texts_of(const std::vector<Word>& words) {
    std::vector<std::string> texts;
    for (const Word& word : words) {
        texts.push_back(word.text);
    }
    return texts;
}

Result<std::vector<const Group*>> Walk::select_groups() const {
    if (auto groups = description_->select(options_.groups)) {
        return std::move(*groups);
    }
    std::vector<std::string> known;
    for (const Group& group : description_->groups) {
        known.push_back(group.name.text);
    }
    const auto wrong =
        std::find_if(options_.groups.begin(), options_.groups.end(), [&](const std::string& name) {
            return description_->find_group(name) == nullptr;
        });
    Error error(ErrorCode::not_found, fmt::format("the seed has no group '{}'", printable(*wrong)));
    return std::move(error).help("its groups are " + join(known, ", "));
}

/// A package that a chosen group names is not absent.
std::vector<std::string> Walk::absent_names() const {
    std::vector<std::string> names = texts_of(description_->absent);
    for (const Group* group : groups_) {
        for (const Word& word : group->debian) {
            std::erase(names, word.text);
        }
    }
    return names;
}

Result<Apt> Walk::prepare_apt() const {
    SourceRules rules;
    rules.release = description_->release.text;
    std::error_code failure;
    rules.keyring =
        fs::exists(debian_keyring, failure) ? std::string(debian_keyring) : std::string();
    QUERN_TRY(std::string sources, select_system_sources("/etc/apt", rules));
    const std::string debian_name = architecture_names(architecture_).debian;
    if (debian_name.empty()) {
        return Error(
            ErrorCode::unsupported,
            fmt::format("Debian has no architecture for '{}'", printable(architecture_))
        );
    }
    AptOptions apt;
    apt.directory =
        options_.cache_directory / "apt" / fmt::format("{}-{}", rules.release, debian_name);
    apt.architecture = debian_name;
    apt.sources = std::move(sources);
    apt.installed = absent_names();
    return Apt::prepare(apt);
}

Result<std::string> Walk::whole_key(const Apt& apt) const {
    Hasher hasher(DigestKind::sha256);
    hasher.update(fmt::format(
        "{} {}\n{}\n{}\n", QUERN_VERSION, conversion_format, architecture_, key_fingerprint_
    ));
    for (const Group* group : groups_) {
        hasher.update(fmt::format("group {}\n", group->name.text));
    }
    QUERN_TRY(const std::string stamp, apt.stamp());
    hasher.update(std::string_view(stamp));
    hasher.update(description_->file->text());
    return hasher.finish().hex();
}

Result<std::vector<AptPackage>> Walk::fetch(const Apt& apt) {
    std::set<std::string> names;
    for (const Group* group : groups_) {
        for (const Word& word : group->debian) {
            names.insert(word.text);
        }
    }
    Activity activity(reporter_, "choosing packages");
    QUERN_TRY(std::vector<AptPackage> packages, apt.resolve({names.begin(), names.end()}, cancel_));
    activity.outcome(fmt::format("{} Debian packages", packages.size()));
    const DebStore store(options_.cache_directory / "debs");
    QUERN_TRY(const std::vector<AptPackage> missing, store.missing(packages));
    if (missing.empty()) {
        return packages;
    }
    if (options_.offline) {
        Error error(
            ErrorCode::not_found,
            fmt::format(
                "{} packages are not here, {} among them", missing.size(), missing.front().name
            )
        );
        return std::move(error).help("run it once without --offline");
    }
    QUERN_CHECK(store.fetch(missing, apt, pool_, reporter_, cancel_));
    report_.downloaded += missing.size();
    return packages;
}

Result<std::vector<AptPackage>> Walk::resolve_and_fetch(const Apt& apt) {
    auto packages = fetch(apt);
    const bool may_be_stale =
        !packages && packages.error().code() == ErrorCode::network && !options_.offline;
    if (!may_be_stale) {
        return packages;
    }
    // A mirror drops the files of old lists: once more with new ones.
    reporter_.note("a download failed; fetching new package lists");
    QUERN_CHECK(apt.update(cancel_));
    QUERN_TRY(whole_key_, whole_key(apt));
    return fetch(apt);
}

std::string Walk::package_key(std::string_view content, const std::vector<std::string>& depends)
    const {
    Hasher hasher(DigestKind::sha256);
    hasher.update(fmt::format(
        "{} {}\n{}\n{}\n{}\n",
        QUERN_VERSION,
        conversion_format,
        architecture_,
        key_fingerprint_,
        content
    ));
    hasher.update(join(depends, " "));
    hasher.update(description_->file->text());
    return hasher.finish().hex();
}

Result<std::vector<Planned>> Walk::plan(const std::vector<AptPackage>& packages) {
    const DebStore store(options_.cache_directory / "debs");
    std::vector<Planned> planned(packages.size());
    QUERN_CHECK(pool_.for_each_index(packages.size(), [&](std::size_t i) -> Result<void> {
        QUERN_TRY(Deb deb, Deb::open(store.path_of(packages[i])));
        if (deb.package() != packages[i].name) {
            return Error(
                ErrorCode::invalid_data,
                fmt::format("the file of {} holds '{}'", packages[i].name, printable(deb.package()))
            );
        }
        planned[i].deb = std::move(deb);
        planned[i].weight = packages[i].size_bytes;
        return {};
    }));
    for (const Planned& one : planned) {
        QUERN_CHECK(selection_.add(one.deb->control()));
    }
    std::set<std::string> names;
    for (std::size_t i = 0; i < planned.size(); ++i) {
        const ControlFields& control = planned[i].deb->control();
        planned[i].name = packages[i].name;
        QUERN_TRY(
            const auto depends,
            selection_.map_depends(control, description_->find_amendment(planned[i].name))
        );
        planned[i].key = package_key(packages[i].sha256, depends);
        names.insert(planned[i].name);
    }
    for (const Group* group : groups_) {
        for (const auto& [name, contents] : group->packages) {
            if (!names.insert(name.text).second) {
                return Error(
                    ErrorCode::invalid_data,
                    fmt::format(
                        "'{}' is generated, and a Debian package of the seed has that name",
                        name.text
                    )
                );
            }
            Planned& generated = planned.emplace_back();
            generated.name = name.text;
            generated.key = package_key("generated " + name.text, {});
            generated.contents = &contents;
        }
    }
    std::sort(planned.begin(), planned.end(), [](const Planned& a, const Planned& b) {
        return std::pair(b.weight, std::string_view(a.name)) <
               std::pair(a.weight, std::string_view(b.name));
    });
    return planned;
}

Result<Made> Walk::make(const Planned& planned, const Stamp& last, const fs::path& scratch) const {
    if (const StampedPackage* present = last.find(planned.name, planned.key, directory_)) {
        if (const auto file = apk::PackageFile::open(directory_ / present->file_name);
            file && file->info().name == planned.name) {
            return Made{
                *present,
                apk::make_index_entry(file->info(), file->head().checksum, file->head().file_size),
                false};
        }
    }
    QUERN_CHECK(cancel_.check());
    auto written = planned.contents != nullptr
                       ? generate_package(planned.name, *planned.contents, conversion_, scratch)
                       : convert_deb(*planned.deb, conversion_, scratch);
    if (!written) {
        return std::move(written).error();
    }
    const StampedPackage stamped{written->info.file_name(), planned.key, written->file_size};
    return Made{
        stamped, apk::make_index_entry(written->info, written->checksum, written->file_size), true};
}

Result<std::vector<Made>> Walk::make_all(
    const std::vector<Planned>& planned, const Stamp& last, const fs::path& scratch
) {
    Activity activity(reporter_, "converting packages");
    std::vector<std::optional<Made>> made(planned.size());
    std::atomic<std::uint64_t> done = 0;
    QUERN_CHECK(pool_.for_each_index(planned.size(), [&](std::size_t i) -> Result<void> {
        QUERN_TRY(made[i], make(planned[i], last, scratch));
        activity.progress(++done, planned.size(), "packages");
        return {};
    }));
    std::vector<Made> result;
    for (std::optional<Made>& one : made) {
        result.push_back(std::move(*one));
    }
    const auto count =
        std::count_if(result.begin(), result.end(), [](const Made& one) { return one.is_new; });
    activity.outcome(
        fmt::format("{} new, {} as before", count, result.size() - static_cast<std::size_t>(count))
    );
    return result;
}

Result<void> rename_file(const fs::path& from, const fs::path& to) {
    std::error_code failure;
    fs::rename(from, to, failure);
    if (failure) {
        return Error::system(failure.value(), fmt::format("renaming a file to {}", to.string()));
    }
    return {};
}

Result<void> Walk::put_in_place(
    const std::vector<Planned>& planned,
    const std::vector<Made>& made,
    const Stamp& last,
    const fs::path& scratch
) {
    apk::Index index;
    index.description = fmt::format("seed from Debian {}", description_->release.text);
    Stamp stamp;
    stamp.key = whole_key_;
    std::set<std::string> files;
    for (std::size_t i = 0; i < made.size(); ++i) {
        index.entries.push_back(made[i].entry);
        stamp.packages[planned[i].name] = made[i].stamped;
        files.insert(made[i].stamped.file_name);
    }
    std::sort(
        index.entries.begin(),
        index.entries.end(),
        [](const apk::IndexEntry& a, const apk::IndexEntry& b) { return a.name < b.name; }
    );
    QUERN_TRY(const std::string bytes, apk::write_index(index, options_.key));
    stamp.index = digest_of(DigestKind::sha256, bytes).hex();
    for (const Made& one : made) {
        if (one.is_new) {
            QUERN_CHECK(
                rename_file(scratch / one.stamped.file_name, directory_ / one.stamped.file_name)
            );
        }
    }
    QUERN_CHECK(write_file_atomically(directory_ / "APKINDEX.tar.gz", bytes));
    QUERN_CHECK(write_file_atomically(stamp_path(), stamp.to_string()));
    for (const auto& [name, package] : last.packages) {
        if (!files.contains(package.file_name)) {
            std::error_code ignored;  // a file that nothing names any more is no harm
            fs::remove(directory_ / package.file_name, ignored);
        }
    }
    return {};
}

Result<SeedReport> Walk::run(const Description& description) {
    description_ = &description;
    architecture_ = options_.architecture.empty() ? apk::host_architecture()
                                                  : apk::to_apk_architecture(options_.architecture);
    directory_ = options_.out_directory / architecture_;
    QUERN_TRY(groups_, select_groups());
    if (options_.key != nullptr) {
        QUERN_TRY(const apk::PublicKey key, options_.key->public_key());
        key_fingerprint_ = options_.key->public_key_name() + " " + key.fingerprint();
    }
    QUERN_TRY(const Apt apt, prepare_apt());
    QUERN_TRY(
        const FileLock lock,
        FileLock::acquire(options_.cache_directory / "lock", FileLock::Mode::exclusive)
    );
    if (!apt.has_lists() && !options_.offline) {
        Activity activity(reporter_, "fetching package lists");
        QUERN_CHECK(apt.update(cancel_));
        activity.outcome("done");
    }
    QUERN_TRY(whole_key_, whole_key(apt));
    const Stamp last = Stamp::parse(read_file(stamp_path()).value_or(std::string()));
    if (last.key == whole_key_ && last.matches(directory_)) {
        report_.packages = last.packages.size();
        report_.was_up_to_date = true;
        return report_;
    }
    QUERN_TRY(const std::vector<AptPackage> packages, resolve_and_fetch(apt));
    const std::vector<std::string> absent = absent_names();
    selection_.set_absent({absent.begin(), absent.end()});
    conversion_ = {
        &selection_,
        &description,
        architecture_,
        description.layout.text,
        options_.key,
        {},
        &cancel_};
    QUERN_TRY(const std::vector<Planned> planned, plan(packages));
    QUERN_TRY(const TempDir scratch, TempDir::create(directory_, ".seed-"));
    QUERN_TRY(const std::vector<Made> made, make_all(planned, last, scratch.path()));
    QUERN_CHECK(put_in_place(planned, made, last, scratch.path()));
    report_.packages = made.size();
    return report_;
}

}  // namespace

Result<SeedReport> seed(
    const SeedOptions& options,
    ThreadPool& pool,
    Diagnostics& diagnostics,
    Reporter& reporter,
    const CancelToken& cancel
) {
    QUERN_TRY(std::string text, read_file(options.description));
    auto file = std::make_shared<const SourceFile>(options.description.string(), std::move(text));
    const std::optional<Description> description = parse_description(file, diagnostics);
    if (!description) {
        return Error(
            ErrorCode::invalid_recipe,
            fmt::format("{} is no seed description", options.description.string())
        );
    }
    return Walk(options, pool, reporter, cancel).run(*description);
}

}  // namespace quern::seed
