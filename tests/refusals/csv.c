/* csv.c - what readers and writers of tables refuse. */
#include "refusals.h"

REFUSALS(tg_csv_read)
{
    HOLDS(!tg_csv_read(NULL, "x.csv", NULL).tape);
    TAPE(TG_ERR_ARGUMENT, tg_csv_read(t, NULL, NULL));
    TAPE(TG_ERR_ARGUMENT, tg_csv_read(t, "/nowhere/x", &(tg_csv_config){ .separator = '"' }));
    TAPE(TG_ERR_ARGUMENT, tg_csv_read(t, "/nowhere/x", &(tg_csv_config){ .classes = -1 }));
    TAPE(TG_ERR_ARGUMENT, tg_csv_read(t, "/nowhere/x", &(tg_csv_config){ .label_column = -1 }));
    TAPE(TG_ERR_ARGUMENT, tg_csv_read(t, "/nowhere/x", &(tg_csv_config){ .label = "a", .no_header = true }));
    TAPE(TG_ERR_IO, tg_csv_read(t, "/nowhere/x", NULL));
}
REFUSALS(tg_csv_write)
{
    static const char *const names[] = { "a", "b", NULL };
    FAILS(TG_ERR_ARGUMENT, tg_csv_write(NULL, m, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_csv_write("/nowhere/x", null, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_csv_write("/nowhere/x", m, names, e));
    FAILS(TG_ERR_STALE, tg_csv_write("/nowhere/x", stale, NULL, e));
    FAILS(TG_ERR_SHAPE, tg_csv_write("/nowhere/x", v, NULL, e));
    FAILS(TG_ERR_SHAPE, tg_csv_write("/nowhere/x", tg_full(t, TG_SHAPE(0, 2), 1), NULL, e));
    FAILS(TG_ERR_IO, tg_csv_write("/nowhere/x", m, NULL, e));
}
REFUSALS(tg_dataset_read_csv)
{
    tg_dataset empty = { 0 }, full = { .x = &empty };
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_csv(NULL, "x", NULL, e));
    FAILS(TG_ERR_STATE, tg_dataset_read_csv(&full, "x", NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_csv(&empty, NULL, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_csv(&empty, "/nowhere/x", &(tg_csv_config){ .classes = -1 }, e));
    FAILS(TG_ERR_IO, tg_dataset_read_csv(&empty, "/nowhere/x", NULL, e));
}
REFUSALS(tg_dataset_write_csv)
{
    static const char *const none[] = { NULL };
    tg_dataset empty = { 0 }, full = { 0 };
    tg_dataset_init(&full, 2, 1, 2, NULL);
    FAILS(TG_ERR_ARGUMENT, tg_dataset_write_csv(NULL, "x", NULL, e));
    FAILS(TG_ERR_STATE, tg_dataset_write_csv(&empty, "x", NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_write_csv(&full, NULL, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_write_csv(&full, "/nowhere/x", none, e));
    FAILS(TG_ERR_IO, tg_dataset_write_csv(&full, "/nowhere/x", NULL, e));
    tg_dataset_finish(&full);
}
