# METADATA
# title: Names
# description: >-
#   Facts as text, for the messages of rules. They stand outside `gateway.rules`, so that they are found only when
#   some rule has something to say.
package gateway.names

import data.gateway.result

# METADATA
# description: the backend asked for
backend := result.words(["backend", "asked"], "the backend")

# METADATA
# description: the workload class of the job
workload := result.words(["job", "workload_class"], "unknown")
