"""Whatever a result holds, the stock decoder reads the same bits and numbers that we wrote."""

import json
import random
import struct

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.result import Tensor
from tests.fakes.values import JOB, item, register, result

DIALECT = IbmDialect(IbmSettings())
WIDTHS = (1, 2, 7, 8, 9, 16, 33, 64, 70)
SHAPES = ((), (1,), (3,), (2, 3))
SAMPLER = {"program_id": "sampler", "params": {}}
ESTIMATOR = {"program_id": "estimator", "params": {}}
EXECUTOR = {"program_id": "executor", "params": {"schema_version": "v2.0", "quantum_program": {}}}


def encoded(submitted, *items):
    return [
        submitted["program_id"],
        DIALECT.encode_results(JOB, json.dumps(submitted).encode(), result(*items))["result"].decode(),
    ]


def sampled(rng, shape):
    """Make registers of every width and the nested lists of bits they mean."""
    shots, sets = 5, 1
    for size in shape:
        sets *= size
    rows = {f"c{width}": [rng.getrandbits(width) for _ in range(sets * shots)] for width in WIDTHS}
    registers = {f"c{width}": register(width, rows[f"c{width}"], shape) for width in WIDTHS}
    meant = {f"c{width}": nested([bits(row, width) for row in rows[f"c{width}"]], (*shape, shots)) for width in WIDTHS}
    return item(registers=registers, shape=shape, shots=shots), meant


def bits(row, width):
    return [bool(row >> place & 1) for place in range(width)]


def nested(flat, shape):
    if len(shape) <= 1:
        return flat
    size = len(flat) // shape[0]
    return [nested(flat[start : start + size], shape[1:]) for start in range(0, len(flat), size)]


def test_every_bit_of_every_register_arrives_in_its_place(sdk):
    rng = random.Random(7)
    pubs = [sampled(rng, shape) for shape in SHAPES]
    items, meant = [pub for pub, _ in pubs], [bits for _, bits in pubs]

    report = sdk.run("decode", given=json.dumps([encoded(SAMPLER, *items), encoded(EXECUTOR, *items)]))

    assert report["decoded"] == [meant, meant]


def test_expectation_values_arrive_exactly(sdk):
    numbers = [0.1, -1.0, 1e-300, 2 / 3, 0.0, 5.0]
    tensor = Tensor(dtype="float64", shape=(2, 3), data=struct.pack("<6d", *numbers))

    report = sdk.run("decode", given=json.dumps([encoded(ESTIMATOR, item(tensors={"evs": tensor}, shape=(2, 3)))]))

    assert report["decoded"] == [[{"evs": [numbers[:3], numbers[3:]]}]]


def test_measurement_flips_arrive_beside_their_register(sdk):
    flips = Tensor(dtype="bool", shape=(2, 1, 3), data=bytes([1, 0, 1, 0, 0, 1]))
    twirled = item(registers={"c": register(3, [5, 1], (2,))}, tensors={"measurement_flips.c": flips}, shape=(2,))

    report = sdk.run("decode", given=json.dumps([encoded(EXECUTOR, twirled)]))

    assert report["decoded"][0][0]["measurement_flips.c"] == [[[True, False, True]], [[False, False, True]]]
