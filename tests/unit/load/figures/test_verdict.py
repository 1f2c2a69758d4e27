"""Facts count against a server; what the generator can have caused does not."""

from dataclasses import replace
from typing import Any

import pytest

from roomproof.client.service import Service
from roomproof.client.target import Target
from roomproof.dialects.reader import read_dialect
from roomproof.load.figures import objectives
from roomproof.load.figures.totals import RunTotals
from roomproof.load.figures.verdict import RunContext, exercised, load_independent_faults, verdict_of
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.spec.rules import Capability, Need, read_protocol
from roomproof.verdict import Conclusion, Standing, Verdict
from tests.unit.load.reports import BUSY, CLEAN, TARGET, declaring, report, totals

PROTOCOL = read_protocol()
LOST_WORKER = RunContext(lost_workers=("worker w2",))
FACT: dict[str, Any] = {"findings_by_kind": {"duplicated": 3}, "safety_by_rule": {"DELIVER-3": 3}}
LATE: dict[str, Any] = {"findings_by_kind": {"lost": 3}, "liveness_by_rule": {"DELIVER-1": 3}}


def judged(
    *reports: WorkerReport, target: Target = TARGET, asked: tuple[str, ...] = (), context: RunContext | None = None
) -> Verdict:
    """Return the verdict on a run of these reports, after a clean one."""
    bounds = [objectives.parse(text) for text in asked]
    return verdict_of(totals(CLEAN, *reports), PROTOCOL, target, bounds, context or RunContext())


def of(verdict: Verdict, standing: Standing) -> set[str]:
    """Return the rules with a standing."""
    return {rule for rule, stands in verdict.rules.items() if stands is standing}


def test_a_clean_run_is_valid() -> None:
    verdict = judged()

    assert (verdict.conclusion, verdict.exit_code, verdict.partial) == (Conclusion.VALID, 0, True)
    assert of(verdict, Standing.HELD) == exercised(totals(CLEAN), TARGET)
    assert of(verdict, Standing.BROKEN) == set()


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(FACT, id="a fact"),
        pytest.param(FACT | {"overload": [BUSY]}, id="a fact under overload"),
        pytest.param(FACT | {"slowdowns": [BUSY]}, id="a fact with a slowdown"),
        pytest.param(FACT | {"is_measured": False}, id="a fact in the ramp-up"),
    ],
)
def test_a_fact_is_invalid_whatever_the_load(fields: dict[str, Any]) -> None:
    verdict = judged(report(**fields))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, {"DELIVER-3"})
    assert verdict.reason.startswith("3 duplicated: the server breaks DELIVER-3")


@pytest.mark.parametrize(
    ("is_spawning", "connecting"), [(True, 0), (False, 3)], ids=["not all started", "some still try"]
)
def test_a_run_that_ends_in_its_ramp_is_inconclusive(is_spawning: bool, connecting: int) -> None:
    last = report(users_connected=50, users_connecting=connecting)
    context = RunContext(users=400, is_spawning=is_spawning)
    verdict = judged(last, context=context)

    assert (verdict.conclusion, of(verdict, Standing.HELD)) == (Conclusion.INCONCLUSIVE, set())
    assert verdict.reason.startswith("50 of 400 users had connected when the run ended: ")
    assert judged(last, context=RunContext(is_spawning=is_spawning)).conclusion is Conclusion.VALID


def test_altered_text_is_tested_once_every_tricky_word_arrived() -> None:
    sent = report(sent=10, delivered=100, are_all_texts_sent=True)

    assert "DELIVER-5" in exercised(totals(sent), TARGET)
    assert "DELIVER-5" not in exercised(totals(report(sent=1, delivered=10)), TARGET)
    assert "DELIVER-5" not in exercised(totals(sent, report(**LATE)), TARGET)


def test_a_server_that_nobody_reached_is_named_once() -> None:
    verdict = verdict_of(
        totals(report(unreachable="refused", unanswered=4)),
        PROTOCOL,
        TARGET,
        [],
        RunContext(users=20, is_spawning=True),
    )

    assert verdict.conclusion is Conclusion.INCONCLUSIVE
    assert verdict.reason == (
        "nothing was delivered on http://chat.test, where nobody listens: start the server, or correct --host (refused)"
    )


def test_a_ramp_that_is_over_in_the_last_moment_is_complete() -> None:
    assert (
        judged(report(users_connected=50), context=RunContext(users=50, is_spawning=True)).conclusion
        is Conclusion.VALID
    )


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        ("tasks_raised", "2 exceptions in tasks of the script, the first one: ValueError: soup"),
        ("requests_failed", "2 requests of the script failed, the first one: ValueError: soup"),
    ],
)
def test_errors_of_the_script_make_a_run_inconclusive(count: str, sentence: str) -> None:
    errors: dict[str, Any] = {count: 2, "script_reasons": {count: ["ValueError: soup", "ValueError: bread"]}}
    verdict = judged(report(**errors))

    assert (verdict.conclusion, of(verdict, Standing.HELD)) == (Conclusion.INCONCLUSIVE, set())
    assert sentence in verdict.reason


def test_errors_of_the_script_do_not_excuse_the_server() -> None:
    verdict = judged(report(tasks_raised=1, script_reasons={"tasks_raised": ["ValueError: soup"]}, **LATE))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, {"DELIVER-1"})


def test_an_internal_error_excuses_the_server() -> None:
    verdict = judged(report(internal_errors=["TypeError: soup"], **LATE))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INCONCLUSIVE, set())
    assert verdict.reason.startswith("Roomproof itself failed, which is a bug: TypeError: soup")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        pytest.param(FACT, "3 duplicated", id="a copy"),
        pytest.param(LATE, "", id="what did not arrive"),
        pytest.param({"findings_by_kind": {"lost": 3}, "safety_by_rule": {"DELIVER-1": 3}}, "", id="a hole"),
        pytest.param(
            {"findings_by_kind": {"wrong time": 1}, "safety_by_rule": {"DELIVER-8": 1}}, "1 wrong time", id="old stamps"
        ),
        pytest.param(
            {"findings_by_kind": {"wrong time": 1}, "safety_by_rule": {"DELIVER-8": 1}, "slowdowns": [BUSY]},
            "",
            id="old with a slowdown",
        ),
        pytest.param(
            {"findings_by_kind": {"wrong time": 1}, "safety_by_rule": {"DELIVER-9": 1}, "slowdowns": [BUSY]},
            "1 wrong time",
            id="backwards with a slowdown",
        ),
    ],
)
def test_faults_that_no_load_excuses(fields: dict[str, Any], wrong: str) -> None:
    assert load_independent_faults(totals(CLEAN, report(**fields))) == wrong


def test_a_fact_is_invalid_even_if_a_worker_was_lost() -> None:
    verdict = judged(report(**FACT), context=LOST_WORKER)

    assert verdict.conclusion is Conclusion.INVALID
    assert "besides, lost during the run: worker w2" in verdict.reason


def test_the_reason_names_the_broken_rule_once() -> None:
    assert judged(report(**FACT), context=LOST_WORKER).reason.count("DELIVER-3") == 1


def test_loss_is_invalid_where_the_generator_kept_up() -> None:
    verdict = judged(report(**LATE))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, {"DELIVER-1"})
    assert verdict.reason == "3 lost: the server breaks DELIVER-1"


@pytest.mark.parametrize("fields", [{"overload": [BUSY]}, {"slowdowns": [BUSY]}], ids=["overloaded", "slowed down"])
def test_an_overloaded_generator_excuses_loss(fields: dict[str, Any]) -> None:
    verdict = judged(report(**LATE, **fields))

    assert (verdict.conclusion, verdict.exit_code) == (Conclusion.INCONCLUSIVE, 3)
    assert of(verdict, Standing.BROKEN) == of(verdict, Standing.HELD) == set()
    assert "3 late-delivery findings ignored: the load generator was overloaded" in verdict.reason
    assert BUSY.text in verdict.reason


def test_a_server_that_still_delivers_has_lost_nothing() -> None:
    verdict = judged(report(**LATE, is_still_delivering=True))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INCONCLUSIVE, set())
    assert verdict.reason == (
        "the server was still delivering 30 s after the last message: what has not arrived is not necessarily lost"
    )


def test_one_overloaded_worker_excuses_loss_at_all() -> None:
    verdict = judged(report("w1", **LATE), report("w2", slowdowns=[BUSY]))

    assert verdict.conclusion is Conclusion.INCONCLUSIVE


def test_a_lost_worker_excuses_loss() -> None:
    verdict = judged(report(**LATE), context=LOST_WORKER)

    assert verdict.conclusion is Conclusion.INCONCLUSIVE
    assert "3 late-delivery findings ignored: a worker was lost" in verdict.reason


def test_facts_count_beside_excused_loss() -> None:
    late_and_fact = {
        "findings_by_kind": {"lost": 3, "duplicated": 3},
        "safety_by_rule": FACT["safety_by_rule"],
        "liveness_by_rule": LATE["liveness_by_rule"],
    }
    verdict = judged(report(slowdowns=[BUSY], **late_and_fact))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, {"DELIVER-3"})
    assert "3 late-delivery findings ignored" in verdict.reason


def test_an_overloaded_generator_proves_nothing() -> None:
    verdict = judged(report(overload=[BUSY]))

    assert (verdict.conclusion, of(verdict, Standing.HELD)) == (Conclusion.INCONCLUSIVE, set())
    assert verdict.reason == f"the load generator was overloaded: {BUSY.text}"


def test_overload_that_a_later_report_takes_back_is_none() -> None:
    assert judged(report(overload=[BUSY]), report()).conclusion is Conclusion.VALID


def test_a_slowdown_without_harm_is_valid() -> None:
    assert judged(report(slowdowns=[BUSY]), asked=("deliver.p99<250ms",)).conclusion is Conclusion.VALID


def test_a_lost_worker_is_named() -> None:
    verdict = judged(context=RunContext(lost_workers=("worker w2", "worker w3")))

    assert (verdict.conclusion, of(verdict, Standing.HELD)) == (Conclusion.INCONCLUSIVE, set())
    assert verdict.reason == "lost during the run: worker w2, worker w3"


def test_trouble_from_outside_is_named() -> None:
    verdict = judged(context=RunContext(trouble="the target stopped answering"))

    assert (verdict.conclusion, verdict.reason) == (Conclusion.INCONCLUSIVE, "the target stopped answering")


def test_an_old_timestamp_is_a_fact_where_the_generator_kept_up() -> None:
    verdict = judged(report(findings_by_kind={"wrong time": 1}, safety_by_rule={"DELIVER-8": 1}))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, {"DELIVER-8"})


@pytest.mark.parametrize("context", [RunContext(), LOST_WORKER], ids=["slowed down", "a worker lost"])
def test_an_overloaded_generator_excuses_old_timestamps(context: RunContext) -> None:
    verdict = judged(
        report(findings_by_kind={"wrong time": 1}, safety_by_rule={"DELIVER-8": 1}, overload=[BUSY], slowdowns=[BUSY]),
        context=context,
    )

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INCONCLUSIVE, set())


def test_a_met_objective_is_valid() -> None:
    assert judged(asked=("deliver.p99<250ms", "sockets>=20")).conclusion is Conclusion.VALID


def test_a_missed_objective_is_invalid_and_breaks_no_rule() -> None:
    verdict = judged(asked=("deliver.p99<1ms", "sockets>=20"))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, set())
    assert verdict.reason == "deliver.p99<1ms is missed: deliver.p99 is 40 ms"


@pytest.mark.parametrize("fields", [{"overload": [BUSY]}, {"slowdowns": [BUSY]}], ids=["overloaded", "slowed down"])
def test_an_overloaded_generator_excuses_missed_objectives(
    fields: dict[str, Any],
) -> None:
    verdict = judged(report(**fields), asked=("deliver.p99<1ms",))

    assert verdict.conclusion is Conclusion.INCONCLUSIVE
    assert BUSY.text in verdict.reason


def test_a_lost_worker_excuses_missed_objectives() -> None:
    assert judged(asked=("sockets>=40",), context=LOST_WORKER).conclusion is Conclusion.INCONCLUSIVE


def test_an_objective_without_a_figure_is_inconclusive() -> None:
    verdict = judged(asked=("join.p99<1s",))

    assert (verdict.conclusion, verdict.exit_code) == (Conclusion.INCONCLUSIVE, 3)
    assert "nothing was measured for join.p99<1s" in verdict.reason


def test_users_that_never_connected_make_it_inconclusive() -> None:
    verdict = judged(report("w2", users_waiting=1), report("w3", users_waiting=2))

    assert verdict.conclusion is Conclusion.INCONCLUSIVE
    assert "3 users had tried to connect for more than 5 s when the run ended" in verdict.reason


def test_loss_is_invalid_even_if_users_never_connected() -> None:
    verdict = judged(report(users_waiting=1, **LATE))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, {"DELIVER-1"})


@pytest.mark.parametrize(
    "nothing", [RunTotals(), totals(report(connected=20, sockets=20, rooms=2))], ids=["none", "silence"]
)
def test_a_run_in_which_nothing_was_delivered_is_inconclusive(nothing: RunTotals) -> None:
    verdict = verdict_of(nothing, PROTOCOL, TARGET, [objectives.parse("rate>1")], RunContext())

    assert verdict.conclusion is Conclusion.INCONCLUSIVE
    assert "nothing was delivered on http://chat.test" in verdict.reason


def test_a_server_that_loses_everything_is_invalid() -> None:
    verdict = verdict_of(totals(report(sent=10, **LATE)), PROTOCOL, TARGET, [], RunContext())

    assert verdict.conclusion is Conclusion.INVALID


@pytest.mark.parametrize("fields", [{}, {"overload": [BUSY]}], ids=["not overloaded", "overloaded"])
def test_refused_handshakes_are_invalid_with_their_reason(fields: dict[str, Any]) -> None:
    verdict = judged(
        report(
            handshakes_refused=2,
            refusal_reasons=["status 503: full"],
            unanswered=1,
            unanswered_reasons=["timed out"],
            **fields,
        )
    )

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, {"JOIN-6"})
    assert verdict.reason.startswith("2 refused (status 503: full): the server breaks JOIN-6")


def test_refused_rooms_break_the_rule_about_rooms() -> None:
    verdict = judged(report(rooms_refused=2, refusal_reasons=["POST /api/chats was answered with 500"]))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, {"CREATE-1"})
    assert "2 refused (POST /api/chats was answered with 500)" in verdict.reason


def test_refused_participants_break_their_rule() -> None:
    verdict = judged(
        report(participants_refused=1, refusal_reasons=["POST /api/chats/x/participants was answered with 403"])
    )

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INVALID, {"PARTICIPANTS-1"})


def test_a_missing_answer_is_inconclusive_with_its_reason() -> None:
    verdict = judged(report(unanswered=3, unanswered_reasons=["timed out", "reset"]))

    assert verdict.conclusion is Conclusion.INCONCLUSIVE
    assert verdict.reason == "3 handshakes or requests got no proper answer: timed out; reset"


def test_old_timestamps_are_excused_if_the_clock_moved() -> None:
    verdict = judged(report(safety_by_rule={"DELIVER-8": 3}, clock_moved=-70.0))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INCONCLUSIVE, set())
    assert "it moved by -70 s" in verdict.reason


def test_a_failure_of_this_machine_is_inconclusive_with_reason() -> None:
    verdict = judged(report(local_trouble=2, local_reasons=["Too many open files"]))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INCONCLUSIVE, set())
    assert verdict.reason == "2 handshakes or requests failed on this machine: Too many open files"


@pytest.mark.parametrize("capability", [Capability.PUBSUB, Capability.STICKY])
def test_a_topology_that_was_not_crossed_is_inconclusive(capability: Capability) -> None:
    verdict = judged(report(sockets=20, rooms=2, instances=["a:1"]), target=declaring(capability))

    assert verdict.conclusion is Conclusion.INCONCLUSIVE
    assert "topology not crossed" in verdict.reason
    assert "(seen: a:1); see affinity and --source-addresses" in verdict.reason


@pytest.mark.parametrize(
    ("capability", "rules"), [(Capability.PUBSUB, {"PUBSUB-3", "PUBSUB-4"}), (Capability.STICKY, {"STICKY-4"})]
)
def test_a_topology_that_was_crossed_is_held(capability: Capability, rules: set[str]) -> None:
    verdict = judged(report(sockets=20, rooms=2, spanning_rooms=1), target=declaring(capability))

    assert verdict.conclusion is Conclusion.VALID
    assert of(verdict, Standing.HELD) >= rules


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        pytest.param({"closed": 1}, {"LEAVE-1", "DELIVER-11", "CLOSE-2"}, id="nobody left"),
        pytest.param({"disconnected": 1}, {"LEAVE-2", "DELIVER-12"}, id="nobody died"),
        pytest.param({"backlog_noticeable": 1}, {"CLOSE-4"}, id="nobody stopped reading for long enough"),
        pytest.param({"connected": 1}, {"DELIVER-10"}, id="nobody came later"),
    ],
)
def test_a_rule_is_held_only_if_it_was_put_to_the_test(fields: dict[str, Any], rules: set[str]) -> None:
    without, with_it = totals(CLEAN), totals(CLEAN, report(sockets=20, rooms=2, **fields))

    assert exercised(without, TARGET) & rules == set()
    assert exercised(with_it, TARGET) >= rules


def test_one_room_with_one_member_exercises_little() -> None:
    alone = exercised(totals(report(sent=10, delivered=10, rooms=1)), TARGET)

    assert alone & {"DELIVER-1", "DELIVER-4", "JOIN-1"} == set()
    assert "DELIVER-2" in alone


def test_every_rule_that_a_run_can_exercise_is_a_rule() -> None:
    everything = totals(
        CLEAN,
        report(connected=9, closed=1, disconnected=1, backlog_noticeable=1, sockets=20, rooms=2, spanning_rooms=1),
    )

    assert exercised(everything, declaring(Capability.PUBSUB, Capability.STICKY)) <= read_protocol().rules.keys()


def lacking(*needs: Need) -> Target:
    """Return a target whose service lacks something."""
    dialect = read_dialect({}, "chat.toml", needs)
    return replace(TARGET, service=Service(dialect))


def test_rules_about_what_is_lacking_are_not_applicable() -> None:
    verdict = judged(report(**FACT | {"safety_by_rule": {"JOIN-1": 3}}), target=lacking(Need.NOTICES))

    assert verdict.conclusion is Conclusion.VALID, "the judge would not have found that"
    assert {"JOIN-1", "LEAVE-1"} <= of(verdict, Standing.NOT_APPLICABLE)
    assert "a service without notices can express " in verdict.reason


def test_without_an_echo_each_delivery_is_one_to_others() -> None:
    run = totals(report(sent=100, delivered=90))

    assert "DELIVER-1" in exercised(run, lacking(Need.ECHO))
    assert "DELIVER-1" not in exercised(run, TARGET)


def test_nothing_is_proved_where_the_dialect_does_not_fit() -> None:
    """A frame that nothing describes can be the message that is missed."""
    misfit = report(dialect_troubles=3, dialect_reasons=["expected frames that ..."], **FACT)
    verdict = judged(misfit)

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INCONCLUSIVE, set())
    assert verdict.reason.startswith("native: expected frames that ... (and 2 more)")


def test_a_refusal_that_breaks_no_rule_is_inconclusive() -> None:
    refused = report(handshakes_refused=2, refusal_reasons=["status 401"])
    verdict = judged(refused, target=lacking(Need.USER_IDS))

    assert (verdict.conclusion, of(verdict, Standing.BROKEN)) == (Conclusion.INCONCLUSIVE, set())
    assert "2 handshakes or requests refused" in verdict.reason
    assert "status 401" in verdict.reason
    assert of(judged(refused), Standing.BROKEN) == {"JOIN-6"}
