/* test_real.c - the real MNIST and CIFAR-10, where TAPEGRAD_DATA names a folder that has mnist and cifar-10-batches-bin:
   what is known about them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tapegrad/data.h"

/* The folder in TAPEGRAD_DATA; without it the test is skipped. */
static const char *folder(const char *name, char path[512])
{
    const char *data = getenv("TAPEGRAD_DATA");
    if (!data || !*data) {
        print_message("TAPEGRAD_DATA names no folder with %s: skipped\n", name);
        skip();
    }
    snprintf(path, 512, "%s/%s", data ? data : "", name);
    return path;
}

static void assert_counts(const tg_dataset *set, const int counts[10])
{
    int seen[10] = { 0 };
    for (int64_t i = 0; i < set->n; i++)
        seen[set->labels[i]]++;
    for (int k = 0; k < 10; k++)
        assert_int_equal(seen[k], counts[k]);
}

static void mnist_is_what_it_is(void **state)
{
    (void)state;
    static const int32_t first_train[] = { 5, 0, 4, 1, 9, 2, 1, 3, 1, 4 }, first_test[] = { 7, 2, 1, 0, 4 };
    static const int train_counts[] = { 5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949 };
    static const int test_counts[] = { 980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009 };
    char path[512];
    const char *dir = folder("mnist", path);
    tg_dataset set = { 0 };
    double mean, deviation;
    assert_int_equal(tg_dataset_read_mnist(&set, dir, TG_TRAIN, NULL), TG_OK);
    assert_true(set.n == 60000 && set.features == 784);
    assert_memory_equal(set.labels, first_train, sizeof first_train);
    assert_counts(&set, train_counts);
    assert_int_equal(tg_dataset_moments_overall(&set, &mean, &deviation, NULL), TG_OK);
    assert_true(fabs(mean - 0.1307) < 5e-5 && fabs(deviation - 0.3081) < 5e-5);
    tg_dataset_finish(&set);
    assert_int_equal(tg_dataset_read_mnist(&set, dir, TG_TEST, NULL), TG_OK);
    assert_true(set.n == 10000 && set.features == 784);
    assert_memory_equal(set.labels, first_test, sizeof first_test);
    assert_counts(&set, test_counts);
    tg_dataset_finish(&set);
}

/* Means and deviations of the three colours as published, within what a lossy edition of the pictures may change. */
static void cifar10_is_what_it_is(void **state)
{
    (void)state;
    static const int train_counts[] = { 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000 };
    static const int test_counts[] = { 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000 };
    static const double colour_means[] = { 0.4914, 0.4822, 0.4465 };
    char path[512];
    const char *dir = folder("cifar-10-batches-bin", path);
    tg_dataset set = { 0 };
    assert_int_equal(tg_dataset_read_cifar10(&set, dir, TG_TRAIN, NULL), TG_OK);
    assert_true(set.n == 50000 && set.features == 3072);
    assert_counts(&set, train_counts);
    static double mean[3072], deviation[3072];
    assert_int_equal(tg_dataset_moments(&set, mean, deviation, NULL), TG_OK);
    for (int colour = 0; colour < 3; colour++) {
        double sum = 0;
        for (int j = 0; j < 1024; j++)
            sum += mean[1024 * colour + j] / 1024;
        assert_true(fabs(sum - colour_means[colour]) < 2e-3);
    }
    tg_dataset_finish(&set);
    assert_int_equal(tg_dataset_read_cifar10(&set, dir, TG_TEST, NULL), TG_OK);
    assert_true(set.n == 10000);
    assert_counts(&set, test_counts);
    tg_dataset_finish(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mnist_is_what_it_is),
        cmocka_unit_test(cifar10_is_what_it_is),
    };
    return cmocka_run_group_tests_name("real", tests, NULL, NULL);
}
