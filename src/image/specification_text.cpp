// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
//
// Both texts come from one JSON value: /etc/apko.json leaves empty fields out, show-config shows
// those of a section that is there.
#include "image/json_text.hpp"
#include "quern/image.hpp"
#include "quern/package_info.hpp"
#include "support/text.hpp"
#include "yaml/writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quern::image {
namespace {

/// Which fields are written.
enum class Style { compact, complete };

/// Adds fields to a JSON object in the order of the calls.
class ObjectWriter {
 public:
    explicit ObjectWriter(Style style) : style_(style) {}

    template <typename T>
    ObjectWriter& always(const char* key, const T& value) {
        json_[key] = value;
        return *this;
    }
    /// Empty texts, lists and maps, 0 and false are left out where the style is compact.
    template <typename T>
    ObjectWriter& add(const char* key, const T& value) {
        return style_ == Style::complete ? always(key, value) : given(key, value);
    }
    /// Left out if empty, in both styles.
    template <typename T>
    ObjectWriter& given(const char* key, const T& value) {
        const Json json = value;
        const bool is_zero =
            (json.is_number() && json == 0) || (json.is_boolean() && json == false);
        const bool is_empty =
            (json.is_string() || json.is_structured()) &&
            (json.is_string() ? json.get_ref<const std::string&>().empty() : json.empty());
        return is_zero || is_empty || json.is_null() ? *this : always(key, json);
    }
    template <typename T>
    ObjectWriter& given(const char* key, const std::optional<T>& value) {
        return value ? always(key, *value) : *this;
    }
    Json take() { return json_.is_null() ? Json::object() : std::move(json_); }

 private:
    Style style_;
    Json json_;
};

template <typename T, typename Write>
Json list_of(const std::vector<T>& values, Write write) {
    Json list = Json::array();
    for (const T& value : values) {
        list.push_back(write(value));
    }
    return list;
}

Json named_text(const NamedText& text) {
    return {{"name", text.name}, {"content", text.content}};
}

std::vector<std::string> without_passwords(std::vector<std::string> urls) {
    std::transform(urls.begin(), urls.end(), urls.begin(), redact_url);
    return urls;
}

Json plain_file(const PlainFile& file, Style style) {
    return ObjectWriter(style)
        .always("path", file.path)
        .given("source", file.source)
        .given("content", file.content)
        .always("mode", file.mode)
        .given("uid", file.uid)
        .given("gid", file.gid)
        .given("owner", file.owner)
        .take();
}

Json contents(const Contents& value, Style style) {
    ObjectWriter writer(style);
    writer.given("build_repositories", without_passwords(value.build_repositories))
        .given("runtime_repositories", without_passwords(value.runtime_repositories))
        .given("repositories", without_passwords(value.repositories))
        .given("keyring", without_passwords(value.keyring))
        .given("runtime_keyring", list_of(value.runtime_keyring, named_text))
        .given("packages", value.packages);
    if (value.base_image) {
        writer.always(
            "baseimage",
            ObjectWriter(style)
                .add("image", value.base_image->image)
                .add("apkindex", value.base_image->apk_index)
                .take()
        );
    }
    writer.given("files", list_of(value.files, [&](const PlainFile& file) {
                     return plain_file(file, style);
                 }));
    return writer.given("owners", value.owners).take();
}

Json entrypoint(const Entrypoint& value, Style style) {
    return ObjectWriter(style)
        .add("type", value.type)
        .add("command", value.command)
        .add("shell-fragment", value.shell_fragment)
        .add("services", value.services)
        .take();
}

Json user(const User& value, Style style) {
    return ObjectWriter(style)
        .add("username", value.name)
        .add("uid", value.uid)
        .given("gid", value.gid)
        .add("shell", value.shell)
        .add("homedir", value.home)
        .take();
}

Json group(const Group& value, Style style) {
    return ObjectWriter(style)
        .add("groupname", value.name)
        .add("gid", value.gid)
        .add("members", value.members)
        .take();
}

Json accounts(const Accounts& value, Style style) {
    return ObjectWriter(style)
        .add("run-as", value.run_as)
        .add("users", list_of(value.users, [&](const User& each) { return user(each, style); }))
        .add("groups", list_of(value.groups, [&](const Group& each) { return group(each, style); }))
        .take();
}

Json path(const PathMutation& value, Style style) {
    return ObjectWriter(style)
        .add("path", value.path)
        .add("type", value.type)
        .given("uid", value.uid)
        .given("gid", value.gid)
        .add("permissions", value.permissions)
        .add("source", value.source)
        .add("recursive", value.recursive)
        .take();
}

Json certificates(const Certificates& value, Style style) {
    return ObjectWriter(style)
        .add("additional", list_of(value.additional, named_text))
        .add("providers", value.providers)
        .take();
}

bool is_given(const Entrypoint& value) {
    return !entrypoint(value, Style::compact).empty();
}

Json to_value(const Specification& value, Style style) {
    std::vector<std::string> archs;
    for (const std::string& arch : value.archs) {
        archs.push_back(apk::to_oci_architecture(arch));
    }
    const bool all = style == Style::compact;  // sections stand there even if they are empty
    ObjectWriter writer(style);
    writer.always("contents", contents(value.contents, style));
    if (all || is_given(value.entrypoint)) {
        writer.always("entrypoint", entrypoint(value.entrypoint, style));
    }
    writer.given("cmd", value.cmd)
        .given("stop-signal", value.stop_signal)
        .given("work-dir", value.work_dir);
    if (all || !accounts(value.accounts, Style::compact).empty()) {
        writer.always("accounts", accounts(value.accounts, style));
    }
    writer.given("archs", archs)
        .given("environment", value.environment)
        .given(
            "paths",
            list_of(value.paths, [&](const PathMutation& each) { return path(each, style); })
        )
        .given("vcs-url", value.vcs_url)
        .given("annotations", value.annotations)
        .given("include", value.include)
        .given("volumes", value.volumes);
    if (value.layering) {
        writer.always(
            "layering",
            ObjectWriter(style)
                .add("strategy", value.layering->strategy)
                .add("budget", value.layering->budget)
                .take()
        );
    }
    writer.given("format", value.format);
    if (value.certificates) {
        writer.always("certificates", certificates(*value.certificates, style));
    }
    return writer.take();
}

std::string yaml_value(const Json& json, std::size_t indent);

std::string yaml_entry(const std::string& head, const Json& value, std::size_t indent) {
    const bool is_nested = value.is_structured() && !value.empty();
    return head + (is_nested ? "\n" : " ") + yaml_value(value, indent);
}

std::string yaml_value(const Json& json, std::size_t indent) {
    const std::string margin(indent, ' ');
    std::string text;
    if (json.is_object() && !json.empty()) {
        for (const auto& [key, value] : json.items()) {
            const bool is_block = value.is_string() && value.get_ref<const std::string&>().find('\n'
                                                       ) != std::string::npos;
            const std::string head = margin + yaml::scalar(key) + ":";
            text += is_block
                        ? head + " " +
                              yaml::block_scalar(value.get_ref<const std::string&>(), indent + 2) +
                              "\n"
                        : yaml_entry(head, value, indent + 2);
        }
        return text;
    }
    if (json.is_array() && !json.empty()) {
        for (const Json& item : json) {
            // The first key of a map stands behind the dash, the others below it.
            std::string value = yaml_value(item, indent + 2);
            value.erase(0, item.is_structured() ? indent + 2 : 0);
            text += margin + "- " + value;
        }
        return text;
    }
    const std::string plain =
        json.is_string() ? yaml::scalar(json.get_ref<const std::string&>()) : json.dump();
    return plain + "\n";
}

}  // namespace

std::string to_yaml(const Specification& specification) {
    return yaml_value(to_value(specification, Style::complete), 0);
}

std::string to_json(const Specification& specification) {
    return json_text(to_value(specification, Style::compact)) + "\n";
}

}  // namespace quern::image
