/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * fovea_head_folds:
 * @labels: [n, k] of 1, −1, 0
 * @groups: (nullable) [n]
 * @used: [n] rows that take part
 * @n_folds: wanted, ≥ 2
 * @ret_fold: [n] 0.. for rows that are held out once, −1 for the others
 *
 * Stratified folds: a row's stratum is the rarest concept that it has (or, without one, the rarest that it is said
 * not to have). Rows of one group stay together, under the stratum of the first. Groups of a stratum, shuffled by
 * @seed, go one by one to the fold that has the fewest rows of the stratum, then the fewest rows. A stratum with a
 * single group is never held out. Returns how many folds were made: at most @n_folds and the largest number of groups
 * in a stratum; 0 when that is below two.
 */
guint fovea_head_folds (gsize n, guint k, const gint8 *labels, const guint64 *groups, const gboolean *used, guint n_folds, guint64 seed,
                        int *ret_fold);

/* At most @max of the used rows, the same share of each stratum, seeded; clears @used of the others. */
void fovea_head_sample (gsize n, guint k, const gint8 *labels, gsize max, guint64 seed, gboolean *used);

G_END_DECLS
