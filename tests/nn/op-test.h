/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/op.h"

/* One operator, its inputs and attributes, run through the table as a model would run it. */

#define OP_TEST_MAX 16

typedef struct {
  FoveaGraph *graph; /* owns the node */
  FoveaNode *node;   /* set attributes here */
  guint n_in, n_out;
  FoveaTensor *in[OP_TEST_MAX], *out[OP_TEST_MAX];
} OpTest;

OpTest *op_test_new (const char *op_type, int opset);
void    op_test_free (OpTest *test);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OpTest, op_test_free)

/* Appends an input (taken; NULL: left out). */
void op_test_in (OpTest *test, FoveaTensor *tensor);
void op_test_ints (OpTest *test, const char *name, guint n, ...); /* gint64, as an attribute */

/* Runs with @n_out outputs; fails the test on an error. Output 0, borrowed. The shape rule is also asked without any
 * values: what it says then must be what comes out. */
FoveaTensor *op_test_run (OpTest *test, guint n_out);
/* Must fail with @code and a message that has @fragment. */
void op_test_fails (OpTest *test, FoveaNnError code, const char *fragment);

/* @shape: "2 3 4", "" for a scalar. */
FoveaShape   shape_of (const char *shape);
FoveaTensor *tensor_random (FoveaDType dtype, const char *shape, guint32 seed); /* reals in ±1, whole numbers in ±9 */
FoveaTensor *tensor_values (FoveaDType dtype, const char *shape, guint n, ...); /* doubles */
FoveaTensor *tensor_filled (FoveaDType dtype, const char *shape, double value);
double       tensor_get (const FoveaTensor *tensor, gsize i);

void assert_shape (const FoveaTensor *tensor, FoveaDType dtype, const char *shape);
/* |a − b| ≤ @tolerance · max (1, |b|); NaN equals NaN */
void assert_close (double a, double b, double tolerance, const char *what, gsize i);
void assert_values (const FoveaTensor *tensor, double tolerance, guint n, ...);
