"""Metrics of vendors, under names that dashboards rely on."""

from prometheus_client.parser import text_string_to_metric_families

from gateway.telemetry.metrics import Metrics


def test_what_was_counted_about_vendors_is_on_the_page():
    metrics = Metrics()
    metrics.vendors.asked(vendor="acme", call="show", outcome="lost", seconds=0.2)
    metrics.vendors.breaker("open", vendor="acme")
    metrics.vendors.breaker("half-open", vendor="acme", backend="qpu")
    metrics.vendors.backend(vendor="acme", backend="qpu", online=True, queue=7)
    metrics.vendors.backend(vendor="acme", backend="old", online=True, queue=7)
    metrics.vendors.backend_gone(vendor="acme", backend="old")
    metrics.vendors.calibrated(vendor="acme", backend="qpu", age_seconds=60)
    metrics.vendors.polled(vendor="acme", outcome="changed")
    metrics.vendors.followed(vendor="acme", count=3)

    page, _ = metrics.render()
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }

    assert found["gateway_vendor_requests_total", "acme", "lost", "show"] == 1
    assert found["gateway_vendor_request_duration_seconds_count", "acme", "show"] == 1
    assert found["gateway_vendor_breaker_state", "", "acme"] == 2
    assert found["gateway_vendor_breaker_state", "acme", "qpu"] == 1
    assert found["gateway_vendor_backend_online", "acme", "qpu"] == 1
    assert found["gateway_vendor_queue_length", "acme", "qpu"] == 7
    assert found["gateway_vendor_backend_online", "acme", "old"] == 0
    assert found["gateway_vendor_queue_length", "acme", "old"] == 0
    assert found["gateway_vendor_calibration_age_seconds", "acme", "qpu"] == 60
    assert found["gateway_vendor_polls_total", "acme", "changed"] == 1
    assert found["gateway_vendor_jobs_followed", "acme"] == 3
