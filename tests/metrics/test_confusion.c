/* test_confusion.c - confusion matrices: counts, accuracy, recall and precision of classes, and what is refused. */
#include "metrics.h"

/* Three classes; no pair has label 2, and no prediction of 0 is wrong. */
static const int32_t labels[] = { 0, 0, 0, 0, 1, 1, 1 }, predicted[] = { 0, 0, 1, 2, 1, 1, 2 };
enum { PAIRS = 7, CLASSES = 3 };

static void rows_are_labels_and_columns_predictions(void **state)
{
    (void)state;
    int64_t counts[9] = { 0 };
    tg_error err = { .status = TG_ERR_IO };
    assert_int_equal(tg_confusion_add(counts, CLASSES, labels, predicted, PAIRS, &err), TG_OK);
    assert_int_equal(err.status, TG_OK);
    assert_memory_equal(counts, ((int64_t[]){ 2, 1, 1, 0, 2, 1, 0, 0, 0 }), sizeof counts);
    assert_int_equal(tg_confusion_add(counts, CLASSES, labels, predicted, 3, NULL), TG_OK);
    assert_int_equal(tg_confusion_add(counts, CLASSES, NULL, NULL, 0, &err), TG_OK);
    assert_memory_equal(counts, ((int64_t[]){ 4, 2, 1, 0, 2, 1, 0, 0, 0 }), sizeof counts);
}

static void shares_are_those_of_the_counts(void **state)
{
    (void)state;
    int64_t counts[9] = { 0 };
    assert_int_equal(tg_confusion_add(counts, CLASSES, labels, predicted, PAIRS, NULL), TG_OK);
    assert_true(tg_confusion_accuracy(counts, CLASSES) == 4.0 / 7);
    assert_true(tg_confusion_recall(counts, CLASSES, 0) == 0.5);
    assert_true(tg_confusion_recall(counts, CLASSES, 1) == 2.0 / 3);
    assert_true(isnan(tg_confusion_recall(counts, CLASSES, 2)));
    assert_true(tg_confusion_precision(counts, CLASSES, 0) == 1);
    assert_true(tg_confusion_precision(counts, CLASSES, 1) == 2.0 / 3);
    assert_true(tg_confusion_precision(counts, CLASSES, 2) == 0);
}

static void shares_without_pairs_are_nan(void **state)
{
    (void)state;
    const int64_t none[9] = { 0 };
    assert_true(isnan(tg_confusion_accuracy(none, CLASSES)));
    assert_true(isnan(tg_confusion_precision(none, CLASSES, 1)));
    assert_true(isnan(tg_confusion_accuracy(NULL, CLASSES)));
    assert_true(isnan(tg_confusion_recall(NULL, CLASSES, 0)));
    assert_true(isnan(tg_confusion_precision(NULL, CLASSES, 0)));
    const int64_t some[1] = { 3 };
    assert_true(tg_confusion_accuracy(some, 1) == 1);
    assert_true(isnan(tg_confusion_recall(some, 1, 1)) && isnan(tg_confusion_recall(some, 1, -1)));
    assert_true(isnan(tg_confusion_precision(some, 1, 1)) && isnan(tg_confusion_precision(some, 1, -1)));
    assert_true(isnan(tg_confusion_accuracy(some, 0)) && isnan(tg_confusion_accuracy(some, -1)));
}

static void a_bad_label_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        int32_t labels[3], predicted[3];
        const char *text;
    } cases[] = {
        { { 0, 1, 3 }, { 0, 1, 2 }, "confusion_add: label 2 is 3, not in 0 .. 2" },
        { { 0, -1, 2 }, { 0, 1, 2 }, "confusion_add: label 1 is -1, not in 0 .. 2" },
        { { 0, 1, 2 }, { 0, 1, 7 }, "confusion_add: prediction 2 is 7, not in 0 .. 2" },
        { { 0, 1, 2 }, { INT32_MIN, 1, 2 }, "confusion_add: prediction 0 is -2147483648, not in 0 .. 2" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t counts[9] = { 5 };
        tg_error err;
        assert_int_equal(tg_confusion_add(counts, CLASSES, cases[i].labels, cases[i].predicted, 3, &err),
                         TG_ERR_RANGE);
        assert_string_equal(err.text, cases[i].text);
        assert_memory_equal(counts, ((int64_t[9]){ 5 }), sizeof counts);
    }
}

static void a_full_count_changes_nothing(void **state)
{
    (void)state;
    int64_t counts[4] = { 1, 0, 0, INT64_MAX - 1 };
    const int32_t list[] = { 0, 1, 0, 1, 0 };
    tg_error err;
    assert_int_equal(tg_confusion_add(counts, 2, list, list, 5, &err), TG_ERR_RANGE);
    assert_string_equal(err.text, "confusion_add: a count is 9223372036854775807, the most it can be");
    assert_memory_equal(counts, ((int64_t[]){ 1, 0, 0, INT64_MAX - 1 }), sizeof counts);
    assert_int_equal(tg_confusion_add(counts, 2, list, list, 3, &err), TG_OK);
    assert_memory_equal(counts, ((int64_t[]){ 3, 0, 0, INT64_MAX }), sizeof counts);
    const int64_t huge[4] = { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX };
    assert_true(tg_confusion_accuracy(huge, 2) == 0.5 && tg_confusion_recall(huge, 2, 1) == 0.5);
}

static void invalid_arguments_are_refused(void **state)
{
    (void)state;
    int64_t counts[9] = { 0 };
    tg_error err;
    assert_int_equal(tg_confusion_add(NULL, 3, labels, predicted, 1, &err), TG_ERR_ARGUMENT);
    assert_string_equal(err.text, "confusion_add: counts is NULL");
    assert_int_equal(tg_confusion_add(counts, 3, NULL, predicted, 1, &err), TG_ERR_ARGUMENT);
    assert_string_equal(err.text, "confusion_add: labels is NULL");
    assert_int_equal(tg_confusion_add(counts, 3, labels, NULL, 1, &err), TG_ERR_ARGUMENT);
    assert_string_equal(err.text, "confusion_add: predicted is NULL");
    assert_int_equal(tg_confusion_add(counts, 0, labels, predicted, 1, &err), TG_ERR_ARGUMENT);
    assert_string_equal(err.text,
                        "confusion_add: 1 pairs of 0 classes; expected at least 0 pairs and at least 1 class");
    assert_int_equal(tg_confusion_add(counts, 3, labels, predicted, -1, NULL), TG_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_labels_and_columns_predictions),
        cmocka_unit_test(shares_are_those_of_the_counts),
        cmocka_unit_test(shares_without_pairs_are_nan),
        cmocka_unit_test(a_bad_label_changes_nothing),
        cmocka_unit_test(a_full_count_changes_nothing),
        cmocka_unit_test(invalid_arguments_are_refused),
    };
    return cmocka_run_group_tests_name("confusion", tests, NULL, NULL);
}
