/* check.h - what the tests of the checker share. */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tapegrad.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* The check ran and passed; else its sentence. */
static inline void assert_passed(tg_status status, const tg_gradcheck_report *report)
{
    if (status != TG_OK || !report->passed)
        fail_msg("%s: %s", tg_status_name(status), report->text);
    assert_int_equal(report->fault, TG_FAULT_NONE);
    assert_true(report->all.n_checked > 0);
    assert_int_equal(report->all.n_failed, 0);
    assert_non_null(strstr(report->text, "passed"));
}

/* The check ran, and failed for this reason. */
static inline void assert_failed(tg_status status, const tg_gradcheck_report *report, tg_gradcheck_fault fault)
{
    if (status != TG_OK || report->passed || report->fault != fault)
        fail_msg("%s, fault %d: %s", tg_status_name(status), (int)report->fault, report->text);
    assert_non_null(strstr(report->text, "failed"));
}

/* ... because of elements, of which the sentence names the worst. */
static inline void assert_element_failed(tg_status status, const tg_gradcheck_report *report, const char *place)
{
    assert_failed(status, report, TG_FAULT_ELEMENT);
    assert_true(report->all.n_failed > 0);
    assert_true(report->all.worst.name[0] != '\0');
    assert_true(isinf(report->all.worst.absolute) || !(report->all.worst.absolute <= report->all.worst.allowed));
    const char *worst = strstr(report->text, "worst ");
    assert_non_null(worst);
    if (!strstr(worst, place))
        fail_msg("%s is not named: %s", place, report->text);
}

#endif
