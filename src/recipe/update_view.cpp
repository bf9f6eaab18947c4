// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// `update:` is kept as it was written, so that its fields are looked for by key. An object is the
// map, or null where there is none: then all fields are Go's zeros.
#include "recipe/go_view.hpp"
#include "support/text.hpp"

#include <array>

namespace quern::recipe::go {

namespace {

/// A text as the argument of a template.
template <std::size_t Size>
struct Key {
    char text[Size]{};
    // NOLINTNEXTLINE(google-explicit-constructor): that is what it is for
    consteval Key(const char (&literal)[Size]) {
        for (std::size_t i = 0; i < Size; ++i) {
            text[i] = literal[i];
        }
    }
    constexpr std::string_view view() const { return {text, Size - 1}; }
};

const UpdateValue* find(const void* object, std::string_view key) {
    if (object != nullptr) {
        for (const auto& [name, value] : static_cast<const UpdateValue*>(object)->map) {
            if (name == key) {
                return &value;
            }
        }
    }
    return nullptr;
}

template <Key Name>
constexpr Field text(std::string_view name) {
    return {
        name, [](const void* object) {
            const UpdateValue* value = find(object, Name.view());
            return Value::borrowed(value == nullptr ? "" : std::string_view(value->scalar.value));
        }};
}
template <Key Name>
constexpr Field truth(std::string_view name) {
    return {name, [](const void* object) {
                const UpdateValue* value = find(object, Name.view());
                return Value(value != nullptr && value->scalar.value == "true");
            }};
}
template <Key Name>
constexpr Field integer(std::string_view name) {
    return {name, [](const void* object) {
                const UpdateValue* value = find(object, Name.view());
                return Value(value == nullptr ? 0 : parse_signed(value->scalar.value).value_or(0));
            }};
}
template <Key Name, const StructType& Type>
constexpr Field pointer(std::string_view name) {
    return {name, [](const void* object) {
                const UpdateValue* value = find(object, Name.view());
                return value == nullptr ? Value(Nil{Type.name})
                                        : Value(StructValue{&Type, value, true});
            }};
}

std::size_t list_size(const void* object) {
    return object == nullptr ? 0 : static_cast<const UpdateValue*>(object)->list.size();
}
const UpdateValue& list_item(const void* object, std::size_t index) {
    return static_cast<const UpdateValue*>(object)->list[index];
}
template <Key Name, const ListType& Type>
constexpr Field list(std::string_view name) {
    return {name, [](const void* object) {
                const UpdateValue* value = find(object, Name.view());
                return Value(ListValue{&Type, value, 0, list_size(value)});
            }};
}
template <const StructType& Type>
Value struct_item(const void* object, std::size_t index) {
    return Value(StructValue{&Type, &list_item(object, index)});
}
constexpr ListType texts = {"[]string", list_size, [](const void* object, std::size_t index) {
                                return view(list_item(object, index).scalar);
                            }};

constexpr std::array transform_fields = {
    text<"match">("Match"),
    text<"replace">("Replace"),
};
constexpr StructType transform = {"config.VersionTransform", transform_fields};
constexpr ListType transforms = {"[]config.VersionTransform", list_size, struct_item<transform>};
constexpr std::array source_fields = {
    text<"name">("Name"),
    text<"stream">("Stream"),
    list<"ignore", texts>("Ignore"),
    text<"commit_source">("CommitSource"),
    truth<"use_release">("UseRelease"),
};
constexpr StructType source = {"config.VersionDataSource", source_fields};
constexpr ListType sources = {"[]config.VersionDataSource", list_size, struct_item<source>};
constexpr std::array data_fields = {
    text<"version_format">("VersionFormat"),
    list<"sources", sources>("Sources"),
};
constexpr StructType data = {"config.VersionData", data_fields};
constexpr std::array release_fields = {
    integer<"identifier">("Identifier"),
    text<"strip-prefix">("StripPrefix"),
    text<"strip-suffix">("StripSuffix"),
    text<"version-filter-contains">("VersionFilterContains"),
    text<"version-filter-prefix">("VersionFilterPrefix"),
};
constexpr StructType release = {"config.ReleaseMonitor", release_fields};
constexpr std::array github_fields = {
    text<"identifier">("Identifier"),
    text<"strip-prefix">("StripPrefix"),
    text<"strip-suffix">("StripSuffix"),
    text<"tag-filter">("TagFilter"),
    text<"tag-filter-prefix">("TagFilterPrefix"),
    text<"tag-filter-contains">("TagFilterContains"),
    truth<"use-tag">("UseTags"),
};
constexpr StructType github = {"config.GitHubMonitor", github_fields};
constexpr std::array git_fields = {
    text<"strip-prefix">("StripPrefix"),
    text<"strip-suffix">("StripSuffix"),
    text<"tag-filter-prefix">("TagFilterPrefix"),
    text<"tag-filter-contains">("TagFilterContains"),
};
constexpr StructType git = {"config.GitMonitor", git_fields};
constexpr std::array oci_fields = {
    text<"identifier">("Identifier"),
    text<"strip-prefix">("StripPrefix"),
    text<"strip-suffix">("StripSuffix"),
    text<"tag-filter-prefix">("TagFilterPrefix"),
    text<"tag-filter-contains">("TagFilterContains"),
};
constexpr StructType oci = {"config.OCIMonitor", oci_fields};
constexpr std::array schedule_fields = {
    text<"reason">("Reason"),
    text<"period">("Period"),
};
constexpr StructType schedule = {"config.Schedule", schedule_fields};

constexpr std::array update_fields = {
    truth<"enabled">("Enabled"),
    truth<"manual">("Manual"),
    truth<"require-sequential">("RequireSequential"),
    truth<"shared">("Shared"),
    text<"version-separator">("VersionSeparator"),
    list<"ignore-regex-patterns", texts>("IgnoreRegexPatterns"),
    list<"version-transform", transforms>("VersionTransform"),
    pointer<"version_data", data>("VersionData"),
    pointer<"release-monitor", release>("ReleaseMonitor"),
    pointer<"github", github>("GitHubMonitor"),
    pointer<"git", git>("GitMonitor"),
    pointer<"oci", oci>("OCIMonitor"),
    pointer<"schedule", schedule>("Schedule"),
    text<"exclude-reason">("ExcludeReason"),
    truth<"enable-prerelease-tags">("EnablePreReleaseTags"),
};
constexpr StructType update_type = {"config.Update", update_fields};

}  // namespace

Value view(const std::optional<UpdateValue>& update) {
    return Value(StructValue{&update_type, update ? &*update : nullptr});
}

}  // namespace quern::recipe::go
