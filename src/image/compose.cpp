// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/compose.hpp"

#include "image/base.hpp"
#include "image/layer_writer.hpp"
#include "image/layering.hpp"
#include "image/load.hpp"
#include "image/lock.hpp"
#include "image/root_builder.hpp"
#include "image/sbom.hpp"
#include "image/start_check.hpp"
#include "quern/package_info.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace quern::image {
namespace {

Result<ImagePlan> make_plan(
    const Specification& specification, const ComposeOptions& options, const Services& services
) {
    const Contents& contents = specification.contents;
    ImagePlan plan = {&specification, &options, {}, {}, {}};
    QUERN_TRY(plan.sources, gather_sources(contents, options.additions, services));
    QUERN_TRY(
        plan.bases,
        read_bases(
            contents,
            options.architectures,
            fetch::ContentStore({layer_directory(services)}),
            services.reader
        )
    );
    if (options.lock != nullptr) {
        QUERN_TRY(plan.chosen, choose_locked(*options.lock, options.architectures, plan.sources));
        for (Chosen& chosen : plan.chosen) {
            const auto base = plan.bases.find(chosen.architecture);
            if (base != plan.bases.end()) {
                chosen.below = base->second.pinned;
            }
        }
        return plan;
    }
    QUERN_TRY(
        plan.chosen,
        choose_packages(
            contents.packages, options.architectures, plan.sources, plan.bases, services
        )
    );
    return plan;
}

/// The image file as it is recorded in the image of one architecture: packages pinned.
Specification locked(const Specification& specification, const Chosen& chosen) {
    Specification own = specification;
    own.contents.packages = chosen.pinned;
    own.contents.keyring = sorted_set(std::move(own.contents.keyring));
    own.archs = {chosen.architecture};
    own.vcs_url.clear();  // as in images of the peer: the index alone has it
    own.include.clear();
    add_implied(own);
    return own;
}

/// What the root of one architecture is made from.
RootDescription describe(Specification specification, const ImagePlan& plan, Chosen chosen) {
    RootDescription description;
    description.repositories = image_repositories(specification.contents, plan.options->additions);
    std::vector<std::string> world = specification.contents.packages;
    world.insert(world.end(), chosen.below.begin(), chosen.below.end());
    description.world = sorted_set(std::move(world));
    description.specification = std::move(specification);
    description.architecture = std::move(chosen.architecture);
    description.packages = std::move(chosen.packages);
    description.keys = plan.sources.keys;
    description.build_date = plan.options->build_date;
    description.source_date_epoch = plan.options->source_date_epoch;
    if (const auto base = plan.bases.find(description.architecture); base != plan.bases.end()) {
        description.base_database = base->second.database;
        description.stands_on_base = true;
    }
    return description;
}

std::vector<LayerPlan> plan_layers(const Specification& specification, const ImageRoot& root) {
    std::vector<PackageGroup> groups;
    if (specification.layering) {
        groups = group_by_origin(root.packages, specification.layering->budget);
    }
    return image::plan_layers(root.tree, root.packages, groups);
}

Result<std::vector<Layer>> write_layers(
    const std::vector<LayerPlan>& plans,
    const ImageRoot& root,
    LayerStore& store,
    const Services& services
) {
    Activity activity(services.reporter, "writing layers");
    activity.outcome("stopped");  // unless all goes well
    std::vector<Layer> layers(plans.size());
    const auto write_one = [&](std::size_t i) -> Result<void> {
        QUERN_CHECK(services.cancel.check());
        QUERN_TRY(const std::unique_ptr<LayerFile> file, store.begin());
        QUERN_TRY(
            const LayerDigests digests,
            write_layer(plans[i], root.names, *root.spool, services.pool, *file)
        );
        QUERN_TRY(layers[i].state, store.keep(digests.digest, *file));
        layers[i].digest = "sha256:" + digests.digest.hex();
        layers[i].diff_id = "sha256:" + digests.diff_id.hex();
        layers[i].size = digests.size;
        return {};
    };
    QUERN_CHECK(services.pool.for_each_index(plans.size(), write_one));
    activity.outcome(fmt::format("{} layer{}", layers.size(), layers.size() == 1 ? "" : "s"));
    return layers;
}

Result<void> add_sboms(const ComposeOptions& options, const ImageRoot& root, Image& image) {
    const SbomParts parts = {root.tree, *root.spool, root.packages, options.image_name};
    for (const std::string& format : options.sbom_formats) {
        if (format == "spdx") {
            QUERN_TRY(
                image.sboms[fmt::format("sbom-{}.spdx.json", image.architecture)],
                spdx_of_image(image, parts)
            );
        } else if (format == "cyclonedx") {
            image.sboms[fmt::format("sbom-{}.cdx.json", image.architecture)] =
                cyclonedx_of_image(image, parts);
        }
    }
    return {};
}

Result<Image> compose_one(
    const RootDescription& description,
    const ImagePlan& plan,
    LayerStore& layers,
    const Services& services
) {
    QUERN_TRY(const ImageRoot root, build_root(description, services));
    Specification specification = description.specification;
    specification.accounts.run_as = root.run_as;
    const auto base = plan.bases.find(description.architecture);
    if (base == plan.bases.end()) {
        for (const std::string& problem : start_problems(specification, root.tree, root.names)) {
            services.reporter.warning(problem);
        }
    }
    ImageParts parts = {
        specification,
        description.architecture,
        {},
        root.created,
        base == plan.bases.end() ? nullptr : &base->second.parts};
    QUERN_TRY(parts.layers, write_layers(plan_layers(specification, root), root, layers, services));
    QUERN_TRY(Image image, make_image(parts));
    QUERN_CHECK(add_sboms(*plan.options, root, image));
    return image;
}

}  // namespace

Result<ImagePlan> plan_image(
    const Specification& specification, const ComposeOptions& options, const Services& services
) {
    QUERN_TRY(ImagePlan plan, make_plan(specification, options, services));
    for (Chosen& chosen : plan.chosen) {
        if (options.lock == nullptr) {
            QUERN_CHECK(order_pinned(chosen, locked(specification, chosen).contents.packages));
        }
    }
    return plan;
}

Result<ImagePlan> plan_root(
    const Specification& specification, const ComposeOptions& options, const Services& services
) {
    return make_plan(specification, options, services);
}

Result<ImageSet> compose(ImagePlan plan, LayerStore& layers, const Services& services) {
    const ComposeOptions& options = *plan.options;
    ImageSet set;
    for (Chosen& chosen : plan.chosen) {
        Specification own = locked(*plan.specification, chosen);
        const std::string name = apk::to_oci_architecture(chosen.architecture);
        const RootDescription description = describe(std::move(own), plan, std::move(chosen));
        auto image = compose_one(description, plan, layers, services);
        if (!image) {
            return std::move(image).error().context(fmt::format("making the image for {}", name));
        }
        set.images.push_back(std::move(*image));
    }
    set.index = make_index(set.images, *plan.specification, options.vcs_url);
    if (std::count(options.sbom_formats.begin(), options.sbom_formats.end(), "spdx") != 0) {
        set.index_sboms["sbom-index.spdx.json"] =
            spdx_of_index(set, options.image_name, options.vcs_url);
    }
    return set;
}

Result<void> compose_root_tar(ImagePlan plan, const Services& services, archive::ByteSink& sink) {
    Specification own = *plan.specification;
    own.archs.clear();
    own.layering.reset();
    QUERN_TRY(
        const ImageRoot root,
        build_root(describe(std::move(own), plan, std::move(plan.chosen.front())), services)
    );
    const std::vector<LayerPlan> plans = image::plan_layers(root.tree, root.packages, {});
    return write_layer_tar(plans.front(), root.names, *root.spool, sink);
}

}  // namespace quern::image
