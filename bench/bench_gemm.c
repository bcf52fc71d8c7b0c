/* bench_gemm.c - the matrix products of the networks' layers and others: GFLOP/s, the share of the peak, and errors. */
#include <float.h>
#include <stdlib.h>

#include "bench.h"
#include "kernels/kernels.h"
#include "networks.h"
#include "peers/blas.h"

/* [m, k] x [k, n]; an operand may be stored transposed. */
typedef struct product {
    const char *kind; /* forward  h = x W;   dx = g Wᵀ;   dW = xᵀ g;   square;   transposed  aᵀ b */
    int64_t m, k, n;
    bool a_transposed, b_transposed;
} product;

enum { MOST_PRODUCTS = 64 };

static int list_products(const bench *b, product *p)
{
    int count = 0;
    for (int i = 0; i < NETWORKS; i++) {
        const network *net = &networks[i];
        for (int l = 0; l < net->depth && net->threads == 1; l++) {
            const int64_t in = net->sizes[l], out = net->sizes[l + 1], batch = net->batch;
            p[count++] = (product){ "forward", batch, in, out, false, false };
            if (l > 0)
                p[count++] = (product){ "dx", batch, out, in, false, true };
            p[count++] = (product){ "dW", in, batch, out, true, false };
        }
    }
    for (int64_t size = 16; size <= (b->quick ? 512 : 2048); size *= 2)
        p[count++] = (product){ "square", size, size, size, false, false };
    for (int64_t size = 256; size <= (b->quick ? 512 : 2048); size *= 2)
        p[count++] = (product){ "transposed", size, size, size, true, false };
    return count;
}

typedef struct contest {
    const blas *peer;
    const tg_kernels *kernels;
    tg_dtype dtype;
    tg_gemm g;
    void *scratch;
} contest;

static void run_ours(void *context)
{
    const contest *c = context;
    tg_gemm_run(c->kernels, c->dtype, &c->g, c->scratch);
}

static void run_theirs(void *context)
{
    const contest *c = context;
    blas_gemm(c->peer, c->dtype, &c->g);
}

static double element(tg_dtype dtype, const void *x, int64_t i)
{
    return dtype == TG_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

/* Some elements of C against sums in double, within the error bound of a sum in any order. */
static bool is_correct(const contest *c)
{
    enum { TRIES = 64 };
    const tg_gemm *g = &c->g;
    const double eps = c->dtype == TG_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    tg_rng rng = tg_rng_seed(2);
    for (int t = 0; t < TRIES; t++) {
        const int64_t i = (int64_t)tg_rng_below(&rng, (uint64_t)g->m),
                      j = (int64_t)tg_rng_below(&rng, (uint64_t)g->n);
        double sum = 0, size = 0;
        for (int64_t p = 0; p < g->k; p++) {
            const double x = element(c->dtype, g->a, i * g->a_row + p * g->a_col) *
                             element(c->dtype, g->b, p * g->b_row + j * g->b_col);
            sum += x;
            size += fabs(x);
        }
        if (!(fabs(element(c->dtype, g->c, i * g->c_row + j) - sum) <= (double)(g->k + 2) * eps * size))
            return false;
    }
    return true;
}

static const bench_column columns[] = {
    { "name", NULL, 0, BENCH_TEXT },
    { "dtype", "type", 4, BENCH_TEXT },
    { "kind", "product", 10, BENCH_TEXT },
    { "m", "m", 5, 0 },
    { "k", "k", 5, 0 },
    { "n", "n", 5, 0 },
    { "us", "µs", 10, 2 },
    { "us_least", NULL, 0, 2 },
    { "gflops", "GFLOP/s", 8, 1 },
    { "share_of_peak", "of peak %", 9, 1 },
    { "peer_gflops", "peer's", 8, 1 },
    { "ratio_to_peer", "ours / peer's", 13, 2 },
};
enum { PEER_COLUMNS = 2 };

static void measure(bench *b, const blas *peer, const product *p, tg_dtype dtype)
{
    char name[64];
    const char *type = dtype == TG_F32 ? "f32" : "f64";
    snprintf(name, sizeof name, "%s %s %lld x %lld x %lld", type, p->kind, (long long)p->m, (long long)p->k,
             (long long)p->n);
    if (!bench_wants(b, name))
        return;
    const size_t size = tg_dtype_size(dtype);
    void *a_values = bench_alloc((size_t)(p->m * p->k) * size), *b_values = bench_alloc((size_t)(p->k * p->n) * size);
    bench_fill(dtype, a_values, p->m * p->k, -1, 1);
    bench_fill(dtype, b_values, p->k * p->n, -1, 1);
    contest c = {
        .peer = peer,
        .kernels = tg_kernels_for(dtype),
        .dtype = dtype,
        .g = { .m = p->m,
               .n = p->n,
               .k = p->k,
               .a = a_values,
               .a_row = p->a_transposed ? 1 : p->k,
               .a_col = p->a_transposed ? p->m : 1,
               .b = b_values,
               .b_row = p->b_transposed ? 1 : p->n,
               .b_col = p->b_transposed ? p->k : 1,
               .c = bench_alloc((size_t)(p->m * p->n) * size),
               .c_row = p->n },
    };
    const size_t scratch_size = tg_gemm_room(c.kernels, dtype, &c.g);
    c.scratch = scratch_size ? bench_alloc(scratch_size) : NULL;
    const bench_side sides[] = { { run_ours, &c }, { run_theirs, &c } };
    bench_time t[2] = { { 0 } };
    bench_race(sides, peer ? 2 : 1, bench_budget(b, 0.4), t);
    run_ours(&c);
    if (!is_correct(&c))
        bench_fail(b, "%s: the result is wrong", name);
    const double flops = 2.0 * (double)(p->m * p->k * p->n), speed = flops / t[0].median;
    bench_row(b, (bench_cell[]){
                     { .text = name },
                     { .text = type },
                     { .text = p->kind },
                     { .number = (double)p->m },
                     { .number = (double)p->k },
                     { .number = (double)p->n },
                     { .number = t[0].median * 1e6 },
                     { .number = t[0].least * 1e6 },
                     { .number = speed / 1e9 },
                     { .number = 100 * speed / (b->limits.flops[dtype] * tg_num_threads()) },
                     { .number = flops / t[1].median / 1e9 },
                     { .number = t[1].ratio },
                 });
    free(c.scratch);
    free(a_values);
    free(b_values);
    free(c.g.c);
}

/* The relative error of Xᵀ G in float32, of constants over a long batch. PyTorch 1.13: 0.9e-6, 3e-6 and 30e-6. */
static const bench_column error_columns[] = {
    { "name", NULL, 0, BENCH_TEXT },
    { "k", "k", 8, 0 },
    { "error", "error, 1e-6", 11, 2 },
};

static void measure_error(bench *b, int64_t k)
{
    enum { M = 20, N = 30 };
    char name[64];
    snprintf(name, sizeof name, "f32 error %d x %lld x %d", M, (long long)k, N);
    if (!bench_wants(b, name))
        return;
    float *a = bench_alloc((size_t)(M * k) * sizeof *a), *g = bench_alloc((size_t)(N * k) * sizeof *g), c[M * N];
    for (int64_t i = 0; i < M * k; i++)
        a[i] = 0.1f;
    for (int64_t i = 0; i < N * k; i++)
        g[i] = 0.1f;
    contest dW = { .kernels = tg_kernels_for(TG_F32),
                   .dtype = TG_F32,
                   .g = { .m = M, .n = N, .k = k, .a = a, .a_row = 1, .a_col = M, .b = g, .b_row = N, .b_col = 1 } };
    dW.g.c = c;
    dW.g.c_row = N;
    dW.scratch = bench_alloc(tg_gemm_room(dW.kernels, TG_F32, &dW.g) + 1);
    run_ours(&dW);
    const double want = (double)0.1f * (double)0.1f * (double)k;
    double error = 0;
    for (int i = 0; i < M * N; i++)
        error = fmax(error, fabs((double)c[i] - want) / want);
    bench_row(b, (bench_cell[]){ { .text = name }, { .number = (double)k }, { .number = error * 1e6 } });
    free(dW.scratch);
    free(a);
    free(g);
}

int main(int argc, char **argv)
{
    bench b;
    blas peer;
    product products[MOST_PRODUCTS];
    bench_start(&b, argc, argv, BENCH_AGAINST, "the products of the networks' layers, and squares.");
    if (b.against && !blas_open(&peer, b.against))
        bench_fail(&b, "%s", peer.text);
    if (b.against)
        printf("peer: %s\n", peer.text);
    bench_table(&b, "Matrix products: [m, k] x [k, n]", columns,
                BENCH_COUNT(columns) - (b.against ? 0 : PEER_COLUMNS));
    const int count = list_products(&b, products);
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int i = 0; i < count; i++)
            measure(&b, b.against ? &peer : NULL, &products[i], dtype);
    bench_table(&b, "Products over a long k: the relative error of constants 0.1", error_columns,
                BENCH_COUNT(error_columns));
    for (int64_t k = 10000; k <= 1000000; k *= 10)
        measure_error(&b, k);
    return bench_finish(&b);
}
