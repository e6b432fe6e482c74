/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "models/label.h"
#include "models/views.h"
#include "nn/graph.h"
#include "vision/fit.h"

G_BEGIN_DECLS

/**
 * FoveaPack:
 *
 * A pretrained network on disk: one self-contained ONNX file whose metadata says how a picture becomes its input and
 * what its outputs mean. Graph: input `image` f32 [N,3,S,S]; outputs `logits` f32 [N, labels] and `embedding` f32 [N,
 * D], the vector after the global pool, not yet of unit length. Metadata keys: fovea.pack, fovea.task, fovea.title,
 * fovea.license, fovea.source, fovea.version, fovea.input.{size,crop_fraction,mean,scale,pad,order}, fovea.labels
 * (JSON array of {"id","name"}), and, of one that was imported, fovea.fit (of its own classifier; crop when it is not there),
 * fovea.activation (what makes probabilities of its logits; softmax when it is not there) and, where that is "none", fovea.exclusive
 * ("true", or anything else). A network that computes one picture at a time has 1 in place of N. Everything in the file is checked
 * before it is believed. Immutable, counted atomically, any thread.
 */
typedef struct _FoveaPack FoveaPack;

/* What makes probabilities of the answers of a classifier. The names are the stored and printed ones. */
typedef enum {
  FOVEA_ACTIVATION_SOFTMAX, /* "softmax": exactly one of the concepts */
  FOVEA_ACTIVATION_SIGMOID, /* "sigmoid": any number of them */
  FOVEA_ACTIVATION_NONE,    /* "none": they are probabilities already */
  FOVEA_N_ACTIVATIONS
} FoveaActivation;

const char *fovea_activation_name (FoveaActivation activation);
gboolean    fovea_activation_from_name (const char *name, FoveaActivation *ret_activation);

/* Where packs are looked for, first to last: $FOVEA_PACK_DIR alone when it is set, else $XDG_CACHE_HOME/fovea/packs and
 * FOVEA_PKGDATADIR/packs. */
GStrv fovea_pack_dup_folders (void) G_GNUC_WARN_UNUSED_RESULT;

/* File of an installed pack, NULL when it is not installed. Names: `^[0-9A-Za-z]+([-_][0-9A-Za-z]+)*$`, ≤ 48. */
char *fovea_pack_find (const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Errors: PACK_MISSING (not installed or no such pack; says how to get it), MALFORMED (metadata or graph are not
 * those of a pack; names file and key), and what nn/onnx says. Takes some 50 ms: keep the pack. */
FoveaPack *fovea_pack_load (const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaPack *fovea_pack_load_file (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The file's content from elsewhere (a trained version); @path is what messages call it. */
FoveaPack *fovea_pack_new_from_bytes (GBytes *bytes, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaPack *fovea_pack_ref (FoveaPack *pack);
void       fovea_pack_unref (FoveaPack *pack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaPack, fovea_pack_unref)

const char            *fovea_pack_get_name (FoveaPack *pack);
const char            *fovea_pack_get_title (FoveaPack *pack);
const char            *fovea_pack_get_license (FoveaPack *pack);
const char            *fovea_pack_get_source (FoveaPack *pack);
const char            *fovea_pack_get_version (FoveaPack *pack);
const char            *fovea_pack_get_path (FoveaPack *pack);
const char            *fovea_pack_get_hash (FoveaPack *pack);   /* SHA-256 of the file, 64 hex digits: the key of stored vectors */
FoveaGraph            *fovea_pack_get_graph (FoveaPack *pack);
const FoveaInputSpec  *fovea_pack_get_input_spec (FoveaPack *pack);
GPtrArray             *fovea_pack_get_labels (FoveaPack *pack); /* of FoveaLabel; empty when it answers with none */
guint                  fovea_pack_get_dim (FoveaPack *pack);    /* D of the embedding, 0 = the pack has none */
FoveaActivation        fovea_pack_get_activation (FoveaPack *pack);
gboolean               fovea_pack_get_exclusive (FoveaPack *pack); /* whether its concepts exclude each other */
FoveaViews             fovea_pack_get_views (FoveaPack *pack);     /* of its own classifier */
gboolean               fovea_pack_is_single (FoveaPack *pack);     /* computes one picture at a time */
gboolean               fovea_pack_has_task (FoveaPack *pack, const char *task); /* e.g. "visual-embedder" */

/* Raised whenever the way that files become input tensors changes: part of the key of stored vectors. */
#define FOVEA_PREPROCESSING_VERSION 1

/* `fovea packs --json`: {"packs":[{"name","title","task","file","license","source","version","installed"}]}, from the
 * manifests (data/packs of the program) and the files in the folders; installed packs without a manifest are listed
 * too.
 * "file" is the path, or "" when it is not installed. Never fails: what cannot be read is left out. */
JsonNode *fovea_packs_dup_json (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
