/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "nn/interpreter.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* Runs every ONNX backend node test (FOVEA_ONNX_TESTDATA/node) with the reference interpreter and as a plan. A case
 * passes when all its outputs are right by the measure of ONNX's own runner, or is refused with the name of the
 * operator. Anything else is wrong, as is a case of onnx-nodes-passing.txt that no longer passes.
 * With FOVEA_UPDATE=FILE the names of what passes are written there. */

#define RTOL 1e-3
#define ATOL 1e-7
#define MIN_PASSED 590

typedef enum { PASSED, REFUSED, WRONG } Outcome;

static gboolean
equal_values (FoveaTensor *got, FoveaTensor *wanted, char **ret_why)
{
  g_autoptr (FoveaTensor) a = fovea_tensor_convert (got, FOVEA_DTYPE_F64, NULL);
  g_autoptr (FoveaTensor) b = fovea_tensor_convert (wanted, FOVEA_DTYPE_F64, NULL);

  for (gsize i = 0; i < got->n_elements; i++)
    {
      double x = FOVEA_TENSOR_DATA (a, double)[i], y = FOVEA_TENSOR_DATA (b, double)[i];

      if (x == y || (isnan (x) && isnan (y)) || fabs (x - y) <= ATOL + RTOL * fabs (y))
        continue;
      *ret_why = g_strdup_printf ("element %" G_GSIZE_FORMAT " is %g instead of %g", i, x, y);
      return FALSE;
    }
  return TRUE;
}

static gboolean
equal_tensors (FoveaTensor *got, FoveaTensor *wanted, char **ret_why)
{
  g_autofree char *a = fovea_shape_to_string (&got->shape), *b = fovea_shape_to_string (&wanted->shape);

  if (got->dtype != wanted->dtype || !fovea_shape_equal (&got->shape, &wanted->shape))
    {
      *ret_why = g_strdup_printf ("it is %s %s instead of %s %s", fovea_dtype_name (got->dtype), a,
                                  fovea_dtype_name (wanted->dtype), b);
      return FALSE;
    }
  return equal_values (got, wanted, ret_why);
}

static FoveaTensor *
load_numbered (const char *folder, const char *kind, guint i, GError **error)
{
  g_autofree char *base = g_strdup_printf ("%s_%u.pb", kind, i);
  g_autofree char *path = g_build_filename (folder, base, NULL);

  return fovea_onnx_load_tensor (path, NULL, error);
}

static void
drop_tensors (FoveaTensor **tensors, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&tensors[i], fovea_tensor_unref);
}

/* As fovea_interpret(), through a plan of this run alone. */
static gboolean
run_plan (FoveaGraph *graph, FoveaTensor *const *inputs, FoveaTensor **ret_outputs, GError **error)
{
  g_autoptr (FoveaPlan) plan = fovea_plan_new (graph, 0, error);

  return plan != NULL && fovea_plan_run (plan, inputs, ret_outputs, NULL, error);
}

/* One test_data_set_*. */
static Outcome
run_set (FoveaGraph *graph, const char *folder, gboolean as_plan, char **ret_why)
{
  guint n_in = graph->inputs->len, n_out = graph->outputs->len;
  g_autofree FoveaTensor **inputs = g_new0 (FoveaTensor *, n_in), **outputs = g_new0 (FoveaTensor *, n_out);
  g_autoptr (GError) error = NULL;
  Outcome outcome = PASSED;

  for (guint i = 0; i < n_in && error == NULL; i++)
    inputs[i] = load_numbered (folder, "input", i, &error);
  if (error == NULL && as_plan)
    run_plan (graph, inputs, outputs, &error);
  else if (error == NULL)
    fovea_interpret (graph, inputs, outputs, NULL, &error);
  for (guint i = 0; i < n_out && error == NULL && outcome == PASSED; i++)
    {
      g_autoptr (FoveaTensor) wanted = load_numbered (folder, "output", i, &error);

      if (wanted != NULL && !equal_tensors (outputs[i], wanted, ret_why))
        outcome = WRONG;
    }
  if (error != NULL)
    {
      outcome = g_error_matches (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED) ? REFUSED : WRONG;
      *ret_why = g_strdup (error->message);
    }
  drop_tensors (inputs, n_in);
  drop_tensors (outputs, n_out);
  return outcome;
}

static Outcome
run_case (const char *folder, char **ret_why)
{
  g_autofree char *model = g_build_filename (folder, "model.onnx", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaGraph) graph = fovea_onnx_load (model, &error);
  Outcome outcome = PASSED;
  guint n_sets = 0;

  if (graph == NULL)
    {
      *ret_why = g_strdup (error->message);
      return g_error_matches (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED) ? REFUSED : WRONG;
    }
  for (; outcome == PASSED; n_sets++)
    {
      g_autofree char *base = g_strdup_printf ("test_data_set_%u", n_sets);
      g_autofree char *set = g_build_filename (folder, base, NULL);

      if (!g_file_test (set, G_FILE_TEST_IS_DIR))
        break;
      outcome = run_set (graph, set, FALSE, ret_why);
      if (outcome == PASSED)
        {
          outcome = run_set (graph, set, TRUE, ret_why);
          if (outcome != PASSED)
            {
              g_autofree char *why = *ret_why;

              *ret_why = g_strconcat ("only as a plan: ", why, NULL);
              outcome = WRONG;
            }
        }
    }
  if (n_sets == 0)
    {
      *ret_why = g_strdup ("the case has no data");
      return WRONG;
    }
  return outcome;
}

/* The operator that a refusal names, as "Name (opset 13), node"; NULL when it names none that is in the model. */
static char *
named_operator (const char *folder, const char *message)
{
  g_autofree char *path = g_build_filename (folder, "model.onnx", NULL), *model = NULL;
  g_autoptr (GRegex) regex = g_regex_new ("([A-Za-z0-9_]+) \\(opset -?[0-9]+\\), node “", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *name = NULL;
  gsize length;

  if (!g_regex_match (regex, message, 0, &match) || !g_file_get_contents (path, &model, &length, NULL))
    return NULL;
  name = g_match_info_fetch (match, 1);
  return memmem (model, length, name, strlen (name)) != NULL ? g_steal_pointer (&name) : NULL;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static GPtrArray *
list_cases (const char *root)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (root, 0, &error);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "test_"))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static void
report_refusals (GHashTable *refused, guint n)
{
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (refused), (GCompareFunc) strcmp);
  g_autoptr (GString) text = g_string_new (NULL);

  for (GList *l = names; l != NULL; l = l->next)
    g_string_append_printf (text, " %s %d", (const char *) l->data,
                            GPOINTER_TO_INT (g_hash_table_lookup (refused, l->data)));
  g_test_message ("refused: %u, by operator:%s", n, text->str);
}

static void
check_expectations (GHashTable *passed)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (g_test_get_filename (G_TEST_DIST, "onnx-nodes-passing.txt", NULL), &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0' && !g_hash_table_contains (passed, lines[i]))
      {
        g_test_message ("%s passed before", lines[i]);
        g_test_fail ();
      }
}

typedef struct {
  guint n[3];
  GHashTable *refused; /* operator → number */
  GHashTable *passed;
  GString *names;
} Totals;

static void
count_case (Totals *totals, const char *root, const char *name)
{
  g_autofree char *folder = g_build_filename (root, name, NULL), *why = NULL, *operator = NULL;
  Outcome outcome = run_case (folder, &why);

  if (outcome == REFUSED)
    operator = named_operator (folder, why);
  if (outcome == REFUSED && operator == NULL)
    outcome = WRONG; /* a refusal without the operator's name helps nobody */
  totals->n[outcome]++;
  if (outcome == PASSED)
    {
      g_hash_table_add (totals->passed, (gpointer) name);
      g_string_append_printf (totals->names, "%s\n", name);
    }
  else if (outcome == REFUSED)
    {
      int count = GPOINTER_TO_INT (g_hash_table_lookup (totals->refused, operator));

      g_hash_table_insert (totals->refused, g_steal_pointer (&operator), GINT_TO_POINTER (count + 1));
      g_test_message ("refused: %s: %s", name, why);
    }
  else
    g_test_message ("WRONG: %s: %s", name, why);
}

static void
test_all (void)
{
  g_autofree char *root = g_build_filename (FOVEA_ONNX_TESTDATA, "node", NULL);
  g_autoptr (GPtrArray) cases = list_cases (root);
  g_autoptr (GHashTable) refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) passed = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) names = g_string_new (NULL);
  Totals totals = { .refused = refused, .passed = passed, .names = names };

  for (guint i = 0; i < cases->len; i++)
    count_case (&totals, root, cases->pdata[i]);
  report_refusals (refused, totals.n[REFUSED]);
  g_test_message ("of %u cases %u passed, %u refused, %u wrong", cases->len, totals.n[PASSED], totals.n[REFUSED],
                  totals.n[WRONG]);
  if (g_getenv ("FOVEA_UPDATE") != NULL)
    g_assert_true (g_file_set_contents (g_getenv ("FOVEA_UPDATE"), names->str, -1, NULL));
  check_expectations (passed);
  g_assert_cmpuint (totals.n[WRONG], ==, 0);
  g_assert_cmpuint (totals.n[PASSED], >=, MIN_PASSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/onnx-nodes/all", test_all);
  return g_test_run ();
}
