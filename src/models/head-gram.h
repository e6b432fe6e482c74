/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/head-trainer.h"

G_BEGIN_DECLS

/**
 * FoveaHeadGram:
 *
 * Centred vectors of one kind of views and their Gram matrix, kept from one fit to the next. Rows are known by a hash
 * of their values (and by how many equal ones came before), so that rows may come and go in any order; those that are
 * not wanted any more stay until they are a quarter of all.
 */
typedef struct {
  FoveaViews views;
  guint dim;
  gsize n, capacity;
  float *mean;        /* [dim], taken from every row; what exactly it is does not change the optimum */
  float *x;           /* [capacity, dim] centred */
  float *gram;        /* [capacity, capacity], n × n of it filled */
  GHashTable *index;  /* guint64* → row + 1 */
  guint64 *keys;      /* [capacity] */
} FoveaHeadGram;

FoveaHeadGram *fovea_head_gram_new (FoveaViews views, guint dim) G_GNUC_WARN_UNUSED_RESULT;
void           fovea_head_gram_free (FoveaHeadGram *gram);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaHeadGram, fovea_head_gram_free)

/* [n_rows] hashes of the values of @fits of @data's @rows; equal rows are told apart by their order. */
guint64 *fovea_head_gram_hash_rows (const FoveaHeadData *data, FoveaViews views, const gsize *rows, gsize n_rows) G_GNUC_WARN_UNUSED_RESULT;

/* Makes sure that @rows of @data are in the matrix; @ret_position[i] = where rows[i] is. TRUE when it was built
 * afresh, so that positions of before mean nothing any more. */
gboolean fovea_head_gram_update (FoveaHeadGram *gram, const FoveaHeadData *data, const gsize *rows, gsize n_rows, guint n_threads,
                                 gsize *ret_position);

G_END_DECLS
