"""Everything a user looks at before the first job."""

from datetime import UTC, datetime, timedelta

from kit import DEVICE, bell, compiled, driver, dynamic, raised, service


def main():
    connected = service()
    backend = connected.backend(DEVICE)
    properties = backend.properties()
    long_ago = datetime.now(UTC) - timedelta(days=36500)
    return {
        "instances": connected.instances(),
        "active_instance": connected.active_instance(),
        "usage": connected.usage(),
        "backends": [found.name for found in connected.backends()],
        "dynamic_backends": [found.name for found in connected.backends(dynamic_circuits=True)],
        "large_backends": [found.name for found in connected.backends(min_num_qubits=5, simulator=False)],
        "least_busy": connected.least_busy(operational=True, simulator=False).name,
        "unknown_backend": raised(lambda: connected.backend("no_such_device")),
        "status": vars(backend.status()),
        "configuration": _configuration(backend.configuration()),
        "target": sorted(backend.target.operation_names),
        "qubits": backend.num_qubits,
        "dt": backend.dt,
        "t1": [properties.t1(qubit) for qubit in range(backend.num_qubits)],
        "readout_error": properties.readout_error(0),
        "two_qubit_error": properties.gate_error("cz", (0, 1)),
        "two_qubit_length": properties.gate_length("cz", (0, 1)),
        "faulty": properties.faulty_qubits(),
        "before_any": backend.properties(datetime=long_ago) is None,
        "refreshed": backend.properties(refresh=True) is not None,
        "fractional": sorted(connected.backend(DEVICE, use_fractional_gates=True).basis_gates),
        "compiled": dict(compiled(backend, bell()).count_ops()),
        "compiled_dynamic": dict(compiled(backend, dynamic()).count_ops()),
    }


def _configuration(configuration):
    wanted = ("backend_name", "simulator", "n_qubits", "description", "processor_type", "max_shots", "rep_delay_range")
    return {name: getattr(configuration, name) for name in wanted} | {"qgw": configuration.qgw}


driver(main)
