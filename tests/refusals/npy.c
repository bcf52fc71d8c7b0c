/* npy.c - what readers and writers of NumPy's files refuse. */
#include "refusals.h"

REFUSALS(tg_npy_read)
{
    HOLDS(!tg_npy_read(NULL, "x.npy").tape);
    TAPE(TG_ERR_ARGUMENT, tg_npy_read(t, NULL));
    TAPE(TG_ERR_IO, tg_npy_read(t, "/nowhere/x.npy"));
}
REFUSALS(tg_npz_read)
{
    HOLDS(!tg_npz_read(NULL, "x.npz", "x").tape);
    TAPE(TG_ERR_ARGUMENT, tg_npz_read(t, NULL, "x"));
    TAPE(TG_ERR_ARGUMENT, tg_npz_read(t, "x.npz", NULL));
    TAPE(TG_ERR_IO, tg_npz_read(t, "/nowhere/x.npz", "x"));
}
REFUSALS(tg_npy_write)
{
    FAILS(TG_ERR_ARGUMENT, tg_npy_write(NULL, v, e));
    FAILS(TG_ERR_ARGUMENT, tg_npy_write("/nowhere/x.npy", null, e));
    FAILS(TG_ERR_STALE, tg_npy_write("/nowhere/x.npy", stale, e));
    FAILS(TG_ERR_IO, tg_npy_write("/nowhere/x.npy", v, e));
}
REFUSALS(tg_npz_write)
{
    static const char *const name[] = { "x", "y" }, *const none[] = { NULL }, *const empty[] = { "" },
                             *const twice[] = { "x", "x" }, *const broken[] = { "\xff" };
    FAILS(TG_ERR_ARGUMENT, tg_npz_write(NULL, &v, name, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_npz_write("/nowhere/x.npz", NULL, name, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_npz_write("/nowhere/x.npz", &v, NULL, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_npz_write("/nowhere/x.npz", &v, name, 0, e));
    FAILS(TG_ERR_ARGUMENT, tg_npz_write("/nowhere/x.npz", &v, name, -1, e));
    FAILS(TG_ERR_SHAPE, tg_npz_write("/nowhere/x.npz", &v, name, 65536, e));
    FAILS(TG_ERR_ARGUMENT, tg_npz_write("/nowhere/x.npz", &v, none, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_npz_write("/nowhere/x.npz", &v, empty, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_npz_write("/nowhere/x.npz", &v, broken, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_npz_write("/nowhere/x.npz", (tg_tensor[]){ v, v }, twice, 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_npz_write("/nowhere/x.npz", &null, name, 1, e));
    FAILS(TG_ERR_STALE, tg_npz_write("/nowhere/x.npz", &stale, name, 1, e));
    FAILS(TG_ERR_IO, tg_npz_write("/nowhere/x.npz", &v, name, 1, e));
}
REFUSALS(tg_dataset_read_npy)
{
    tg_dataset empty = { 0 }, full = { .x = &empty };
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_npy(NULL, "x", "y", 2, e));
    FAILS(TG_ERR_STATE, tg_dataset_read_npy(&full, "x", "y", 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_npy(&empty, NULL, "y", 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_npy(&empty, "x", NULL, 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_npy(&empty, "/nowhere/x", "y", 0, e));
    FAILS(TG_ERR_IO, tg_dataset_read_npy(&empty, "/nowhere/x", "y", 2, e));
}
REFUSALS(tg_dataset_read_npz)
{
    tg_dataset empty = { 0 }, full = { .x = &empty };
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_npz(NULL, "z", "x", "y", 2, e));
    FAILS(TG_ERR_STATE, tg_dataset_read_npz(&full, "z", "x", "y", 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_npz(&empty, NULL, "x", "y", 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_npz(&empty, "z", NULL, "y", 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_npz(&empty, "z", "x", NULL, 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_npz(&empty, "/nowhere/z", "x", "y", -1, e));
    FAILS(TG_ERR_IO, tg_dataset_read_npz(&empty, "/nowhere/z", "x", "y", 2, e));
}
