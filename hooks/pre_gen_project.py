"""Make the folder that the service is put together in, for nobody else to write to.

Runs in the project's folder. slim_answers.py has refused bad answers by now; without it nothing is made.
"""

import os
import sys

NEW = "{{ (0 | plan).new if 'plan' is filter }}"

if not NEW:
    sys.exit("The answers were not checked, because _extensions is not that of the template's cookiecutter.json.")
os.mkdir(NEW, 0o700)
