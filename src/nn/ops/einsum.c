/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include "nn/ops/op-check.h"

/* Einsum: "bij,bjk->bik". A letter that repeats within a term is a diagonal, one that the output lacks is summed over;
 * "..." stands for axes that broadcast from the right. Without "->" the output has the letters that occur once, in
 * alphabetical order, after the "..." axes. Operands are contracted from left to right, two at a time, so that three
 * operands cost no more than two products. Source: ONNX operators, Einsum; numpy.einsum. */

#define N_LETTERS 52
#define N_LABELS (N_LETTERS + FOVEA_MAX_RANK) /* then the axes of "...", the last of them last */
#define MAX_TERM 64
#define MAX_STEPS 1e13

typedef struct {
  int n;
  guint8 label[MAX_TERM];
  int dots; /* position of "..." in label[], −1 without */
} Term;

typedef struct {
  guint n_terms;
  Term *terms;
  Term output;
  int n_dots; /* axes that "..." stands for at most */
  gint64 size[N_LABELS];
} Equation;

static void
equation_clear (Equation *eq)
{
  g_free (eq->terms);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Equation, equation_clear)

static int
letter_label (char c)
{
  return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1;
}

/* One term, up to a comma, "->" or the end; *text is moved behind it. */
static gboolean
parse_term (const char **text, Term *ret, GError **error)
{
  const char *p = *text;

  ret->n = 0;
  ret->dots = -1;
  for (; *p != '\0' && *p != ',' && !(p[0] == '-' && p[1] == '>'); p++)
    if (g_str_has_prefix (p, "...") && ret->dots < 0)
      {
        ret->dots = ret->n;
        p += 2;
      }
    else if (*p == ' ')
      continue;
    else if (letter_label (*p) < 0)
      return fovea_refuse (error, MALFORMED, "the equation cannot be read from “%.20s” on", p);
    else if (ret->n == MAX_TERM)
      return fovea_refuse (error, LIMIT, "the equation has a term of more than %d letters", MAX_TERM);
    else
      ret->label[ret->n++] = (guint8) letter_label (*p);
  *text = p;
  return TRUE;
}

/* Replaces "..." in @term by the last @n of the broadcast labels. */
static gboolean
expand_dots (Term *term, int n, GError **error)
{
  if (term->dots < 0 || n == 0)
    return TRUE;
  if (term->n + n > MAX_TERM)
    return fovea_refuse (error, LIMIT, "the equation has a term of more than %d axes", MAX_TERM);
  memmove (term->label + term->dots + n, term->label + term->dots, (gsize) (term->n - term->dots));
  for (int i = 0; i < n; i++)
    term->label[term->dots + i] = (guint8) (N_LABELS - n + i);
  term->n += n;
  return TRUE;
}

static void
implicit_output (Equation *eq)
{
  guint count[N_LETTERS] = { 0 };

  eq->output.n = 0;
  eq->output.dots = 0;
  for (guint t = 0; t < eq->n_terms; t++)
    for (int i = 0; i < eq->terms[t].n; i++)
      if (eq->terms[t].label[i] < N_LETTERS)
        count[eq->terms[t].label[i]]++;
  for (int letter = 0; letter < N_LETTERS; letter++)
    if (count[letter] == 1)
      eq->output.label[eq->output.n++] = (guint8) letter;
}

static gboolean
parse_terms (Equation *eq, const char *text, guint n_inputs, gboolean *ret_arrow, GError **error)
{
  eq->terms = g_new0 (Term, n_inputs);
  for (;;)
    {
      if (eq->n_terms == n_inputs)
        return fovea_refuse (error, MALFORMED, "the equation has more terms than the %u inputs", n_inputs);
      if (!parse_term (&text, &eq->terms[eq->n_terms++], error))
        return FALSE;
      if (*text != ',')
        break;
      text++;
    }
  if (eq->n_terms != n_inputs)
    return fovea_refuse (error, MALFORMED, "the equation has %u terms for %u inputs", eq->n_terms, n_inputs);
  *ret_arrow = *text == '-';
  if (*ret_arrow)
    {
      text += 2;
      if (!parse_term (&text, &eq->output, error))
        return FALSE;
      if (*text != '\0')
        return fovea_refuse (error, MALFORMED, "the equation goes on behind its output: “%.20s”", text);
    }
  return TRUE;
}

/* Sizes of the labels: equal wherever a label stands; 1 broadcasts in "..." axes and, as numpy has it, for letters. */
static gboolean
bind_sizes (Equation *eq, const FoveaOpContext *ctx, GError **error)
{
  for (int i = 0; i < N_LABELS; i++)
    eq->size[i] = -1;
  for (guint t = 0; t < eq->n_terms; t++)
    for (int i = 0; i < eq->terms[t].n; i++)
      {
        gint64 dim = ctx->in[t]->shape.dim[i], *size = &eq->size[eq->terms[t].label[i]];

        if (*size == -1 || *size == 1)
          *size = dim;
        else if (dim != *size && dim != 1)
          return fovea_refuse (error, SHAPE, "input %u has %" G_GINT64_FORMAT " along axis %d, another %" G_GINT64_FORMAT,
                               t, dim, i, *size);
      }
  for (int i = 0; i < eq->output.n; i++)
    {
      if (eq->size[eq->output.label[i]] < 0)
        return fovea_refuse (error, MALFORMED, "the output has a letter that no input has");
      for (int k = 0; k < i; k++)
        if (eq->output.label[k] == eq->output.label[i])
          return fovea_refuse (error, MALFORMED, "the output has a letter twice");
    }
  return TRUE;
}

static gboolean
read_equation (const FoveaOpContext *ctx, Equation *eq, FoveaShape *ret_shape, GError **error)
{
  const char *text = fovea_node_string (ctx->node, "equation", NULL);
  gboolean arrow = FALSE;

  if (text == NULL)
    return fovea_refuse (error, MALFORMED, "the attribute equation is missing");
  if (!parse_terms (eq, text, ctx->n_in, &arrow, error))
    return FALSE;
  if (!arrow)
    implicit_output (eq);
  for (guint t = 0; t < eq->n_terms; t++)
    {
      int rank = ctx->in[t]->shape.rank, named = eq->terms[t].n;

      if (eq->terms[t].dots < 0 ? rank != named : rank < named)
        return fovea_refuse (error, SHAPE, "input %u has rank %d, its term names %d axes", t, rank, named);
      eq->n_dots = MAX (eq->n_dots, rank - named);
      if (!expand_dots (&eq->terms[t], rank - named, error))
        return FALSE;
    }
  if (!expand_dots (&eq->output, eq->n_dots, error) || !bind_sizes (eq, ctx, error))
    return FALSE;
  if (eq->output.n > FOVEA_MAX_RANK)
    return fovea_refuse (error, UNSUPPORTED, "the output has %d axes, at most %d are supported", eq->output.n,
                         FOVEA_MAX_RANK);
  ret_shape->rank = eq->output.n;
  for (int i = 0; i < eq->output.n; i++)
    ret_shape->dim[i] = eq->size[eq->output.label[i]];
  return TRUE;
}

#define DTYPES_EINSUM (FOVEA_DTYPES_REAL | FOVEA_DTYPES_INDEX)

static gboolean
einsum_shape (FoveaOpContext *ctx, GError **error)
{
  g_auto (Equation) eq = { 0 };
  FoveaShape shape;

  for (guint i = 0; i < ctx->n_in; i++)
    if (!fovea_op_check_in (ctx, i, DTYPES_EINSUM, error) || !fovea_op_check_same (ctx, i, error))
      return FALSE;
  if (!read_equation (ctx, &eq, &shape, error))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (einsum)

/* A walk over labels: the output's first, then those that are summed over. */
typedef struct {
  int n;
  gint64 size[N_LABELS], stride[3][N_LABELS]; /* of operand a, b and the output */
} Loop;

/* Element strides of @tensor by label; a repeated label adds up, an axis of 1 stands still. */
static void
label_strides (const FoveaTensor *tensor, const Term *term, gint64 *ret_stride)
{
  gint64 strides[FOVEA_MAX_RANK];

  memset (ret_stride, 0, sizeof (gint64) * N_LABELS);
  if (tensor == NULL)
    return;
  fovea_strides (&tensor->shape, strides);
  for (int i = 0; i < term->n; i++)
    if (tensor->shape.dim[i] > 1)
      ret_stride[term->label[i]] += strides[i];
}

#define DEFINE_CONTRACT(name, T) \
  static void \
  contract_##name (const Loop *loop, const T *a, const T *b, T *y) \
  { \
    gint64 index[N_LABELS] = { 0 }; \
\
    for (;;) \
      { \
        int i = loop->n - 1; \
\
        *y += b != NULL ? *a * *b : *a; \
        for (; i >= 0; i--) \
          { \
            a += loop->stride[0][i]; \
            b = b != NULL ? b + loop->stride[1][i] : NULL; \
            y += loop->stride[2][i]; \
            if (++index[i] < loop->size[i]) \
              break; \
            a -= loop->stride[0][i] * loop->size[i]; \
            b = b != NULL ? b - loop->stride[1][i] * loop->size[i] : NULL; \
            y -= loop->stride[2][i] * loop->size[i]; \
            index[i] = 0; \
          } \
        if (i < 0) \
          return; \
      } \
  }

DEFINE_CONTRACT (f32, float)
DEFINE_CONTRACT (f64, double)
DEFINE_CONTRACT (w32, guint32)
DEFINE_CONTRACT (w64, guint64)

/* y += Σ a b over every label that y lacks; @b may be NULL. */
static gboolean
contract (const Equation *eq, const FoveaTensor *a, const Term *ta, const FoveaTensor *b, const Term *tb, FoveaTensor *y,
          const Term *ty, GError **error)
{
  gint64 strides[3][N_LABELS];
  double steps = 1;
  Loop loop = { 0 };

  if (a->n_elements == 0 || (b != NULL && b->n_elements == 0) || y->n_elements == 0)
    return TRUE;
  label_strides (a, ta, strides[0]);
  label_strides (b, tb, strides[1]);
  label_strides (y, ty, strides[2]);
  for (int label = 0; label < N_LABELS; label++)
    {
      gboolean used = memchr (ta->label, label, (gsize) ta->n) != NULL
                      || (b != NULL && memchr (tb->label, label, (gsize) tb->n) != NULL);

      if (!used || eq->size[label] == 1)
        continue;
      loop.size[loop.n] = eq->size[label];
      for (int k = 0; k < 3; k++)
        loop.stride[k][loop.n] = strides[k][label];
      loop.n++;
      steps *= (double) eq->size[label];
    }
  if (steps > MAX_STEPS)
    return fovea_refuse (error, LIMIT, "the equation asks for %g multiplications", steps);
  if (a->dtype == FOVEA_DTYPE_F32)
    contract_f32 (&loop, a->data, b != NULL ? b->data : NULL, y->data);
  else if (a->dtype == FOVEA_DTYPE_F64)
    contract_f64 (&loop, a->data, b != NULL ? b->data : NULL, y->data);
  else if (a->dtype == FOVEA_DTYPE_I32)
    contract_w32 (&loop, a->data, b != NULL ? b->data : NULL, y->data);
  else
    contract_w64 (&loop, a->data, b != NULL ? b->data : NULL, y->data);
  return TRUE;
}

/* What must be kept of the labels of @a and @b when the terms from @next on and the output are still to come. */
static gboolean
kept_labels (const Equation *eq, const Term *a, const Term *b, guint next, Term *ret, GError **error)
{
  gboolean wanted[N_LABELS] = { FALSE };

  for (int i = 0; i < eq->output.n; i++)
    wanted[eq->output.label[i]] = TRUE;
  for (guint t = next; t < eq->n_terms; t++)
    for (int i = 0; i < eq->terms[t].n; i++)
      wanted[eq->terms[t].label[i]] = TRUE;
  ret->n = 0;
  for (int label = 0; label < N_LABELS; label++)
    if (wanted[label]
        && (memchr (a->label, label, (gsize) a->n) != NULL || memchr (b->label, label, (gsize) b->n) != NULL))
      {
        if (ret->n == FOVEA_MAX_RANK)
          return fovea_refuse (error, UNSUPPORTED, "a step of the equation has more than %d axes", FOVEA_MAX_RANK);
        ret->label[ret->n++] = (guint8) label;
      }
  return TRUE;
}

static gboolean
einsum_run (FoveaOpContext *ctx, GError **error)
{
  g_auto (Equation) eq = { 0 };
  g_autoptr (FoveaTensor) left = NULL;
  FoveaShape shape;
  Term term;

  if (!read_equation (ctx, &eq, &shape, error))
    return FALSE;
  left = fovea_tensor_ref (ctx->in[0]);
  term = eq.terms[0];
  for (guint t = 1; t + 1 < eq.n_terms; t++)
    {
      FoveaTensor *product;
      FoveaShape step = { 0 };
      Term kept;

      if (!kept_labels (&eq, &term, &eq.terms[t], t + 1, &kept, error))
        return FALSE;
      step.rank = kept.n;
      for (int i = 0; i < kept.n; i++)
        step.dim[i] = eq.size[kept.label[i]];
      product = fovea_tensor_new (left->dtype, &step, error);
      if (product == NULL || !contract (&eq, left, &term, ctx->in[t], &eq.terms[t], product, &kept, error))
        {
          g_clear_pointer (&product, fovea_tensor_unref);
          return FALSE;
        }
      fovea_tensor_unref (left);
      left = product;
      term = kept;
    }
  if (eq.n_terms == 1)
    return contract (&eq, left, &term, NULL, NULL, ctx->out[0], &eq.output, error);
  return contract (&eq, left, &term, ctx->in[eq.n_terms - 1], &eq.terms[eq.n_terms - 1], ctx->out[0], &eq.output, error);
}

const FoveaOp fovea_ops_einsum[] = {
  { "Einsum", 12, 0, 1, G_MAXUINT, 1, 1, einsum_infer, einsum_run, FOVEA_OP_WIDEN_HALF },
  { NULL }
};
