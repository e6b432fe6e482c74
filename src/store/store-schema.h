/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * The schema and its migrations. Used inside this folder and by its tests.
 *
 * Version N is the file's user_version. A migration that was released is never edited, not even its
 * blanks: opening compares. To change the schema: append one FoveaStoreMigration whose SQL turns
 * version N − 1 into N, raise FOVEA_STORE_SCHEMA_VERSION, add a fixture
 * tests/store/fixtures/vN.fovea, and set the oldest version whose program can still read the result
 * (min_reader).
 */

#define FOVEA_STORE_APPLICATION_ID 0x466f7661     /* "Fova" */
#define FOVEA_STORE_SCHEMA_VERSION 1
#define FOVEA_STORE_PAGE_SIZE 16384

typedef struct {
  int version;
  int min_reader;
  const char *sql;
} FoveaStoreMigration;

/* (array length=ret_n): all, in order; the first one makes an empty file version 1. */
const FoveaStoreMigration *fovea_store_get_migrations (gsize *ret_n);

G_END_DECLS
