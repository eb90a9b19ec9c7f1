"""Make the folder that the service is put together in, for nobody else to write to.

Runs in the project's folder. slim_answers.py has refused bad answers by now; without it nothing is made.
"""

import os

os.mkdir("{{ plan.new }}", 0o700)
