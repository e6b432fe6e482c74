/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "nn/nn-run.h"
#include "nn/onnx.h"
#include "onnx-bytes.h"

/* y = x1 - x2 of two f32 [3] */
static GByteArray *
difference_model (void)
{
  GByteArray *graph = g_byte_array_new ();

  put_part (graph, GRAPH_INPUT, make_value ("x1", 1, 3));
  put_part (graph, GRAPH_INPUT, make_value ("x2", 1, 3));
  put_part (graph, GRAPH_NODE, make_node ("Sub", "x1", "x2", "y"));
  put_part (graph, GRAPH_OUTPUT, make_value ("y", 1, 3));
  return make_model (graph, 13);
}

typedef struct {
  char *folder, *model, *one, *two, *wide, *output, *result;
} Files;

static char *
in_folder (const Files *files, const char *name)
{
  return g_build_filename (files->folder, name, NULL);
}

static void
write_tensor (const char *path, gint64 n, float scale)
{
  FoveaShape shape = fovea_shape (1, n);
  g_autoptr (FoveaTensor) tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);

  for (gint64 i = 0; i < n; i++)
    FOVEA_TENSOR_DATA (tensor, float)[i] = (float) i * scale;
  g_assert_true (fovea_onnx_save_tensor (tensor, "t", path, NULL));
}

static void
set_up (Files *files, gconstpointer data)
{
  g_autoptr (GByteArray) model = difference_model ();

  files->folder = g_dir_make_tmp ("fovea-run-XXXXXX", NULL);
  files->model = in_folder (files, "model.onnx");
  files->one = in_folder (files, "one.pb");
  files->two = in_folder (files, "two.pb");
  files->wide = in_folder (files, "wide.pb");
  files->output = in_folder (files, "out");
  files->result = in_folder (files, "out/output_0.pb");
  g_assert_true (g_file_set_contents (files->model, (const char *) model->data, model->len, NULL));
  write_tensor (files->one, 3, 5.0f);
  write_tensor (files->two, 3, 1.0f);
  write_tensor (files->wide, 4, 1.0f);
}

static void
tear_down (Files *files, gconstpointer data)
{
  char *paths[] = { files->model, files->one, files->two, files->wide, files->result, files->output };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_remove (paths[i]);
      g_free (paths[i]);
    }
  g_assert_cmpint (g_rmdir (files->folder), ==, 0);
  g_free (files->folder);
}

/* NULL ends the arguments. */
static int
run (const char *a, const char *b, const char *c, const char *d, const char *e, const char *f)
{
  char *argv[] = { (char *) "fovea nn run", (char *) a, (char *) b, (char *) c, (char *) d, (char *) e, (char *) f, NULL };

  return fovea_nn_run_main ((int) g_strv_length (argv), argv);
}

static void
expect_result (const Files *files, float step)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaTensor) y = fovea_onnx_load_tensor (files->result, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (y->n_elements, ==, 3);
  for (int i = 0; i < 3; i++)
    g_assert_cmpfloat (FOVEA_TENSOR_DATA (y, float)[i], ==, step * (float) i);
}

static void
test_runs (Files *files, gconstpointer data)
{
  g_autofree char *named = g_strconcat ("x2=", files->two, NULL), *other = g_strconcat ("x1=", files->one, NULL);

  g_assert_cmpint (run (files->model, files->one, files->two, "--output", files->output, NULL), ==, 0);
  expect_result (files, 4.0f);
  g_assert_cmpint (run (files->model, files->two, files->one, "--output", files->output, "--interpreter"), ==, 0);
  expect_result (files, -4.0f);
  g_assert_cmpint (run (files->model, named, other, "--output", files->output, "--plan"), ==, 0);
  expect_result (files, 4.0f);
}

static void
test_fails (Files *files, gconstpointer data)
{
  g_assert_cmpint (run (files->model, files->one, "--output", files->output, NULL, NULL), ==, 1);
  g_assert_cmpint (run (files->model, files->one, files->wide, "--output", files->output, NULL), ==, 1);
  g_assert_cmpint (run (files->one, files->one, files->two, "--output", files->output, NULL), ==, 1);
  g_assert_cmpint (run (files->model, files->model, files->two, "--output", files->output, NULL), ==, 1);
  g_assert_false (g_file_test (files->output, G_FILE_TEST_EXISTS));
}

static void
test_usage (Files *files, gconstpointer data)
{
  g_assert_cmpint (run (NULL, NULL, NULL, NULL, NULL, NULL), ==, 2);
  g_assert_cmpint (run (files->model, files->one, files->two, NULL, NULL, NULL), ==, 2);
  g_assert_cmpint (run (files->model, "--output", files->output, "--bogus", NULL, NULL), ==, 2);
  g_assert_cmpint (run (files->model, "--output", files->output, "--plan", "--interpreter", NULL), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/nn/nn-run/runs", Files, NULL, set_up, test_runs, tear_down);
  g_test_add ("/nn/nn-run/fails", Files, NULL, set_up, test_fails, tear_down);
  g_test_add ("/nn/nn-run/usage", Files, NULL, set_up, test_usage, tear_down);
  return g_test_run ();
}
