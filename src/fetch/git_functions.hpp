// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/lazy_library.hpp"

#include <git2.h>

namespace quern::fetch {

inline constexpr const char* git_soname = "libgit2.so." LIBGIT2_SOVERSION;
inline constexpr const char* git_package = "libgit2-" LIBGIT2_SOVERSION;

// The functions of libgit2 that are used here; the library is loaded by `GitLibrary::start`.
#define QUERN_GIT(name) \
    inline constexpr LazyFunction<"libgit2.so." LIBGIT2_SOVERSION, #name, decltype(::name)> name {}

QUERN_GIT(git_blob_free);
QUERN_GIT(git_blob_lookup);
QUERN_GIT(git_blob_rawcontent);
QUERN_GIT(git_blob_rawsize);
QUERN_GIT(git_cherrypick_commit);
QUERN_GIT(git_commit_author);
QUERN_GIT(git_commit_create);
QUERN_GIT(git_commit_free);
QUERN_GIT(git_commit_id);
QUERN_GIT(git_commit_lookup);
QUERN_GIT(git_commit_lookup_prefix);
QUERN_GIT(git_commit_message);
QUERN_GIT(git_commit_message_encoding);
QUERN_GIT(git_commit_parent);
QUERN_GIT(git_commit_parent_id);
QUERN_GIT(git_commit_parentcount);
QUERN_GIT(git_commit_time);
QUERN_GIT(git_commit_tree);
QUERN_GIT(git_commit_tree_id);
QUERN_GIT(git_config_free);
QUERN_GIT(git_config_set_bool);
QUERN_GIT(git_config_set_string);
QUERN_GIT(git_credential_ssh_key_from_agent);
QUERN_GIT(git_credential_username_new);
QUERN_GIT(git_error_last);
QUERN_GIT(git_graph_descendant_of);
QUERN_GIT(git_index_add);
QUERN_GIT(git_index_entrycount);
QUERN_GIT(git_index_free);
QUERN_GIT(git_index_get_byindex);
QUERN_GIT(git_index_has_conflicts);
QUERN_GIT(git_index_read_tree);
QUERN_GIT(git_index_write);
QUERN_GIT(git_index_write_tree_to);
QUERN_GIT(git_libgit2_init);
QUERN_GIT(git_libgit2_opts);
QUERN_GIT(git_libgit2_shutdown);
QUERN_GIT(git_object_free);
QUERN_GIT(git_object_id);
QUERN_GIT(git_odb_free);
QUERN_GIT(git_odb_read_header);
QUERN_GIT(git_oid_cmp);
QUERN_GIT(git_oid_equal);
QUERN_GIT(git_oid_fromstr);
QUERN_GIT(git_oid_fromstrn);
QUERN_GIT(git_oid_tostr);
QUERN_GIT(git_packbuilder_free);
QUERN_GIT(git_packbuilder_insert);
QUERN_GIT(git_packbuilder_insert_commit);
QUERN_GIT(git_packbuilder_new);
QUERN_GIT(git_packbuilder_set_threads);
QUERN_GIT(git_packbuilder_write);
QUERN_GIT(git_reference_create);
QUERN_GIT(git_reference_free);
QUERN_GIT(git_reference_iterator_free);
QUERN_GIT(git_reference_iterator_glob_new);
QUERN_GIT(git_reference_lookup);
QUERN_GIT(git_reference_name);
QUERN_GIT(git_reference_name_is_valid);
QUERN_GIT(git_reference_name_to_id);
QUERN_GIT(git_reference_next);
QUERN_GIT(git_reference_peel);
QUERN_GIT(git_reference_remove);
QUERN_GIT(git_reference_target);
QUERN_GIT(git_remote_create_anonymous);
QUERN_GIT(git_remote_fetch);
QUERN_GIT(git_remote_free);
QUERN_GIT(git_repository_config);
QUERN_GIT(git_repository_free);
QUERN_GIT(git_repository_index);
QUERN_GIT(git_repository_init);
QUERN_GIT(git_repository_init_ext);
QUERN_GIT(git_repository_is_shallow);
QUERN_GIT(git_repository_odb);
QUERN_GIT(git_repository_open_ext);
QUERN_GIT(git_repository_set_head);
QUERN_GIT(git_repository_set_head_detached);
QUERN_GIT(git_repository_workdir);
QUERN_GIT(git_revparse_single);
QUERN_GIT(git_signature_free);
QUERN_GIT(git_signature_new);
QUERN_GIT(git_tree_entry_byindex);
QUERN_GIT(git_tree_entry_bypath);
QUERN_GIT(git_tree_entry_filemode);
QUERN_GIT(git_tree_entry_free);
QUERN_GIT(git_tree_entry_id);
QUERN_GIT(git_tree_entry_name);
QUERN_GIT(git_tree_entry_type);
QUERN_GIT(git_tree_entrycount);
QUERN_GIT(git_tree_free);
QUERN_GIT(git_tree_lookup);
QUERN_GIT(git_tree_walk);

#undef QUERN_GIT

}  // namespace quern::fetch
