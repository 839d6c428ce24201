"""Metrics are counted apart from every other library's, under names that dashboards rely on."""

import re

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.domain.job import JobStatus
from gateway.telemetry.metrics import Metrics


@pytest.fixture
def metrics():
    return Metrics()


def samples(metrics):
    page, _ = metrics.render()
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_what_was_counted_is_on_the_page(metrics):
    metrics.request(dialect="ibm", operation="Submit", status=200, seconds=0.02)
    metrics.request(dialect="ibm", operation="Submit", status=403, seconds=0.02)
    metrics.refused("policy-denied")
    metrics.unauthenticated("key-revoked")
    metrics.decided(outcome="allow", seconds=0.001)
    metrics.decided(outcome="deny", rules=("circuits/depth", "data/region"), seconds=0.002)
    metrics.payload("measured")
    metrics.ledger.appended(entries=3, seconds=0.004)
    metrics.ledger.queued(7)
    metrics.jobs(JobStatus.RUNNING, 2)
    metrics.simulated("sim_line_5")
    metrics.fell_back()
    metrics.repeated()

    found = samples(metrics)

    assert found["gateway_requests_total", ("ibm", "Submit", "2xx")] == 1
    assert found["gateway_requests_total", ("ibm", "Submit", "4xx")] == 1
    assert found["gateway_request_duration_seconds_count", ("ibm", "Submit")] == 2
    assert found["gateway_refusals_total", ("policy-denied",)] == 1
    assert found["gateway_unauthenticated_total", ("key-revoked",)] == 1
    assert found["gateway_decisions_total", ("allow", "")] == 1
    assert found["gateway_decisions_total", ("deny", "circuits/depth")] == 1
    assert found["gateway_decisions_total", ("deny", "data/region")] == 1
    assert found["gateway_decision_duration_seconds_count", ()] == 2
    assert found["gateway_sandbox_payloads_total", ("measured",)] == 1
    assert found["gateway_ledger_entries_total", ()] == 3
    assert found["gateway_ledger_append_duration_seconds_count", ()] == 1
    assert found["gateway_ledger_queue_length", ()] == 7
    assert found["gateway_jobs", ("running",)] == 2
    assert found["gateway_simulator_executions_total", ("sim_line_5",)] == 1
    assert found["gateway_fallbacks_total", ()] == 1
    assert found["gateway_sdk_repeats_total", ()] == 1


@pytest.mark.parametrize(("status", "wanted"), [(200, "2xx"), (299, "2xx"), (304, "3xx"), (404, "4xx"), (503, "5xx")])
def test_statuses_are_counted_by_class(metrics, status, wanted):
    """One series per class, not one per status."""
    metrics.request(dialect="ibm", operation="Show", status=status, seconds=0.0)

    assert samples(metrics)["gateway_requests_total", ("ibm", "Show", wanted)] == 1


def test_two_gateways_in_one_process_do_not_share_counts(metrics):
    """Tests and embedders run several; a global registry would also refuse the second."""
    other = Metrics()
    metrics.fell_back()

    assert samples(metrics)["gateway_fallbacks_total", ()] == 1
    assert samples(other)["gateway_fallbacks_total", ()] == 0


def test_nothing_is_added_to_the_global_registry():
    before = prometheus_client.generate_latest()
    Metrics().fell_back()

    assert b"gateway_" not in prometheus_client.generate_latest()
    assert b"gateway_" not in before


def test_names_follow_prometheus_conventions(metrics):
    metrics.request(dialect="ibm", operation="Show", status=200, seconds=0.0)
    page, media_type = metrics.render()

    assert media_type.startswith("text/plain")
    for family in text_string_to_metric_families(page.decode()):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
        assert family.documentation
        if family.type == "histogram":
            assert family.name.endswith("_seconds")


def test_the_process_itself_is_measured(metrics):
    assert samples(metrics)["process_resident_memory_bytes", ()] > 0
