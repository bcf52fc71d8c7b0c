/* test_shared.c - two tapes in two threads over the same parameters: each thread's gradients have the bits that it gets
   alone, and they are merged afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <tapegrad.h>

#include "threads.h"

enum { BATCH = 64, IN = 96, HIDDEN = 128, CLASSES = 10, COUNT = 4, TIMES = 20 };

typedef struct worker {
    tg_mlp *net; /* shared */
    uint64_t seed;
    float grads[COUNT][IN * HIDDEN];
    tg_status status;
    bool same; /* every repetition had the same bits */
} worker;

/* The gradients of one batch, by all parameters, into `to`. */
static tg_status gradients(const worker *w, tg_tape *t, float to[COUNT][IN * HIDDEN])
{
    float x[BATCH * IN];
    int32_t labels[BATCH];
    tg_rng rng = tg_rng_seed(w->seed);
    for (int i = 0; i < BATCH * IN; i++)
        x[i] = (float)tg_rng_between(&rng, -1, 1);
    for (int i = 0; i < BATCH; i++)
        labels[i] = (int32_t)tg_rng_below(&rng, CLASSES);
    tg_tensor leaves[COUNT], by[COUNT];
    tg_tensor loss = tg_cross_entropy(tg_mlp_forward(w->net, tg_wrap(t, TG_SHAPE(BATCH, IN), x)), labels, TG_MEAN);
    for (int i = 0; i < COUNT; i++)
        leaves[i] = tg_param(t, tg_mlp_params(w->net), i);
    if (tg_grad(loss, (tg_tensor){ 0 }, leaves, COUNT, by, 0) == TG_OK)
        for (int i = 0; i < COUNT; i++)
            memcpy(to[i], tg_data(by[i]), (size_t)tg_size(by[i]) * sizeof(float));
    const tg_status status = tg_tape_status(t);
    tg_tape_reset(t);
    return status;
}

static void *work(void *context)
{
    worker *w = context;
    static _Thread_local float again[COUNT][IN * HIDDEN];
    tg_tape *t = tg_tape_create(TG_F32);
    memset(w->grads, 0, sizeof w->grads);
    memset(again, 0, sizeof again);
    w->status = gradients(w, t, w->grads);
    w->same = true;
    for (int i = 1; i < TIMES && w->status == TG_OK; i++) {
        w->status = gradients(w, t, again);
        w->same = w->same && memcmp(again, w->grads, sizeof again) == 0;
    }
    tg_tape_destroy(t);
    return NULL;
}

static void two_tapes_share_parameters(void **state)
{
    (void)state;
    static worker alone[2], together[2];
    const int before = tg_num_threads();
    tg_mlp *net =
        tg_mlp_create(&(tg_mlp_config){ .sizes = (int64_t[]){ IN, HIDDEN, CLASSES }, .n_sizes = 3, .seed = 5 }, NULL);
    for (int threads = 1; threads <= 3; threads++) {
        use_threads(threads);
        pthread_t thread[2];
        for (int i = 0; i < 2; i++) {
            alone[i] = (worker){ .net = net, .seed = 20 + (uint64_t)i };
            together[i] = alone[i];
            work(&alone[i]);
        }
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&thread[i], NULL, work, &together[i]), 0);
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_join(thread[i], NULL), 0);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(together[i].status, TG_OK);
            assert_true(together[i].same);
            assert_memory_equal(together[i].grads, alone[i].grads, sizeof alone[i].grads);
        }
        assert_memory_not_equal(alone[0].grads, alone[1].grads, sizeof alone[0].grads);
    }
    tg_set_num_threads(before);
    tg_mlp_destroy(net);
}

/* The merged gradients of the threads' tapes are the sum. */
static void gradients_merge(void **state)
{
    (void)state;
    static worker w[2];
    tg_error err;
    tg_mlp *net =
        tg_mlp_create(&(tg_mlp_config){ .sizes = (int64_t[]){ IN, HIDDEN, CLASSES }, .n_sizes = 3, .seed = 5 }, NULL);
    tg_params *p = tg_mlp_params(net);
    pthread_t thread[2];
    for (int i = 0; i < 2; i++) {
        w[i] = (worker){ .net = net, .seed = 30 + (uint64_t)i };
        assert_int_equal(pthread_create(&thread[i], NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    tg_params_zero_grad(p);
    tg_tape *t = tg_tape_create(TG_F32);
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < COUNT; k++) {
            const tg_tensor g = tg_wrap(t, tg_params_shape(p, k), w[i].grads[k]);
            assert_int_equal(tg_params_add_grad(p, k, g, &err), TG_OK);
        }
    const float *grads = tg_params_grads(p, NULL);
    for (int k = 0; k < COUNT; k++) {
        const tg_shape shape = tg_params_shape(p, k);
        for (int64_t j = 0; j < tg_shape_size(&shape); j++)
            assert_true(grads[tg_params_offset(p, k) + j] == w[0].grads[k][j] + w[1].grads[k][j]);
    }
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_tapes_share_parameters),
        cmocka_unit_test(gradients_merge),
    };
    return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
