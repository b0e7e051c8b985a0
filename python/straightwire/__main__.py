"""``python -m straightwire``: see `straightwire._run`."""

from straightwire._run import main

main()
