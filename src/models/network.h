/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/head.h"
#include "models/pack.h"

G_BEGIN_DECLS

/* Networks that are trained here. In all of them a picture becomes an embedding f, and the concepts' logits follow from
 * its direction alone:
 *
 *   z = V √d · f / |f| + b        V [concepts, d] "classifier.weight", b [concepts] "classifier.bias"
 *
 * which is a FoveaHead (W = √d V) on the unit vectors of an embedder. So a trained network is kept as a pack of its own
 * and an ordinary head on it, and serves as an embedder too. */

#define FOVEA_CLASSIFIER_WEIGHT "classifier.weight"
#define FOVEA_CLASSIFIER_BIAS "classifier.bias"

/* Embedders, to be trained: input "image" f32 [N,3,S,S], output "embedding" f32 [N,d], with a pack's metadata.
 *
 * pack             @pack's network up to its embedding; MISMATCH when it has none
 * efficientnet     EfficientNet-Lite0 with fresh weights, for S pixels: see Tan and Le, "EfficientNet", 2019, and the Lite
 *                  variants of tensorflow/tpu: no squeeze-and-excite, ReLU6, TensorFlow's SAME padding
 * small            a residual network of 3×3 convolutions, 24-48-96-160 channels, 0.9 M weights, for S pixels
 * Fresh weights follow from @seed: normal, variance 2 / (k² · outputs) (He et al., 2015). @size: a multiple of 8. */
FoveaGraph *fovea_network_new_from_pack (FoveaPack *pack, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaGraph *fovea_network_new_efficientnet (int size, guint64 seed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaGraph *fovea_network_new_small (int size, guint64 seed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_network_add_classifier:
 * @start: (nullable): a head on the embedder's unit vectors to begin with; else V is normal with deviation 0.001 (by
 *   @seed) and b = 0
 *
 * Adds the classifier to @network, in place; "logits" f32 [N, @n_concepts] becomes its only output.
 */
gboolean fovea_network_add_classifier (FoveaGraph *network, guint n_concepts, const FoveaHead *start, guint64 seed,
                                       GError **error);

/* Drops each number of the embedding with probability @ratio while the classifier to come is trained; before
 * fovea_network_add_classifier(). What split() takes out does not have it. */
gboolean fovea_network_add_dropout (FoveaGraph *network, double ratio, GError **error);

/* Metric learning: in the classifier's place the cosines with a vector for each concept, its proxy:
 *
 *   v = P f          P [D, d] "projection.weight"; without a projection v = f, D = d
 *   c = v/|v| · p/|p|        p [concepts, D] "proxies"
 *
 * (nn/loss.h says what is learned from them). What is kept is the embedder alone, whose output is v. */

#define FOVEA_PROJECTION_WEIGHT "projection.weight"
#define FOVEA_PROXIES "proxies"

/* Puts a projection to @dim numbers behind @network's embedding, in place; its output is called "embedding" from now on. P is normal,
 * variance 1 / @dim, by @seed, so that lengths and angles are about what they were. */
gboolean fovea_network_add_projection (FoveaGraph *network, guint dim, guint64 seed, GError **error);

/**
 * fovea_network_add_proxies:
 * @means: (nullable) f32 [@n_concepts, d]: sums or means of the concepts' f, to begin with; else p is normal, by @seed
 *
 * "cosines" f32 [N, @n_concepts] becomes the only output of @network. Errors: memory for the proxies.
 */
gboolean fovea_network_add_proxies (FoveaGraph *network, guint n_concepts, const float *means, guint64 seed, GError **error);

/* The part of a network with proxies that computes v/|v|, for looking at it while it learns. */
FoveaGraph *fovea_network_cut_vectors (FoveaGraph *network, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* x/|x| along the last axis of @value, in any graph; returns the new value. */
int fovea_network_add_unit_length (FoveaGraph *network, int value, const char *name);

/* The embedder of a network with proxies, trained, as a pack; arguments and errors as of fovea_network_split(). */
GBytes *fovea_network_to_embedder (FoveaGraph *network, const char *name, const char *title, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An embedder's pack as self-contained ONNX for other programs: input "image" f32 [N,3,S,S], letterboxed pictures, output "embeddings"
 * f32 [N,D] of unit length; preprocessing, licence and Fovea's version in the metadata. */
gboolean fovea_network_export_embedder (FoveaPack *pack, const char *path, GError **error);

/**
 * fovea_network_split:
 * @network: with its classifier, trained
 * @name: of the new pack; @title: for people
 *
 * Takes it apart into a pack (as ONNX in @ret_bytes, whose SHA-256 is its hash) and a head on letterboxed pictures.
 * Errors: MALFORMED when a weight is not a number.
 */
gboolean fovea_network_split (FoveaGraph *network, const char *name, const char *title, gboolean exclusive,
                              GBytes **ret_bytes, FoveaHead **ret_head, GError **error);

G_END_DECLS
