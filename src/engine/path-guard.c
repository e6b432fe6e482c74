/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/path-guard-private.h"

#include <stdlib.h>

#include "store/store-paths.h"

struct _FoveaPathGuard {
  char **folders;
};

FoveaPathGuard *
fovea_path_guard_new (FoveaStore *store, GError **error)
{
  char **folders = fovea_store_list_allowed_folders (store, error);
  FoveaPathGuard *self;

  if (folders == NULL)
    return NULL;
  self = g_new0 (FoveaPathGuard, 1);
  self->folders = folders;
  return self;
}

void
fovea_path_guard_free (FoveaPathGuard *self)
{
  if (self == NULL)
    return;
  g_strfreev (self->folders);
  g_free (self);
}

static gboolean
is_in_folders (FoveaPathGuard *self, const char *path)
{
  for (char **folder = self->folders; *folder != NULL; folder++)
    {
      char *real;
      gboolean below;

      if (fovea_store_path_is_below (path, *folder))
        return TRUE;
      /* The allowed folder may itself be reached through a link. */
      real = realpath (*folder, NULL);
      below = real != NULL && fovea_store_path_is_below (path, real);
      free (real);
      if (below)
        return TRUE;
    }
  return FALSE;
}

gboolean
fovea_path_guard_allows (FoveaPathGuard *self, const char *path)
{
  char *real;
  gboolean allowed;

  if (!is_in_folders (self, path))
    return FALSE;
  real = realpath (path, NULL);
  allowed = real == NULL || is_in_folders (self, real);
  free (real);
  return allowed;
}
