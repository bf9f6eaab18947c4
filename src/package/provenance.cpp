// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "package/provenance.hpp"

#include "apk/provenance_name.hpp"
#include "package/bounded_json.hpp"
#include "package/envelope.hpp"
#include "support/atomic_file.hpp"
#include "support/digest.hpp"
#include "support/handle.hpp"
#include "support/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>
#include <utility>

namespace quern::package {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::map<std::string, std::string>;

constexpr const char* payload_type = "application/vnd.in-toto+json";
constexpr const char* statement_type = "https://in-toto.io/Statement/v1";
constexpr const char* predicate_type = "https://slsa.dev/provenance/v1";
constexpr const char* build_type = "urn:quern:build:v1";
constexpr const char* builder_id = "urn:quern:builder";

Error invalid(std::string_view what) {
    return {ErrorCode::invalid_data, fmt::format("the provenance {}", what)};
}

Json to_json(const Texts& texts) {
    Json object = Json::object();
    for (const auto& [name, text] : texts) {
        object[name] = text;
    }
    return object;
}

Json to_json(const Material& material) {
    Json json = {{"name", material.name}};
    if (!material.uri.empty()) {
        json["uri"] = material.uri;
    }
    if (!material.digest.empty()) {
        json["digest"] = to_json(material.digest);
    }
    Texts annotations = material.annotations;
    annotations["role"] = material.role;
    json["annotations"] = to_json(annotations);
    return json;
}

/// The value of a key, or null.
const Json& at(const Json& json, const char* key) {
    static const Json nothing;
    if (!json.is_object()) {
        return nothing;
    }
    const auto found = json.find(key);
    return found == json.end() ? nothing : *found;
}

/// A text as it is, anything else as JSON; nothing for null.
std::string text_of(const Json& json) {
    const auto* text = json.get_ptr<const std::string*>();
    if (text != nullptr) {
        return *text;
    }
    return json.is_null() ? std::string() : json.dump();
}

Texts texts_of(const Json& json) {
    Texts texts;
    if (json.is_object()) {
        for (const auto& [name, value] : json.items()) {
            texts[name] = text_of(value);
        }
    }
    return texts;
}

std::vector<std::string> list_of(const Json& json) {
    std::vector<std::string> list;
    if (json.is_array()) {
        for (const Json& each : json) {
            list.push_back(text_of(each));
        }
    }
    return list;
}

Material material_of(const Json& json) {
    Material material;
    material.name = text_of(at(json, "name"));
    material.uri = text_of(at(json, "uri"));
    material.digest = texts_of(at(json, "digest"));
    material.annotations = texts_of(at(json, "annotations"));
    material.role = material.annotations["role"];
    material.annotations.erase("role");
    return material;
}

std::string lines_of(std::string_view title, const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& each : list) {
        text += fmt::format("  {} {}\n", title, printable(each));
    }
    return text;
}

/// "package pkg:apk/x@1?arch=x86_64", and behind it what its bytes are.
std::string name_of(const Material& material) {
    const std::string& place = material.uri.empty() ? material.name : material.uri;
    return fmt::format("{} {}", printable(material.role), printable(place));
}

std::string digests_of(const Material& material) {
    std::string digests;
    for (const auto& [algorithm, hex] : material.digest) {
        digests += fmt::format(" {}:{}", printable(algorithm), printable(hex));
    }
    return digests.empty() ? " (nobody knows its bytes)" : digests;
}

/// Digests by the names of materials that a rebuild should have again.
std::multimap<std::string, std::string> outer_materials(const Provenance& provenance) {
    std::multimap<std::string, std::string> materials;
    for (const Material& material : provenance.materials) {
        if (material.role != "recipe" && material.role != "pipeline") {
            materials.emplace(name_of(material), digests_of(material));
        }
    }
    return materials;
}

Result<std::string> sha256_of(const std::filesystem::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        const int err = errno;
        return Error::system(err, fmt::format("opening {}", printable(path.string())));
    }
    QUERN_TRY(const Digest digest, digest_of_fd(DigestKind::sha256, fd.get()));
    return digest.hex();
}

Result<VerifiedProvenance> check(std::string_view json, const apk::Keyring* keyring) {
    QUERN_TRY(const Envelope envelope, Envelope::parse(json));
    VerifiedProvenance verified;
    if (keyring != nullptr) {
        QUERN_TRY(verified.signer, envelope.verify(*keyring));
    }
    if (envelope.payload_type != payload_type) {
        return invalid(fmt::format("is of another type: '{}'", printable(envelope.payload_type)));
    }
    QUERN_TRY(verified.statement, Provenance::parse(envelope.payload));
    return verified;
}

}  // namespace

std::string Provenance::to_json() const {
    Json list = Json::array();
    for (const Material& material : materials) {
        list.push_back(package::to_json(material));
    }
    Json internal = {{"runner", runner}, {"network", network}, {"secrets", secrets}};
    if (is_mended) {
        internal["mendedByHand"] = true;
    }
    const Json json = {
        {"_type", statement_type},
        {"subject", Json::array({{{"name", subject}, {"digest", {{"sha256", subject_sha256}}}}})},
        {"predicateType", predicate_type},
        {"predicate",
         {
             {"buildDefinition",
              {
                  {"buildType", build_type},
                  {"externalParameters", package::to_json(parameters)},
                  {"internalParameters", std::move(internal)},
                  {"resolvedDependencies", std::move(list)},
              }},
             {"runDetails", {{"builder", {{"id", builder_id}, {"version", {{"quern", version}}}}}}},
         }},
    };
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Provenance> Provenance::parse(std::string_view json) {
    QUERN_TRY(const Json statement, parse_bounded_json(json, "the provenance"));
    if (at(statement, "_type") != statement_type) {
        return invalid(fmt::format("is no in-toto statement ({})", statement_type));
    }
    if (at(statement, "predicateType") != predicate_type) {
        return invalid(fmt::format("is no SLSA provenance ({})", predicate_type));
    }
    const Json& subjects = at(statement, "subject");
    if (!subjects.is_array() || subjects.size() != 1) {
        return invalid("does not speak of one package");
    }
    Provenance provenance;
    provenance.subject = text_of(at(subjects.front(), "name"));
    provenance.subject_sha256 = text_of(at(at(subjects.front(), "digest"), "sha256"));
    if (!Digest::from_hex(DigestKind::sha256, provenance.subject_sha256)) {
        return invalid("has no SHA-256 of the package");
    }
    const Json& definition = at(at(statement, "predicate"), "buildDefinition");
    const Json& internal = at(definition, "internalParameters");
    provenance.parameters = texts_of(at(definition, "externalParameters"));
    provenance.runner = text_of(at(internal, "runner"));
    provenance.network = list_of(at(internal, "network"));
    provenance.secrets = list_of(at(internal, "secrets"));
    provenance.is_mended = at(internal, "mendedByHand") == true;
    const Json& builder = at(at(at(statement, "predicate"), "runDetails"), "builder");
    provenance.version = text_of(at(at(builder, "version"), "quern"));
    const Json& materials = at(definition, "resolvedDependencies");
    if (materials.is_array()) {
        for (const Json& each : materials) {
            provenance.materials.push_back(material_of(each));
        }
    }
    return provenance;
}

Result<std::string> write_provenance(const Provenance& provenance, const apk::Signer* key) {
    Envelope envelope = {payload_type, provenance.to_json(), {}};
    if (key != nullptr) {
        QUERN_CHECK(envelope.sign(*key));
    }
    return envelope.to_string();
}

Result<VerifiedProvenance> verify_provenance(
    const std::filesystem::path& package, const apk::Keyring* keyring
) {
    const std::string path = package.string() + std::string(apk::provenance_suffix);
    std::error_code failure;
    const auto status = std::filesystem::status(path, failure);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        return invalid(fmt::format("{} is no file", printable(path)));
    }
    QUERN_TRY(const std::string json, read_file(path, longest_json));
    auto verified = check(json, keyring);
    if (!verified) {
        return std::move(verified).error().context(printable(path));
    }
    QUERN_TRY(const std::string actual, sha256_of(package));
    const Provenance& statement = verified->statement;
    if (to_lower(statement.subject_sha256) != actual) {
        return Error(
                   ErrorCode::digest_mismatch,
                   fmt::format(
                       "{} speaks of a package with SHA-256 {}, this one has {}",
                       printable(path),
                       statement.subject_sha256,
                       actual
                   )
        )
            .help("the package or its provenance was replaced: get both from one place");
    }
    return verified;
}

std::vector<std::string> compare_materials(const Provenance& before, const Provenance& after) {
    std::vector<std::string> lines;
    const auto add = [&lines](const char* what, const std::string& old, const std::string& fresh) {
        if (old != fresh) {
            lines.push_back(fmt::format("~ {}: {} => {}", what, printable(old), printable(fresh)));
        }
    };
    add("runner", before.runner, after.runner);
    add("quern", before.version, after.version);
    const auto old_list = outer_materials(before);
    const auto new_list = outer_materials(after);
    const auto add_missing = [&lines](const char* sign, const auto& these, const auto& others) {
        for (const auto& material : these) {
            const auto [begin, end] = others.equal_range(material.first);
            if (std::find(begin, end, material) == end) {
                lines.push_back(fmt::format("{} {}{}", sign, material.first, material.second));
            }
        }
    };
    add_missing("-", old_list, new_list);
    add_missing("+", new_list, old_list);
    return lines;
}

std::string to_text(const Provenance& provenance) {
    std::string text = fmt::format(
        "  by quern {}, steps in {}{}\n",
        printable(provenance.version),
        printable(provenance.runner),
        provenance.is_mended ? ", mended by hand" : ""
    );
    for (const auto& [name, value] : provenance.parameters) {
        text += fmt::format("  parameter {} = {}\n", printable(name), printable(value));
    }
    text += lines_of("network in step", provenance.network);
    text += lines_of("secret", provenance.secrets);
    for (const Material& material : provenance.materials) {
        text += fmt::format("  {}{}\n", name_of(material), digests_of(material));
    }
    return text;
}

}  // namespace quern::package
