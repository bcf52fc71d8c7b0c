/* test_networks.c - whole networks, derived by hand from the loss down to every weight. */
#include "three_ways.h"

/* Two layers, ReLU, softmax, L2: z2 = x W1 + b1, a2 = max(z2, 0), z3 = a2 W2 + b2,
   J = (1/N) sum -ln softmax(z3)_label + lambda (|W1|^2 + |W2|^2).
       dJ/dz3 = (softmax(z3) - t) / N
       dJ/dW2 = a2^T dz3 + 2 lambda W2          dJ/db2 = sum dz3
       dJ/dz2 = (dz3 W2^T) * [z2 > 0]
       dJ/dW1 = x^T dz2 + 2 lambda W1           dJ/db1 = sum dz2 -------------------------------------------------- */

enum { N = 6, D = 4, H = 7, H2 = 5, C = 3 };
static const int32_t labels[N] = { 0, 1, 2, 2, 1, 0 };

static double x[N * D], w1[D * H], b1[H], w2[H * C], b2[C];
static double dx[N * D], dw1[D * H], db1[H], dw2[H * C], db2[C];

static void draw_two_layers(void)
{
    draw(x, N * D, -2, 2, 21);
    draw(w1, D * H, -1, 1, 22);
    draw(b1, H, -0.5, 0.5, 23);
    draw(w2, H * C, -1, 1, 24);
    draw(b2, C, -0.5, 0.5, 25);
}

static derivation two_layers(tg_gradcheck_function *f, void *context)
{
    return (derivation){
        .f = f,
        .context = context,
        .n = 5,
        .inputs = { { .name = "x", .shape = TG_SHAPE(N, D), .values = x },
                    { .name = "W1", .shape = TG_SHAPE(D, H), .values = w1 },
                    { .name = "b1", .shape = TG_SHAPE(H), .values = b1 },
                    { .name = "W2", .shape = TG_SHAPE(H, C), .values = w2 },
                    { .name = "b2", .shape = TG_SHAPE(C), .values = b2 } },
        .by_hand = { dx, dw1, db1, dw2, db2 },
    };
}

static tg_tensor relu_network(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape;
    const double *lambda = context;
    const tg_tensor a2 = tg_relu(tg_linear(in[0], in[1], in[2])), z3 = tg_linear(a2, in[3], in[4]);
    const tg_tensor squares =
        tg_add(tg_sum(tg_square(in[1]), TG_ALL, false), tg_sum(tg_square(in[3]), TG_ALL, false));
    return tg_add(tg_cross_entropy(z3, labels, TG_MEAN), tg_scale(squares, *lambda));
}

static void derive_relu_network(double lambda)
{
    double z2[N * H], a2[N * H], z3[N * C], y[N * C], dz3[N * C], dz2[N * H];
    affine(N, D, H, x, w1, b1, z2);
    for (int i = 0; i < N * H; i++)
        a2[i] = z2[i] > 0 ? z2[i] : 0;
    affine(N, H, C, a2, w2, b2, z3);
    softmax_rows(N, C, z3, y);
    output_delta(N, C, y, labels, dz3);
    transposed_times(N, H, C, a2, dz3, dw2);
    add_scaled(H * C, dw2, 2 * lambda, w2);
    column_sums(N, C, dz3, db2);
    times_transposed(N, C, H, dz3, w2, dz2);
    for (int i = 0; i < N * H; i++)
        dz2[i] *= z2[i] > 0;
    transposed_times(N, D, H, x, dz2, dw1);
    add_scaled(D * H, dw1, 2 * lambda, w1);
    column_sums(N, H, dz2, db1);
    times_transposed(N, H, D, dz2, w1, dx);
}

static void the_two_layer_relu_network(void **state)
{
    (void)state;
    draw_two_layers();
    for (double lambda = 0; lambda < 0.1; lambda += 0.05) {
        derive_relu_network(lambda);
        const derivation d = two_layers(relu_network, &lambda);
        assert_three_ways(&d);
    }
}

/* Two layers, sigmoid, softmax, one loss for each observation, summed: a = x W1 + b1, h = sigmoid(a), z = h W2 + b2,
   y = softmax(z), l = -ln y_label.
       dl/dz = y - t          dl/dW2 = h^T dl/dz          dl/db2 = dl/dz
       dl/dh = dl/dz W2^T     dl/da = dl/dh * h (1 - h)
       dl/dW1 = x^T dl/da     dl/db1 = dl/da ---------------------------------------------------------------------- */

static tg_tensor sigmoid_network(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    const tg_tensor h = tg_sigmoid(tg_linear(in[0], in[1], in[2]));
    return tg_cross_entropy(tg_linear(h, in[3], in[4]), labels, TG_SUM);
}

static void the_two_layer_sigmoid_network(void **state)
{
    (void)state;
    double a[N * H], h[N * H], z[N * C], y[N * C], dz[N * C], da[N * H];
    draw_two_layers();
    affine(N, D, H, x, w1, b1, a);
    for (int i = 0; i < N * H; i++)
        h[i] = logistic(a[i]);
    affine(N, H, C, h, w2, b2, z);
    softmax_rows(N, C, z, y);
    for (int i = 0; i < N * C; i++)
        dz[i] = y[i] - (labels[i / C] == i % C);
    transposed_times(N, H, C, h, dz, dw2);
    column_sums(N, C, dz, db2);
    times_transposed(N, C, H, dz, w2, da);
    for (int i = 0; i < N * H; i++)
        da[i] *= h[i] * (1 - h[i]);
    transposed_times(N, D, H, x, da, dw1);
    column_sums(N, H, da, db1);
    times_transposed(N, H, D, da, w1, dx);
    const derivation d = two_layers(sigmoid_network, NULL);
    assert_three_ways(&d);
}

/* Three layers, ReLU, softmax: from dL/dz3 = y^ - y down, each dW = (1/N) sum over the observations of
   input x delta -------------------------------------------------------------------------------------------------- */

static tg_tensor three_layers(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    const tg_tensor a1 = tg_relu(tg_linear(in[0], in[1], in[2])), a2 = tg_relu(tg_linear(a1, in[3], in[4]));
    return tg_cross_entropy(tg_linear(a2, in[5], in[6]), labels, TG_MEAN);
}

/* dw[k, n] = (1/N) sum over i of the outer product of row i of a[N, k] and of delta[N, n]; db likewise */
static void mean_outer(int k, int n, const double *a, const double *delta, double *dw, double *db)
{
    memset(dw, 0, (size_t)(k * n) * sizeof *dw);
    memset(db, 0, (size_t)n * sizeof *db);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < n; j++) {
            for (int l = 0; l < k; l++)
                dw[l * n + j] += a[i * k + l] * delta[i * n + j] / N;
            db[j] += delta[i * n + j] / N;
        }
}

static void the_three_layer_network(void **state)
{
    (void)state;
    double v2[H * H2], c2[H2], w3[H2 * C], b3[C];
    double z1[N * H], a1[N * H], z2[N * H2], a2[N * H2], z3[N * C], y[N * C];
    double d3[N * C], d2[N * H2], d1[N * H], dv2[H * H2], dc2[H2], dw3[H2 * C], db3[C];
    draw_two_layers();
    draw(v2, H * H2, -1, 1, 26);
    draw(c2, H2, -0.5, 0.5, 27);
    draw(w3, H2 * C, -1, 1, 28);
    draw(b3, C, -0.5, 0.5, 29);
    affine(N, D, H, x, w1, b1, z1);
    for (int i = 0; i < N * H; i++)
        a1[i] = fmax(z1[i], 0);
    affine(N, H, H2, a1, v2, c2, z2);
    for (int i = 0; i < N * H2; i++)
        a2[i] = fmax(z2[i], 0);
    affine(N, H2, C, a2, w3, b3, z3);
    softmax_rows(N, C, z3, y);
    for (int i = 0; i < N * C; i++)
        d3[i] = y[i] - (labels[i / C] == i % C);
    times_transposed(N, C, H2, d3, w3, d2);
    for (int i = 0; i < N * H2; i++)
        d2[i] = z2[i] > 0 ? d2[i] : 0;
    times_transposed(N, H2, H, d2, v2, d1);
    for (int i = 0; i < N * H; i++)
        d1[i] = z1[i] > 0 ? d1[i] : 0;
    mean_outer(H2, C, a2, d3, dw3, db3);
    mean_outer(H, H2, a1, d2, dv2, dc2);
    mean_outer(D, H, x, d1, dw1, db1);
    assert_three_ways(
        &(derivation){ .f = three_layers,
                       .n = 7,
                       .inputs = { { .name = "x", .shape = TG_SHAPE(N, D), .values = x, .constant = true },
                                   { .name = "W1", .shape = TG_SHAPE(D, H), .values = w1 },
                                   { .name = "b1", .shape = TG_SHAPE(H), .values = b1 },
                                   { .name = "W2", .shape = TG_SHAPE(H, H2), .values = v2 },
                                   { .name = "b2", .shape = TG_SHAPE(H2), .values = c2 },
                                   { .name = "W3", .shape = TG_SHAPE(H2, C), .values = w3 },
                                   { .name = "b3", .shape = TG_SHAPE(C), .values = b3 } },
                       .by_hand = { NULL, dw1, db1, dv2, dc2, dw3, db3 } });
}

/* A graph with two paths, in columns: z = W1 x + b1, h = sigmoid(z), y = W2 h + x, s = |y - t|^2 / 2, R = r^T h,
   E = s + R.
       dE/dh  = W2^T (y - t) + r
       dE/dz  = sigmoid'(z) * dE/dh
       dE/dx  = W1^T (sigmoid'(z) * W2^T (y - t)) + (y - t) + W1^T (sigmoid'(z) * r)
       dE/dW1 = dE/dz x^T     dE/db1 = dE/dz     dE/dW2 = (y - t) h^T     dE/dr = h     dE/dt = t - y ------------- */

enum { P = 4, Q = 3 }; /* x has P elements, h has Q */

static tg_tensor skip_connection(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    const tg_tensor px = in[0], pw1 = in[1], pb1 = in[2], pw2 = in[3], t = in[4], r = in[5];
    const tg_tensor h = tg_sigmoid(tg_add(tg_matmul(pw1, px), pb1));
    const tg_tensor y = tg_add(tg_matmul(pw2, h), px);
    const tg_tensor s = tg_scale(tg_sum(tg_square(tg_sub(y, t)), TG_ALL, false), 0.5);
    return tg_add(s, tg_reshape(tg_matmul(tg_transpose(r), h), TG_SCALAR));
}

static void the_graph_with_a_skip_connection(void **state)
{
    (void)state;
    double px[P], pw1[Q * P], pb1[Q], pw2[P * Q], t[P], r[Q];
    double z[Q], h[Q], slope[Q], y[P], error[P], back[Q];
    double through[Q], from_r[Q], gx[P], gx1[P], gx2[P], gw1[Q * P], gb1[Q], gw2[P * Q], gt[P];
    draw(px, P, -1, 1, 31);
    draw(pw1, Q * P, -1, 1, 32);
    draw(pb1, Q, -1, 1, 33);
    draw(pw2, P * Q, -1, 1, 34);
    draw(t, P, -1, 1, 35);
    draw(r, Q, -1, 1, 36);
    times(Q, P, 1, pw1, px, z);
    for (int i = 0; i < Q; i++) {
        h[i] = logistic(z[i] + pb1[i]);
        slope[i] = h[i] * (1 - h[i]);
    }
    times(P, Q, 1, pw2, h, y);
    for (int i = 0; i < P; i++) {
        y[i] += px[i];
        error[i] = y[i] - t[i];
        gt[i] = -error[i];
    }
    transposed_times(P, Q, 1, pw2, error, back);
    for (int i = 0; i < Q; i++) {
        through[i] = slope[i] * back[i];
        from_r[i] = slope[i] * r[i];
        gb1[i] = through[i] + from_r[i];
    }
    transposed_times(Q, P, 1, pw1, through, gx1);
    transposed_times(Q, P, 1, pw1, from_r, gx2);
    for (int i = 0; i < P; i++)
        gx[i] = gx1[i] + error[i] + gx2[i];
    times(Q, 1, P, gb1, px, gw1);
    times(P, 1, Q, error, h, gw2);
    assert_three_ways(&(derivation){ .f = skip_connection,
                                     .n = 6,
                                     .inputs = { { .name = "x", .shape = TG_SHAPE(P, 1), .values = px },
                                                 { .name = "W1", .shape = TG_SHAPE(Q, P), .values = pw1 },
                                                 { .name = "b1", .shape = TG_SHAPE(Q, 1), .values = pb1 },
                                                 { .name = "W2", .shape = TG_SHAPE(P, Q), .values = pw2 },
                                                 { .name = "t", .shape = TG_SHAPE(P, 1), .values = t },
                                                 { .name = "r", .shape = TG_SHAPE(Q, 1), .values = r } },
                                     .by_hand = { gx, gw1, gb1, gw2, gt, h } });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_two_layer_relu_network),
        cmocka_unit_test(the_two_layer_sigmoid_network),
        cmocka_unit_test(the_three_layer_network),
        cmocka_unit_test(the_graph_with_a_skip_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
