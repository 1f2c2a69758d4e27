from dataclasses import replace

import pytest

from roomproof.load.figures.bisection import Bisection, Step
from roomproof.verdict import Conclusion, Verdict


def searched(
    capacity: int, *, first: int = 20, most: int = 10_000, room_size: int = 10, generator: int = 10**9
) -> Bisection:
    """Search a server with this capacity by a generator with a limit of its own."""
    search = Bisection(first, most, room_size)
    while (users := search.next_users()) is not None:
        assert len(search.steps) < 50, "the search does not end"
        if users > generator:
            step = Step(users, Conclusion.INCONCLUSIVE, "it is busy", is_generator_limit=True)
        elif users > capacity:
            step = Step(users, Conclusion.INVALID, "deliver.p99<250ms is missed")
        else:
            step = Step(users, Conclusion.VALID, "", rate=users * 10.0)
        search.steps.append(step)
    return search


def found(search: Bisection) -> tuple[int | None, int | None]:
    return (search.best.users if search.best else None, search.worst.users if search.worst else None)


@pytest.mark.parametrize("capacity", [5, 10, 19, 20, 21, 39, 75, 333, 1_000, 5_001, 9_999])
def test_the_range_holds_the_capacity_and_is_narrow(capacity: int) -> None:
    best, worst = found(searched(capacity))

    assert (best or 0) <= capacity
    assert worst is not None
    assert capacity < worst
    assert worst - (best or 0) <= max(10, 0.1 * worst)


def test_it_steps_up_by_two_then_bisects_in_whole_rooms() -> None:
    assert [step.users for step in searched(130).steps] == [20, 40, 80, 160, 120, 140, 130]


def test_no_load_is_tried_twice() -> None:
    for capacity in range(1, 400):
        users = [step.users for step in searched(capacity, room_size=7).steps]
        assert len(users) == len(set(users))


def test_nothing_beyond_the_most_is_tried() -> None:
    search = searched(10**6, most=50)

    assert [step.users for step in search.steps] == [20, 40, 50]
    assert search.conclude().reason.startswith("capacity: at least 50 users (500 deliveries a second), the most")
    assert search.conclude().conclusion is Conclusion.VALID


def test_the_verdict_names_the_range_and_what_ends_it() -> None:
    assert searched(130).conclude() == Verdict(
        Conclusion.VALID,
        "capacity: 130 to 139 users, 130 tried (1300 deliveries a second); with 140 users: deliver.p99<250ms is missed",
        partial=True,
    )


def test_a_server_without_capacity_is_invalid() -> None:
    verdict = searched(0).conclude()

    assert verdict.conclusion is Conclusion.INVALID
    assert verdict.reason == "capacity: none was found, not even 10 users: deliver.p99<250ms is missed"


def test_an_overloaded_generator_ends_the_search_without_blame() -> None:
    search = searched(10**6, generator=100)

    assert [step.users for step in search.steps] == [20, 40, 80, 160]
    assert search.conclude().conclusion is Conclusion.INCONCLUSIVE
    assert "at least 80 users" in search.conclude().reason
    assert "with 160 users the generator is the limit: it is busy" in search.conclude().reason


def test_an_interrupted_search_names_what_it_knows() -> None:
    search = Bisection(20, 100, 10, [Step(20, Conclusion.VALID, "", 200.0)])

    assert search.conclude("interrupted") == Verdict(
        Conclusion.INCONCLUSIVE,
        "interrupted; capacity: at least 20 users (200 deliveries a second)",
        partial=True,
    )
    assert Bisection(20, 100, 10).conclude("interrupted").reason == "interrupted; capacity: unknown"


def test_a_fault_that_no_load_excuses_makes_it_invalid() -> None:
    """Beyond its capacity a server can be slow or refuse, but must not leak messages."""
    search = searched(20)
    good, bad, *_ = search.steps
    search.steps = [good, replace(bad, fault="3 leaked")]
    reason = "with 40 users: 3 leaked; capacity: at least 20 users (200 deliveries a second)"

    assert search.next_users() is None
    assert search.conclude() == Verdict(Conclusion.INVALID, reason, partial=True)
    assert search.conclude("stopped") == Verdict(Conclusion.INVALID, f"{reason}; stopped", partial=True)
    assert search.decisive == search.first_fault == search.steps[1]
