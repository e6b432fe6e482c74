/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli-private.h"
#include "models/pack.h"

static int
print_packs (JsonNode *node)
{
  JsonArray *packs = json_object_get_array_member (json_node_get_object (node), "packs");
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (packs); i++)
    {
      JsonObject *pack = json_array_get_object_element (packs, i);
      gboolean installed = json_object_get_boolean_member (pack, "installed");

      g_string_append_printf (text, "%s%s\n    %s\n    licence %s, from %s\n", json_object_get_string_member (pack, "name"),
                              installed ? "" : " (not installed)", json_object_get_string_member (pack, "task"),
                              json_object_get_string_member (pack, "license"), json_object_get_string_member (pack, "source"));
    }
  return fovea_cli_print_text (text->str, FOVEA_CLI_DONE);
}

static int
run_packs (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autoptr (JsonNode) node = NULL;
  int status;

  if (!fovea_cli_parse ("packs", NULL, argc, argv, 0, 0, &args, &status))
    return status;
  node = fovea_packs_dup_json ();
  return args.json ? fovea_cli_print_json (node, FOVEA_CLI_DONE) : print_packs (node);
}

const FoveaCommand fovea_cli_pack_commands[] = {
  { "packs", "", "The pretrained networks: what they do, where they are from, and whether they are installed.", run_packs },
  { NULL, NULL, NULL, NULL },
};
