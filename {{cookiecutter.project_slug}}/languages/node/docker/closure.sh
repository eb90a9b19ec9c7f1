{% set packages = "node_modules" %}
{% include "closure.sh" %}
