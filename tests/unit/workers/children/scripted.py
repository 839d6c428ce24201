"""A serving process that notes its birth and then does the next thing its script says."""

import os
import signal
import sys
import time
from pathlib import Path

home = Path(os.environ["SCRIPTED_HOME"])
births = home / "births"
with births.open("a") as notes:
    notes.write(f"{os.getpid()} {time.monotonic()}\n")
script = (home / "script").read_text().split()
step = script[min(len(births.read_text().splitlines()), len(script)) - 1]
if step == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if step == "orderly":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if step.isdecimal():
    sys.exit(int(step))
if step == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
(home / "up").write_text(str(os.getpid()))
while True:
    signal.pause() if step != "stubborn" else time.sleep(60)
