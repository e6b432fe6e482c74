/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/dnnl-shim.h"
#include "nn/kernels/kernels.h"
#include "nn/op.h"
#include "nn/ops/op-util.h"
#include "nn/plan.h"

G_BEGIN_DECLS

/* How a plan is built and run, for the files plan-*.c alone.
 *
 *   FoveaPlan ── weights folded and packed, one copy a convolution, whatever the input's shape   (plan-weights)
 *      └─ FoveaProgram: the graph for one set of input shapes                                     (plan-program)
 *            ├─ facts: type, shape and, where they are known without an input, values             (plan-facts)
 *            ├─ units: nodes, some fused into convolutions and blocks                             (plan-fuse)
 *            └─ steps over buffers of one arena                                                   (plan-build,
 *            plan-steps)
 *
 * Pictures are computed channels-last, [N][H][W][C] in memory, whatever the graph says: a pixel is one row of a matrix
 * product, a channel count needs no padding to a block, and two convolutions never need a conversion between them.
 * Everything else is plain row-major. A step converts what it reads when the layout is the other one. */

typedef enum {
  FOVEA_LAYOUT_PLAIN,
  FOVEA_LAYOUT_LAST,
  FOVEA_N_LAYOUTS
} FoveaLayout;

/* --- facts
 * ---------------------------------------------------------------------------------------------------------- */

/* By value id: a tensor with its shape, with data when the values do not depend on the inputs; NULL when even the shape
 * depends on data. */
typedef struct {
  guint n;
  FoveaTensor **known;
} FoveaFacts;

/* @inputs: their types and shapes; no data is read. */
FoveaFacts *fovea_facts_new (const FoveaGraph *graph, FoveaTensor *const *inputs, GError **error);
void        fovea_facts_free (FoveaFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaFacts, fovea_facts_free)

/* Whether every image of a batch can be computed alone: dimension 0 of every input and output is the batch, and each
 * operator maps row to row. @one and @two are the facts for batches of one and two. */
gboolean fovea_batch_is_independent (const FoveaGraph *graph, const FoveaFacts *one, const FoveaFacts *two);

/* --- weights
 * -------------------------------------------------------------------------------------------------------- */

/* A convolution's (or dense layer's) weights with everything that scales or shifts a channel folded in.
 *   dense:      for every group, panels one after the other: [panel][tap · depth][width]
 *   depthwise:  [tap][channels]
 * bias is padded to whole panels. */
typedef struct {
  gatomicrefcount ref_count;
  gboolean depthwise;
  gboolean sparse;                     /* panels of the width for inputs that are mostly zeros */
  gsize n_groups, in_depth, out_depth; /* of one group */
  gsize n_taps;
  float *data, *bias;
  gsize group_size, group_bias;        /* floats from one group's panels and biases to the next's */
  gsize n_bytes;
} FoveaWeights;

void  fovea_weights_unref (FoveaWeights *weights);

/* @w [n_groups · out_depth][in_depth][n_taps] as ONNX has it; @scale and @shift (nullable) per output channel:
 * y ↦ scale · y + shift, applied in double precision. @rectified: the input is mostly zeros, which is used where it
 * pays (never with a weight that is not finite: zero times that is no zero). MEMORY when there is none. */
FoveaWeights *fovea_weights_new (const FoveaKernels *kernels, const float *w, gsize n_groups, gsize out_depth,
                                 gsize in_depth, gsize n_taps, const double *scale, const double *shift,
                                 gboolean rectified, GError **error);

/* [out][in][tap] again, of one group. */
float *fovea_weights_unpack (const FoveaWeights *weights, const FoveaKernels *kernels) G_GNUC_WARN_UNUSED_RESULT;

/* The width of the next panel. */
gsize fovea_weights_width (const FoveaWeights *weights, const FoveaKernels *kernels, gsize columns_left);

/* --- units: what is computed together
 * ------------------------------------------------------------------------------- */

/* Deeper inputs are not searched for zeros. */
#define FOVEA_SPARSE_MAX_LIST 8192

/* Convolutions with more taps than this run in the reference kernel. */
#define FOVEA_CONV_MAX_TAPS 256

typedef struct {
  guint node;          /* the graph's node it comes from: the key of its weights */
  int x, y, residual;  /* value ids; residual -1: none */
  FoveaWeights *weights;
  gsize kernel[2], stride[2], dilation[2];
  gsize before[2], after[2]; /* padding: top and left, bottom and right */
  gsize in[3], out[3];       /* height, width, channels */
  gsize batch;
  gboolean flat;       /* a dense layer: x and y are matrices, batch is their number of rows */
  float low, high;
} FoveaConv;

typedef enum {
  FOVEA_UNIT_EMPTY,  /* became part of another */
  FOVEA_UNIT_NODE,   /* one node with no better way */
  FOVEA_UNIT_CONV,   /* conv[0] */
  FOVEA_UNIT_BLOCK,  /* conv[0] dense → conv[1] depthwise → conv[2] 1×1: neither result between exists as a whole */
} FoveaUnitKind;

typedef struct {
  FoveaUnitKind kind;
  guint node; /* the graph's node, of the last one when fused */
  guint n_convs;
  FoveaConv conv[3];
} FoveaUnit;

/* The cache of weights by node index; owned by the plan. */
typedef struct {
  const FoveaKernels *kernels;
  GHashTable *by_node; /* guint → FoveaWeights */
  gsize n_bytes;
} FoveaWeightStore;

/* Units in an order in which they can be computed. Nodes whose outputs are all known are left out. */
GArray *fovea_fuse (const FoveaGraph *graph, const FoveaFacts *facts, FoveaWeightStore *store, GError **error);

/* --- threads
 * -------------------------------------------------------------------------------------------------------- */

/* Cores that this process may use; hardware threads of one core count once. OMP_NUM_THREADS lowers it. */
guint fovea_n_threads (void);

/* Who computes a step: thread @index of @n that meet at @barrier after it. */
typedef struct {
  gint arrived, generation;
} FoveaBarrier;

typedef struct {
  guint index, n;
  FoveaBarrier *barrier; /* NULL when n is 1 */
} FoveaTeam;

void fovea_team_wait (const FoveaTeam *team);
/* The part [from, to) of @total that is this thread's. */
void fovea_team_share (const FoveaTeam *team, gsize total, gsize *ret_from, gsize *ret_to);

/* --- steps
 * ---------------------------------------------------------------------------------------------------------- */

typedef struct _FoveaProgram FoveaProgram;
typedef struct _FoveaStep FoveaStep;

/* What one run of a program works on. */
typedef struct {
  const FoveaProgram *program;
  char *arena;
  FoveaTensor **tensors;  /* by buffer: inputs, and what a reference kernel made */
  gboolean timed;         /* no other run goes beside this one */
} FoveaRun;

/* Computed by every thread of the team together; the caller waits for all of them before the next step. */
typedef void (*FoveaStepTogether) (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team);
/* Computed by one thread (which may use others through OpenMP when it is not in a team). */
typedef gboolean (*FoveaStepAlone) (const FoveaStep *step, const FoveaRun *run, GError **error);

struct _FoveaStep {
  FoveaStepTogether together; /* one of the two */
  FoveaStepAlone alone;
  const FoveaKernels *kernels;
  const FoveaNode *node;      /* whose reference kernel is run */
  guint n_in, n_out;
  int *in, *out;              /* buffers; -1 none */
  FoveaUnit unit;             /* of convolutions */
  gsize n[4];                 /* sizes; the meaning is the step's */
  float low, high;
  int scratch;                /* buffer or -1 */
  gsize scratch_share;        /* bytes of it a thread */
  FoveaDnnl *dnnl;
  char *what;                 /* "conv 3×3/2 + clip" */
};

typedef enum {
  FOVEA_BUFFER_ARENA,
  FOVEA_BUFFER_CONSTANT,
  FOVEA_BUFFER_INPUT,
  FOVEA_BUFFER_TENSOR, /* made by a reference kernel */
} FoveaBufferKind;

typedef struct {
  FoveaBufferKind kind;
  FoveaTensor *fact;  /* type and shape, nullable; the values of a constant */
  guint input;        /* FOVEA_BUFFER_INPUT: which */
  int root;           /* the buffer with the same bytes that owns them; itself */
  gsize n_bytes, offset;
  int first, last;    /* steps between which it lives */
} FoveaBuffer;

#define fovea_program_buffer(program, i) (&g_array_index ((program)->buffers, FoveaBuffer, (i)))
#define fovea_program_step(program, i) (&g_array_index ((program)->steps, FoveaStep, (i)))

struct _FoveaProgram {
  const FoveaGraph *graph;
  const FoveaKernels *kernels;
  guint n_threads;
  FoveaFacts *facts;
  GArray *units;      /* FoveaUnit; steps look at them */
  GArray *steps;      /* FoveaStep */
  GArray *buffers;    /* FoveaBuffer */
  GArray *outputs;    /* int: buffer by graph output */
  gsize arena_bytes;
  float *zeros;       /* for padding */
  gboolean uses_all_cores; /* a step divides its own work between the cores: no runs side by side */
  gint64 *best_ns;    /* by step: the shortest time, of runs that were not beside others; 0 = none yet */
};

FoveaProgram *fovea_program_new (const FoveaGraph *graph, FoveaTensor *const *inputs, FoveaWeightStore *store,
                                 guint n_threads, GError **error);
void          fovea_program_free (FoveaProgram *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaProgram, fovea_program_free)

/* The bytes of a buffer in this run. */
void        *fovea_run_data (const FoveaRun *run, int buffer);
/* The buffer as a tensor, for reference kernels: a new reference that must not outlive the run. */
FoveaTensor *fovea_run_tensor (const FoveaRun *run, int buffer);

/* @n_threads 1: on this thread alone, so that several runs can go side by side. */
gboolean fovea_program_run (const FoveaProgram *program, FoveaTensor *const *inputs, char *arena, guint n_threads,
                            FoveaTensor **ret_outputs, GError **error);

/* plan-dnnl.c: what oneDNN computes. NULL when it cannot, or is not faster. */
FoveaDnnl *fovea_plan_dnnl_conv (const FoveaUnit *unit, const FoveaKernels *kernels);
FoveaDnnl *fovea_plan_dnnl_pool (const FoveaNode *node, const FoveaTensor *x, const FoveaTensor *y);
FoveaDnnl *fovea_plan_dnnl_matmul (const FoveaNode *node, const FoveaTensor *a, const FoveaTensor *b, const FoveaTensor *y);

/* plan-arena.c: gives every buffer (FoveaBuffer) of the arena its offset; two that live at the same time do not overlap.
 * Returns the arena's size. */
gsize fovea_arena_pack (GArray *buffers);

/* --- convolutions
 * --------------------------------------------------------------------------------------------------- */

/* Where one call of fovea_conv_compute() reads and writes. Pixels are counted over all pictures of the batch. */
typedef struct {
  const float *x;        /* of pixel 0 of the input; of pixel @x_origin for a 1×1 convolution */
  const float *zeros;    /* fovea_conv_zeros() of them, for padding */
  const float *residual; /* of output pixel 0, or NULL */
  float *y;              /* of output pixel @origin */
  gsize y_stride;        /* floats from one output pixel to the next */
  gsize origin, x_origin;
  gsize column_origin;   /* the output channel that y begins with */
} FoveaConvPart;

/* Output pixels [from, to) and the panels whose first column is in [column_from, column_to). Not for depthwise
 * weights. */
void  fovea_conv_compute (const FoveaConv *conv, const FoveaKernels *kernels, const FoveaConvPart *part, gsize from,
                          gsize to, gsize column_from, gsize column_to);
gsize fovea_conv_zeros (const FoveaConv *conv); /* floats */

/* plan-steps.c: the other steps. */
void     fovea_step_to_last (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team);
void     fovea_step_to_plain (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team);
void     fovea_step_mean (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team);
void     fovea_step_add (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team);
gboolean fovea_step_dnnl (const FoveaStep *step, const FoveaRun *run, GError **error);
gboolean fovea_step_reference (const FoveaStep *step, const FoveaRun *run, GError **error);

void  fovea_step_conv (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team);
void  fovea_step_block (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team);
gsize fovea_block_scratch (const FoveaUnit *unit); /* bytes a thread */

/* plan-wide.c: the first two convolutions of a block over a small picture, a panel of channels at a time. */
void     fovea_step_wide (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team);
gsize    fovea_wide_scratch (const FoveaUnit *unit, const FoveaKernels *kernels); /* bytes a thread */
gboolean fovea_wide_pays (const FoveaUnit *unit);

G_END_DECLS
