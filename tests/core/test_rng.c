/* test_rng.c - the generator: published vectors, pinned bits, and statistics. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/philox.h"
#include "core/portable.h"
#include "tapegrad/rng.h"

/* The known answers that the authors of Philox publish for philox4x32 with 10 rounds. */
static void philox_gives_the_published_words(void **state)
{
    (void)state;
    static const struct {
        tg_block counter;
        uint64_t key;
        tg_block expected;
    } known[] = {
        { { { 0, 0, 0, 0 } }, 0, { { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } } },
        { { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff } },
          0xffffffffffffffff,
          { { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } } },
        { { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 } },
          0x299f31d0a4093822,
          { { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } } },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const tg_block got = tg_philox(known[i].counter, known[i].key);
        assert_memory_equal(&got, &known[i].expected, sizeof got);
    }
}

static void draws_are_the_words_of_the_blocks(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(0);
    assert_true(tg_rng_u64(&rng) == 0xe169c58d6627e8d5);
    assert_true(tg_rng_u64(&rng) == 0x9b00dbd8bc57ac4c);
    assert_true(rng.position == 2);
    const tg_block far = tg_philox((tg_block){ { 0xfffffffe, 7, 0, 0 } }, 5);
    assert_true(tg_rng_at(5, 2 * 0x7fffffffeu) == (far.word[0] | (uint64_t)far.word[1] << 32));
    assert_true(tg_rng_at(5, 2 * 0x7fffffffeu + 1) == (far.word[2] | (uint64_t)far.word[3] << 32));
}

static void a_generator_is_a_value(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(17);
    for (int i = 0; i < 5; i++)
        tg_rng_normal(&rng);
    assert_true(rng.position == 10);
    tg_rng copy = rng;
    const uint64_t next = tg_rng_u64(&rng);
    assert_true(tg_rng_u64(&copy) == next);
    assert_true(tg_rng_at(17, 10) == next);
}

static int different_bits(uint64_t a, uint64_t b)
{
    int n = 0;
    for (uint64_t d = a ^ b; d; d &= d - 1)
        n++;
    return n;
}

/* 64,000 pairs of bits: half of them differ, within 5 standard deviations of 126. */
static void assert_independent(tg_rng a, tg_rng b)
{
    int n = 0;
    for (int i = 0; i < 1000; i++)
        n += different_bits(tg_rng_u64(&a), tg_rng_u64(&b));
    assert_in_range(n, 32000 - 633, 32000 + 633);
}

static void streams_and_seeds_are_independent(void **state)
{
    (void)state;
    const tg_rng rng = tg_rng_seed(1);
    assert_independent(rng, tg_rng_stream(&rng, 0));
    assert_independent(tg_rng_stream(&rng, 0), tg_rng_stream(&rng, 1));
    assert_independent(tg_rng_stream(&rng, 1), tg_rng_stream(&rng, UINT64_C(1) << 32));
    assert_independent(rng, tg_rng_seed(2));
    const tg_rng child = tg_rng_stream(&rng, 0);
    assert_independent(child, tg_rng_stream(&child, 0));
    assert_true(rng.position == 0 && child.position == 0);
    assert_true(tg_rng_stream(&rng, 0).seed != tg_rng_at(1, 0)); /* a stream is no draw of its parent's */
    /* A stream belongs to the seed, not to how far its generator has come. */
    tg_rng later = { .seed = 1, .position = 99 };
    assert_true(tg_rng_stream(&later, 3).seed == tg_rng_stream(&rng, 3).seed);
}

static void null_gives_zero(void **state)
{
    (void)state;
    assert_true(tg_rng_u64(NULL) == 0);
    assert_true(tg_rng_uniform(NULL) == 0);
    assert_true(tg_rng_between(NULL, 2, 3) == 0);
    assert_true(tg_rng_normal(NULL) == 0);
    assert_true(tg_rng_below(NULL, 5) == 0);
    assert_true(tg_rng_stream(NULL, 5).seed == 0);
    tg_rng rng = tg_rng_seed(3);
    assert_true(tg_rng_below(&rng, 0) == 0);
    assert_true(rng.position == 0);
    tg_rng_permutation(&rng, NULL, 5);
    assert_true(rng.position == 0);
    int64_t order[4] = { -1, -1, -1, -1 };
    tg_rng_permutation(NULL, order, 4);
    assert_true(order[0] + order[1] + order[2] + order[3] == 6);
}

/* Mean and variance of n uniforms: standard errors 0.2887 / sqrt n and 0.0745 / sqrt n. */
static void uniform_is_uniform(void **state)
{
    (void)state;
    enum { N = 1000000, BINS = 128 };
    tg_rng rng = tg_rng_seed(4);
    double sum = 0, squares = 0;
    int counts[BINS] = { 0 };
    for (int i = 0; i < N; i++) {
        const double u = tg_rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        assert_true(u * 0x1p53 == floor(u * 0x1p53));
        sum += u;
        squares += (u - 0.5) * (u - 0.5);
        counts[(int)(u * BINS)]++;
    }
    assert_true(fabs(sum / N - 0.5) < 5 * 0.2887e-3);
    assert_true(fabs(squares / N - 1. / 12) < 5 * 0.0746e-3);
    double chi2 = 0;
    for (int i = 0; i < BINS; i++)
        chi2 += (counts[i] - (double)N / BINS) * (counts[i] - (double)N / BINS) / ((double)N / BINS);
    assert_true(fabs(chi2 - 127) < 5 * sqrt(2 * 127.));
}

static void between_stays_between(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(5);
    double least = 9, most = -9;
    for (int i = 0; i < 10000; i++) {
        const double x = tg_rng_between(&rng, -3, 2);
        least = fmin(least, x);
        most = fmax(most, x);
    }
    assert_true(least >= -3 && least < -2.99 && most <= 2 && most > 1.99);
    assert_true(rng.position == 10000);
    assert_true(tg_rng_between(&rng, 4, 4) == 4);
}

/* Moments of n normals: standard errors 1, sqrt 2, sqrt 15, sqrt 96, each / sqrt n; and the tails. */
static void normal_is_normal(void **state)
{
    (void)state;
    enum { N = 1000000 };
    tg_rng rng = tg_rng_seed(6);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, lag = 0, last = 0;
    int beyond1 = 0, beyond3 = 0;
    for (int i = 0; i < N; i++) {
        const double x = tg_rng_normal(&rng);
        m1 += x;
        m2 += x * x;
        m3 += x * x * x;
        m4 += x * x * x * x;
        lag += x * last;
        last = x;
        beyond1 += fabs(x) > 1;
        beyond3 += fabs(x) > 3;
    }
    assert_true(fabs(m1 / N) < 5e-3);
    assert_true(fabs(m2 / N - 1) < 5e-3 * sqrt(2));
    assert_true(fabs(m3 / N) < 5e-3 * sqrt(15));
    assert_true(fabs(m4 / N - 3) < 5e-3 * sqrt(96));
    assert_true(fabs(lag / N) < 5e-3);
    assert_true(fabs(beyond1 - 0.317310508 * N) < 5 * sqrt(0.3173 * 0.6827 * N));
    assert_true(fabs(beyond3 - 0.002699796 * N) < 5 * sqrt(0.0027 * 0.9973 * N));
}

/* The bits of the first normals of seed 1: whoever runs this test has to get them. */
static void normal_has_the_same_bits_everywhere(void **state)
{
    (void)state;
    static const double expected[] = { -0x1.05c318a128e97p-1, -0x1.21f3a8b5765cdp+0, 0x1.1f9ffad06c90ep+0,
                                       0x1.0791bade35618p-2,  0x1.7c2c65ca01225p-1,  -0x1.bf6b60db27aep-5,
                                       0x1.b126e28b74c23p-5,  -0x1.1d1704aed368ep+0 };
    tg_rng rng = tg_rng_seed(1);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const double u = 1 - (double)(tg_rng_at(1, 2 * i) >> 11) * 0x1p-53;
        const double v = (double)(tg_rng_at(1, 2 * i + 1) >> 11) * 0x1p-53;
        const double x = tg_rng_normal(&rng);
        assert_true(x == expected[i]);
        assert_true(fabs(x - sqrt(-2 * log(u)) * cos(6.283185307179586 * v)) < 1e-14);
    }
}

static void below_is_unbiased(void **state)
{
    (void)state;
    enum { N = 600000 };
    tg_rng rng = tg_rng_seed(7);
    int counts[6] = { 0 };
    for (int i = 0; i < N; i++)
        counts[tg_rng_below(&rng, 6)]++;
    for (int i = 0; i < 6; i++)
        assert_true(abs(counts[i] - N / 6) < 5 * sqrt(N * 5. / 36));
    for (int i = 0; i < 100; i++)
        assert_true(tg_rng_below(&rng, 1) == 0);
}

/* With n = 3 2^62 a plain product would give every third number twice as often: multiples of 3 would be half of all.
   A quarter of the draws is refused. */
static void below_refuses_what_would_bias(void **state)
{
    (void)state;
    enum { N = 100000 };
    const uint64_t n = UINT64_C(3) << 62;
    tg_rng rng = tg_rng_seed(8);
    int threes = 0, upper = 0;
    for (int i = 0; i < N; i++) {
        const uint64_t x = tg_rng_below(&rng, n);
        assert_true(x < n);
        threes += x % 3 == 0;
        upper += x >= n / 2;
    }
    assert_true(abs(threes - N / 3) < 5 * sqrt(N * 2. / 9));
    assert_true(abs(upper - N / 2) < 5 * sqrt(N / 4.));
    assert_true(fabs((double)rng.position - N * 4. / 3) < 5 * sqrt(N * 4. / 9));
}

/* Every order of 4 comes equally often. */
static void permutation_is_uniform(void **state)
{
    (void)state;
    enum { N = 240000 };
    static int counts[256];
    memset(counts, 0, sizeof counts);
    tg_rng rng = tg_rng_seed(9);
    for (int i = 0; i < N; i++) {
        int64_t order[4];
        tg_rng_permutation(&rng, order, 4);
        counts[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
    }
    int seen = 0;
    for (int i = 0; i < 256; i++) {
        seen += counts[i] > 0;
        assert_true(counts[i] == 0 || abs(counts[i] - N / 24) < 5 * sqrt(N * 23. / 576));
    }
    assert_int_equal(seen, 24);
    assert_true(rng.position == 3 * N);
}

static double ulps(double got, double expected)
{
    return fabs(got - expected) / (nextafter(fabs(expected), HUGE_VAL) - fabs(expected));
}

/* Within 2 ulp of the truth, and so within 3 of a C library that is within 1. */
static void log_is_the_logarithm(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(10);
    double worst = 0;
    for (int i = 0; i < 1000000; i++) {
        const double u = 1 - tg_rng_uniform(&rng), near = 1 + ldexp(u - 0.5, -(i % 50));
        const double far = ldexp(1 + u, i % 2044 - 1022);
        worst = fmax(worst, ulps(tg_portable_log(u), log(u)));
        worst = fmax(worst, ulps(tg_portable_log(near), log(near)));
        worst = fmax(worst, ulps(tg_portable_log(far), log(far)));
    }
    assert_true(worst <= 3);
    assert_true(tg_portable_log(1) == 0);
    assert_true(tg_portable_log(0x1p-53) == log(0x1p-53));
}

/* Within an eighth turn against the C library, whose argument 2 pi t is itself rounded; elsewhere by symmetries, which
   hold bit for bit. */
static void sine_and_cosine_are_right(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(11);
    double worst = 0;
    for (int i = 0; i < 1000000; i++) {
        const double t = ldexp(tg_rng_between(&rng, -0.125, 0.125), -(i % 8 ? 0 : i % 60));
        const double s = tg_portable_sin_turns(t), c = tg_portable_cos_turns(t);
        worst = fmax(worst, ulps(s, sin(6.283185307179586 * t)));
        worst = fmax(worst, ulps(c, cos(6.283185307179586 * t)));
        const double back = t + 0.5 - 0.5; /* so that adding quarters is exact */
        assert_true(tg_portable_sin_turns(back + 0.25) == tg_portable_cos_turns(back));
        assert_true(tg_portable_sin_turns(back + 0.5) == -tg_portable_sin_turns(back));
        assert_true(tg_portable_cos_turns(back + 0.5) == -tg_portable_cos_turns(back));
        assert_true(tg_portable_cos_turns(back + 0.25) == -tg_portable_sin_turns(back));
        assert_true(tg_portable_sin_turns(back - 0.25) == -tg_portable_cos_turns(back));
        assert_true(tg_portable_cos_turns(-t) == c && tg_portable_sin_turns(-t) == -s);
    }
    assert_true(worst <= 3);
    assert_true(tg_portable_sin_turns(0.25) == 1 && tg_portable_cos_turns(0.25) == 0);
    assert_true(tg_portable_cos_turns(1000000.5) == -1 && tg_portable_sin_turns(-3) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_words),
        cmocka_unit_test(draws_are_the_words_of_the_blocks),
        cmocka_unit_test(a_generator_is_a_value),
        cmocka_unit_test(streams_and_seeds_are_independent),
        cmocka_unit_test(null_gives_zero),
        cmocka_unit_test(uniform_is_uniform),
        cmocka_unit_test(between_stays_between),
        cmocka_unit_test(normal_is_normal),
        cmocka_unit_test(normal_has_the_same_bits_everywhere),
        cmocka_unit_test(below_is_unbiased),
        cmocka_unit_test(below_refuses_what_would_bias),
        cmocka_unit_test(permutation_is_uniform),
        cmocka_unit_test(log_is_the_logarithm),
        cmocka_unit_test(sine_and_cosine_are_right),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
