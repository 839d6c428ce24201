"""A serving process that refuses to start exactly when it was told who its parent is."""

import os
import sys

from gateway.processes.limits import PARENT_PID

sys.exit(2 if os.environ.get(PARENT_PID) == str(os.getppid()) else 1)
