"""The table of exit codes."""

import pytest

from carsets.exit_codes import Collected, RunFacts, judge
from carsets.outcomes import ExitCode, Outcome, QueryOutcome

KEPT = {Outcome.STORED: 3, Outcome.HTTP_404: 2}
NONE_KEPT = {Outcome.HTTP_404: 2, Outcome.TIMEOUT: 1}
ALL_KNOWN = {Outcome.KNOWN_URL: 4, Outcome.OVER_LIMIT: 1}
ANSWERED = {QueryOutcome.RESULTS: 2, QueryOutcome.NO_RESULTS: 1}


def facts(outcomes, **more):
    return RunFacts(**({"found": sum(outcomes.values()), "outcomes": outcomes} | more))


@pytest.mark.parametrize(
    ("given", "code", "word"),
    [
        (facts(KEPT, queries=ANSWERED), ExitCode.OK, "3 images kept"),
        (facts(KEPT, closed="limit_reached"), ExitCode.OK, "3 images kept"),
        # Nothing kept.
        (facts({}), ExitCode.NOTHING_KEPT, "no image was found"),
        (facts(NONE_KEPT), ExitCode.NOTHING_KEPT, "2 http_404, 1 timeout"),
        (facts(NONE_KEPT, dataset=9), ExitCode.NOTHING_KEPT, "2 http_404"),
        (facts(ALL_KNOWN), ExitCode.NOTHING_KEPT, "4 known_url"),
        # Nothing new, because earlier runs have done it all.
        (facts(ALL_KNOWN, dataset=9), ExitCode.OK, "nothing new"),
        (facts({}, dataset=9), ExitCode.OK, "nothing new"),
        # A part only.
        (facts(KEPT, queries={QueryOutcome.BLOCKED: 1}), ExitCode.PARTIAL, "1 blocked"),
        (facts(KEPT, queries={QueryOutcome.CAPTCHA: 1}), ExitCode.PARTIAL, "1 captcha"),
        (facts(KEPT, queries={QueryOutcome.CONSENT: 1}), ExitCode.PARTIAL, "1 consent"),
        (facts(KEPT, queries={QueryOutcome.QUOTA: 2}), ExitCode.PARTIAL, "2 quota"),
        (facts(KEPT, queries={QueryOutcome.HTTP_ERROR: 2}), ExitCode.PARTIAL, "2 http_error"),
        (facts(KEPT, queries={QueryOutcome.FORMAT_CHANGED: 1}), ExitCode.PARTIAL, "format_changed"),
        (facts({}, queries={QueryOutcome.BLOCKED: 1}), ExitCode.PARTIAL, "1 blocked"),
        (facts(KEPT, closed="shutdown"), ExitCode.PARTIAL, "stopped early: shutdown"),
        (facts(KEPT, closed="x", stopped="weights_lost"), ExitCode.PARTIAL, "weights_lost"),
        (facts(KEPT, closed="start_error"), ExitCode.PARTIAL, "start_error"),
        (facts(KEPT, unended=2), ExitCode.PARTIAL, "2 queries did not end"),
        (facts({**KEPT, Outcome.ERROR: 1}), ExitCode.PARTIAL, "fault of carsets"),
        (facts(KEPT, failed_checks=["check failed: x"]), ExitCode.PARTIAL, "check failed: x"),
        (facts({}, failed_checks=["a", "b"], unended=1), ExitCode.PARTIAL, "did not end; a; b"),
        # The store or the catalog.
        (facts(KEPT, failed_checks=["a"], fault="no disk"), ExitCode.STORE_FAILED, "no disk"),
        (facts(KEPT, stopped="disk_full", closed="disk_full"), ExitCode.STORE_FAILED, "no space"),
        (facts({**KEPT, Outcome.STORE_FAILED: 1}), ExitCode.STORE_FAILED, "could not be stored"),
        (facts(KEPT, fault="the catalog x is damaged"), ExitCode.STORE_FAILED, "is damaged"),
        (facts({}, closed="catalog_failed", dataset=5), ExitCode.STORE_FAILED, "catalog"),
        # Sums, and bad use.
        (facts(KEPT, found=6), ExitCode.UNBALANCED, "6 URLs were found, and 5"),
        (facts(KEPT, found=4), ExitCode.UNBALANCED, "4 URLs were found, and 5"),
        (facts({}, bad_use="no key: set X", dataset=5), ExitCode.BAD_USE, "set X"),
    ],
)
def test_every_way_to_end_has_its_code(given, code, word):
    verdict = judge(given)
    assert verdict.code is code
    assert word in verdict.reason
    assert "\n" not in verdict.reason


@pytest.mark.parametrize("outcome", [o for o in QueryOutcome if not o.is_answer])
def test_no_lost_query_is_success(outcome):
    assert judge(facts(KEPT, queries={**ANSWERED, outcome: 1})).code is ExitCode.PARTIAL


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.STORED])
def test_a_run_that_kept_nothing_is_no_success(outcome):
    assert judge(facts({outcome: 5})).code is not ExitCode.OK


@pytest.mark.parametrize(
    ("collected", "queries", "code", "word"),
    [
        (Collected(what="totals", kept=3), ANSWERED, ExitCode.OK, "3 totals, all queries answered"),
        (Collected(what="totals", kept=3, without=1), ANSWERED, ExitCode.OK, "1 answers without"),
        (Collected(what="totals", without=3), ANSWERED, ExitCode.NOTHING_KEPT, "no totals"),
        (Collected(what="totals", before=3), {}, ExitCode.OK, "3 questions were answered before"),
        (Collected(what="totals"), {}, ExitCode.NOTHING_KEPT, "no totals"),
        (
            Collected(what="totals", kept=3),
            {QueryOutcome.BLOCKED: 1},
            ExitCode.PARTIAL,
            "1 blocked",
        ),
    ],
)
def test_runs_that_are_not_after_images_end_well_when_every_query_was_answered(
    collected, queries, code, word
):
    verdict = judge(facts({}, queries=queries, dataset=5, collected=collected))
    assert verdict.code is code
    assert word in verdict.reason
