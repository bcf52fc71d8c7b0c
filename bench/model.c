/* model.c - an MLP with training data. */
#include "model.h"

#include <stdlib.h>

model model_create(const bench *b, const int64_t *sizes, int n_sizes, tg_activation activation, int64_t batch)
{
    tg_error err;
    model m = { .tape = tg_tape_create(TG_F32), .shape = TG_SHAPE(batch, sizes[0]) };
    m.net = tg_mlp_create(
        &(tg_mlp_config){ .sizes = sizes, .n_sizes = n_sizes, .activation = activation, .dtype = TG_F32 }, &err);
    if (!m.net)
        bench_fail(b, "%s", err.text);
    m.params = tg_mlp_params(m.net);
    m.x = bench_alloc((size_t)(batch * sizes[0]) * sizeof *m.x);
    bench_fill(TG_F32, m.x, batch * sizes[0], 0, 1);
    m.labels = bench_alloc((size_t)batch * sizeof *m.labels);
    for (int64_t i = 0; i < batch; i++)
        m.labels[i] = (int32_t)(i % sizes[n_sizes - 1]);
    return m;
}

void model_destroy(model *m)
{
    tg_tape_destroy(m->tape);
    tg_mlp_destroy(m->net);
    free(m->x);
    free(m->labels);
}

tg_tensor model_loss(const model *m)
{
    return tg_cross_entropy(tg_mlp_forward(m->net, tg_wrap(m->tape, m->shape, m->x)), m->labels, TG_MEAN);
}
