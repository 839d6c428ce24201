"""A parent that starts one busy child, says its pid, and waits to be killed."""

import asyncio
import sys

from gateway.processes.nursery import Nursery
from gateway.processes.supervise import Child


async def main(kind: str, children: str) -> None:
    environment = {"PYTHONPATH": children}
    if kind == "forked":
        nursery = await Nursery.spawn("obedient_zygote", environment=environment)
        offspring = await nursery.fork()
    else:
        offspring = await Child.spawn("obedient_child", environment=environment)
    busy = asyncio.ensure_future(offspring.request({"burn": 60}, deadline_seconds=60))
    await asyncio.sleep(0.2)
    print(offspring.pid, flush=True)  # noqa: T201  # read by the test
    await busy


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
