"""The breaker as a state machine: against a model, whatever happens in whatever order."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from gateway.vendors.breaker import Breaker, Limits, State

LIMITS = Limits()


class Breaking(RuleBasedStateMachine):
    """Calls begin and end in any order while time passes; the promises hold at every moment."""

    admissions = Bundle("admissions")

    @initialize(spread=st.floats(0, 1, exclude_max=True))
    def begin(self, spread):
        self.breaker, self.now = Breaker(LIMITS, random=lambda: spread), 0.0
        self.probe, self.failed_in_a_row, self.opened_at = None, 0, None

    @rule(seconds=st.floats(0, 90))
    def time_passes(self, seconds):
        self.now += seconds

    @rule(target=admissions)
    def call(self):
        state = self.breaker.state(self.now)
        admission = self.breaker.admit(self.now)
        if state is State.CLOSED:
            assert admission is not None
            assert not admission.probe
        elif state is State.OPEN:
            assert admission is None
        else:
            assert (admission is None) == (self.probe is not None)
            self.probe = admission or self.probe
        return admission

    @rule(admission=consumes(admissions))
    def succeeds(self, admission):
        if admission is None:
            return
        was = self.breaker.state(self.now)
        self.breaker.succeed(admission)
        if admission is self.probe:
            assert self.breaker.state(self.now) is State.CLOSED
            self.probe, self.opened_at, self.failed_in_a_row = None, None, 0
        elif was is State.CLOSED:
            assert self.breaker.state(self.now) is State.CLOSED
        else:
            assert self.breaker.state(self.now) is was, "an old success closes nothing"

    @rule(admission=consumes(admissions))
    def fails(self, admission):
        if admission is None:
            return
        was = self.breaker.state(self.now)
        self.breaker.fail(admission, self.now)
        if admission is self.probe:
            assert self.breaker.state(self.now) is State.OPEN
            self.probe, self.opened_at = None, self.now
        elif was is State.CLOSED:
            if self.breaker.state(self.now) is State.OPEN:
                self.opened_at = self.now
        else:
            assert self.breaker.state(self.now) is was, "an old failure prolongs nothing"

    @rule(admission=consumes(admissions))
    def is_withdrawn(self, admission):
        if admission is None:
            return
        was = self.breaker.state(self.now)
        self.breaker.withdraw(admission)
        assert self.breaker.state(self.now) is was
        if admission is self.probe:
            self.probe = None

    @invariant()
    def is_never_left_alone_for_longer_than_documented(self):
        if self.opened_at is not None:
            assert self.breaker.seconds_left(self.opened_at) <= LIMITS.longest_seconds
            assert self.breaker.seconds_left(self.opened_at) >= LIMITS.shortest_seconds * 0.8 - 1e-6

    @invariant()
    def time_left_and_state_agree(self):
        assert (self.breaker.seconds_left(self.now) > 0) == (self.breaker.state(self.now) is State.OPEN)


TestBreaking = Breaking.TestCase


def opened(breaker, now=0.0):
    for _ in range(LIMITS.in_a_row):
        breaker.fail(breaker.admit(now), now)
    return breaker


@pytest.fixture
def breaker():
    return Breaker(LIMITS, random=lambda: 0.0)


def test_it_opens_after_five_failures_in_a_row_and_not_before(breaker):
    for _ in range(4):
        breaker.fail(breaker.admit(0), 0)
    assert breaker.state(0) is State.CLOSED

    breaker.fail(breaker.admit(0), 0)
    assert breaker.state(0) is State.OPEN


@pytest.mark.parametrize("pattern", ["f" * 10, "fs" * 10, "ffs" * 10, "ffffs" * 10, "sf" * 10])
def test_it_opens_within_ten_failures_also_when_some_calls_succeed(breaker, pattern):
    failures = 0
    for each in pattern:
        if (admission := breaker.admit(0)) is None:
            break
        if each == "f":
            failures += 1
            breaker.fail(admission, 0)
        else:
            breaker.succeed(admission)

    assert breaker.state(0) is State.OPEN
    assert failures <= 10


def test_a_third_of_failures_does_not_open_it(breaker):
    """A vendor that answers most of the time is better than none."""
    for _ in range(100):
        breaker.fail(breaker.admit(0), 0)
        breaker.succeed(breaker.admit(0))
        breaker.succeed(breaker.admit(0))

    assert breaker.state(0) is State.CLOSED


def test_pauses_double_from_probe_to_probe_up_to_a_minute(breaker):
    now, pauses = 0.0, []
    opened(breaker)
    for _ in range(6):
        pauses.append(breaker.seconds_left(now))
        now += pauses[-1]
        breaker.fail(breaker.admit(now), now)

    assert pauses == [5, 10, 20, 40, 60, 60]


def test_pauses_are_spread_and_begin_anew_after_recovery():
    breaker = opened(Breaker(LIMITS, random=lambda: 0.5))
    assert breaker.seconds_left(0) == pytest.approx(4.5)

    breaker.fail(breaker.admit(5), 5)
    breaker.succeed(breaker.admit(20))
    opened(breaker, 20)

    assert breaker.seconds_left(20) == pytest.approx(4.5)


def test_only_one_probe_is_let_through_at_a_time(breaker):
    opened(breaker)
    first = breaker.admit(5)

    assert first.probe
    assert breaker.admit(5) is None
    breaker.withdraw(first)
    assert breaker.admit(5).probe


def test_a_call_from_before_the_breaker_opened_says_nothing_about_now(breaker):
    """Requests that hung in the outage fail one by one after it is over; they must not open it again."""
    old = [breaker.admit(0) for _ in range(20)]
    opened(breaker)
    breaker.succeed(breaker.admit(5))
    for admission in old:
        breaker.fail(admission, 6)

    assert breaker.state(6) is State.CLOSED
    assert breaker.failures == 0
