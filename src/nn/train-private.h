/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>

#include "nn/dnnl-train.h"
#include "nn/half.h"
#include "nn/kernels/train-kernels.h"
#include "nn/plan-private.h"
#include "nn/train-plan.h"

G_BEGIN_DECLS

/* How a training plan is built and run, for the files train-*.c alone.
 *
 *   FoveaTrainPlan ── parameters; a copy of the graph in which they are inputs             (train-plan)
 *      └─ FoveaTrainProgram: the graph for one set of input shapes                         (train-program)
 *            ├─ values: where each activation and gradient lies, and in which form         (train-values)
 *            └─ steps: a node or a few fused ones, forward and backward   (train-conv, train-norm, train-elements,
 *               train-dropout, train-functions, train-pictures, train-reference)
 *
 * Pictures are [N][H][W][C] in the arena, f32 or bf16; everything else in it is row-major f32. */

typedef struct _FoveaTrainProgram FoveaTrainProgram;
typedef struct _FoveaTrainStep FoveaTrainStep;

/* --- values
 * -------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const FoveaTensor *fact; /* type and shape, borrowed; NULL: known only when it runs */
  gboolean in_arena;       /* f32 of known shape that a node makes, or an input */
  gboolean last, half;     /* channels-last; bf16 */
  gboolean differs;        /* the loss depends on a parameter through it */
  int parameter;           /* or -1 */
  int data, gradient;      /* buffers, or -1 */
  guint n_uses;            /* by nodes, and as an output */
  FoveaTensor *tensor;     /* outside the arena: inputs, and what a reference kernel made of unknown size */
  /* A clip that the step which makes the value ends with; -inf, inf: none. @masked: its only reader gives the gradient
   * back already zeroed where the clip was at its limits. */
  float low, high;
  gboolean masked;
  gboolean written;        /* while building: a step before, in the order of backward, has set the gradient */
} FoveaTrainValue;

#define fovea_train_value(program, id) (&(program)->values[id])

/* N, C and pixels of a picture; of other shapes, dim[0], the rest and 1. */
typedef struct {
  gsize n, channels, pixels;
} FoveaPicture;

FoveaPicture fovea_train_picture (const FoveaTrainValue *value);
gsize        fovea_train_value_bytes (const FoveaTrainValue *value);

void *fovea_train_data (FoveaTrainProgram *program, int value);     /* of values in the arena and of parameters */
void *fovea_train_gradient (FoveaTrainProgram *program, int value); /* NULL: none */

/* The value as a plain f32 (or its own type's) tensor: a new reference, that may share memory with the arena. */
FoveaTensor *fovea_train_load (FoveaTrainProgram *program, int value, GError **error);
FoveaTensor *fovea_train_load_gradient (FoveaTrainProgram *program, int value, GError **error);
void         fovea_train_store (FoveaTrainProgram *program, int value, FoveaTensor *tensor);
/* @tensor f32 or f64, plain; added when @accumulate. */
void         fovea_train_store_gradient (FoveaTrainProgram *program, int value, const FoveaTensor *tensor, gboolean accumulate);

/* Element @i in memory */
static inline float
fovea_train_get (const FoveaTrainValue *value, const void *data, gsize i)
{
  return value->half ? fovea_bf16_to_float (((const guint16 *) data)[i]) : ((const float *) data)[i];
}

static inline void
fovea_train_put (const FoveaTrainValue *value, void *data, gsize i, float x)
{
  if (value->half)
    ((guint16 *) data)[i] = fovea_float_to_bf16 (x);
  else
    ((float *) data)[i] = x;
}

/* Both in the arena, of one shape and form */
static inline gboolean
fovea_train_same_form (const FoveaTrainValue *a, const FoveaTrainValue *b)
{
  return a->in_arena && b->in_arena && a->last == b->last && a->half == b->half
         && fovea_shape_equal (&a->fact->shape, &b->fact->shape);
}

static inline gboolean
fovea_train_has_clip (const FoveaTrainValue *value)
{
  return !isinf (value->low) || !isinf (value->high);
}

/* --- steps
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  gboolean (*forward) (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error);
  gboolean (*backward) (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error);
  void (*free_state) (gpointer state); /* nullable */
} FoveaTrainStepType;

struct _FoveaTrainStep {
  const FoveaTrainStepType *type;
  const FoveaNode *node;
  guint n_in, n_out;
  int *in, *out;         /* values; -1 none. A fused step's out[0] is what its last node makes */
  gboolean *accumulate;  /* by input: its gradient holds a part already */
  gboolean *keeps_in, *keeps_out; /* whose data backward reads */
  gboolean masks_input;  /* can give the gradient of in[0] back masked */
  gboolean *aliases;     /* by input: its gradient is the output's own memory */
  gboolean differs;      /* has a backward part */
  gpointer state;
  gint64 forward_ns, backward_ns; /* the shortest so far, or 0 */
};

/* Makers: NULL without @error when the step cannot be made that way. @taken: nodes that are part of it too are set. */
FoveaTrainStep *fovea_train_step_new (const FoveaTrainStepType *type, const FoveaNode *node);
void            fovea_train_step_free (FoveaTrainStep *step);
void            fovea_train_step_set_output (FoveaTrainStep *step, int value);

FoveaTrainStep *fovea_train_reference_new (FoveaTrainProgram *program, const FoveaNode *node);
FoveaTrainStep *fovea_train_conv_new (FoveaTrainProgram *program, guint node, gboolean *taken, GError **error);
FoveaTrainStep *fovea_train_norm_new (FoveaTrainProgram *program, guint node, gboolean *taken);
FoveaTrainStep *fovea_train_function_new (FoveaTrainProgram *program, guint node);
FoveaTrainStep *fovea_train_pictures_new (FoveaTrainProgram *program, guint node);
FoveaTrainStep *fovea_train_elements_new (FoveaTrainProgram *program, guint node, gboolean *taken);
FoveaTrainStep *fovea_train_dropout_new (FoveaTrainProgram *program, guint node);

/* train-outer.c: the gradients of a convolution's weights by our own kernels, as fovea_dnnl_conv_towards_weights(). */
gboolean fovea_train_outer_pays (const FoveaDnnlConvOptions *options);
gsize    fovea_train_outer_scratch (const FoveaDnnlConvOptions *options, guint n_threads);
void     fovea_train_outer_run (const FoveaDnnlConvOptions *options, const void *x, const void *dy, float *dw, float *db,
                                void *scratch, guint n_threads);

/* The clip (with limits that are known now) that alone reads what @step makes becomes a part of it. */
void     fovea_train_take_clip (FoveaTrainProgram *program, FoveaTrainStep *step, guint node, gboolean *taken);
gboolean fovea_train_read_clip (const FoveaTrainProgram *program, const FoveaNode *node, float *low, float *high);
void     fovea_train_undo_clip (FoveaTrainStep *step, FoveaTrainProgram *program);

/* to = clip (a + b);  d ∗= m (y) with the limits of @value: all of its elements, which lie there in its form */
void fovea_train_add (void *to, const void *a, const void *b, const FoveaTrainValue *value, float low, float high);
void fovea_train_mask (void *d, const void *y, const FoveaTrainValue *value);

/* --- programs
 * ------------------------------------------------------------------------------------------------------------ */

struct _FoveaTrainProgram {
  FoveaTrainPlan *plan;
  const FoveaGraph *graph;
  FoveaFacts *facts;
  FoveaTrainValue *values;
  GPtrArray *steps;  /* FoveaTrainStep */
  GArray *buffers;   /* FoveaBuffer */
  gsize arena_bytes;
  char *arena;       /* NULL until it runs */
  gsize scratch_bytes; /* that any step needs at a time */
  char *scratch;
  gboolean forward_done;
};

FoveaTrainProgram *fovea_train_program_new (FoveaTrainPlan *plan, FoveaTensor *const *inputs, GError **error);
void               fovea_train_program_free (FoveaTrainProgram *program);
void               fovea_train_program_drop_memory (FoveaTrainProgram *program); /* until the next forward */
gboolean           fovea_train_program_forward (FoveaTrainProgram *program, FoveaTensor *const *inputs,
                                                FoveaTensor **ret_outputs, GError **error);
gboolean           fovea_train_program_backward (FoveaTrainProgram *program, FoveaTensor *const *d_outputs, GError **error);

struct _FoveaTrainPlan {
  FoveaGraph *graph;    /* as given */
  FoveaGraph *training; /* the copy: parameters are inputs behind the graph's own */
  guint n_inputs;       /* the graph's own */
  FoveaTrainPlanOptions options;
  GArray *parameters;   /* FoveaParameter */
  GPtrArray *programs;  /* the last used first */
  guint64 version;      /* of the weights */
  guint64 noise;        /* what dropout draws from; 0: nothing is dropped */
  gsize noise_row;      /* the inputs' first row in the batch */
  guint n_threads;
};

#define fovea_train_parameter(plan, i) (&g_array_index ((plan)->parameters, FoveaParameter, (i)))

G_END_DECLS
